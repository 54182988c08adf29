//! From the rows of the two tables to what they say, whichever database has read them.

use sqlx::{ColumnIndex, Decode, Row as SqlxRow, Type};

use crate::journal::state::{Row, State};
use crate::journal::tables::NULL_ROW;
use crate::journal::{JournalDirection, JournalEvent, JournalRow, NewerJournal, NullRow};

/// What the bookkeeping reads from a row: text and numbers, by the number of the column.
pub(super) trait Columns: SqlxRow {
    fn text(&self, column: usize) -> Result<Option<String>, sqlx::Error>;
    fn number(&self, column: usize) -> Result<i64, sqlx::Error>;

    fn some_text(&self, column: usize) -> Result<String, sqlx::Error> {
        let text = self.text(column)?;
        text.ok_or_else(|| decode(column, sqlx::error::UnexpectedNullError))
    }
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
pub(super) fn texts<R: Columns>(row: &R) -> Result<Vec<Option<String>>, sqlx::Error> {
    (0..row.len()).map(|column| row.text(column)).collect()
}

/// The state, from what [`Tables::read`](crate::journal::tables::Tables::read) or `read_version` gives.
pub(super) fn state<R: Columns>(
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
        let event = row.text(0)?.map(event_named).transpose()?;
        state.unfinished = event.is_some_and(JournalEvent::is_unfinished);
        let Some(revision) = row.text(1)? else {
            continue;
        };
        if let Some(table) = revision.strip_prefix(NULL_ROW) {
            return Err(decode(1, NullRow(table.to_owned())));
        }
        let digest = row.text(2)?.map(|digest| digest.parse());
        let digest = digest.transpose().map_err(|error| decode(2, error))?;
        state.rows.push(Row { revision, digest });
    }
    state.rows.sort_unstable();
    Ok(state)
}

/// A row of the journal, as [`Tables::read_journal`](crate::journal::tables::Tables::read_journal) gives it.
pub(super) fn journal_row<R: Columns>(row: &R) -> Result<JournalRow, sqlx::Error> {
    let list = |at: usize| -> Result<Vec<String>, sqlx::Error> {
        let list = row.some_text(at)?;
        let words = list.split(',').filter(|word| !word.is_empty());
        Ok(words.map(str::to_owned).collect())
    };
    let direction = row.some_text(1)?;
    let checksum = |at: usize| {
        let hash = row.text(at)?.map(|hash| hash.parse()).transpose();
        hash.map_err(|error| decode(at, error))
    };
    let digest = row.text(6)?.map(|digest| digest.parse());
    Ok(JournalRow {
        event: event_named(row.some_text(0)?)?,
        direction: JournalDirection::from_name(&direction)
            .ok_or_else(|| decode(1, NewerJournal(direction)))?,
        revision: row.some_text(2)?,
        down_revision: list(3)?,
        depends_on: list(4)?,
        checksum: checksum(5)?,
        digest: digest.transpose().map_err(|error| decode(6, error))?,
        statements: usize::try_from(row.number(7)?).map_err(|error| decode(7, error))?,
        statements_hash: checksum(8)?,
        downgrade: row.text(9)?,
        error: row.text(10)?,
        message: row.some_text(11)?,
        settings: list(12)?,
    })
}

fn event_named(name: String) -> Result<JournalEvent, sqlx::Error> {
    JournalEvent::from_name(&name).ok_or_else(|| decode(0, NewerJournal(name)))
}

fn decode(column: usize, source: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: column.to_string(),
        source: Box::new(source),
    }
}
