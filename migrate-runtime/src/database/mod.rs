//! Everything that differs between databases, and nothing else: [`Session`] is the seam, one file implements it for each.

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod answer;
pub(crate) mod any;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod rows;
#[cfg(feature = "sqlite")]
mod sqlite;
pub(crate) mod syntax;
mod transact;
pub(crate) mod url;

use std::borrow::Cow;
use std::time::Duration;

use futures_util::future::BoxFuture;
use migrate_chain::{Dialect, Digest, ForeignKeys};
pub(crate) use transact::{begin, commit, start_rollback};

use crate::context::{self, RevisionFn, Value};
use crate::error::{BoxError, Error, ErrorKind, RevisionError};
use crate::journal::{Entry, JournalEvent, JournalRow, Record};
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
use crate::subject::setting;
use crate::tables::Tables;

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

/// What the version table and the journal say, as one statement reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) has_version_table: bool,
    pub(crate) has_journal: bool,
    /// The version rows, sorted.
    pub(crate) rows: Vec<Row>,
    /// Whether the last thing in the journal is a revision under way outside a transaction.
    pub(crate) unfinished: bool,
}

/// A version row, and the digest that the journal has for it. One that Alembic wrote has none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) revision: String,
    pub(crate) digest: Option<Digest>,
}

impl State {
    pub(crate) fn ids(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.revision.clone()).collect()
    }

    /// Whether it says the same of all that a plan depends on, tables that are missing included.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let tables = |state: &Self| (state.has_version_table, state.has_journal);
        self.is_still(other) && tables(self) == tables(other)
    }

    /// Whether nothing has happened since `other` was read, as far as a plan depends on it.
    pub(crate) fn is_still(&self, other: &Self) -> bool {
        self.unfinished == other.unfinished && self.ids() == other.ids()
    }
}

/// What a revision does.
#[derive(Clone, Copy)]
pub(crate) enum Work<'r> {
    /// Runs SQL.
    Sql(&'r str),
    /// Calls a function.
    Rust(RevisionFn),
    /// Nothing: only the record is written.
    Nothing,
}

/// A revision to run in a transaction, together with its record.
pub(crate) struct Transactional<'r> {
    pub(crate) work: Work<'r>,
    /// What SQLite does about foreign keys meanwhile.
    #[cfg_attr(
        not(feature = "sqlite"),
        allow(dead_code, reason = "the others alter a table in place")
    )]
    pub(crate) foreign_keys: ForeignKeys,
    pub(crate) record: Record<'r>,
    /// What everything about it is traced in.
    pub(crate) span: tracing::Span,
}

impl Transactional<'_> {
    /// Whether it does more than write a record.
    #[cfg(feature = "postgres")]
    pub(crate) fn has_work(&self) -> bool {
        !matches!(self.work, Work::Nothing)
    }
}

/// A change of plan or a failure while revisions run. `index` says which of them.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Another process holds the database; so far nothing was done.
    Busy { holder: String },
    /// The state is no longer what the plan was made for; nothing was done.
    Fenced,
    /// A statement of a revision failed.
    Statement {
        index: usize,
        statement: usize,
        /// The byte of the statement that the database points at, if it does.
        at: Option<usize>,
        error: sqlx::Error,
    },
    /// The function of a Rust revision failed.
    Rust { index: usize, error: BoxError },
    /// A revision would leave rows that point nowhere.
    #[cfg_attr(
        not(feature = "sqlite"),
        allow(dead_code, reason = "the others enforce foreign keys all the time")
    )]
    ForeignKeys {
        index: usize,
        violations: Vec<String>,
    },
    /// A revision drops a table, and with it rows of other tables.
    #[cfg_attr(
        not(feature = "sqlite"),
        allow(
            dead_code,
            reason = "the others refuse to drop a table that others refer to"
        )
    )]
    Cascade {
        index: usize,
        /// The statement that was refused; none if it was done, and the revision as a whole is refused.
        statement: Option<usize>,
        /// The table that is dropped.
        dropped: String,
        /// Each table that loses rows, in words.
        losses: Vec<String>,
    },
    /// A statement was refused before it was sent, and nothing of it was done.
    #[allow(dead_code, reason = "not every database refuses one")]
    Refused {
        index: usize,
        statement: usize,
        what: String,
        help: &'static str,
    },
    /// A revision did what only the runtime may do.
    Meddled {
        index: usize,
        what: Cow<'static, str>,
    },
    /// A failure, and the way out of it that a look at the database has shown.
    #[cfg_attr(
        not(feature = "postgres"),
        allow(dead_code, reason = "the others are not looked at then")
    )]
    Advised { failure: Box<Self>, help: String },
    /// What is asked for cannot work here, and nothing was tried.
    #[allow(dead_code, reason = "SQLite alone can do all that is asked for")]
    Unsupported(Error),
    /// Anything else that the database refused, and what was tried.
    Database {
        doing: &'static str,
        error: sqlx::Error,
    },
}

impl Failure {
    /// Which of the revisions it is about; the first where it is about none.
    pub(crate) fn index(&self) -> usize {
        match self {
            Self::Statement { index, .. }
            | Self::Rust { index, .. }
            | Self::ForeignKeys { index, .. }
            | Self::Cascade { index, .. }
            | Self::Refused { index, .. }
            | Self::Meddled { index, .. } => *index,
            Self::Advised { failure, .. } => failure.index(),
            Self::Busy { .. } | Self::Fenced | Self::Unsupported(_) | Self::Database { .. } => 0,
        }
    }
}

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

/// The result of a query.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    pub(crate) rows: Vec<context::Row>,
    pub(crate) affected: u64,
}

/// The journal, for a Rust revision outside a transaction.
#[derive(Clone, Copy)]
pub(crate) struct RevisionJournal<'r> {
    pub(crate) tables: &'r Tables,
    /// The entry for the end of the revision.
    pub(crate) entry: &'r Entry<'r>,
}

impl<'r> RevisionJournal<'r> {
    /// The journal, if the revision of `entry` runs outside a transaction.
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
    fn outside(tables: &'r Tables, entry: &'r Entry<'r>) -> Option<Self> {
        let settings = &entry.subject.settings;
        let is_outside = settings.contains(&setting::TRANSACTION_OFF);
        is_outside.then_some(Self { tables, entry })
    }

    /// The query for how far its batches are.
    pub(crate) fn read_progress(&self) -> String {
        self.tables.read_progress(self.entry.subject.id())
    }

    /// The statement that notes how far they are.
    pub(crate) fn add_progress(&self, progress: &str) -> String {
        let entry = Entry {
            event: JournalEvent::Batch,
            statements: 0,
            ..self.entry.clone()
        };
        self.tables.add_progress(&entry, progress)
    }
}

/// What a Rust revision can do with the connection.
pub(crate) trait Executor: Send {
    fn dialect(&self) -> Dialect;

    /// Executes SQL and returns the rows affected.
    fn execute<'s>(&'s mut self, sql: &'s str) -> BoxFuture<'s, Result<u64, sqlx::Error>>;

    /// Where to note how far the revision is; none inside a transaction, which commits as a whole.
    fn journal(&self) -> Option<RevisionJournal<'_>>;

    /// Runs one statement with values for its placeholders.
    fn query<'s>(
        &'s mut self,
        sql: &'s str,
        values: Vec<Value>,
    ) -> BoxFuture<'s, Result<Answer, sqlx::Error>>;

    /// The sqlx connection, if it is one to SQLite.
    #[cfg(feature = "sqlite")]
    fn sqlite(&mut self) -> Option<&mut sqlx::SqliteConnection> {
        None
    }

    /// The sqlx connection, if it is one to PostgreSQL.
    #[cfg(feature = "postgres")]
    fn postgres(&mut self) -> Option<&mut sqlx::PgConnection> {
        None
    }

    /// The sqlx connection, if it is one to MySQL or MariaDB.
    #[cfg(feature = "mysql")]
    fn mysql(&mut self) -> Option<&mut sqlx::MySqlConnection> {
        None
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
fn local_help(error: &std::io::Error) -> Option<&'static str> {
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

/// Turns what a Rust revision returned into a failure.
pub(crate) fn rust_failure(index: usize, error: RevisionError) -> Failure {
    Failure::Rust {
        index,
        error: error.into_inner(),
    }
}

/// The database's own words, without sqlx's around them.
pub(crate) fn database_message(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::ColumnDecode { source, .. } => source.to_string(),
        _ => error.to_string(),
    }
}

/// The database's own code.
pub(crate) fn database_code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(Cow::into_owned)
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
