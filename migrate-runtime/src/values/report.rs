use std::fmt;
use std::time::Duration;

use crate::Direction;

/// The result of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The revisions that this process ran, in order.
    pub steps: Vec<StepReport>,
    /// How many revisions were taken over from another tool, and recorded without running.
    pub adopted: usize,
    /// The rows of the version table at the end.
    pub current: Vec<String>,
    /// How long it waited for other processes.
    pub waited: Duration,
    /// How long it took as a whole, waiting included.
    pub duration: Duration,
    /// How the rows were set, if nothing ran: `stamped`, `resolved`.
    pub(crate) set: Option<&'static str>,
}

/// The result for one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StepReport {
    /// The revision id.
    pub revision: String,
    /// The first line of its message.
    pub message: String,
    /// Its file, relative to the migration directory; empty for one that only the journal knows.
    pub file: String,
    /// Whether it was applied or undone.
    pub direction: Direction,
    /// How many statements it has; 0 for a Rust revision.
    pub statements: usize,
    /// How long it took.
    pub duration: Duration,
}

impl Report {
    /// Whether there was nothing to do: no revision ran, and no takeover, stamp or resolution was recorded.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.set.is_none() && self.adopted == 0
    }
}

impl fmt::Display for Report {
    /// One line: `upgraded 3 revisions in 12 ms, now at ae10`, or `stamped, now at ae10`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = match &self.current[..] {
            [] => "base".to_owned(),
            rows => rows.join(", "),
        };
        if let Some(set) = self.set {
            return write!(f, "{set}, now at {at}");
        }
        if self.adopted > 0 {
            let plural = if self.adopted == 1 { "" } else { "s" };
            write!(f, "took over {} revision{plural}, ", self.adopted)?;
        }
        let Some(first) = self.steps.first() else {
            if self.adopted > 0 {
                return write!(f, "now at {at}");
            }
            return write!(f, "nothing to do, the database is at {at}");
        };
        let verb = match first.direction {
            Direction::Upgrade => "upgraded",
            Direction::Downgrade => "downgraded",
        };
        let plural = if self.steps.len() == 1 {
            "revision"
        } else {
            "revisions"
        };
        write!(
            f,
            "{verb} {} {plural} in {} ms, now at {at}",
            self.steps.len(),
            self.duration.as_millis()
        )
    }
}
