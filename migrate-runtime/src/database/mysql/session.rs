//! The session: a connection, and what a run knows of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use migrate_chain::Dialect;
use sqlx::{MySqlConnection, Row as _};

use super::engines::Engines;
use super::handle::{Handle, open};
use super::lock::{self, Lock};
use super::message::{Answers, Message, MessagePart, Stopped};
use super::passed::ConnectionState;
use super::settings::Traces;
use crate::database::sealed::Limits;
use crate::database::{Cause, Failure, connect_refused};
use crate::journal::tables::Tables;
use crate::values::error::Error;

use super::execute::execute;
use super::{code, quote, settings};

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a state of the connection of its own"
)]
pub(super) struct MySqlSession<'a> {
    pub connection: Handle<'a>,
    pub limits: Limits,
    /// The statements of `[connect]`, which belong to the settings that each revision starts with.
    pub connect: Vec<String>,
    /// The settings that a passed connection came with, while a run is on it.
    pub kept: Option<ConnectionState>,
    /// Whether the settings of a run are made on the connection.
    pub is_set_up: bool,
    pub server: ServerFacts,
    pub lock: Option<Lock>,
    /// Statements that release the locks of another tool.
    pub held: Vec<String>,
    /// The record of the last statement, which travels with the next one.
    pub due: Option<Due>,
    /// The things that revisions have left in the session.
    pub traces: Traces,
    /// The engines of the tables, until a definition changes.
    pub engines: Option<Engines>,
    /// The server's further notes on the last error.
    pub notes: Vec<String>,
    /// Whether a call is under way: a message may have been sent, and a part of its answer read.
    pub is_busy: Arc<AtomicBool>,
    /// Whether a transaction is open: one of ours, or one that a revision has begun.
    pub in_transaction: bool,
    /// Whether what failed last may have done something all the same.
    pub left_trace: bool,
    /// Whether the statement timeout is set on the connection.
    pub is_limited: bool,
    /// The database to go back to.
    pub database: Option<String>,
}

/// A record that is to be written before anything else.
pub(super) struct Due {
    pub message: Message,
    /// Whether it is the intent of a revision: until it is written, none is under way.
    pub begins: bool,
}

/// Facts about the session and its server.
pub(super) struct ServerFacts {
    /// The number of the connection.
    pub id: String,
    /// The most bytes that it takes at once.
    pub packet: usize,
    /// The role that the session came with, as SQL.
    pub role: String,
}

impl ServerFacts {
    /// The most bytes that are sent at once, where there is a choice. The server handles many statements in one message
    /// more slowly the larger it is.
    pub fn slice(&self) -> usize {
        (self.packet / 2).min(256 * 1024)
    }
}

/// Each server executes the comment that is its own. MySQL has no roles before 8.0: the third column is NULL there.
const SERVER: &str = "SELECT CAST(CONNECTION_ID() AS CHAR), @@max_allowed_packet, \
    COALESCE(NULL /*M!100005 , CURRENT_ROLE() */ /*!80000 , CURRENT_ROLE() */)";

const KILL_WITHIN: Duration = Duration::from_secs(10);

impl<'a> MySqlSession<'a> {
    pub fn new(connection: Handle<'a>, limits: Limits) -> Self {
        Self {
            connection,
            limits,
            connect: Vec::new(),
            kept: None,
            is_set_up: false,
            server: ServerFacts {
                id: String::new(),
                packet: usize::MAX,
                role: "NONE".to_owned(),
            },
            lock: None,
            held: Vec::new(),
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
    pub async fn enter(&mut self, schema: &str) -> Result<(), sqlx::Error> {
        let schema = quote::name(schema);
        if self.connection.is_borrowed() {
            let database = sqlx::raw_sql("SELECT DATABASE()").fetch_one(self.connection.get());
            let database: Option<String> = database.await?.try_get(0)?;
            self.database = database.map(|name| quote::name(&name));
        }
        execute(self.connection.get(), &format!("USE {schema}")).await
    }

    /// Makes the settings of a run, once for each time that the lock is taken.
    pub async fn set_up(&mut self, tables: &Tables) -> Result<(), sqlx::Error> {
        if self.is_set_up {
            return Ok(());
        }
        self.keep(Some(&lock::named(tables))).await?;
        self.is_set_up = true;
        let mut message = Message::default();
        self.reset(&mut message);
        message.push(MessagePart::Show(0), SERVER);
        let answers = self.send(message, &mut |_| ()).await;
        let answers = answers.map_err(|stopped| stopped.error)?;
        if let Some((_, row)) = answers.last() {
            self.server = ServerFacts {
                id: row.try_get(0)?,
                packet: usize::try_from(row.try_get_unchecked::<u64, _>(1)?).unwrap_or(usize::MAX),
                role: settings::role(row.try_get_unchecked::<Option<String>, _>(2)?.as_deref()),
            };
        }
        Ok(())
    }

    /// Writes down what a connection that was passed came with, before anything of it is changed.
    pub async fn keep(&mut self, lock: Option<&str>) -> Result<(), sqlx::Error> {
        if !self.connection.is_borrowed() {
            return Ok(());
        }
        let mut traces = self.traces.clone();
        for statement in &self.connect {
            traces.add(statement);
        }
        let kept = match self.kept.take() {
            Some(kept) => kept,
            None => ConnectionState::of(self.connection.get(), &traces).await?,
        };
        let kept = self.kept.insert(kept);
        let home = self.database.as_deref();
        kept.write(self.connection.get(), lock, home, &traces).await
    }

    /// Adds the statements that give the session the settings that every revision starts with.
    pub fn reset(&mut self, message: &mut Message) {
        self.is_limited = false;
        message.push(MessagePart::Other, &settings::reset(&self.limits));
        for (n, statement) in self.connect.iter().enumerate() {
            message.push(MessagePart::Connect(n), statement);
        }
    }

    /// Undoes the things that revisions have left in the session. One that cannot be undone was never there: the statement
    /// that names it failed.
    pub async fn undo_traces(&mut self) -> Result<(), Cause> {
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
    pub fn limit(&mut self, message: &mut Message) {
        if let Some(timeout) = self.limits.statement {
            self.is_limited = true;
            message.push(MessagePart::Other, &settings::limit(timeout));
        }
    }

    pub fn unlimit(&mut self, message: &mut Message) {
        if std::mem::take(&mut self.is_limited) {
            message.push(MessagePart::Other, &settings::no_limit());
        }
    }

    /// Sends a message, while the lease is renewed.
    pub async fn send(
        &mut self,
        message: Message,
        done: &mut (dyn FnMut(MessagePart) + Send),
    ) -> Result<Answers, Stopped> {
        let mut is_recorded = false;
        let tell = |part: MessagePart| {
            is_recorded |= part == MessagePart::Due;
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

    pub async fn engines(&mut self) -> Result<(&mut Engines, &mut MySqlConnection), sqlx::Error> {
        let engines = match self.engines.take() {
            Some(engines) => engines,
            None => Engines::look(self.connection.get()).await?,
        };
        Ok((self.engines.insert(engines), self.connection.get()))
    }

    /// Runs the statements of `[connect]`.
    pub async fn settings_of_connect(&mut self) -> Result<(), Error> {
        if self.connect.is_empty() {
            return Ok(());
        }
        let kept = self.keep(None).await;
        kept.map_err(|error| refused("SHOW VARIABLES", error))?;
        for statement in self.connect.clone() {
            let done = execute(self.connection.get(), &statement).await;
            done.map_err(|error| refused(&statement, error))?;
        }
        Ok(())
    }

    pub async fn take_lock(&mut self, tables: &Tables) -> Result<(), Cause> {
        if self.lock.is_none() {
            let set_up = self.set_up(tables).await;
            set_up.map_err(|error| code::database(error, "to set up the connection"))?;
            self.lock = Some(Lock::take(&mut self.connection, tables).await?);
        }
        Ok(())
    }

    /// Rolls back what is open.
    pub async fn roll_back(&mut self) -> Result<(), sqlx::Error> {
        if self.in_transaction {
            execute(self.connection.get(), "ROLLBACK").await?;
            self.in_transaction = false;
        }
        Ok(())
    }

    pub async fn give_back(&mut self) -> Result<(), sqlx::Error> {
        self.due = None;
        self.engines = None;
        self.roll_back().await?;
        for release in std::mem::take(&mut self.held) {
            execute(self.connection.get(), &release).await?;
        }
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

    pub async fn give_back_or_forget(&mut self) {
        if self.give_back().await.is_err() {
            // Broken: what it held goes when the server sees that it is closed.
            self.lock = None;
            self.in_transaction = false;
        }
    }

    /// The statements that undo all that is left on a connection that was passed.
    pub fn last_words(&self) -> Vec<String> {
        let mut statements = Vec::new();
        if self.in_transaction {
            statements.push("ROLLBACK".to_owned());
        }
        statements.extend(self.held.iter().cloned());
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
    pub fn busy<'s, T: 's>(
        &'s mut self,
        call: impl FnOnce(&'s mut Self) -> BoxFuture<'s, T>,
    ) -> BoxFuture<'s, T> {
        let is_busy = Arc::clone(&self.is_busy);
        is_busy.store(true, Ordering::Relaxed);
        let idle = move |_: &T| is_busy.store(false, Ordering::Relaxed);
        call(self).inspect(idle).boxed()
    }

    /// Adds what is known about a failure.
    pub fn told<T>(&mut self, done: Result<T, Cause>) -> Result<T, Failure> {
        done.map_err(|cause| self.failure(cause))
    }

    pub fn is_busy(&self) -> bool {
        self.is_busy.load(Ordering::Relaxed)
    }

    /// Ends the statement that the server is at work on, and its connection: nobody waits for it any more, it may hold locks
    /// for long, and the statements after it in the message must not run either.
    pub fn kill(&self) {
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
            if let Ok(mut connection) = open(&options, KILL_WITHIN).await {
                let _ = execute(&mut connection, &kill).await;
                let _ = sqlx::Connection::close(connection).await;
            }
        });
    }
}

/// The error for a statement of `[connect]`.
fn refused(statement: &str, error: sqlx::Error) -> Error {
    connect_refused(Dialect::MySql, &code::explain(&error), statement, error)
}
