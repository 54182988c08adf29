//! The session: a connection, and what a run has changed of it.

use std::time::Duration;

use super::code;
use super::handle::Handle;
use super::kept::ConnectionState;
use super::keys::Suspended;
use super::lock::Lock;
use super::record::fence;
use super::timeout::Watchdog;
use crate::database::Cause;
use crate::journal::state::State;
use crate::journal::tables::Tables;

pub(super) struct SqliteSession<'a> {
    pub connection: Handle<'a>,
    /// The changes that the statements of `[connect]` have made to a passed connection.
    pub connect: ConnectionState,
    /// The changes that a revision under way may have made to the connection.
    pub kept: ConnectionState,
    /// How long a commit waits for those who read.
    pub patience: Duration,
    /// The lock that a run outside a transaction holds: SQLite has none that outlives a transaction.
    pub outside: Option<Lock>,
    /// Whether a revision outside a transaction has begun one of its own.
    pub in_transaction: bool,
    /// How long a statement of a revision may run.
    pub timeout: Option<Duration>,
    /// Does that, from the first statement until `unlock`.
    pub watchdog: Option<Watchdog>,
    /// The foreign key settings before a revision that suspends them outside a transaction.
    pub suspended: Option<Suspended>,
}

impl SqliteSession<'_> {
    pub async fn watch(&mut self) -> Result<(), Cause> {
        if let (Some(timeout), None) = (self.timeout, &self.watchdog) {
            let watchdog = Watchdog::install(self.connection.get(), timeout).await;
            let doing = "to set the statement timeout";
            self.watchdog = Some(watchdog.map_err(|error| code::database(error, doing))?);
        }
        Ok(())
    }

    /// The statements that begin a transaction. On a connection of our own SQLite gives up at once while another connection
    /// writes, since the wait is ours; but a commit may have to wait for readers, and giving up there would throw the work
    /// away.
    pub fn begin(&self) -> String {
        match self.patience() {
            None => "BEGIN IMMEDIATE".to_owned(),
            Some(patience) => format!("PRAGMA busy_timeout = 20; BEGIN IMMEDIATE; {patience}"),
        }
    }

    /// The statement by which SQLite waits for others, on a connection of our own.
    pub fn patience(&self) -> Option<String> {
        let is_own = matches!(self.connection, Handle::Own(_));
        is_own.then(|| format!("PRAGMA busy_timeout = {}", self.patience.as_millis()))
    }

    /// The same as [`begin`](Self::begin), and a query that fails unless the state is the expected one: a call to sqlx's
    /// thread less. On a connection that is not ours, a run that is cut off there could leave a transaction that sqlx does
    /// not know of.
    pub fn fenced_begin(&self, tables: &Tables, expected: &State) -> Option<String> {
        let is_own = matches!(self.connection, Handle::Own(_));
        let has_tables = expected.has_version_table && expected.has_journal;
        (is_own && has_tables).then(|| format!("{}; {}", self.begin(), fence(tables, expected)))
    }
}
