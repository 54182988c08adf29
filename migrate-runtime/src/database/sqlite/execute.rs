use sqlx::{AssertSqlSafe, SqliteConnection};

pub async fn execute(connection: &mut SqliteConnection, sql: &str) -> Result<u64, sqlx::Error> {
    if sql.is_empty() {
        return Ok(0);
    }
    Ok(sqlx::raw_sql(AssertSqlSafe(sound(sql)?))
        .execute(connection)
        .await?
        .rows_affected())
}

/// SQL that SQLite reads to its end. At a NUL byte it stops, and sqlx would ask it for the next statement for ever.
pub fn sound(sql: &str) -> Result<&str, sqlx::Error> {
    match sql.find('\0') {
        None => Ok(sql),
        Some(at) => Err(sqlx::Error::InvalidArgument(format!(
            "the SQL has a NUL byte after {at} bytes, and SQLite reads no further"
        ))),
    }
}
