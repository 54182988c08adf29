use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use migrate_chain::Dialect;

use super::failure::{Explained, Failure};
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

    /// Connections that runs have left as they were, for other runs on the same pools.
    ///
    /// A process of PostgreSQL takes longer to start than it takes to find out that there is nothing to do.
    #[derive(Clone, Default)]
    pub struct Idle {
        #[cfg(feature = "postgres")]
        pub postgres: crate::database::postgres::Idle,
    }

    pub trait Connect<'a> {
        /// Opens the connection that a run uses from its start to its end. Nothing is asked of the database before the
        /// future is polled: a run checks first what needs none.
        fn connect(self, limits: Limits) -> BoxFuture<'a, Result<Opened<'a>, Error>>;

        /// The same for one of many runs, which may go on with a connection that one before it has left as it was.
        fn connect_again(self, limits: Limits, _: &Idle) -> BoxFuture<'a, Result<Opened<'a>, Error>>
        where
            Self: Sized,
        {
            self.connect(limits)
        }
    }
}

/// An open connection.
pub struct Opened<'a>(pub(crate) Box<dyn Session + 'a>);

/// Receives the progress of a run: each call is one thing done.
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

/// Progress that nobody listens to.
pub(crate) struct Untold;

impl Progress for Untold {
    fn is_watched(&self) -> bool {
        false
    }

    fn started(&mut self, _: usize) {}

    fn statement(&mut self, _: usize, _: usize) {}

    fn finished(&mut self, _: usize, _: Duration) {}
}

/// The rows of an answer, each a list of texts.
pub(crate) type Texts = Vec<Vec<Option<String>>>;

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
    fn state<'s>(&'s mut self, tables: &'s Tables) -> BoxFuture<'s, Result<State, Failure>>;

    /// Reads what a run needs of the journal, oldest row first. The table must exist.
    fn journal<'s>(
        &'s mut self,
        tables: &'s Tables,
    ) -> BoxFuture<'s, Result<Vec<JournalRow>, Failure>>;

    /// Asks for something, and returns the rows as text: the query must not give another type. `doing` says what for.
    fn ask(&mut self, doing: &'static str, sql: String) -> BoxFuture<'_, Result<Texts, Failure>>;

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

    /// Creates those of the two tables that `expected` says are missing, if the state is still that.
    fn create_tables<'s>(
        &'s mut self,
        tables: &'s Tables,
        expected: &'s State,
    ) -> BoxFuture<'s, Result<(), Failure>> {
        async move { self.run(tables, expected, &[], &mut Untold).await }.boxed()
    }

    /// Runs revisions in one transaction, each with its record, if the state is still `expected`. Tables that this says are
    /// missing are created with the first. A revision that no transaction can hold is [`Cause::NotHeld`](super::Cause::NotHeld).
    fn run<'s>(
        &'s mut self,
        tables: &'s Tables,
        expected: &'s State,
        revisions: &'s [Transactional<'s>],
        progress: &'s mut dyn Progress,
    ) -> BoxFuture<'s, Result<(), Failure>>;

    /// Runs one statement, or the function of a Rust revision, outside a transaction and adds `entry` to the journal,
    /// which exists: both or neither where the database can. Where foreign keys are enforced for a connection, they are
    /// suspended from the first statement of a revision that asks for it until its record, which is refused if the revision
    /// has made rows that refer to nothing.
    fn run_outside<'s>(
        &'s mut self,
        tables: &'s Tables,
        work: Work<'s>,
        entry: &'s Entry<'s>,
    ) -> BoxFuture<'s, Result<(), Failure>>;

    /// Finds out whether the statement after the last recorded one took effect, when a run outside a transaction was
    /// cut off; or, if it `has_failed`, what that has left. It may look at the database, and clear away there
    /// what the statement has left half done. The connection is set up as the statement found it.
    fn in_flight<'s>(
        &'s mut self,
        tables: &'s Tables,
        statement: &'s str,
        has_failed: bool,
    ) -> BoxFuture<'s, Result<InFlight, Failure>>;

    /// Whether a statement set up the connection and no more, so that it has to run again on a new one.
    fn is_connection_setup(&self, statement: &str) -> bool;
}

/// The fate of a statement that was cut off.
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

/// Advice for an error of this machine while it connects, which the server cannot fix.
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
pub(crate) fn connect_refused(
    dialect: Dialect,
    explained: &Explained,
    statement: &str,
    error: sqlx::Error,
) -> Error {
    let summary = format!(
        "the database refused `{statement}`, which `[connect]` in migrate.toml runs on each new connection: {}",
        database_message(&error)
    );
    let correct = || format!("nothing was changed; correct `{dialect}` under `[connect]`");
    Error::new(explained.kind, summary)
        .code(database_code(&error))
        .help(explained.help.map_or_else(correct, str::to_owned))
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
