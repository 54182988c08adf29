use std::fmt;

use migrate_chain::Revision;
use migrate_chain::plan::Direction;

/// The steps that a run would take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Plan {
    /// The revisions, in the order in which they would run.
    pub steps: Vec<PlannedStep>,
}

/// A revision that would run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlannedStep {
    /// The revision id.
    pub revision: String,
    /// The first line of its message.
    pub message: String,
    /// Its file, relative to the migration directory; empty for one that only the journal knows.
    pub file: String,
    /// Whether it would be applied or undone.
    pub direction: Direction,
    /// Whether it would run in a transaction.
    pub is_transactional: bool,
}

impl PlannedStep {
    pub(crate) fn new(revision: &Revision, direction: Direction) -> Self {
        Self {
            revision: revision.id().to_owned(),
            message: revision.title().to_owned(),
            file: revision.file().to_owned(),
            direction,
            is_transactional: revision.is_transactional(),
        }
    }
}

impl fmt::Display for Plan {
    /// A line for each step: `upgrade ae10 create users`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.steps.is_empty() {
            return f.write_str("nothing to do");
        }
        for (n, step) in self.steps.iter().enumerate() {
            let separator = if n == 0 { "" } else { "\n" };
            write!(
                f,
                "{separator}{} {} {}",
                step.direction, step.revision, step.message
            )?;
        }
        Ok(())
    }
}
