use std::fs::{File, TryLockError};
use std::ops::DerefMut;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, TryStreamExt as _};
use migrate_chain::Dialect;
use migrate_chain::sql::{refusal, transaction_control};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{
    AssertSqlSafe, ConnectOptions as _, Connection as _, Either, Row as _, Sqlite,
    SqliteConnection, SqlitePool, Transaction,
};

use super::{
    Executor, Explained, Failure, InFlight, Opened, Progress, Row, Session, State, Transactional,
    Work, database_code, database_message, inside_a_transaction, rust_failure,
    sealed::{self, Limits},
    syntax,
};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::journal::{
    Entry, JournalDirection, JournalEvent, JournalRow, NewerJournal, Record, Tables,
};

impl<'a> sealed::Connect<'a> for &'a SqlitePool {
    fn connect(self, limits: Limits) -> BoxFuture<'a, Result<Opened<'a>, Error>> {
        async move {
            let connect_options = self.connect_options();
            let connection = if is_in_memory(&connect_options) {
                self.acquire().await.map(Handle::Pooled)
            } else {
                connect_own(&connect_options, limits.lock).await
            };
            let connection = connection.map_err(|error| cannot_open(&connect_options, error))?;
            open(connection, limits.statement).await
        }
        .boxed()
    }
}

impl<'a> sealed::Connect<'a> for &'a mut SqliteConnection {
    fn connect(self, limits: Limits) -> BoxFuture<'a, Result<Opened<'a>, Error>> {
        open(Handle::Borrowed(self), limits.statement).boxed()
    }
}

/// How long SQLite itself waits for another connection before it says that it is busy.
const BUSY_TIMEOUT: Duration = Duration::from_millis(20);

/// Opens a connection of the runtime's own. What the options set up, such as a journal mode, may find the database busy.
async fn connect_own<'a>(
    options: &SqliteConnectOptions,
    deadline: Duration,
) -> Result<Handle<'a>, sqlx::Error> {
    let deadline = Instant::now() + deadline;
    // Short, so that a wait is ours: told as an event, cancelled at once, bounded by the deadline.
    let options = options.clone().busy_timeout(BUSY_TIMEOUT);
    let options = options.disable_statement_logging();
    loop {
        match options.connect().await {
            Ok(connection) => return Ok(Handle::Own(Box::new(connection))),
            Err(error) if is_busy(&error) && Instant::now() < deadline => {
                tokio::time::sleep(BUSY_TIMEOUT).await;
            }
            Err(error) => return Err(error),
        }
    }
}

async fn open<'a>(
    mut connection: Handle<'a>,
    timeout: Option<Duration>,
) -> Result<Opened<'a>, Error> {
    if connection.get().is_in_transaction() {
        return Err(inside_a_transaction());
    }
    let watchdog = match timeout {
        Some(timeout) => Some(Watchdog::install(connection.get(), timeout).await.map_err(
            |error| {
                Error::new(
                    ErrorKind::Database,
                    "the statement timeout could not be set",
                )
                .caused_by(error)
            },
        )?),
        None => None,
    };
    Ok(Opened(Box::new(SqliteSession {
        connection,
        outside: None,
        in_transaction: false,
        watchdog,
    })))
}

/// sqlx keeps the flag to itself: its `to_url_lossy` tells, and panics on the very file name that `sqlite::memory:` gets.
fn is_in_memory(options: &SqliteConnectOptions) -> bool {
    let file = options.get_filename().to_string_lossy();
    file.contains(":memory:")
        || file.contains("mode=memory")
        || format!("{options:?}").contains("in_memory: true")
}

fn cannot_open(options: &SqliteConnectOptions, error: sqlx::Error) -> Error {
    let file = options.get_filename().display();
    let explained = explain(&error);
    let kind = if explained.kind == ErrorKind::Database {
        ErrorKind::Connect
    } else {
        explained.kind
    };
    let summary = format!(
        "the database {file} cannot be opened: {}",
        database_message(&error)
    );
    let result = Error::new(kind, summary).code(database_code(&error));
    match explained.help {
        Some(help) => result.help(help).caused_by(error),
        None => result.caused_by(error),
    }
}

/// The connection, by who owns it.
enum Handle<'a> {
    Own(Box<SqliteConnection>),
    Pooled(PoolConnection<Sqlite>),
    Borrowed(&'a mut SqliteConnection),
}

impl Handle<'_> {
    fn get(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Own(connection) => connection,
            Self::Pooled(connection) => connection.deref_mut(),
            Self::Borrowed(connection) => connection,
        }
    }
}

struct SqliteSession<'a> {
    connection: Handle<'a>,
    /// The file lock that a run outside a transaction holds: SQLite has no lock that outlives a transaction.
    outside: Option<File>,
    /// Whether a revision outside a transaction has begun one of its own.
    in_transaction: bool,
    watchdog: Option<Watchdog>,
}

impl Session for SqliteSession<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn state<'s>(&'s mut self, tables: &'s Tables) -> BoxFuture<'s, Result<State, sqlx::Error>> {
        read_state(self.connection.get(), tables).boxed()
    }

    fn journal<'s>(
        &'s mut self,
        tables: &'s Tables,
    ) -> BoxFuture<'s, Result<Vec<JournalRow>, sqlx::Error>> {
        async move {
            let rows = sqlx::raw_sql(AssertSqlSafe(tables.read_journal()))
                .fetch_all(self.connection.get())
                .await?;
            rows.iter().map(journal_row).collect()
        }
        .boxed()
    }

    fn try_lock<'s>(
        &'s mut self,
        _: &'s Tables,
        outside: bool,
    ) -> BoxFuture<'s, Result<(), Failure>> {
        async move {
            // Inside transactions, `BEGIN IMMEDIATE` is the lock, and `run` takes it.
            if outside && self.outside.is_none() {
                self.outside = lock_file(self.connection.get()).await?;
            }
            Ok(())
        }
        .boxed()
    }

    fn unlock(&mut self) -> BoxFuture<'_, ()> {
        // Closing the file gives the lock back.
        self.outside = None;
        async {}.boxed()
    }

    fn run<'s>(
        &'s mut self,
        tables: &'s Tables,
        expected: &'s State,
        revisions: &'s [Transactional<'s>],
        progress: &'s mut dyn Progress,
    ) -> BoxFuture<'s, Result<(), Failure>> {
        async move {
            let enforced = match revisions.iter().all(|revision| revision.foreign_keys) {
                true => false,
                false => suspend_foreign_keys(self.connection.get()).await?,
            };
            let result = self
                .transaction(tables, expected, revisions, progress)
                .await;
            if enforced {
                let on = execute(self.connection.get(), "PRAGMA foreign_keys = ON").await;
                on.map_err(|error| database(error, "to enforce foreign keys again"))?;
            }
            result
        }
        .boxed()
    }

    fn run_outside<'s>(
        &'s mut self,
        tables: &'s Tables,
        work: Work<'s>,
        entry: &'s Entry<'s>,
    ) -> BoxFuture<'s, Result<(), Failure>> {
        self.statement(tables, work, entry).boxed()
    }

    fn in_flight(&self, statement: &str) -> InFlight {
        // A statement commits together with its record, or its record inside the transaction that it belongs to. Only
        // the end of such a transaction has no record yet when all before it is there.
        match transaction_control(Dialect::Sqlite, statement) {
            Some("COMMIT" | "END") => InFlight::Done,
            _ => InFlight::RunAgain,
        }
    }

    fn is_connection_setup(&self, statement: &str) -> bool {
        let word = statement
            .split(|c: char| !c.is_ascii_alphabetic())
            .next()
            .unwrap_or_default();
        ["PRAGMA", "ATTACH"]
            .iter()
            .any(|setup| word.eq_ignore_ascii_case(setup))
    }

    fn explain(&self, error: &sqlx::Error) -> Explained {
        explain(error)
    }
}

impl SqliteSession<'_> {
    async fn transaction(
        &mut self,
        tables: &Tables,
        expected: &State,
        revisions: &[Transactional<'_>],
        progress: &mut dyn Progress,
    ) -> Result<(), Failure> {
        let (begin, before_commit) = self.busy_timeouts();
        let begin = self.connection.get().begin_with(begin).await;
        let mut transaction = begin.map_err(|error| busy_or(error, "to begin a transaction"))?;
        let state = read_state(&mut transaction, tables).await;
        if !state
            .map_err(|error| database(error, "to read the version table"))?
            .is_still(expected)
        {
            return Err(Failure::Fenced);
        }
        create_tables(&mut transaction, tables, expected).await?;
        for (index, revision) in revisions.iter().enumerate() {
            let started = Instant::now();
            progress.started(index);
            let violations = violations_before(&mut transaction, revision).await?;
            work(
                &mut transaction,
                revision.work,
                index,
                progress,
                self.watchdog.as_ref(),
            )
            .await?;
            if let Some(before) = violations {
                let violations = foreign_key_violations(&mut transaction).await?;
                if violations.len() > before {
                    return Err(Failure::ForeignKeys { index, violations });
                }
            }
            write_record(
                &mut transaction,
                tables,
                &revision.record,
                started.elapsed(),
            )
            .await?;
            progress.finished(index, started.elapsed());
        }
        execute(&mut transaction, before_commit)
            .await
            .map_err(|error| database(error, "to wait for readers"))?;
        transaction
            .commit()
            .await
            .map_err(|error| busy_or(error, "to commit"))
    }

    /// What begins a transaction, and what to execute before its end. On a connection of our own SQLite gives up at
    /// once while another connection writes, since the wait is ours; but a commit may have to wait for readers, and
    /// giving up there would throw the work away.
    fn busy_timeouts(&self) -> (&'static str, &'static str) {
        match self.connection {
            Handle::Own(_) => (
                "PRAGMA busy_timeout = 20; BEGIN IMMEDIATE",
                "PRAGMA busy_timeout = 60000",
            ),
            Handle::Pooled(_) | Handle::Borrowed(_) => ("BEGIN IMMEDIATE", ""),
        }
    }

    /// Runs one statement and its journal row: in a transaction of their own, unless the statement takes part in one
    /// of the revision's or cannot be in any.
    async fn statement(
        &mut self,
        tables: &Tables,
        work: Work<'_>,
        entry: &Entry<'_>,
    ) -> Result<(), Failure> {
        let recorded = |error| database(error, "to write the journal");
        let record = tables.add(entry, Some(Duration::ZERO));
        let statement = match work {
            Work::Rust(function) => {
                function(&mut Context::new(self.connection.get()))
                    .await
                    .map_err(|error| rust_failure(0, error))?;
                return execute(self.connection.get(), &record)
                    .await
                    .map(|_| ())
                    .map_err(recorded);
            }
            Work::Sql(script) => script,
            Work::Nothing => "",
        };
        let failed = |error| Failure::Statement {
            index: 0,
            statement: 0,
            error,
        };
        let control = transaction_control(Dialect::Sqlite, statement);
        let in_transaction = self.in_transaction;
        self.in_transaction = control.map_or(in_transaction, |keyword| keyword == "BEGIN");
        self.watchdog
            .as_ref()
            .inspect(|watchdog| watchdog.restart());
        let connection = self.connection.get();
        if in_transaction || control.is_some() || refusal(Dialect::Sqlite, statement).is_some() {
            execute(connection, statement).await.map_err(failed)?;
            return execute(connection, &record)
                .await
                .map(|_| ())
                .map_err(recorded);
        }
        let begin = connection.begin_with("BEGIN IMMEDIATE").await;
        let mut transaction = begin.map_err(|error| busy_or(error, "to begin a transaction"))?;
        execute(&mut transaction, statement).await.map_err(failed)?;
        execute(&mut transaction, &record).await.map_err(recorded)?;
        transaction
            .commit()
            .await
            .map_err(|error| busy_or(error, "to commit"))
    }
}

impl Executor for SqliteConnection {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn execute<'s>(&'s mut self, sql: &'s str) -> BoxFuture<'s, Result<u64, sqlx::Error>> {
        execute(self, sql).boxed()
    }

    fn sqlite(&mut self) -> Option<&mut SqliteConnection> {
        Some(self)
    }
}

async fn execute(connection: &mut SqliteConnection, sql: &str) -> Result<u64, sqlx::Error> {
    if sql.is_empty() {
        return Ok(0);
    }
    Ok(sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await?
        .rows_affected())
}

/// Does what a revision does, and tells of each statement.
async fn work(
    transaction: &mut Transaction<'_, Sqlite>,
    work: Work<'_>,
    index: usize,
    progress: &mut dyn Progress,
    watchdog: Option<&Watchdog>,
) -> Result<(), Failure> {
    let restart = || watchdog.inspect(|watchdog| watchdog.restart());
    restart();
    match work {
        Work::Nothing => Ok(()),
        Work::Rust(function) => {
            let result = function(&mut Context::new(&mut **transaction)).await;
            result.map_err(|error| rust_failure(index, error))
        }
        Work::Sql(script) => {
            let mut statement = 0;
            let mut results = sqlx::raw_sql(AssertSqlSafe(script)).fetch_many(&mut **transaction);
            loop {
                match results.try_next().await {
                    Ok(None) => return Ok(()),
                    Ok(Some(Either::Right(_))) => {}
                    Ok(Some(Either::Left(_))) => {
                        progress.statement(index, statement);
                        statement += 1;
                        restart();
                    }
                    Err(error) => {
                        return Err(Failure::Statement {
                            index,
                            statement,
                            error,
                        });
                    }
                }
            }
        }
    }
}

async fn create_tables(
    transaction: &mut Transaction<'_, Sqlite>,
    tables: &Tables,
    state: &State,
) -> Result<(), Failure> {
    let version = (!state.has_version_table).then(|| tables.create_version());
    let journal = (!state.has_journal).then(|| tables.create_journal());
    for statement in version.into_iter().chain(journal) {
        let created = execute(transaction, &statement).await;
        created.map_err(|error| database(error, "to create the version table and the journal"))?;
    }
    Ok(())
}

/// Writes the version rows and the journal row of a revision; each change of a version row must hit exactly one.
async fn write_record(
    transaction: &mut Transaction<'_, Sqlite>,
    tables: &Tables,
    record: &Record<'_>,
    duration: Duration,
) -> Result<(), Failure> {
    let failed = |error| database(error, "to record the revision");
    let changes = tables.change_rows(&record.changes);
    let script = changes
        .into_iter()
        .chain([tables.add(&record.entry, Some(duration))])
        .collect::<Vec<_>>()
        .join(";\n");
    let mut results = sqlx::raw_sql(AssertSqlSafe(script)).fetch_many(&mut **transaction);
    while let Some(result) = results.try_next().await.map_err(failed)? {
        if result.left().is_some_and(|done| done.rows_affected() != 1) {
            return Err(Failure::Fenced);
        }
    }
    Ok(())
}

async fn read_state(
    connection: &mut SqliteConnection,
    tables: &Tables,
) -> Result<State, sqlx::Error> {
    let read = |sql: String| sqlx::raw_sql(AssertSqlSafe(sql));
    match read(tables.read()).fetch_all(&mut *connection).await {
        Ok(rows) => state(&rows, true, true),
        Err(error) if primary_code(&error) == Some(SQLITE_ERROR) => {
            let (has_version_table, has_journal) = existing(connection, tables).await?;
            let sql = match (has_version_table, has_journal) {
                // Another process has made the tables in between, or they have another shape: this tells which.
                (true, true) => tables.read(),
                (true, false) => tables.read_version(),
                (false, _) => {
                    return Ok(State {
                        has_journal,
                        ..State::default()
                    });
                }
            };
            let rows = read(sql).fetch_all(connection).await?;
            state(&rows, has_version_table, has_journal)
        }
        Err(error) => Err(error),
    }
}

fn state(
    rows: &[SqliteRow],
    has_version_table: bool,
    has_journal: bool,
) -> Result<State, sqlx::Error> {
    let mut state = State {
        has_version_table,
        has_journal,
        ..State::default()
    };
    for row in rows {
        let event: Option<String> = row.try_get(0)?;
        state.unfinished = event
            .as_deref()
            .and_then(JournalEvent::from_name)
            .is_some_and(JournalEvent::is_unfinished);
        let Some(revision) = row.try_get(1)? else {
            continue;
        };
        let digest: Option<String> = row.try_get(2)?;
        let digest = digest
            .map(|digest| digest.parse())
            .transpose()
            .map_err(|error| decode(2, error))?;
        state.rows.push(Row { revision, digest });
    }
    state.rows.sort_unstable();
    Ok(state)
}

/// Whether the version table and the journal exist.
async fn existing(
    connection: &mut SqliteConnection,
    tables: &Tables,
) -> Result<(bool, bool), sqlx::Error> {
    let schema = match &tables.schema {
        Some(schema) => format!("{}.", syntax::name(Dialect::Sqlite, schema)),
        None => String::new(),
    };
    let sql = format!("SELECT name FROM {schema}sqlite_schema WHERE type = 'table'");
    let names: Vec<(String,)> = sqlx::query_as(AssertSqlSafe(sql))
        .fetch_all(connection)
        .await?;
    let has = |table: &str| names.iter().any(|(name,)| name.eq_ignore_ascii_case(table));
    Ok((has(&tables.version_name), has(&tables.journal_name)))
}

fn journal_row(row: &SqliteRow) -> Result<JournalRow, sqlx::Error> {
    let names = |at: usize| -> Result<Vec<String>, sqlx::Error> {
        let names: String = row.try_get(at)?;
        Ok(names
            .split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect())
    };
    let hash = |at: usize| -> Result<Option<String>, sqlx::Error> { row.try_get(at) };
    let event: String = row.try_get(0)?;
    let direction: String = row.try_get(1)?;
    Ok(JournalRow {
        event: JournalEvent::from_name(&event).ok_or_else(|| decode(0, NewerJournal(event)))?,
        direction: JournalDirection::from_name(&direction)
            .ok_or_else(|| decode(1, NewerJournal(direction)))?,
        revision: row.try_get(2)?,
        down_revision: names(3)?,
        depends_on: names(4)?,
        checksum: hash(5)?
            .map(|hash| hash.parse())
            .transpose()
            .map_err(|error| decode(5, error))?,
        digest: hash(6)?
            .map(|hash| hash.parse())
            .transpose()
            .map_err(|error| decode(6, error))?,
        statements: usize::try_from(row.try_get::<i64, _>(7)?).map_err(|error| decode(7, error))?,
        statements_hash: hash(8)?
            .map(|hash| hash.parse())
            .transpose()
            .map_err(|error| decode(8, error))?,
        error: row.try_get(10)?,
    })
}

fn decode(index: usize, source: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::ColumnDecode {
        index: index.to_string(),
        source: Box::new(source),
    }
}

/// Turns enforcement off, and says whether it was on.
async fn suspend_foreign_keys(connection: &mut SqliteConnection) -> Result<bool, Failure> {
    let failed = |error| database(error, "to suspend foreign keys");
    let on: i64 = sqlx::query_scalar("PRAGMA foreign_keys")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    execute(connection, "PRAGMA foreign_keys = OFF")
        .await
        .map_err(failed)?;
    Ok(on == 1)
}

/// How many rows point nowhere before a revision that suspends foreign keys: those are not its doing.
async fn violations_before(
    transaction: &mut Transaction<'_, Sqlite>,
    revision: &Transactional<'_>,
) -> Result<Option<usize>, Failure> {
    if revision.foreign_keys {
        return Ok(None);
    }
    Ok(Some(foreign_key_violations(transaction).await?.len()))
}

/// Every row that points nowhere, in words.
async fn foreign_key_violations(
    transaction: &mut Transaction<'_, Sqlite>,
) -> Result<Vec<String>, Failure> {
    let rows = sqlx::raw_sql("PRAGMA foreign_key_check")
        .fetch_all(&mut **transaction)
        .await;
    let rows = rows.map_err(|error| database(error, "to check foreign keys"))?;
    let words = |row: &SqliteRow| -> Result<String, sqlx::Error> {
        let (table, rowid, parent): (String, Option<i64>, String) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let rowid = rowid.map_or_else(|| "a row".to_owned(), |rowid| format!("row {rowid}"));
        Ok(format!(
            "{rowid} of {table} refers to a row of {parent} that does not exist"
        ))
    };
    rows.iter()
        .map(words)
        .collect::<Result<_, _>>()
        .map_err(|error| database(error, "to check foreign keys"))
}

/// Locks a file beside the database; none for a database in memory, which no other process can see.
async fn lock_file(connection: &mut SqliteConnection) -> Result<Option<File>, Failure> {
    let failed = |error| database(error, "to find the database file");
    let sql = "SELECT file FROM pragma_database_list WHERE name = 'main'";
    let file: Option<String> = sqlx::query_scalar(sql)
        .fetch_one(connection)
        .await
        .map_err(failed)?;
    let Some(file) = file.filter(|file| !file.is_empty()) else {
        return Ok(None);
    };
    let path = PathBuf::from(format!("{file}-migrate-lock"));
    let io = |error| {
        database(
            sqlx::Error::Io(error),
            "to lock the file beside the database",
        )
    };
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(io)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(TryLockError::WouldBlock) => Err(Failure::Busy {
            holder: format!("another process, which holds {}", path.display()),
        }),
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}

/// Interrupts a statement that runs for too long.
struct Watchdog {
    started: Instant,
    timeout: Duration,
    /// When to interrupt, in milliseconds after `started`.
    deadline: Arc<AtomicU64>,
}

impl Watchdog {
    async fn install(
        connection: &mut SqliteConnection,
        timeout: Duration,
    ) -> Result<Self, sqlx::Error> {
        let watchdog = Self {
            started: Instant::now(),
            timeout,
            deadline: Arc::new(AtomicU64::new(u64::MAX)),
        };
        let (started, deadline) = (watchdog.started, Arc::clone(&watchdog.deadline));
        connection
            .lock_handle()
            .await?
            .set_progress_handler(INSTRUCTIONS, move || {
                milliseconds(started.elapsed()) < deadline.load(Ordering::Relaxed)
            });
        Ok(watchdog)
    }

    fn restart(&self) {
        self.deadline.store(
            milliseconds(self.started.elapsed() + self.timeout),
            Ordering::Relaxed,
        );
    }
}

impl Drop for Watchdog {
    /// A borrowed connection goes on without it.
    fn drop(&mut self) {
        self.deadline.store(u64::MAX, Ordering::Relaxed);
    }
}

/// How many instructions of SQLite's machine run between two looks at the clock.
const INSTRUCTIONS: i32 = 1000;

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

// The primary result codes that mean something here: https://sqlite.org/rescode.html
const SQLITE_ERROR: i32 = 1;
const SQLITE_BUSY: i32 = 5;
const SQLITE_LOCKED: i32 = 6;
const SQLITE_READONLY: i32 = 8;
const SQLITE_INTERRUPT: i32 = 9;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_CANTOPEN: i32 = 14;
const SQLITE_NOTADB: i32 = 26;

/// The low byte of SQLite's result code, which says what it is about.
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code = error.as_database_error()?.code()?.parse::<i32>().ok()?;
    Some(code & 0xff)
}

fn database(error: sqlx::Error, doing: &'static str) -> Failure {
    Failure::Database { doing, error }
}

fn is_busy(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(SQLITE_BUSY | SQLITE_LOCKED))
}

fn busy_or(error: sqlx::Error, doing: &'static str) -> Failure {
    if is_busy(&error) {
        Failure::Busy {
            holder: "another connection, which writes to the database".to_owned(),
        }
    } else {
        database(error, doing)
    }
}

fn explain(error: &sqlx::Error) -> Explained {
    let (kind, help) = match primary_code(error) {
        Some(SQLITE_BUSY | SQLITE_LOCKED) => (
            ErrorKind::Locked,
            "let the other connection finish its transaction",
        ),
        Some(SQLITE_READONLY) => (
            ErrorKind::ReadOnly,
            "make the file and its folder writable for this user, and open it without mode=ro",
        ),
        Some(SQLITE_INTERRUPT) => (
            ErrorKind::Statement,
            "it ran into the statement timeout of the runner",
        ),
        Some(SQLITE_FULL) => (
            ErrorKind::Database,
            "make room on the disk, or raise max_page_count",
        ),
        Some(SQLITE_CANTOPEN) => (
            ErrorKind::Connect,
            "check the path and its folder, or create the file: `create_if_missing(true)`",
        ),
        Some(SQLITE_NOTADB | SQLITE_CORRUPT) => (
            ErrorKind::Connect,
            "check the path: the file is no SQLite database, is encrypted, or is damaged",
        ),
        _ => {
            return Explained {
                kind: ErrorKind::Database,
                help: None,
            };
        }
    };
    Explained {
        kind,
        help: Some(help),
    }
}

#[cfg(test)]
mod in_memory_tests {
    use super::*;

    #[test]
    fn an_in_memory_database_is_told_from_a_file_however_it_is_named() {
        let parsed = |url: &str| url.parse::<SqliteConnectOptions>().expect("a URL of sqlx");
        for options in [
            parsed("sqlite::memory:"),
            parsed("sqlite:shared?mode=memory"),
            SqliteConnectOptions::new(),
            SqliteConnectOptions::new()
                .filename("cache")
                .in_memory(true),
        ] {
            assert!(is_in_memory(&options), "{options:?}");
        }
        assert!(!is_in_memory(&parsed("sqlite:memory.db?mode=rwc")));
    }
}
