//! PostgreSQL.

mod advice;
mod answers;
mod bookkeeping;
mod code;
mod connect;
mod lock;
mod message;
mod outside;
mod place;
mod placeholder;
mod prepared;
mod probe;
mod read;
mod reset;
mod setting;
mod transaction;
mod words;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use migrate_chain::Dialect;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::sealed::Limits;
use super::{
    Explained, Failure, InFlight, Opened, Progress, Session, Transactional, Work, connect_refused,
    inside_a_transaction,
};
use crate::context::Value;
use crate::context::executor::Executor;
use crate::context::executor::{Answer, RevisionJournal};
use crate::database::answer::answer;
use crate::journal::state::State;
use crate::journal::tables::Tables;
use crate::journal::{Entry, JournalRow};
use crate::values::error::{Error, ErrorKind};
use code::{database, explain};
use connect::Handle;
use lock::Lock;
use outside::Own;
use prepared::Prepared;
use read::Found;
use reset::{Before, Owner};

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and all combinations occur"
)]
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
    /// The transaction that a revision outside of ours has begun.
    own: Option<Own>,
    /// Whether the last statement outside a transaction was to commit together with its record.
    is_whole: bool,
    prepared: Prepared,
    /// What a connection that was passed was set to before the run.
    before: Option<Before>,
    /// Whether it has to be set to that when the run is over, since something was set outside a transaction.
    is_changed: bool,
    /// Whether the state was read before.
    has_read: bool,
    /// Whether a revision may have prepared a statement, which is no matter of its transaction.
    has_prepared: bool,
    /// Whether a revision may have set another role.
    has_set_role: bool,
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
            own: None,
            is_whole: false,
            prepared: Prepared::default(),
            before: None,
            is_changed: false,
            has_read: false,
            has_prepared: false,
            has_set_role: false,
        }))
    }

    /// What was found out about the database, by a look at it if there was none yet.
    async fn found(&mut self, tables: &Tables) -> Result<Found, Failure> {
        if let Some(found) = &self.found {
            return Ok(found.clone());
        }
        self.has_read = true;
        let read = self.read(tables).await;
        read.map_err(|error| database(error, "to read the version table"))?;
        Ok(self.found.clone().expect("reading finds it out"))
    }

    async fn read(&mut self, tables: &Tables) -> Result<State, sqlx::Error> {
        // A connection that was passed may be in a transaction, which an error would abort.
        if !std::mem::replace(&mut self.has_read, true) && self.connection.is_own() {
            let state = read::read_plainly(self.connection.get(), tables).await?;
            if let Some(state) = state {
                return Ok(state);
            }
        }
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
            let holder = self.look(lock).await.map_err(failed)?;
            return holder.map_or(Ok(()), |holder| Err(Failure::Busy { holder }));
        }
        if !found.is_direct {
            self.look(lock).await.map_err(failed)?;
            self.is_changed = true;
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

    /// Looks who holds the lock; and what a connection is set to that was passed, before anything is changed.
    async fn look(&mut self, lock: Lock) -> Result<Option<String>, sqlx::Error> {
        let is_new = self.before.is_none() && !self.connection.is_own();
        let more = is_new.then(reset::look);
        let (holder, rows) = lock.holder_and(self.connection.get(), more).await?;
        if is_new {
            self.before = Some(Before::of(&rows)?);
        }
        Ok(holder)
    }

    /// The role that statements run as, as far as it is known.
    fn role(&self) -> Option<&str> {
        let is_other = self.has_set_role || !self.connect.is_empty();
        match (&self.before, &self.connection) {
            _ if is_other => None,
            (Some(before), _) => before.role(),
            (None, Handle::Own(_, user)) => Some(user),
            (None, Handle::Borrowed(_)) => None,
        }
    }

    /// Who has settings of their own on the connection.
    fn owner(&self, found: &Found) -> Owner<'_> {
        match &self.before {
            _ if found.is_direct => Owner::Runtime,
            Some(before) => Owner::App(before),
            None => Owner::Pooler,
        }
    }

    /// The statements after a script, as the next revision is to find the connection. The first of them ends the script.
    fn after_script(&self, found: &Found) -> Vec<String> {
        let owner = self.owner(found);
        let mut statements = reset::after_script(&owner, self.has_prepared, found.can_tell);
        if found.is_direct {
            let path = self.entered.clone().map(|path| ("search_path", path));
            statements.extend(self.connect.iter().cloned());
            statements.extend(path.map(|path| setting::set(&[path], false)));
        }
        statements
    }

    /// The query that sets, for a transaction, what a connection has to be set to that is not the runtime's own.
    fn before_script(&self, found: &Found) -> Vec<String> {
        let mut statements = Vec::new();
        if let Owner::App(before) = self.owner(found) {
            statements.extend(before.defaults(true));
        }
        if !found.is_direct {
            statements.extend(self.connect.iter().cloned());
        }
        statements.push(setting::set(&self.settings(), true));
        statements
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
            self.is_changed = true;
        }
        if let Some(lock) = self.lock.take() {
            left.push(lock.release());
        }
        if std::mem::take(&mut self.is_changed)
            && let Some(before) = &self.before
        {
            let can_do = self.found.as_ref().is_some_and(|found| found.can_tell);
            let app = Owner::App(before);
            left.extend(reset::after_script(&app, self.has_prepared, can_do));
        }
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
            if !self.connection.is_own() {
                let before = sqlx::raw_sql(AssertSqlSafe(reset::look()));
                let before = before.fetch_all(self.connection.get()).await;
                let before = before.and_then(|rows| Before::of(&rows));
                self.before = Some(before.map_err(|error| {
                    let summary = "the settings of the connection cannot be read";
                    Error::new(explain(&error).kind, summary).caused_by(error)
                })?);
                self.is_changed = true;
            }
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
            Failure::Database { error, .. } if code::is_prepared_gone(error) => true,
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

    fn advise(
        &self,
        tables: &Tables,
        error: &sqlx::Error,
        statement: Option<&str>,
    ) -> Option<(ErrorKind, String)> {
        match statement {
            Some(statement) => advice::on_statement(error, statement, self.role()),
            None => advice::on_ours(error, tables, self.role()),
        }
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
    journal: Option<RevisionJournal<'c>>,
}

impl Executor for PgExecutor<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn execute<'s>(&'s mut self, sql: &'s str) -> BoxFuture<'s, Result<u64, sqlx::Error>> {
        execute(self.connection, sql).boxed()
    }

    fn journal(&self) -> Option<RevisionJournal<'_>> {
        self.journal
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
