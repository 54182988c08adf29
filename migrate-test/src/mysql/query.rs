//! Queries whose values are read as text, and what the server says about a failure.

use sqlx::mysql::{MySqlDatabaseError, MySqlRow};
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
    let code = code(&error);
    let failed = Error::database(doing, error);
    match code {
        1044 | 1045 | 1142 | 1227 => {
            let account = account(failed.summary(), user);
            failed.help(format!(
                "run this as an administrator: GRANT ALL ON `migrate\\_test\\_%`.* TO {account}; or unset DATABASE_URL, so that a \
                 private server is started"
            ))
        }
        1021 | 1114 => failed.help(
            "make room on the disk of the server; `SHOW DATABASES LIKE 'migrate\\_test\\_%'` lists test databases, which may be dropped",
        ),
        _ => failed,
    }
}

/// Whether the server has no room for another connection.
pub fn has_no_room(error: &sqlx::Error) -> bool {
    matches!(code(error), 1040 | 1203)
}

/// The number of an error of the server; 0 for what is none.
fn code(error: &sqlx::Error) -> u16 {
    let error = error.as_database_error();
    let error = error.and_then(|error| error.try_downcast_ref::<MySqlDatabaseError>());
    error.map_or(0, MySqlDatabaseError::number)
}

/// The account that the server has refused, as its message names it.
fn account(refused: &str, user: &str) -> String {
    let named = refused.split_once(" for user ");
    let named = named.and_then(|(_, named)| named.split_once(" to "));
    named.map_or_else(
        || format!("'{user}'@'%'"),
        |(account, _)| account.to_owned(),
    )
}
