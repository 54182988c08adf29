use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::Event;

/// How pending revisions are grouped into transactions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum TransactionMode {
    /// Each revision in its own: what is done stays done when a later one fails.
    #[default]
    PerRevision,
    /// All pending revisions in one: all of them or none. Refused beforehand where a pending revision runs outside a
    /// transaction, and on MySQL and MariaDB, where a schema change commits implicitly.
    Single,
}

/// The policy for a database that holds revisions unknown to this binary: a newer version of the app has been here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ahead {
    /// Stop with an error that names them.
    #[default]
    Error,
    /// Leave the database as it is and go on, as long as everything that this binary knows is applied. It holds for
    /// an upgrade without a target: what a target means there, this binary cannot tell.
    Allow,
}

/// The rows that a stamp may take away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Replacing {
    /// Those that the new ones have under them: nothing that is applied is forgotten.
    #[default]
    Covered,
    /// Any that the targets replace.
    Applied,
    /// All, unknown ones included.
    All,
}

/// The settings of a run; [`Runner`](crate::Runner) has a method for each.
#[derive(Clone)]
pub(crate) struct Options {
    pub schema: Option<String>,
    pub mode: TransactionMode,
    pub ahead: Ahead,
    pub lock_deadline: Duration,
    pub ddl_lock_timeout: Duration,
    pub ddl_retries: u32,
    pub statement_timeout: Option<Duration>,
    pub on_event: Option<Callback>,
}

/// The limits of a run unless it has its own; the commands show them.
pub mod defaults {
    use std::time::Duration;

    /// How long to wait for other processes.
    pub const LOCK_DEADLINE: Duration = Duration::from_mins(5);
    /// How long a schema change may wait for a lock on a table.
    pub const DDL_LOCK_TIMEOUT: Duration = Duration::from_secs(5);
    /// How often a schema change that did not get its lock is tried again.
    pub const DDL_RETRIES: u32 = 5;
}

pub(crate) type Callback = Arc<dyn Fn(&Event) + Send + Sync>;

impl Options {
    pub fn emit(&self, event: &Event) {
        if let Some(callback) = &self.on_event {
            callback(event);
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            schema: None,
            mode: TransactionMode::default(),
            ahead: Ahead::default(),
            lock_deadline: defaults::LOCK_DEADLINE,
            ddl_lock_timeout: defaults::DDL_LOCK_TIMEOUT,
            ddl_retries: defaults::DDL_RETRIES,
            statement_timeout: None,
            on_event: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("mode", &self.mode)
            .field("ahead", &self.ahead)
            .field("lock_deadline", &self.lock_deadline)
            .field("statement_timeout", &self.statement_timeout)
            .finish_non_exhaustive()
    }
}

/// How an interrupted revision is resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Resolution {
    /// It counts as applied from now on.
    Applied,
    /// It counts as not applied from now on.
    NotApplied,
    /// The next run goes on, and runs again what was in flight.
    Retry,
}
