//! MySQL and MariaDB.

mod code;
mod connect;
mod evidence;
mod lease;
mod lock;
mod message;
mod outside;
mod read;
mod settings;
mod statement;
mod transaction;

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use migrate_chain::Dialect;
use sqlx::{AssertSqlSafe, MySqlConnection, Row as _};

use super::sealed::Limits;
use super::{
    Executor, Explained, Failure, InFlight, Progress, Session, State, Transactional, Work,
    connect_refused, database_code, database_message, syntax,
};
use crate::error::{Error, ErrorKind};
use crate::journal::{Entry, JournalRow};
use crate::tables::Tables;
use connect::Handle;
use lock::Lock;
use message::{Message, Part};
use statement::Kind;

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a state of the connection of its own"
)]
struct MySqlSession<'a> {
    connection: Handle<'a>,
    limits: Limits,
    /// The statements of `[connect]`, which belong to the settings that each revision starts with.
    connect: Vec<String>,
    /// Whether the settings of a run are made on the connection.
    is_set_up: bool,
    lock: Option<Lock>,
    /// Whether a transaction is open: one of ours, or one that a revision has begun.
    in_transaction: bool,
    /// Whether what failed last may have done something all the same.
    left_trace: bool,
    /// Whether the statement timeout is set on the connection.
    is_limited: bool,
    /// The database to go back to.
    database: Option<String>,
}

impl<'a> MySqlSession<'a> {
    fn new(connection: Handle<'a>, limits: Limits) -> Self {
        Self {
            connection,
            limits,
            connect: Vec::new(),
            is_set_up: false,
            lock: None,
            in_transaction: false,
            left_trace: false,
            is_limited: false,
            database: None,
        }
    }

    /// Uses another database. A connection that is passed goes back to its own in the end.
    async fn enter(&mut self, schema: &str) -> Result<(), sqlx::Error> {
        let schema = syntax::name(Dialect::MySql, schema);
        if self.connection.is_borrowed() {
            let database = sqlx::raw_sql("SELECT DATABASE()").fetch_one(self.connection.get());
            let database: Option<String> = database.await?.try_get(0)?;
            self.database = database.map(|name| syntax::name(Dialect::MySql, &name));
        }
        execute(self.connection.get(), &format!("USE {schema}")).await
    }

    /// Makes the settings of a run, once for each time that the lock is taken.
    async fn set_up(&mut self) -> Result<(), sqlx::Error> {
        if self.is_set_up {
            return Ok(());
        }
        if self.connection.is_borrowed() {
            execute(self.connection.get(), settings::KEEP).await?;
        }
        self.is_set_up = true;
        let settings = settings::set_up(&self.limits);
        execute(self.connection.get(), &settings).await
    }

    /// Limits what comes behind it in the message, until `unlimit`.
    fn limit(&mut self, message: &mut Message) {
        if let Some(timeout) = self.limits.statement {
            self.is_limited = true;
            message.push(Part::Other, &settings::limit(timeout));
        }
    }

    async fn unlimit(&mut self) -> Result<(), Failure> {
        if std::mem::take(&mut self.is_limited) {
            let ended = execute(self.connection.get(), settings::NO_LIMIT).await;
            return ended.map_err(|error| code::database(error, "to end the statement timeout"));
        }
        Ok(())
    }

    /// Rolls back what is open.
    async fn roll_back(&mut self) -> Result<(), sqlx::Error> {
        if self.in_transaction {
            execute(self.connection.get(), "ROLLBACK").await?;
            self.in_transaction = false;
        }
        Ok(())
    }

    async fn give_back(&mut self) -> Result<(), sqlx::Error> {
        self.roll_back().await?;
        if let Some(lock) = self.lock.take() {
            lock.release(self.connection.get()).await?;
        }
        if self.is_set_up && self.connection.is_borrowed() {
            execute(self.connection.get(), settings::GIVE_BACK).await?;
            self.is_set_up = false;
        }
        Ok(())
    }
}

impl Session for MySqlSession<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
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
        async move {
            let entered = self.enter(schema).await;
            entered.map_err(|error| {
                let message = database_message(&error);
                let summary = format!("the database `{schema}` cannot be used: {message}");
                Error::new(ErrorKind::Connect, summary)
                    .code(database_code(&error))
                    .help("create it, or let an administrator grant this user access to it")
                    .caused_by(error)
            })
        }
        .boxed()
    }

    fn state<'s>(&'s mut self, tables: &'s Tables) -> BoxFuture<'s, Result<State, sqlx::Error>> {
        read::read_state(self.connection.get(), tables).boxed()
    }

    fn journal<'s>(
        &'s mut self,
        tables: &'s Tables,
    ) -> BoxFuture<'s, Result<Vec<JournalRow>, sqlx::Error>> {
        read::read_journal(self.connection.get(), tables).boxed()
    }

    fn try_lock<'s>(
        &'s mut self,
        tables: &'s Tables,
        _: bool,
    ) -> BoxFuture<'s, Result<(), Failure>> {
        async move {
            if self.lock.is_none() {
                let set_up = self.set_up().await;
                set_up.map_err(|error| code::database(error, "to set up the connection"))?;
                self.lock = Some(Lock::take(&mut self.connection, tables).await?);
            }
            Ok(())
        }
        .boxed()
    }

    fn unlock(&mut self) -> BoxFuture<'_, ()> {
        async move {
            if self.give_back().await.is_err() {
                // Broken: what it held goes when the server sees that it is closed.
                self.lock = None;
                self.in_transaction = false;
            }
        }
        .boxed()
    }

    fn can_hold<'s>(&'s mut self, work: Work<'s>) -> BoxFuture<'s, Result<bool, Failure>> {
        self.holds(work).boxed()
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
        async move {
            self.left_trace = false;
            match work {
                Work::Sql(statement) => self.statement(tables, statement, entry).await,
                Work::Rust(function) => self.function(tables, function, entry).await,
                Work::Nothing => self.record(tables, entry, Duration::ZERO, false).await,
            }
        }
        .boxed()
    }

    fn suspend_keys(&mut self, _: bool) -> BoxFuture<'_, Result<(), Failure>> {
        std::future::ready(Ok(())).boxed()
    }

    fn enforce_keys(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        std::future::ready(Ok(())).boxed()
    }

    fn in_flight<'s>(
        &'s mut self,
        tables: &'s Tables,
        statement: &'s str,
        has_failed: bool,
    ) -> BoxFuture<'s, Result<InFlight, Failure>> {
        self.look(tables, statement, has_failed).boxed()
    }

    fn left_no_trace(&self, failure: &Failure) -> bool {
        matches!(failure, Failure::Statement { .. } | Failure::Rust { .. }) && !self.left_trace
    }

    fn can_retry(&self, failure: &Failure, _: Option<&str>) -> bool {
        match failure {
            Failure::Statement { error, .. } | Failure::Database { error, .. } => {
                code::gave_up(error) && !self.left_trace
            }
            _ => false,
        }
    }

    fn is_connection_setup(&self, statement: &str) -> bool {
        statement::kind(statement) == Kind::Setup
    }

    fn is_set_up(&self, failure: &Failure) -> bool {
        // A connection that is passed may be the one from before.
        let Failure::Statement { error, .. } = failure else {
            return false;
        };
        self.connection.is_borrowed() && code::is(error, code::TABLE_EXISTS)
    }

    fn explain(&self, error: &sqlx::Error) -> Explained {
        code::explain(error)
    }
}

impl Drop for MySqlSession<'_> {
    /// A run was cut off. A connection of our own goes, and all that it held with it. One that was passed is cleaned
    /// up as far as it is idle; while it is busy nothing can be sent.
    fn drop(&mut self) {
        if !self.connection.is_borrowed() {
            self.connection.close();
            return;
        }
        let mut statements = Vec::new();
        if self.in_transaction {
            statements.push("ROLLBACK".to_owned());
        }
        statements.extend(self.lock.as_ref().map(Lock::release_statement));
        if self.is_set_up {
            statements.push(settings::GIVE_BACK.to_owned());
        }
        statements.extend(self.database.as_ref().map(|name| format!("USE {name}")));
        if !statements.is_empty() {
            let script = statements.join(";\n");
            let _ = execute(self.connection.get(), &script).now_or_never();
        }
    }
}

/// The connection, for a Rust revision.
struct Plain<'c>(&'c mut MySqlConnection);

impl Executor for Plain<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    fn execute<'s>(&'s mut self, sql: &'s str) -> BoxFuture<'s, Result<u64, sqlx::Error>> {
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.0);
        done.map(|done| Ok(done?.rows_affected())).boxed()
    }

    fn mysql(&mut self) -> Option<&mut MySqlConnection> {
        Some(self.0)
    }
}

async fn execute(connection: &mut MySqlConnection, sql: &str) -> Result<(), sqlx::Error> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection);
    done.await.map(|_| ())
}
