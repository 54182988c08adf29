//! From the rows of the two tables to what they say, whichever database has read them.

use sqlx::{AssertSqlSafe, ColumnIndex, Database, Decode, Executor, Row as SqlxRow, Type};

use crate::journal::columns::{self, ColumnReader, DIGEST, EVENT};
use crate::journal::state::{State, VersionRow};
use crate::journal::tables::{NULL_ROW, Tables};
use crate::journal::{JournalEvent, JournalRow, NullRow};
use crate::values::error::BoxError;

/// Reads text and numbers from a row of the bookkeeping, by the number of the column.
pub trait Columns: SqlxRow {
    fn text(&self, column: usize) -> Result<Option<String>, sqlx::Error>;
    fn number(&self, column: usize) -> Result<i64, sqlx::Error>;
}

impl<R: SqlxRow> Columns for R
where
    usize: ColumnIndex<R>,
    String: for<'r> Decode<'r, R::Database> + Type<R::Database>,
    i64: for<'r> Decode<'r, R::Database> + Type<R::Database>,
{
    fn text(&self, column: usize) -> Result<Option<String>, sqlx::Error> {
        self.try_get(column)
    }

    fn number(&self, column: usize) -> Result<i64, sqlx::Error> {
        self.try_get(column)
    }
}

/// The columns of a row as text.
pub fn texts<R: Columns>(row: &R) -> Result<Vec<Option<String>>, sqlx::Error> {
    (0..row.len()).map(|column| row.text(column)).collect()
}

/// The state, from what [`Tables::read`](crate::journal::tables::Tables::read) or `read_version` gives.
pub fn state<R: Columns>(
    rows: &[R],
    has_version_table: bool,
    has_journal: bool,
) -> Result<State, sqlx::Error> {
    let mut state = State {
        has_version_table,
        has_journal,
        ..State::default()
    };
    for row in rows {
        let event = row.text(0)?.map(columns::event).transpose();
        let event = event.map_err(|source| decode(EVENT.name, source))?;
        state.unfinished = event.is_some_and(JournalEvent::is_unfinished);
        let Some(revision) = row.text(1)? else {
            continue;
        };
        if let Some(table) = revision.strip_prefix(NULL_ROW) {
            return Err(decode("version_num", NullRow(table.to_owned()).into()));
        }
        let digest = columns::parsed(row.text(2)?);
        let digest = digest.map_err(|source| decode(DIGEST.name, source))?;
        state.rows.push(VersionRow { revision, digest });
    }
    state.rows.sort_unstable();
    Ok(state)
}

/// The rows of the journal that a run needs, the oldest first.
pub async fn read_journal<DB>(
    connection: &mut DB::Connection,
    tables: &Tables,
) -> Result<Vec<JournalRow>, sqlx::Error>
where
    DB: Database<Row: Columns>,
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    let rows = sqlx::raw_sql(AssertSqlSafe(tables.read_journal()));
    let rows = rows.fetch_all(connection).await?;
    rows.iter().map(journal_row).collect()
}

/// A row of the journal, as [`Tables::read_journal`](crate::journal::tables::Tables::read_journal) gives it.
fn journal_row<R: Columns>(row: &R) -> Result<JournalRow, sqlx::Error> {
    let mut read = JournalRow::default();
    for (at, column) in columns::read().enumerate() {
        let set = match &column.read {
            ColumnReader::Text(set) => set(&mut read, row.text(at)?),
            ColumnReader::Number(set) => set(&mut read, row.number(at)?),
            ColumnReader::Never => Ok(()),
        };
        set.map_err(|source| decode(column.name, source))?;
    }
    Ok(read)
}

fn decode(column: &str, source: BoxError) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_owned(),
        source,
    }
}
