//! Reading the version table and the journal.

use migrate_chain::Dialect;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use super::code::{SQLITE_ERROR, primary_code};
use crate::database::{Row, State, syntax};
use crate::journal::{JournalDirection, JournalEvent, JournalRow, NewerJournal, Tables};

pub(super) async fn read_state(
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

fn state(
    rows: &[SqliteRow],
    has_version_table: bool,
    has_journal: bool,
) -> Result<State, sqlx::Error> {
    let mut state = State {
        has_version_table,
        has_journal,
        ..State::default()
    };
    for row in rows {
        let event: Option<String> = row.try_get(0)?;
        let event = event.map(event_named).transpose()?;
        state.unfinished = event.is_some_and(JournalEvent::is_unfinished);
        let Some(revision) = row.try_get(1)? else {
            continue;
        };
        let digest: Option<String> = row.try_get(2)?;
        let digest = digest
            .map(|digest| digest.parse())
            .transpose()
            .map_err(|error| decode(2, error))?;
        state.rows.push(Row { revision, digest });
    }
    state.rows.sort_unstable();
    Ok(state)
}

/// Whether the version table and the journal exist.
async fn existing(
    connection: &mut SqliteConnection,
    tables: &Tables,
) -> Result<(bool, bool), sqlx::Error> {
    let schema = match &tables.schema {
        Some(schema) => format!("{}.", syntax::name(Dialect::Sqlite, schema)),
        None => String::new(),
    };
    let sql = format!("SELECT name FROM {schema}sqlite_schema WHERE type = 'table'");
    let names: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(sql))
        .fetch_all(connection)
        .await?;
    let has = |table: &str| names.iter().any(|(name,)| name.eq_ignore_ascii_case(table));
    Ok((has(&tables.version_name), has(&tables.journal_name)))
}

pub(super) fn journal_row(row: &SqliteRow) -> Result<JournalRow, sqlx::Error> {
    let names = |at: usize| -> Result<Vec<String>, sqlx::Error> {
        let names: String = row.try_get(at)?;
        Ok(names
            .split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect())
    };
    let hash = |at: usize| -> Result<Option<String>, sqlx::Error> { row.try_get(at) };
    let direction: String = row.try_get(1)?;
    Ok(JournalRow {
        event: event_named(row.try_get(0)?)?,
        direction: JournalDirection::from_name(&direction)
            .ok_or_else(|| decode(1, NewerJournal(direction)))?,
        revision: row.try_get(2)?,
        down_revision: names(3)?,
        depends_on: names(4)?,
        checksum: hash(5)?
            .map(|hash| hash.parse())
            .transpose()
            .map_err(|error| decode(5, error))?,
        digest: hash(6)?
            .map(|hash| hash.parse())
            .transpose()
            .map_err(|error| decode(6, error))?,
        statements: usize::try_from(row.try_get::<i64, _>(7)?).map_err(|error| decode(7, error))?,
        statements_hash: hash(8)?
            .map(|hash| hash.parse())
            .transpose()
            .map_err(|error| decode(8, error))?,
        error: row.try_get(10)?,
    })
}

fn event_named(name: String) -> Result<JournalEvent, sqlx::Error> {
    JournalEvent::from_name(&name).ok_or_else(|| decode(0, NewerJournal(name)))
}

fn decode(index: usize, source: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: index.to_string(),
        source: Box::new(source),
    }
}
