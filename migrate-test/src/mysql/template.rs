use sqlx::MySqlConnection;

use super::query::{fetch, text};
use crate::error::Error;

/// A database with the chain in it, and what its copies are compared with and reset by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    pub key: String,
    /// The answers to the questions, a line each.
    pub answers: String,
    /// The one message that resets a database.
    pub reset: String,
    /// The one message that fills an empty database; without it the chain does.
    pub script: Option<String>,
    pub is_recyclable: bool,
}

/// The answer of the current database, a line for each row.
pub async fn answers(connection: &mut MySqlConnection, sql: &str) -> Result<String, Error> {
    let rows = fetch(connection, sql).await?;
    let line = |row| {
        let [name, value] = [0, 1].map(|n| text(row, n).unwrap_or_default());
        format!("{name}\t{value}\n")
    };
    Ok(rows.iter().map(line).collect())
}
