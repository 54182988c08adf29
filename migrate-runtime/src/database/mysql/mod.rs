//! MySQL and MariaDB.

mod code;
mod connect;
mod engines;
mod evidence;
mod lease;
mod lock;
mod message;
mod notes;
mod outside;
mod passed;
mod read;
mod settings;
mod statement;
mod transaction;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, TryFutureExt as _};
use migrate_chain::Dialect;
use sqlx::{AssertSqlSafe, MySqlConnection, Row as _};

use super::sealed::Limits;
use super::{
    Explained, Failure, InFlight, Progress, Session, Transactional, Work, connect_refused,
};
use crate::context::Value;
use crate::context::executor::Executor;
use crate::context::executor::{Answer, RevisionJournal};
use crate::database::answer::answer;
use crate::journal::state::State;
use crate::journal::syntax;
use crate::journal::tables::Tables;
use crate::journal::{Entry, JournalRow};
use crate::values::error::{Error, ErrorKind};
use crate::values::error::{database_code, database_message};
use connect::Handle;
use engines::Engines;
use lock::Lock;
use message::{Answers, Message, Part, Stopped};
use passed::Kept;
use settings::Traces;
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
    /// What a connection that was passed came with, while a run is on it.
    kept: Option<Kept>,
    /// Whether the settings of a run are made on the connection.
    is_set_up: bool,
    server: Server,
    lock: Option<Lock>,
    /// The record of the last statement, which travels with the next one.
    due: Option<Due>,
    /// The things that revisions have left in the session.
    traces: Traces,
    /// The engines of the tables, until a definition changes.
    engines: Option<Engines>,
    /// What else the server said about the last error.
    notes: Vec<String>,
    /// Whether a call is under way: a message may have been sent, and a part of its answer read.
    is_busy: Arc<AtomicBool>,
    /// Whether a transaction is open: one of ours, or one that a revision has begun.
    in_transaction: bool,
    /// Whether what failed last may have done something all the same.
    left_trace: bool,
    /// Whether the statement timeout is set on the connection.
    is_limited: bool,
    /// The database to go back to.
    database: Option<String>,
}

/// A record that is to be written before anything else.
struct Due {
    message: Message,
    /// Whether it is the intent of a revision: until it is written, none is under way.
    begins: bool,
}

/// Facts about the session and its server.
struct Server {
    /// The number of the connection.
    id: String,
    /// The most bytes that it takes at once.
    packet: usize,
    /// The role that the session came with, as SQL.
    role: String,
}

impl Server {
    /// The most bytes that are sent at once, where there is a choice. The server handles many statements in one message
    /// more slowly the larger it is.
    fn slice(&self) -> usize {
        (self.packet / 2).min(256 * 1024)
    }
}

/// Each server executes the comment that is its own.
const SERVER: &str = "SELECT CAST(CONNECTION_ID() AS CHAR), @@max_allowed_packet \
    /*M!100005 , CURRENT_ROLE() */ /*!80000 , CURRENT_ROLE() */";

impl<'a> MySqlSession<'a> {
    fn new(connection: Handle<'a>, limits: Limits) -> Self {
        Self {
            connection,
            limits,
            connect: Vec::new(),
            kept: None,
            is_set_up: false,
            server: Server {
                id: String::new(),
                packet: usize::MAX,
                role: "NONE".to_owned(),
            },
            lock: None,
            due: None,
            traces: Traces::default(),
            engines: None,
            notes: Vec::new(),
            is_busy: Arc::default(),
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
    async fn set_up(&mut self, tables: &Tables) -> Result<(), sqlx::Error> {
        if self.is_set_up {
            return Ok(());
        }
        self.keep(Some(&lock::named(tables))).await?;
        self.is_set_up = true;
        let mut message = Message::default();
        self.reset(&mut message);
        message.push(Part::Show(0), SERVER);
        let answers = self.send(message, &mut |_| ()).await;
        let answers = answers.map_err(|stopped| stopped.error)?;
        if let Some((_, row)) = answers.last() {
            self.server = Server {
                id: row.try_get(0)?,
                packet: usize::try_from(row.try_get_unchecked::<u64, _>(1)?).unwrap_or(usize::MAX),
                role: settings::role(row.try_get_unchecked::<Option<String>, _>(2)?.as_deref()),
            };
        }
        Ok(())
    }

    /// Writes down what a connection that was passed came with, before anything of it is changed.
    async fn keep(&mut self, lock: Option<&str>) -> Result<(), sqlx::Error> {
        if !self.connection.is_borrowed() {
            return Ok(());
        }
        let mut traces = self.traces.clone();
        for statement in &self.connect {
            traces.add(statement);
        }
        let kept = match self.kept.take() {
            Some(kept) => kept,
            None => Kept::of(self.connection.get(), &traces).await?,
        };
        let kept = self.kept.insert(kept);
        let home = self.database.as_deref();
        kept.write(self.connection.get(), lock, home, &traces).await
    }

    /// Adds the statements that give the session the settings that every revision starts with.
    fn reset(&mut self, message: &mut Message) {
        self.is_limited = false;
        message.push(Part::Other, &settings::reset(&self.limits));
        for (n, statement) in self.connect.iter().enumerate() {
            message.push(Part::Connect(n), statement);
        }
    }

    /// Undoes the things that revisions have left in the session. One that cannot be undone was never there: the statement
    /// that names it failed.
    async fn undo_traces(&mut self) -> Result<(), Failure> {
        let traces = std::mem::take(&mut self.traces);
        for statement in traces.undo(&self.server.role) {
            match execute(self.connection.get(), &statement).await {
                Err(error) if code::number(&error).is_none() => {
                    return Err(code::database(error, "to undo what a revision has set"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Limits the statements after it in the message, until `unlimit`.
    fn limit(&mut self, message: &mut Message) {
        if let Some(timeout) = self.limits.statement {
            self.is_limited = true;
            message.push(Part::Other, &settings::limit(timeout));
        }
    }

    fn unlimit(&mut self, message: &mut Message) {
        if std::mem::take(&mut self.is_limited) {
            message.push(Part::Other, &settings::no_limit());
        }
    }

    /// Sends a message, while the lease is renewed.
    async fn send(
        &mut self,
        message: Message,
        done: &mut (dyn FnMut(Part) + Send),
    ) -> Result<Answers, Stopped> {
        let mut is_recorded = false;
        let tell = |part: Part| {
            is_recorded |= part == Part::Due;
            done(part);
        };
        let connection = self.connection.get();
        let sent = match &mut self.lock {
            Some(Lock::Lease(lease)) => lease.during(message.send(connection, tell)).await,
            _ => message.send(connection, tell).await,
        };
        if is_recorded {
            self.due = None;
        }
        sent
    }

    async fn engines(&mut self) -> Result<(&mut Engines, &mut MySqlConnection), sqlx::Error> {
        let engines = match self.engines.take() {
            Some(engines) => engines,
            None => Engines::look(self.connection.get()).await?,
        };
        Ok((self.engines.insert(engines), self.connection.get()))
    }

    /// Runs the statements of `[connect]`.
    async fn settings_of_connect(&mut self) -> Result<(), Error> {
        if self.connect.is_empty() {
            return Ok(());
        }
        let kept = self.keep(None).await;
        kept.map_err(|error| connect_refused(self, "SHOW VARIABLES", error))?;
        for statement in self.connect.clone() {
            let done = execute(self.connection.get(), &statement).await;
            done.map_err(|error| connect_refused(self, &statement, error))?;
        }
        Ok(())
    }

    async fn take_lock(&mut self, tables: &Tables) -> Result<(), Failure> {
        if self.lock.is_none() {
            let set_up = self.set_up(tables).await;
            set_up.map_err(|error| code::database(error, "to set up the connection"))?;
            self.lock = Some(Lock::take(&mut self.connection, tables).await?);
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
        self.due = None;
        self.engines = None;
        self.roll_back().await?;
        if let Some(lock) = self.lock.take() {
            lock.release(self.connection.get()).await?;
        }
        if self.connection.is_borrowed() && self.is_set_up {
            let _ = self.undo_traces().await;
            if let Some(kept) = self.kept.take() {
                kept.give_back(self.connection.get()).await?;
            }
            self.is_set_up = false;
        }
        Ok(())
    }

    async fn give_back_or_forget(&mut self) {
        if self.give_back().await.is_err() {
            // Broken: what it held goes when the server sees that it is closed.
            self.lock = None;
            self.in_transaction = false;
        }
    }

    /// The statements that undo all that is left on a connection that was passed.
    fn last_words(&self) -> Vec<String> {
        let mut statements = Vec::new();
        if self.in_transaction {
            statements.push("ROLLBACK".to_owned());
        }
        statements.extend(self.lock.as_ref().map(Lock::release_statement));
        if let Some(kept) = &self.kept {
            statements.push(kept.script(&self.traces));
        }
        statements.extend(self.database.as_ref().map(|name| format!("USE {name}")));
        // One of these may be refused, and would end the script.
        statements.extend(self.traces.undo(&self.server.role));
        statements
    }

    /// Notes that the connection is busy until the call has ended. One that is dropped leaves it busy.
    fn busy<'s, T: 's>(
        &'s mut self,
        call: impl FnOnce(&'s mut Self) -> BoxFuture<'s, T>,
    ) -> BoxFuture<'s, T> {
        let is_busy = Arc::clone(&self.is_busy);
        is_busy.store(true, Ordering::Relaxed);
        let idle = move |_: &T| is_busy.store(false, Ordering::Relaxed);
        call(self).inspect(idle).boxed()
    }

    fn is_busy(&self) -> bool {
        self.is_busy.load(Ordering::Relaxed)
    }

    /// Ends the statement that the server is at work on, and its connection: nobody waits for it any more, it may hold locks
    /// for long, and the statements after it in the message must not run either.
    fn kill(&self) {
        let (Some(options), Ok(runtime)) = (
            self.connection.options(),
            tokio::runtime::Handle::try_current(),
        ) else {
            return;
        };
        if !self.is_busy() || self.server.id.is_empty() {
            return;
        }
        let (options, kill) = (options.clone(), format!("KILL {}", self.server.id));
        runtime.spawn(async move {
            if let Ok(mut connection) = connect::open(&options, KILL_WITHIN).await {
                let _ = execute(&mut connection, &kill).await;
                let _ = sqlx::Connection::close(connection).await;
            }
        });
    }
}

const KILL_WITHIN: Duration = Duration::from_secs(10);

impl Session for MySqlSession<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    fn connected(&mut self, statements: Vec<String>) -> BoxFuture<'_, Result<(), Error>> {
        self.connect = statements;
        self.busy(|this| this.settings_of_connect().boxed())
    }

    fn enter_schema<'s>(&'s mut self, schema: &'s str) -> BoxFuture<'s, Result<(), Error>> {
        let refused = move |error| {
            let message = database_message(&error);
            let summary = format!("the database `{schema}` cannot be used: {message}");
            Error::new(ErrorKind::Connect, summary)
                .code(database_code(&error))
                .help("create it, or let an administrator grant this user access to it")
                .caused_by(error)
        };
        self.busy(move |this| this.enter(schema).map_err(refused).boxed())
    }

    fn state<'s>(&'s mut self, tables: &'s Tables) -> BoxFuture<'s, Result<State, sqlx::Error>> {
        self.busy(|this| read::read_state(this.connection.get(), tables).boxed())
    }

    fn journal<'s>(
        &'s mut self,
        tables: &'s Tables,
    ) -> BoxFuture<'s, Result<Vec<JournalRow>, sqlx::Error>> {
        self.busy(|this| read::read_journal(this.connection.get(), tables).boxed())
    }

    fn try_lock<'s>(
        &'s mut self,
        tables: &'s Tables,
        _: bool,
    ) -> BoxFuture<'s, Result<(), Failure>> {
        self.busy(|this| this.take_lock(tables).boxed())
    }

    fn unlock(&mut self) -> BoxFuture<'_, ()> {
        self.busy(|this| this.give_back_or_forget().boxed())
    }

    fn can_hold<'s>(&'s mut self, work: Work<'s>) -> BoxFuture<'s, Result<bool, Failure>> {
        self.busy(|this| this.holds(work).boxed())
    }

    fn run<'s>(
        &'s mut self,
        tables: &'s Tables,
        expected: &'s State,
        revisions: &'s [Transactional<'s>],
        progress: &'s mut dyn Progress,
    ) -> BoxFuture<'s, Result<(), Failure>> {
        self.busy(|this| {
            this.transaction(tables, expected, revisions, progress)
                .boxed()
        })
    }

    fn run_outside<'s>(
        &'s mut self,
        tables: &'s Tables,
        work: Work<'s>,
        entry: &'s Entry<'s>,
    ) -> BoxFuture<'s, Result<(), Failure>> {
        self.left_trace = false;
        self.busy(|this| match work {
            Work::Sql(statement) => this.statement(tables, statement, entry).boxed(),
            Work::Rust(function) => this.function(tables, function, entry).boxed(),
            Work::Nothing => this.record(tables, entry, Duration::ZERO, false).boxed(),
        })
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
        self.busy(move |this| this.look(tables, statement, has_failed).boxed())
    }

    fn left_no_trace(&self, failure: &Failure) -> bool {
        match failure {
            Failure::Refused { .. } => true,
            Failure::Statement { .. } | Failure::Rust { .. } => !self.left_trace,
            _ => false,
        }
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

    fn notes(&self, error: &sqlx::Error, _: &str) -> Vec<String> {
        self.notes
            .iter()
            .cloned()
            .chain(code::grant(error))
            .collect()
    }
}

impl Drop for MySqlSession<'_> {
    /// A run was cut off. A connection of our own goes, and all that it held with it. One that was passed is cleaned
    /// up as far as it is idle; while it is busy, see [`passed`].
    fn drop(&mut self) {
        if !self.connection.is_borrowed() {
            self.kill();
            self.connection.close();
            return;
        }
        let script = self.last_words().join(";\n");
        // sqlx takes the first bytes of a packet from what has arrived before it waits for the others: nothing may be read
        // here, since nobody waits.
        if !script.is_empty() && !self.is_busy() {
            let _ = execute(self.connection.get(), &script).now_or_never();
        }
        passed::queue_rollback(self.connection.get());
    }
}

/// The connection, for a Rust revision.
struct Plain<'c>(&'c mut MySqlConnection, Option<RevisionJournal<'c>>);

impl Executor for Plain<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::MySql
    }

    fn execute<'s>(&'s mut self, sql: &'s str) -> BoxFuture<'s, Result<u64, sqlx::Error>> {
        let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *self.0);
        done.map(|done| Ok(done?.rows_affected())).boxed()
    }

    fn journal(&self) -> Option<RevisionJournal<'_>> {
        self.1
    }

    fn query<'s>(
        &'s mut self,
        sql: &'s str,
        values: Vec<Value>,
    ) -> BoxFuture<'s, Result<Answer, sqlx::Error>> {
        answer::<sqlx::MySql>(self.0, sql.to_owned(), values).boxed()
    }

    fn mysql(&mut self) -> Option<&mut MySqlConnection> {
        Some(self.0)
    }
}

async fn execute(connection: &mut MySqlConnection, sql: &str) -> Result<(), sqlx::Error> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection);
    done.await.map(|_| ())
}
