//! The rows of the journal.

pub mod columns;
pub mod state;
pub mod subject;
pub mod tables;

use std::borrow::Cow;
use std::fmt;

use migrate_chain::{Checksum, Digest};

use crate::Direction;
use crate::journal::state::RowChanges;
use crate::journal::subject::{Origin, Subject};

/// A row to add to the journal.
#[derive(Clone, Debug)]
pub struct Entry<'r> {
    pub(crate) event: JournalEvent,
    pub(crate) direction: JournalDirection,
    pub(crate) subject: Subject<'r>,
    /// How many statements are done.
    pub(crate) statements: usize,
    /// The [hash](crate::sql::Script::hash) of these; none for a Rust revision.
    pub(crate) statements_hash: Option<Checksum>,
    /// The downgrade of the revision, on the row that records its upgrade or stamps it.
    pub(crate) downgrade: Option<Cow<'r, str>>,
    pub(crate) error: Option<&'r str>,
    /// The tool that has applied it, if another one has.
    pub(crate) origin: Option<Origin>,
    /// The next statement, for a database that notes what it is about to change.
    #[allow(dead_code, reason = "SQLite has no need of it")]
    pub(crate) next: Option<&'r str>,
}

impl<'r> Entry<'r> {
    /// For a row that is set, or removed, without running the revision.
    pub(crate) fn stamped(
        subject: Subject<'r>,
        direction: JournalDirection,
        downgrade: Option<Cow<'r, str>>,
    ) -> Self {
        Self {
            event: JournalEvent::Stamped,
            direction,
            subject,
            statements: 0,
            statements_hash: None,
            downgrade,
            error: None,
            origin: None,
            next: None,
        }
    }
}

/// The record of a finished revision: its journal row and the change of the version rows.
#[derive(Clone, Debug)]
pub struct Record<'r> {
    pub entry: Entry<'r>,
    pub changes: RowChanges,
}

/// The event of a journal row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JournalEvent {
    /// A revision is done.
    #[default]
    Finished,
    /// The rows were set without running the revision.
    Stamped,
    /// A revision outside a transaction begins: the intent row.
    Started,
    /// A statement of it is done.
    Statement,
    /// A batch of a Rust revision is done: it goes on after that.
    Batch,
    /// A statement of it failed and left no trace.
    Failed,
    /// It was resolved by hand, and does not count as applied, or undone, any more than before.
    Abandoned,
}

impl JournalEvent {
    pub const ALL: [Self; 7] = [
        Self::Finished,
        Self::Stamped,
        Self::Started,
        Self::Statement,
        Self::Batch,
        Self::Failed,
        Self::Abandoned,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Stamped => "stamped",
            Self::Started => "started",
            Self::Statement => "statement",
            Self::Batch => "batch",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }

    /// Whether the version rows were changed with it.
    pub fn is_record(self) -> bool {
        matches!(self, Self::Finished | Self::Stamped)
    }

    /// Whether a journal that ends with it has a revision under way.
    pub fn is_unfinished(self) -> bool {
        matches!(
            self,
            Self::Started | Self::Statement | Self::Batch | Self::Failed
        )
    }
}

/// The direction of a journal row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JournalDirection {
    #[default]
    Upgrade,
    Downgrade,
    Stamp,
}

impl JournalDirection {
    pub fn name(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Downgrade => "downgrade",
            Self::Stamp => "stamp",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Upgrade, Self::Downgrade, Self::Stamp]
            .into_iter()
            .find(|direction| direction.name() == name)
    }

    /// The direction of the run, where it was one.
    pub fn of_run(self) -> Option<Direction> {
        match self {
            Self::Upgrade => Some(Direction::Upgrade),
            Self::Downgrade => Some(Direction::Downgrade),
            Self::Stamp => None,
        }
    }
}

impl From<Direction> for JournalDirection {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Upgrade => Self::Upgrade,
            Direction::Downgrade => Self::Downgrade,
        }
    }
}

/// A row of the journal, as it is read.
#[derive(Clone, Debug, Default)]
pub struct JournalRow {
    pub event: JournalEvent,
    pub direction: JournalDirection,
    pub revision: String,
    pub down_revision: Vec<String>,
    pub depends_on: Vec<String>,
    pub checksum: Option<Checksum>,
    pub digest: Option<Digest>,
    pub statements: usize,
    pub statements_hash: Option<Checksum>,
    /// The downgrade of the revision, on the rows of its upgrade.
    pub downgrade: Option<String>,
    pub error: Option<String>,
    pub message: String,
    /// See [`setting`](crate::journal::subject::setting).
    pub settings: Vec<String>,
}

/// The journal holds a word that this version does not know: a newer one has written it.
#[derive(Debug)]
pub struct NewerJournal(pub String);

impl fmt::Display for NewerJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the journal says `{}`, which a newer version of embed-migrations has written",
            self.0
        )
    }
}

impl std::error::Error for NewerJournal {}

/// The version table has a row that is NULL, which no run leaves: it says that something is applied, and not what.
#[derive(Debug)]
pub struct NullRow(pub String);

impl fmt::Display for NullRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` has a row that is NULL, which no run writes",
            self.0
        )
    }
}

impl std::error::Error for NullRow {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_events_and_directions_read_back() {
        for event in JournalEvent::ALL {
            assert_eq!(JournalEvent::from_name(event.name()), Some(event));
            assert!(event.name().len() <= 16, "as wide as its column");
        }
        assert_eq!(JournalEvent::from_name("teleported"), None);
        assert_eq!(
            JournalDirection::from_name("stamp"),
            Some(JournalDirection::Stamp)
        );
        assert_eq!(JournalDirection::Stamp.of_run(), None);
    }
}
