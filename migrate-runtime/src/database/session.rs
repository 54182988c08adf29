use std::time::Duration;

use futures_util::future::BoxFuture;
use migrate_chain::Dialect;

use super::failure::Failure;
use super::work::{Transactional, Work};
use crate::journal::state::State;
use crate::journal::tables::Tables;
use crate::journal::{Entry, JournalRow};
use crate::values::error::{Error, ErrorKind, database_code, database_message};

/// A database to migrate: a sqlx pool or connection.
///
/// From a pool, the runtime opens a connection of its own with the pool's options: a lock must never leak back into the
/// pool. An in-memory SQLite database is the exception, since each connection would be a database of its own. A
/// connection that is passed is used as it is; it must not be inside a transaction.
///
/// | feature | types |
/// |---|---|
/// | `sqlite` | `&SqlitePool`, `SqliteConnectOptions`, `&mut SqliteConnection` |
/// | any | [`&AnyPool`](crate::AnyPool) |
/// | `postgres` | `&PgPool`, `PgConnectOptions`, `&mut PgConnection` |
/// | `mysql` | `&MySqlPool`, `MySqlConnectOptions`, `&mut MySqlConnection` |
///
/// The trait is sealed: it is implemented for what sqlx offers and nothing else.
pub trait Database<'a>: sealed::Connect<'a> + Send {}

impl<'a, D: sealed::Connect<'a> + Send> Database<'a> for D {}

pub(crate) mod sealed {
    use super::{BoxFuture, Duration, Error, Opened};

    /// How long things may take on a connection.
    #[derive(Clone, Copy, Debug)]
    pub struct Limits {
        /// One statement.
        pub statement: Option<Duration>,
        /// The wait for other processes.
        pub lock: Duration,
        /// The wait of one statement for a lock on what it changes.
        pub ddl_lock: Duration,
        /// The wait for a database that is not there yet.
        pub absent: Duration,
    }

    pub trait Connect<'a> {
        /// Opens the connection that a run uses from its start to its end. Nothing is asked of the database before the
        /// future is polled: a run checks first what needs none.
        fn connect(self, limits: Limits) -> BoxFuture<'a, Result<Opened<'a>, Error>>;
    }
}

/// An open connection.
pub struct Opened<'a>(pub(crate) Box<dyn Session + 'a>);

/// What is told while revisions run: each call is one thing done.
pub(crate) trait Progress: Send {
    /// Whether anybody wants to know of each statement as it is done, which costs something.
    #[cfg_attr(
        not(feature = "postgres"),
        allow(dead_code, reason = "the others are told at no cost")
    )]
    fn is_watched(&self) -> bool;
    /// A revision starts.
    fn started(&mut self, index: usize);
    /// A statement of it is done, counted from 0.
    fn statement(&mut self, index: usize, statement: usize);
    /// The revision is done and recorded; the last one of a transaction is committed too.
    fn finished(&mut self, index: usize, duration: Duration);
}

/// How an error of a database is explained.
pub(crate) struct Explained {
    pub(crate) kind: ErrorKind,
    pub(crate) help: Option<&'static str>,
}

/// A connection of the runtime's own to one kind of database.
///
/// The futures are boxed so that the runner is compiled once and not once for each database.
pub(crate) trait Session: Send {
    fn dialect(&self) -> Dialect;

    /// Runs the statements of `[connect]` in migrate.toml on the new connection, and keeps them: they belong to the
    /// settings that each revision starts with. They are undone with the other settings on a connection that was passed.
    fn connected(&mut self, statements: Vec<String>) -> BoxFuture<'_, Result<(), Error>>;

    /// Makes `schema`, which must exist, the one that names without a schema are looked for in first, as long as this
    /// session lasts.
    fn enter_schema<'s>(&'s mut self, schema: &'s str) -> BoxFuture<'s, Result<(), Error>>;

    /// Reads the state in one round trip. A missing table is an empty database.
    fn state<'s>(&'s mut self, tables: &'s Tables) -> BoxFuture<'s, Result<State, sqlx::Error>>;

    /// Reads the journal, oldest row first. The table must exist.
    fn journal<'s>(
        &'s mut self,
        tables: &'s Tables,
    ) -> BoxFuture<'s, Result<Vec<JournalRow>, sqlx::Error>>;

    /// Asks for something, and returns the rows as text: the query must not give another type.
    fn ask(&mut self, sql: String) -> BoxFuture<'_, Result<Vec<Vec<Option<String>>>, sqlx::Error>>;

    /// Keeps a statement that gives back a lock of another tool, for [`unlock`](Self::unlock) to run. A server alone has
    /// such locks.
    fn hold(&mut self, _release: String) {}

    /// Tries, without waiting, to take the lock that keeps other runs of this library out between transactions.
    /// `outside` says that a revision outside a transaction will run, or has to be finished.
    fn try_lock<'s>(
        &'s mut self,
        tables: &'s Tables,
        outside: bool,
    ) -> BoxFuture<'s, Result<(), Failure>>;

    /// Gives the lock back. A release that fails closes the connection, so it cannot fail for the caller.
    fn unlock(&mut self) -> BoxFuture<'_, ()>;

    /// Whether one transaction can hold the work and its record, so that all of it is done or nothing. A database that
    /// commits each schema change by itself cannot promise that for all.
    fn can_hold<'s>(&'s mut self, _work: Work<'s>) -> BoxFuture<'s, Result<bool, Failure>> {
        Box::pin(std::future::ready(Ok(true)))
    }

    /// Runs revisions in one transaction, each with its record, if the state is still `expected`.
    fn run<'s>(
        &'s mut self,
        tables: &'s Tables,
        expected: &'s State,
        revisions: &'s [Transactional<'s>],
        progress: &'s mut dyn Progress,
    ) -> BoxFuture<'s, Result<(), Failure>>;

    /// Runs one statement, or the function of a Rust revision, outside a transaction and adds `entry` to the journal,
    /// which exists: both or neither where the database can.
    fn run_outside<'s>(
        &'s mut self,
        tables: &'s Tables,
        work: Work<'s>,
        entry: &'s Entry<'s>,
    ) -> BoxFuture<'s, Result<(), Failure>>;

    /// Suspends foreign keys for a revision outside a transaction, where the database enforces them for a connection.
    /// The record of the revision is refused if it has made rows that point nowhere; of one that is resumed nobody
    /// knows any more which of them were there before it, and all count.
    fn suspend_keys(&mut self, is_resumed: bool) -> BoxFuture<'_, Result<(), Failure>>;

    /// Ends that; `unlock` does too.
    fn enforce_keys(&mut self) -> BoxFuture<'_, Result<(), Failure>>;

    /// What became of the statement behind the last one that is known to be done, when a run outside a transaction was
    /// cut off; or, if it `has_failed`, what that has left behind. It may look at the database, and clear away there what
    /// the statement has left half done. The connection is set up as the statement found it.
    fn in_flight<'s>(
        &'s mut self,
        tables: &'s Tables,
        statement: &'s str,
        has_failed: bool,
    ) -> BoxFuture<'s, Result<InFlight, Failure>>;

    /// Whether what just failed outside a transaction has certainly done nothing.
    fn left_no_trace(&self, failure: &Failure) -> bool {
        matches!(failure, Failure::Statement { .. } | Failure::Refused { .. })
    }

    /// Whether the database only gave up on a lock, and undid all that was tried: it can be tried again. `outside` is
    /// the statement, if it ran outside a transaction.
    fn can_retry(&self, failure: &Failure, outside: Option<&str>) -> bool;

    /// Whether a statement set up the connection and no more, so that it has to run again on a new one.
    fn is_connection_setup(&self, statement: &str) -> bool;

    /// Whether such a statement failed only because the connection is set up already.
    fn is_set_up(&self, failure: &Failure) -> bool;

    /// Why the database refused something, beyond its own words.
    fn explain(&self, error: &sqlx::Error) -> Explained;

    /// The way out of an error in a statement of a revision, or in one of ours if there is none; and its kind. It goes
    /// before that of [`explain`](Self::explain).
    fn advise(
        &self,
        _tables: &Tables,
        _error: &sqlx::Error,
        _statement: Option<&str>,
    ) -> Option<(ErrorKind, String)> {
        None
    }

    /// What else the database says about an error in a statement, each a line of its own.
    fn notes(&self, _error: &sqlx::Error, _statement: &str) -> Vec<String> {
        Vec::new()
    }
}

/// What is known of a statement that was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InFlight {
    /// It left no trace, or can run again all the same.
    RunAgain,
    /// It was done.
    Done,
    /// Nobody but its owner can tell; where to look.
    #[allow(dead_code, reason = "on SQLite alone, a statement is never in doubt")]
    InDoubt(&'static str),
}

/// What to do about an error of this machine while it connects, which is not for the server to mend.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) fn local_help(error: &std::io::Error) -> Option<&'static str> {
    /// ENFILE and EMFILE, which have no kind.
    const TOO_MANY_FILES: [i32; 2] = [23, 24];
    if error.kind() == std::io::ErrorKind::PermissionDenied {
        return Some("let this user open the socket, or connect by host and port");
    }
    let is_full = error
        .raw_os_error()
        .is_some_and(|code| cfg!(unix) && TOO_MANY_FILES.contains(&code));
    is_full.then_some("raise the limit of open files, which `ulimit -n` shows")
}

/// The error that every database gives for a connection inside a transaction.
pub(crate) fn inside_a_transaction() -> Error {
    Error::new(ErrorKind::Unsupported, "the connection is inside a transaction")
        .help("pass a pool, or a connection before its transaction begins: each revision commits on its own")
}

/// The error for a statement of `[connect]` that the database refuses.
pub(crate) fn connect_refused(session: &dyn Session, statement: &str, error: sqlx::Error) -> Error {
    let summary = format!(
        "the database refused `{statement}`, which `[connect]` in migrate.toml runs on each new connection: {}",
        database_message(&error)
    );
    let Explained { kind, help } = session.explain(&error);
    Error::new(kind, summary)
        .code(database_code(&error))
        .help(help.map_or_else(
            || {
                format!(
                    "nothing was changed; correct `{}` under `[connect]`",
                    session.dialect()
                )
            },
            str::to_owned,
        ))
        .caused_by(error)
}

#[cfg(all(test, any(feature = "postgres", feature = "mysql")))]
mod tests {
    use std::io;

    use super::local_help;

    #[test]
    fn the_server_is_looked_for_only_where_it_may_be_at_fault() {
        let help = |error: io::Error| local_help(&error).unwrap_or("look for the server");
        assert!(help(io::ErrorKind::PermissionDenied.into()).contains("socket"));
        assert!(help(io::ErrorKind::ConnectionRefused.into()).contains("server"));
        assert!(help(io::ErrorKind::NotFound.into()).contains("server"));
        #[cfg(unix)]
        assert!(help(io::Error::from_raw_os_error(24)).contains("ulimit"));
    }
}
