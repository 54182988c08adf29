use sqlx::{AssertSqlSafe, PgConnection};

pub async fn execute(connection: &mut PgConnection, sql: &str) -> Result<u64, sqlx::Error> {
    Ok(sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await?
        .rows_affected())
}
