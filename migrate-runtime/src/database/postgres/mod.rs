//! PostgreSQL.

mod code;
mod connect;
mod lock;
mod message;
mod outside;
mod place;
mod placeholder;
mod probe;
mod read;
mod setting;
mod transaction;
mod words;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use migrate_chain::Dialect;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::sealed::Limits;
use super::{
    Executor, Explained, Failure, InFlight, Opened, Progress, Session, State, Transactional, Work,
    connect_refused, inside_a_transaction,
};
use crate::context::Value;
use crate::database::Answer;
use crate::database::answer::answer;
use crate::error::{Error, ErrorKind};
use crate::journal::{Entry, JournalRow};
use crate::tables::Tables;
use code::{database, explain};
use connect::Handle;
use lock::Lock;
use read::Found;

struct PostgresSession<'a> {
    connection: Handle<'a>,
    limits: Limits,
    /// The statements of `[connect]`, which belong to the settings that each revision starts with.
    connect: Vec<String>,
    /// What was found out when the state was read last.
    found: Option<Found>,
    /// The search path that begins with the schema that was entered.
    entered: Option<String>,
    /// The lock that the session holds from `try_lock` to `unlock`.
    lock: Option<Lock>,
    /// Whether something was sent whose end was not seen.
    is_under_way: bool,
    /// Whether a revision outside a transaction has begun one of its own.
    in_transaction: bool,
    /// Whether the last statement outside a transaction was to commit together with its record.
    is_whole: bool,
    /// What a connection that was passed is to be set to when the run is over.
    before: Option<Vec<(&'static str, String)>>,
}

impl<'a> PostgresSession<'a> {
    fn opened(connection: Handle<'a>, limits: Limits) -> Opened<'a> {
        Opened(Box::new(Self {
            connection,
            limits,
            connect: Vec::new(),
            found: None,
            entered: None,
            lock: None,
            is_under_way: false,
            in_transaction: false,
            is_whole: false,
            before: None,
        }))
    }

    /// What was found out about the database, by a look at it if there was none yet.
    async fn found(&mut self, tables: &Tables) -> Result<Found, Failure> {
        if let Some(found) = &self.found {
            return Ok(found.clone());
        }
        let read = self.read(tables).await;
        read.map_err(|error| database(error, "to read the version table"))?;
        Ok(self.found.clone().expect("reading finds it out"))
    }

    async fn read(&mut self, tables: &Tables) -> Result<State, sqlx::Error> {
        let (state, mut found) = read::read_state(self.connection.get(), tables).await?;
        if let Some(first) = &self.found {
            // A revision may have left another.
            found.search_path.clone_from(&first.search_path);
        }
        self.found = Some(found);
        Ok(state)
    }

    /// Takes the lock for the session, where the session is a backend.
    async fn take_lock(&mut self, tables: &Tables, outside: bool) -> Result<(), Failure> {
        let found = self.found(tables).await?;
        refuse(&self.connection, &found, outside)?;
        let failed = |error| database(error, "to take the lock");
        let lock = Lock::of(&found.tables);
        if self.lock.is_some() {
            return Ok(());
        }
        if !(found.is_direct || outside) {
            // Each transaction takes it for itself. A look at it first keeps the errors of those that do not get it out
            // of the server's log.
            let holder = lock.holder(self.connection.get()).await.map_err(failed)?;
            return holder.map_or(Ok(()), |holder| Err(Failure::Busy { holder }));
        }
        if !found.is_direct {
            let settings = self.settings();
            let before = setting::current(self.connection.get(), &settings).await;
            self.before = Some(before.map_err(failed)?);
        }
        // Before it is asked for: the server may have given it when this future is dropped.
        self.lock = Some(lock);
        let taken = lock.try_take(self.connection.get()).await;
        if !matches!(taken, Ok(Ok(()))) {
            self.lock = None;
        }
        let taken = taken.map_err(failed)?;
        taken.map_err(|holder| Failure::Busy { holder })
    }

    /// What a connection has to be set to that does not have it already.
    fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = setting::of_transaction(self.limits);
        let path = self.entered.clone();
        settings.extend(path.map(|path| ("search_path", path)));
        settings
    }

    /// Puts a schema at the beginning of the search path: here, or in each transaction to come.
    async fn enter(&mut self, schema: &str) -> Result<(), Error> {
        let path = setting::enter(self.connection.get(), schema).await;
        let path = path.map_err(|error| {
            let summary = format!("the schema `{schema}` cannot be entered");
            Error::new(explain(&error).kind, summary).caused_by(error)
        })?;
        self.entered = Some(path.ok_or_else(|| {
            let summary = format!("the database has no schema `{schema}`");
            Error::new(ErrorKind::Unsupported, summary)
                .help("create it first, or correct its name; nothing was changed")
        })?);
        Ok(())
    }

    /// What is to be sent so that nothing of the run stays on the connection.
    fn leave(&mut self) -> String {
        let mut left = Vec::new();
        if self.is_under_way {
            left.push("ROLLBACK".to_owned());
        }
        if let Some(lock) = self.lock.take() {
            left.push(lock.release());
        }
        left.extend(self.restore_outside());
        left.join(";\n")
    }
}

/// What cannot work on this connection.
fn refuse(connection: &Handle<'_>, found: &Found, outside: bool) -> Result<(), Failure> {
    if found.is_in_transaction {
        return Err(Failure::Unsupported(inside_a_transaction()));
    }
    if found.is_replica {
        let error = Error::new(
            ErrorKind::ReadOnly,
            "the database is a replica, and cannot be written to",
        );
        return Err(Failure::Unsupported(
            error.help("connect to the primary; a replica follows it by itself"),
        ));
    }
    if outside && connection.is_own() && !found.is_direct {
        let error = Error::new(
            ErrorKind::Unsupported,
            "a revision outside a transaction cannot run through a pooler that shares its connections to the server",
        );
        return Err(Failure::Unsupported(
            error
                .note("a lock of the session and what its statements set would stay on a connection that others get")
                .help("connect to PostgreSQL itself, not to PgBouncer, for the migration; nothing was changed"),
        ));
    }
    Ok(())
}

impl Session for PostgresSession<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn connected(&mut self, statements: Vec<String>) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            for statement in &statements {
                let done = execute(self.connection.get(), statement).await;
                done.map_err(|error| connect_refused(self, statement, error))?;
            }
            self.connect = statements;
            Ok(())
        }
        .boxed()
    }

    fn enter_schema<'s>(&'s mut self, schema: &'s str) -> BoxFuture<'s, Result<(), Error>> {
        self.enter(schema).boxed()
    }

    fn state<'s>(&'s mut self, tables: &'s Tables) -> BoxFuture<'s, Result<State, sqlx::Error>> {
        self.read(tables).boxed()
    }

    fn journal<'s>(
        &'s mut self,
        tables: &'s Tables,
    ) -> BoxFuture<'s, Result<Vec<JournalRow>, sqlx::Error>> {
        async move {
            let tables = match &self.found {
                Some(found) => &found.tables,
                None => tables,
            };
            read::read_journal(self.connection.get(), tables).await
        }
        .boxed()
    }

    fn try_lock<'s>(
        &'s mut self,
        tables: &'s Tables,
        outside: bool,
    ) -> BoxFuture<'s, Result<(), Failure>> {
        self.take_lock(tables, outside).boxed()
    }

    fn unlock(&mut self) -> BoxFuture<'_, ()> {
        async move {
            let leave = self.leave();
            if leave.is_empty() {
                return;
            }
            let left = execute(self.connection.get(), &leave).await;
            self.is_under_way = false;
            if left.is_err() && !self.connection.is_own() {
                // A connection of ours is closed at the end, and the lock goes with it.
                self.is_under_way = true;
            }
        }
        .boxed()
    }

    fn run<'s>(
        &'s mut self,
        tables: &'s Tables,
        expected: &'s State,
        revisions: &'s [Transactional<'s>],
        progress: &'s mut dyn Progress,
    ) -> BoxFuture<'s, Result<(), Failure>> {
        self.transaction(tables, expected, revisions, progress)
            .boxed()
    }

    fn run_outside<'s>(
        &'s mut self,
        tables: &'s Tables,
        work: Work<'s>,
        entry: &'s Entry<'s>,
    ) -> BoxFuture<'s, Result<(), Failure>> {
        self.outside(tables, work, entry).boxed()
    }

    fn suspend_keys(&mut self, _: bool) -> BoxFuture<'_, Result<(), Failure>> {
        // A table is altered in place here, and nothing has to be suspended for that.
        std::future::ready(Ok(())).boxed()
    }

    fn enforce_keys(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        std::future::ready(Ok(())).boxed()
    }

    fn in_flight<'s>(
        &'s mut self,
        _: &'s Tables,
        statement: &'s str,
        has_failed: bool,
    ) -> BoxFuture<'s, Result<InFlight, Failure>> {
        probe::probe(self.connection.get(), statement, has_failed).boxed()
    }

    fn can_retry(&self, failure: &Failure, outside: Option<&str>) -> bool {
        let is_contention = match failure {
            Failure::Statement { error, .. } | Failure::Database { error, .. } => {
                code::is_contention(error)
            }
            Failure::Rust { error, .. } => error
                .downcast_ref::<sqlx::Error>()
                .is_some_and(code::is_contention),
            _ => false,
        };
        is_contention && (outside.is_none() || self.is_whole)
    }

    fn is_connection_setup(&self, statement: &str) -> bool {
        words::is_connection_setup(statement)
    }

    fn is_set_up(&self, failure: &Failure) -> bool {
        // A connection that is passed may be the one from before.
        let Failure::Statement { error, .. } = failure else {
            return false;
        };
        !self.connection.is_own() && code::is_there(error)
    }

    fn explain(&self, error: &sqlx::Error) -> Explained {
        explain(error)
    }

    fn notes(&self, error: &sqlx::Error, statement: &str) -> Vec<String> {
        place::notes(error, statement)
    }
}

impl Drop for PostgresSession<'_> {
    /// A run was cut off. A connection of ours is closed, and takes all with it; on one that is passed, what undoes it
    /// is sent before whatever the app sends next.
    fn drop(&mut self) {
        if self.connection.is_own() {
            return;
        }
        let leave = self.leave();
        if !leave.is_empty() {
            // The first poll writes it behind what was sent before. Its answer is waited for by the next call.
            let connection = self.connection.get();
            let _ = connection.begin_with(AssertSqlSafe(leave)).now_or_never();
        }
    }
}

/// What a Rust revision runs on.
struct PgExecutor<'c> {
    connection: &'c mut PgConnection,
}

impl Executor for PgExecutor<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn execute<'s>(&'s mut self, sql: &'s str) -> BoxFuture<'s, Result<u64, sqlx::Error>> {
        execute(self.connection, sql).boxed()
    }

    fn query<'s>(
        &'s mut self,
        sql: &'s str,
        values: Vec<Value>,
    ) -> BoxFuture<'s, Result<Answer, sqlx::Error>> {
        let (sql, values) = placeholder::numbered(sql, &values);
        answer::<sqlx::Postgres>(self.connection, sql, values).boxed()
    }

    fn postgres(&mut self) -> Option<&mut PgConnection> {
        Some(self.connection)
    }
}

async fn execute(connection: &mut PgConnection, sql: &str) -> Result<u64, sqlx::Error> {
    Ok(sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await?
        .rows_affected())
}
