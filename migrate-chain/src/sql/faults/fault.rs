use std::ops::Range;

use crate::sql::facts::Remedy;

/// Something wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The kind of fault.
    pub kind: FaultKind,
    /// The opening sign of something that is never closed, or else the whole statement or command.
    pub range: Range<usize>,
    /// The other statements that belong to it.
    pub related: Vec<Range<usize>>,
}

impl Fault {
    pub(crate) fn new(kind: FaultKind, range: Range<usize>) -> Self {
        Self {
            kind,
            range,
            related: Vec::new(),
        }
    }
}

/// The kinds of [`Fault`].
///
/// ```
/// use migrate_chain::Dialect;
/// use migrate_chain::sql::{FaultKind, faults};
///
/// let kinds: Vec<FaultKind> =
///     faults(Dialect::Postgres, false, "\\i other.sql\nSELECT /* 1").into_iter().map(|fault| fault.kind).collect();
/// assert_eq!(kinds, [FaultKind::PsqlMetaCommand, FaultKind::UnterminatedComment]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// A string is never closed.
    UnterminatedString,
    /// A quoted identifier is never closed.
    UnterminatedQuotedIdentifier,
    /// A block comment is never closed.
    UnterminatedComment,
    /// A dollar quote is never closed.
    UnterminatedDollarQuote,
    /// No `-- migrate: end` follows this `-- migrate: statement`.
    UnclosedStatementMarker,
    /// No `-- migrate: statement` precedes this `-- migrate: end`.
    StrayEndMarker,
    /// The statement opens or ends a transaction, and these are the keywords that say so.
    TransactionControl(&'static str),
    /// The statement cannot run in a transaction, or has no effect in one.
    NotInTransaction {
        /// The kind of statement, such as `CREATE INDEX CONCURRENTLY`.
        what: &'static str,
        /// The way to run it.
        remedy: Remedy,
    },
    /// The section opens and commits a transaction of its own, and these are the keywords of its first line.
    OwnTransaction {
        /// `BEGIN`, or `PRAGMA foreign_keys` before it.
        first: &'static str,
        /// Whether it switches foreign keys off around that.
        foreign_keys_off: bool,
    },
    /// The section runs outside of a transaction, opens one with these keywords, and never closes it.
    UnclosedTransaction(&'static str),
    /// The run could not do its work after the statement, and these are the keywords that say so.
    ConnectionControl(&'static str),
    /// A command for psql, such as `\i file`.
    PsqlMetaCommand,
    /// `COPY … FROM stdin`, for which a migration has no input.
    CopyFromStdin,
}
