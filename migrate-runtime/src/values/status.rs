use std::fmt;

use migrate_chain::Revision;

use crate::{Direction, PlannedStep};

/// The current revisions of a database, what is pending and what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// The rows of the version table, sorted.
    pub current: Vec<String>,
    /// The revisions that an upgrade to the head would run, in order; empty when rows are unknown.
    pub pending: Vec<PlannedStep>,
    /// Rows that this binary does not know.
    pub unknown: Vec<String>,
    /// The revisions that are applied and that this binary does not know, those recorded last coming first, as far as the
    /// journal tells: what a downgrade can undo all the same.
    pub ahead: Vec<AheadRevision>,
    /// Revisions that are applied and were edited since.
    pub edited: Vec<String>,
    /// The revision that was interrupted outside a transaction, if there is one.
    pub unfinished: Option<Unfinished>,
    /// The history of another tool, if the chain was imported from it or the database is at base and has one.
    pub adoption: Option<Adoption>,
}

/// The history of another tool in the database, against the chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Adoption {
    /// The name of the tool, such as `sqlx`.
    pub tool: String,
    /// The revisions that it has applied, and that the next upgrade records as applied, in order.
    pub to_adopt: Vec<String>,
    /// How many revisions were taken over.
    pub adopted: usize,
    /// The versions that it has run and that no revision adopts: it was used after the import.
    pub run_since: Vec<String>,
    /// Why an upgrade will be refused, if it will.
    pub obstacle: Option<String>,
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

/// A revision that was interrupted outside a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unfinished {
    /// The revision id.
    pub revision: String,
    /// Whether it was being applied or undone.
    pub direction: Direction,
    /// How many of its statements are known to be done.
    pub statements_done: usize,
    /// The database's error, if a statement failed.
    pub error: Option<String>,
}

impl Status {
    /// Whether the database is at the head and nothing is wrong.
    pub fn is_current(&self) -> bool {
        self.pending.is_empty()
            && self.unknown.is_empty()
            && self.edited.is_empty()
            && self.unfinished.is_none()
            && self.adoption.as_ref().is_none_or(Adoption::is_over)
    }
}

impl Adoption {
    /// Whether nothing is left to take over.
    pub fn is_over(&self) -> bool {
        self.to_adopt.is_empty() && self.obstacle.is_none()
    }
}

impl fmt::Display for Adoption {
    /// A line for what was taken over, and one for each thing that is left.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tool = &self.tool;
        let counted = |count: usize| match count {
            1 => "1 revision".to_owned(),
            n => format!("{n} revisions"),
        };
        let mut lines = Vec::new();
        if self.adopted > 0 {
            lines.push(format!("taken over from {tool}: {}", counted(self.adopted)));
        }
        if !self.to_adopt.is_empty() {
            lines.push(format!(
                "the next upgrade takes over from {tool}: {}",
                counted(self.to_adopt.len())
            ));
        }
        lines.extend(
            self.run_since
                .iter()
                .map(|version| format!("run by {tool} and not imported: {version}")),
        );
        lines.extend(self.obstacle.clone());
        f.write_str(&lines.join("\n"))
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
            f.write_str(", the head")?;
        }
        if let Some(adoption) = &self.adoption {
            write!(f, "\n{adoption}")?;
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
                "\ninterrupted: {direction} of {revision}, {statements_done} statements done"
            )?;
        }
        Ok(())
    }
}
