use std::fmt;

use migrate_chain::Revision;

use crate::{Direction, PlannedStep};

/// Where a database is, what is pending and what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The rows of the version table, sorted.
    pub current: Vec<String>,
    /// What an upgrade to the head would run, in order; empty when rows are unknown.
    pub pending: Vec<PlannedStep>,
    /// Rows that this binary does not know.
    pub unknown: Vec<String>,
    /// The revisions that are applied and that this binary does not know, those recorded last coming first, as far as the
    /// journal tells: what a downgrade can undo all the same.
    pub ahead: Vec<AheadRevision>,
    /// Revisions that are applied and were edited since.
    pub edited: Vec<String>,
    /// The revision that stopped half-way outside a transaction, if there is one.
    pub unfinished: Option<Unfinished>,
}

/// A revision that is applied, that this binary does not know, and that the journal tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AheadRevision {
    /// The revision id.
    pub revision: String,
    /// The first line of its message.
    pub message: String,
    /// Why the journal cannot undo it, if it cannot.
    pub obstacle: Option<String>,
}

impl AheadRevision {
    pub(crate) fn new(revision: &Revision) -> Self {
        Self {
            revision: revision.id().to_owned(),
            message: revision.title().to_owned(),
            obstacle: revision.irreversible().map(str::to_owned),
        }
    }
}

/// A revision that stopped half-way outside a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unfinished {
    /// The revision id.
    pub revision: String,
    /// Whether it was being applied or undone.
    pub direction: Direction,
    /// How many of its statements are known to be done.
    pub statements_done: usize,
    /// What the database said, if a statement failed.
    pub error: Option<String>,
}

impl Status {
    /// Whether the database is at the head and nothing is wrong.
    pub fn is_current(&self) -> bool {
        self.pending.is_empty()
            && self.unknown.is_empty()
            && self.edited.is_empty()
            && self.unfinished.is_none()
    }
}

impl fmt::Display for Status {
    /// One line for where the database is, and one for each thing that is not in order.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.current[..] {
            [] => f.write_str("the database is at base")?,
            rows => write!(f, "the database is at {}", rows.join(", "))?,
        }
        if self.is_current() {
            return f.write_str(", the head");
        }
        for step in &self.pending {
            write!(f, "\npending: {} {}", step.revision, step.message)?;
        }
        for row in &self.unknown {
            write!(f, "\nunknown to this binary: {row}")?;
        }
        for AheadRevision {
            revision,
            message,
            obstacle,
        } in &self.ahead
        {
            match obstacle {
                None => write!(f, "\nthe journal can undo: {revision} {message}")?,
                Some(obstacle) => write!(
                    f,
                    "\nthe journal cannot undo: {revision} {message}, since {obstacle}"
                )?,
            }
        }
        for revision in &self.edited {
            write!(f, "\nedited since it was applied: {revision}")?;
        }
        if let Some(unfinished) = &self.unfinished {
            let Unfinished {
                revision,
                direction,
                statements_done,
                ..
            } = unfinished;
            write!(
                f,
                "\nstopped half-way: {direction} of {revision}, {statements_done} statements done"
            )?;
        }
        Ok(())
    }
}
