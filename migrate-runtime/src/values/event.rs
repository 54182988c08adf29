use std::time::Duration;

use crate::Direction;

/// Something that happens during an upgrade, a downgrade or a wait: what a progress bar or a log needs.
///
/// The callback of [`Runner::on_event`](crate::Runner::on_event) gets each as it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Another process holds the lock; told once every poll.
    Waiting {
        /// The owner of the lock, as far as the database can tell.
        holder: String,
        /// How long this process has waited so far.
        waited: Duration,
    },
    /// Revisions that another tool has applied are recorded as applied, without running.
    Adopted {
        /// The tool, such as `sqlx`.
        tool: String,
        /// How many revisions.
        revisions: usize,
    },
    /// The plan is made and about to run.
    Planned {
        /// How many revisions will run.
        revisions: usize,
    },
    /// A revision starts.
    Started {
        /// The revision id.
        revision: String,
        /// The first line of its message.
        message: String,
        /// Whether it is applied or undone.
        direction: Direction,
        /// Its place in the plan, from 1.
        number: usize,
        /// How many revisions the plan has.
        of: usize,
        /// How many statements it has; 0 for a Rust revision.
        statements: usize,
    },
    /// A statement of the revision is done.
    Statement {
        /// The revision id.
        revision: String,
        /// Its number in the revision, from 1.
        number: usize,
        /// How many statements the revision has.
        of: usize,
    },
    /// A revision is done, recorded and committed. In `Single` mode all commit with the last one, and only its event tells
    /// that.
    Finished {
        /// The revision id.
        revision: String,
        /// Whether it was applied or undone.
        direction: Direction,
        /// How long it took.
        duration: Duration,
    },
    /// A revision gave up on a lock that others hold on what it changes. It was rolled back, and is tried again after a
    /// pause in which those who wait can go on.
    Retrying {
        /// The revision id.
        revision: String,
        /// The database's error.
        error: String,
        /// The number of the new try, from 1.
        retry: u32,
        /// How many there will be at most.
        of: u32,
    },
    /// Another process changed the database first, and the run plans again.
    Fenced,
}
