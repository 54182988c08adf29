use migrate_chain::ForeignKeys;

use crate::context::RevisionFn;
use crate::journal::Record;
use crate::sql::Script;

/// The code of a revision.
#[derive(Clone, Copy)]
pub enum Work<'r> {
    /// Runs SQL.
    Sql(&'r Script<'r>),
    /// Calls a function.
    Rust(RevisionFn),
    /// Nothing: only the record is written.
    Nothing,
}

/// A revision to run in a transaction, together with its record.
pub struct Transactional<'r> {
    pub work: Work<'r>,
    /// The handling of foreign keys meanwhile.
    #[cfg_attr(
        not(feature = "sqlite"),
        allow(dead_code, reason = "the others alter a table in place")
    )]
    pub foreign_keys: ForeignKeys,
    pub record: Record<'r>,
    /// The tracing span of everything about it.
    pub span: tracing::Span,
}

impl Transactional<'_> {
    /// Whether it does more than write a record.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub fn has_work(&self) -> bool {
        !matches!(self.work, Work::Nothing)
    }
}
