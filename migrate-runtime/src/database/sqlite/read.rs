//! Reading the version table and the journal.

use sqlx::{AssertSqlSafe, SqliteConnection};

use super::code::{SQLITE_ERROR, primary_code};
use super::quote;
use crate::database::rows::state;
use crate::journal::state::State;
use crate::journal::tables::Tables;

pub async fn read_state(
    connection: &mut SqliteConnection,
    tables: &Tables,
) -> Result<State, sqlx::Error> {
    let read = |sql: String| sqlx::raw_sql(AssertSqlSafe(sql));
    match read(tables.read()).fetch_all(&mut *connection).await {
        Ok(rows) => state(&rows, true, true),
        Err(error) if primary_code(&error) == Some(SQLITE_ERROR) => {
            let (has_version_table, has_journal) = existing(connection, tables).await?;
            let sql = match (has_version_table, has_journal) {
                // Another process has made the tables in between, or they have another shape: this tells which.
                (true, true) => tables.read(),
                (true, false) => tables.read_version(),
                (false, _) => {
                    return Ok(State {
                        has_journal,
                        ..State::default()
                    });
                }
            };
            let rows = read(sql).fetch_all(connection).await?;
            state(&rows, has_version_table, has_journal)
        }
        Err(error) => Err(error),
    }
}

/// Whether the version table and the journal exist.
async fn existing(
    connection: &mut SqliteConnection,
    tables: &Tables,
) -> Result<(bool, bool), sqlx::Error> {
    let schema = match &tables.schema {
        Some(schema) => format!("{}.", quote::name(schema)),
        None => String::new(),
    };
    let sql = format!("SELECT name FROM {schema}sqlite_schema WHERE type = 'table'");
    let names: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(sql))
        .fetch_all(connection)
        .await?;
    let has = |table: &str| names.iter().any(|(name,)| name.eq_ignore_ascii_case(table));
    Ok((has(&tables.version_name), has(&tables.journal_name)))
}
