//! Queries whose values are read as text, and what the server says about a failure.

use sqlx::mysql::MySqlRow;
use sqlx::{AssertSqlSafe, MySqlConnection, Row as _, raw_sql};

use crate::error::Error;

pub async fn fetch(connection: &mut MySqlConnection, sql: &str) -> Result<Vec<MySqlRow>, Error> {
    let rows = raw_sql(AssertSqlSafe(sql.to_owned())).fetch_all(connection);
    rows.await
        .map_err(|error| Error::database("the MySQL server refused a query", error))
}

/// The text in a column; none for NULL.
pub fn text(row: &MySqlRow, column: usize) -> Option<String> {
    let bytes: Option<Vec<u8>> = row.try_get_unchecked(column).ok()?;
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

/// The number in a column; 0 for what is none.
pub fn number(row: &MySqlRow, column: usize) -> i64 {
    let bytes: Option<Vec<u8>> = row.try_get_unchecked(column).ok().flatten();
    let text = bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Says what to do about an error of the server.
pub fn explain(doing: &str, error: sqlx::Error, user: &str) -> Error {
    let number = error
        .as_database_error()
        .and_then(|error| error.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>())
        .map_or(0, sqlx::mysql::MySqlDatabaseError::number);
    let failed = Error::database(doing, error);
    match number {
        1044 | 1045 | 1142 | 1227 => {
            failed.help(format!(
                "run `GRANT ALL ON \\`migrate\\_test\\_%\\`.* TO '{user}'@'…'` as an administrator, or unset DATABASE_URL, so that a \
                 private server is started"
            ))
        }
        1021 | 1114 => failed.help(
            "make room on the disk of the server; `SHOW DATABASES LIKE 'migrate\\_test\\_%'` lists test databases, which may be dropped",
        ),
        _ => failed,
    }
}
