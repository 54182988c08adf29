//! The columns of the journal. Each is listed once: its name, its type, how it is written and how it is read.

use std::borrow::Cow;
use std::fmt;

use super::{Entry, JournalDirection, JournalEvent, JournalRow, NewerJournal};
use crate::syntax::{JournalType, Syntax};
use crate::values::error::BoxError;

/// A column of the journal.
pub struct JournalColumn {
    pub name: &'static str,
    pub kind: JournalType,
    is_required: bool,
    pub written: ColumnValue,
    pub read: ColumnReader,
}

/// How a column of a new row gets its value.
pub enum ColumnValue {
    /// The database counts.
    ByDatabase,
    Text(for<'e> fn(&'e Entry<'_>) -> Option<Cow<'e, str>>),
    Number(fn(&Entry<'_>) -> usize),
    Started,
    Finished,
    /// How many milliseconds it took.
    Took,
    /// Only rows have one that have something to note in it.
    Noted,
}

/// How a column is read into a [`JournalRow`].
pub enum ColumnReader {
    /// No run needs it: it is for people.
    Never,
    Text(fn(&mut JournalRow, Option<String>) -> Result<(), BoxError>),
    Number(fn(&mut JournalRow, i64) -> Result<(), BoxError>),
}

/// All columns, in the order of the table.
pub const COLUMNS: [&JournalColumn; 20] = [
    &SEQUENCE,
    &EVENT,
    &DIRECTION,
    &REVISION,
    &required(
        "down_revision",
        JournalType::Text,
        ColumnValue::Text(|entry| Some(entry.subject.down_revision.join(",").into())),
        ColumnReader::Text(|row, text| set(&mut row.down_revision, list(text))),
    ),
    &required(
        "depends_on",
        JournalType::Text,
        ColumnValue::Text(|entry| Some(entry.subject.depends_on.join(",").into())),
        ColumnReader::Text(|row, text| set(&mut row.depends_on, list(text))),
    ),
    &required(
        "message",
        JournalType::Text,
        ColumnValue::Text(|entry| Some((&*entry.subject.message).into())),
        ColumnReader::Text(|row, text| set(&mut row.message, some(text))),
    ),
    &required(
        "settings",
        JournalType::Text,
        ColumnValue::Text(|entry| Some(entry.subject.settings.join(",").into())),
        ColumnReader::Text(|row, text| set(&mut row.settings, list(text))),
    ),
    &optional(
        "checksum",
        JournalType::Hash,
        ColumnValue::Text(|entry| Some(entry.subject.checksum?.to_string().into())),
        ColumnReader::Text(|row, text| set(&mut row.checksum, parsed(text))),
    ),
    &DIGEST,
    &required(
        "started_at",
        JournalType::Time,
        ColumnValue::Started,
        ColumnReader::Never,
    ),
    &FINISHED_AT,
    &DURATION_MS,
    &STATEMENTS,
    &optional(
        "statements_hash",
        JournalType::Hash,
        ColumnValue::Text(|entry| Some(entry.statements_hash?.to_string().into())),
        ColumnReader::Text(|row, text| set(&mut row.statements_hash, parsed(text))),
    ),
    &optional(
        "downgrade",
        JournalType::Text,
        ColumnValue::Text(|entry| entry.downgrade.as_deref().map(Cow::Borrowed)),
        ColumnReader::Text(|row, text| set(&mut row.downgrade, Ok(text))),
    ),
    &required(
        "tool_version",
        JournalType::Tool,
        ColumnValue::Text(|entry| {
            let tool = entry.origin.as_ref().map(|origin| &*origin.tool);
            Some(tool.unwrap_or(TOOL_VERSION).into())
        }),
        ColumnReader::Never,
    ),
    &optional(
        "error",
        JournalType::Text,
        ColumnValue::Text(|entry| entry.error.map(Cow::Borrowed)),
        ColumnReader::Text(|row, text| set(&mut row.error, Ok(text))),
    ),
    &PROGRESS,
    &EVIDENCE,
];

pub const SEQUENCE: JournalColumn = optional(
    "sequence",
    JournalType::Sequence,
    ColumnValue::ByDatabase,
    ColumnReader::Never,
);
pub const EVENT: JournalColumn = required(
    "event",
    JournalType::Word,
    ColumnValue::Text(|entry| Some(entry.event.name().into())),
    ColumnReader::Text(|row, text| set(&mut row.event, some(text).and_then(event))),
);
pub const DIRECTION: JournalColumn = required(
    "direction",
    JournalType::Word,
    ColumnValue::Text(|entry| Some(entry.direction.name().into())),
    ColumnReader::Text(|row, text| set(&mut row.direction, some(text).and_then(direction))),
);
pub const REVISION: JournalColumn = required(
    "revision",
    JournalType::Id,
    ColumnValue::Text(|entry| Some(entry.subject.id().into())),
    ColumnReader::Text(|row, text| set(&mut row.revision, some(text))),
);
pub const DIGEST: JournalColumn = optional(
    "digest",
    JournalType::Hash,
    ColumnValue::Text(|entry| Some(entry.subject.digest?.to_string().into())),
    ColumnReader::Text(|row, text| set(&mut row.digest, parsed(text))),
);
pub const FINISHED_AT: JournalColumn = optional(
    "finished_at",
    JournalType::Time,
    ColumnValue::Finished,
    ColumnReader::Never,
);
pub const DURATION_MS: JournalColumn = optional(
    "duration_ms",
    JournalType::Number,
    ColumnValue::Took,
    ColumnReader::Never,
);
pub const STATEMENTS: JournalColumn = required(
    "statements",
    JournalType::Number,
    ColumnValue::Number(|entry| entry.statements),
    ColumnReader::Number(|row, number| {
        set(
            &mut row.statements,
            usize::try_from(number).map_err(Into::into),
        )
    }),
);
/// How far the batches of a Rust revision are.
pub const PROGRESS: JournalColumn = optional(
    "progress",
    JournalType::Text,
    ColumnValue::Noted,
    ColumnReader::Never,
);
/// The definitions before the statement after the row changes them.
pub const EVIDENCE: JournalColumn = optional(
    "evidence",
    JournalType::Evidence,
    ColumnValue::Noted,
    ColumnReader::Never,
);

const fn required(
    name: &'static str,
    kind: JournalType,
    written: ColumnValue,
    read: ColumnReader,
) -> JournalColumn {
    JournalColumn {
        name,
        kind,
        is_required: true,
        written,
        read,
    }
}

const fn optional(
    name: &'static str,
    kind: JournalType,
    written: ColumnValue,
    read: ColumnReader,
) -> JournalColumn {
    JournalColumn {
        is_required: false,
        ..required(name, kind, written, read)
    }
}

/// The program that wrote a row.
const TOOL_VERSION: &str = concat!("embed-migrations ", env!("CARGO_PKG_VERSION"));

impl fmt::Display for JournalColumn {
    /// Its name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl JournalColumn {
    /// How a table is created with it; none if the database has no such column.
    pub fn definition(&self, syntax: &dyn Syntax) -> Option<String> {
        let kind = syntax.column_type(self.kind)?;
        let is_required = if self.is_required { " NOT NULL" } else { "" };
        Some(format!("{self} {kind}{is_required}"))
    }

    /// Its value for a row that says no more than its entry: a text or a number, in SQL. `times` are when it started and ended, and how many
    /// milliseconds that took.
    pub fn value(
        &self,
        entry: &Entry<'_>,
        times: &Times<'_>,
        quoted: impl Fn(Option<&str>) -> String,
    ) -> String {
        let origin = entry.origin.as_ref();
        let elsewhere = origin.and_then(|origin| origin.at.as_deref());
        match &self.written {
            ColumnValue::Started | ColumnValue::Finished if elsewhere.is_some() => {
                quoted(elsewhere)
            }
            ColumnValue::Text(text) => quoted(text(entry).as_deref()),
            ColumnValue::Number(number) => number(entry).to_string(),
            ColumnValue::Started => times.started.to_owned(),
            ColumnValue::Finished if entry.event == JournalEvent::Started => "NULL".to_owned(),
            ColumnValue::Finished => times.finished.to_owned(),
            ColumnValue::Took => times.took.to_owned(),
            ColumnValue::ByDatabase | ColumnValue::Noted => "NULL".to_owned(),
        }
    }
}

/// When the work of a row began and ended, and how many milliseconds that took, each in SQL.
#[derive(Clone, Copy, Debug)]
pub struct Times<'t> {
    pub started: &'t str,
    pub finished: &'t str,
    pub took: &'t str,
}

/// The columns that every row is written with, whatever the database.
pub fn written() -> impl Iterator<Item = &'static JournalColumn> {
    let is_written = |column: &&JournalColumn| {
        !matches!(column.written, ColumnValue::ByDatabase | ColumnValue::Noted)
    };
    COLUMNS.into_iter().filter(is_written)
}

/// The columns that are read into a [`JournalRow`].
pub fn read() -> impl Iterator<Item = &'static JournalColumn> {
    let is_read = |column: &&JournalColumn| !matches!(column.read, ColumnReader::Never);
    COLUMNS.into_iter().filter(is_read)
}

/// Columns as a list in SQL.
pub fn names<'c>(columns: impl Iterator<Item = &'c JournalColumn>) -> String {
    let names: Vec<&str> = columns.map(|column| column.name).collect();
    names.join(", ")
}

fn set<T>(field: &mut T, value: Result<T, BoxError>) -> Result<(), BoxError> {
    *field = value?;
    Ok(())
}

/// A column that is NULL, and must not be.
#[derive(Debug)]
struct NoValue;

impl fmt::Display for NoValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the column is NULL")
    }
}

impl std::error::Error for NoValue {}

fn some(text: Option<String>) -> Result<String, BoxError> {
    text.ok_or_else(|| NoValue.into())
}

fn list(text: Option<String>) -> Result<Vec<String>, BoxError> {
    let text = some(text)?;
    let words = text.split(',').filter(|word| !word.is_empty());
    Ok(words.map(str::to_owned).collect())
}

/// A checksum or a digest.
pub fn parsed<T>(text: Option<String>) -> Result<Option<T>, BoxError>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    Ok(text.map(|text| text.parse()).transpose()?)
}

pub fn event(name: String) -> Result<JournalEvent, BoxError> {
    JournalEvent::from_name(&name).ok_or_else(|| NewerJournal(name).into())
}

fn direction(name: String) -> Result<JournalDirection, BoxError> {
    JournalDirection::from_name(&name).ok_or_else(|| NewerJournal(name).into())
}

#[cfg(test)]
mod tests {
    use migrate_chain::Dialect;

    use super::*;
    use crate::syntax;

    #[test]
    fn every_database_has_every_column_but_the_evidence() {
        for dialect in Dialect::ALL {
            let missing = COLUMNS
                .into_iter()
                .filter(|column| column.definition(syntax::of(dialect)).is_none());
            let missing: Vec<&str> = missing.map(|column| column.name).collect();
            let expected: &[&str] = match dialect {
                Dialect::MySql => &[],
                _ => &["evidence"],
            };
            assert_eq!(missing, expected, "{dialect}");
        }
    }

    #[test]
    fn the_guide_names_every_column_and_word() {
        let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/tables.md");
        let page = std::fs::read_to_string(page).expect("it is there");
        let columns = COLUMNS.iter().map(|column| column.name);
        let events = JournalEvent::ALL.iter().map(|event| event.name());
        let settings = crate::journal::subject::setting::ALL;
        for word in columns.chain(events).chain(settings) {
            assert!(page.contains(&format!("`{word}`")), "{word}");
        }
    }

    #[test]
    fn a_name_is_listed_once() {
        let mut names: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
