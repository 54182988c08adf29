//! Queries whose values are read as text, and what the server says about a failure.

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, PgConnection, raw_sql};

use crate::error::Error;

pub async fn fetch(connection: &mut PgConnection, sql: String) -> Result<Vec<PgRow>, Error> {
    let rows = raw_sql(AssertSqlSafe(sql)).fetch_all(connection).await;
    rows.map_err(|error| Error::database("the PostgreSQL server refused a query", error))
}

pub async fn execute(connection: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

/// The code of an error of the server.
pub fn code(error: &sqlx::Error) -> Option<String> {
    let code = error.as_database_error()?.code()?;
    Some(code.into_owned())
}

/// Says what to do about an error of the server.
pub fn explain(doing: &str, error: sqlx::Error, role: &str) -> Error {
    let code = code(&error);
    let failed = Error::database(doing, error);
    match code.as_deref() {
        Some("42501") => {
            failed.help(format!(
                "run `ALTER ROLE \"{role}\" CREATEDB` as an administrator, or unset DATABASE_URL, so that a private server is started"
            ))
        }
        Some("53100") => failed.help(
            "make room on the disk of the server; `SELECT datname FROM pg_database` lists what tests that failed have kept \
             (`migrate_test_…`)",
        ),
        _ => failed,
    }
}
