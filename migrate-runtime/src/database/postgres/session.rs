//! The session: a connection, and what a run knows of it.

use super::code::{database, explain};
use super::handle::Handle;
use super::lease::Lease;
use super::lock::Lock;
use super::prepared::PreparedStatements;
use super::read::SessionFacts;
use super::reset::{ConnectionState, Owner};
use crate::database::sealed::Limits;
use crate::database::{Cause, Opened, inside_a_transaction};
use crate::journal::state::State;
use crate::journal::tables::Tables;
use crate::values::error::{Error, ErrorKind};

use super::{read, reset, setting};

#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and all combinations occur"
)]
pub(super) struct PostgresSession<'a> {
    pub connection: Handle<'a>,
    pub limits: Limits,
    /// The statements of `[connect]`, which belong to the settings that each revision starts with.
    pub connect: Vec<String>,
    /// Facts found when the state was last read.
    pub found: Option<SessionFacts>,
    /// The search path that begins with the schema that was entered.
    pub entered: Option<String>,
    /// The lock that the session holds from `try_lock` to `unlock`.
    pub lock: Option<Lock>,
    /// The lease, where that keeps others out instead.
    pub lease: Option<Lease>,
    /// Statements that release the locks of another tool.
    pub held: Vec<String>,
    /// Whether something was sent whose end was not seen.
    pub is_under_way: bool,
    /// The transaction that a revision outside of ours has begun.
    pub own: Option<OwnTransaction>,
    /// Whether the last statement outside a transaction was to commit together with its record.
    pub is_whole: bool,
    pub prepared: PreparedStatements,
    /// The settings of a passed connection before the run.
    pub before: Option<ConnectionState>,
    /// Whether it has to be set to that when the run is over, since something was set outside a transaction.
    pub is_changed: bool,
    /// Whether the state was read before.
    pub has_read: bool,
    /// Whether a revision may have prepared a statement, which is no matter of its transaction.
    pub has_prepared: bool,
    /// Whether a revision may have set another role.
    pub has_set_role: bool,
}

impl<'a> PostgresSession<'a> {
    pub fn opened(connection: Handle<'a>, limits: Limits) -> Opened<'a> {
        Opened(Box::new(Self {
            connection,
            limits,
            connect: Vec::new(),
            found: None,
            entered: None,
            lock: None,
            lease: None,
            held: Vec::new(),
            is_under_way: false,
            own: None,
            is_whole: false,
            prepared: PreparedStatements::default(),
            before: None,
            is_changed: false,
            has_read: false,
            has_prepared: false,
            has_set_role: false,
        }))
    }

    /// The facts about the database; looks for them if that has not been done.
    pub async fn found(&mut self, tables: &Tables) -> Result<SessionFacts, Cause> {
        if let Some(found) = &self.found {
            return Ok(found.clone());
        }
        self.has_read = true;
        let read = self.read(tables).await;
        read.map_err(|error| database(error, "to read the version table"))?;
        Ok(self.found.clone().expect("reading finds it out"))
    }

    pub async fn read(&mut self, tables: &Tables) -> Result<State, sqlx::Error> {
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
    pub async fn take_lock(&mut self, tables: &Tables, outside: bool) -> Result<(), Cause> {
        let found = self.found(tables).await?;
        refuse(&self.connection, &found, outside)?;
        if found.tables.is_leased {
            if self.lease.is_none() {
                self.lease = Some(Lease::take(&mut self.connection, &found.tables).await?);
            }
            return Ok(());
        }
        let failed = |error| database(error, "to take the lock");
        let lock = Lock::of(&found.tables);
        if self.lock.is_some() {
            return Ok(());
        }
        if !(found.is_direct || outside) {
            // Each transaction takes it for itself. A look at it first keeps the errors of those that do not get it out
            // of the server's log.
            let holder = self.look(lock).await.map_err(failed)?;
            return holder.map_or(Ok(()), |holder| Err(Cause::Busy { holder }));
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
        taken.map_err(|holder| Cause::Busy { holder })
    }

    /// Looks who holds the lock; and what a connection is set to that was passed, before anything is changed.
    pub async fn look(&mut self, lock: Lock) -> Result<Option<String>, sqlx::Error> {
        let is_new = self.before.is_none() && !self.connection.is_own();
        let more = is_new.then(reset::look);
        let (holder, rows) = lock.holder_and(self.connection.get(), more).await?;
        if is_new {
            self.before = Some(ConnectionState::of(&rows)?);
        }
        Ok(holder)
    }

    /// The role that statements run as, as far as it is known.
    pub fn role(&self) -> Option<&str> {
        let is_other = self.has_set_role || !self.connect.is_empty();
        match (&self.before, &self.connection) {
            _ if is_other => None,
            (Some(before), _) => before.role(),
            (None, Handle::Own(own)) => Some(own.options.get_username()),
            (None, _) => None,
        }
    }

    /// The role whose settings the connection has.
    pub fn owner(&self, found: &SessionFacts) -> Owner<'_> {
        match &self.before {
            _ if found.is_direct => Owner::Runtime,
            Some(before) => Owner::App(before),
            None => Owner::Pooler,
        }
    }

    /// The statements after a script, as the next revision is to find the connection. The first of them ends the script.
    pub fn after_script(&self, found: &SessionFacts) -> Vec<String> {
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
    pub fn before_script(&self, found: &SessionFacts) -> Vec<String> {
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

    /// The settings that a connection must have and does not have yet.
    pub fn settings(&self) -> Vec<(&'static str, String)> {
        let mut settings = setting::of_transaction(self.limits);
        let path = self.entered.clone();
        settings.extend(path.map(|path| ("search_path", path)));
        settings
    }

    /// Puts a schema at the beginning of the search path: here, or in each transaction to come.
    pub async fn enter(&mut self, schema: &str) -> Result<(), Error> {
        let path = setting::enter(self.connection.get(), schema).await;
        let path = path.map_err(|error| {
            let summary = format!("the schema `{schema}` cannot be used");
            Error::new(explain(&error).kind, summary).caused_by(error)
        })?;
        self.entered = Some(path.ok_or_else(|| {
            let summary = format!("the database has no schema `{schema}`");
            Error::new(ErrorKind::Unsupported, summary)
                .help("create it first, or correct its name; nothing was changed")
        })?);
        Ok(())
    }

    /// Whether the run has entered a schema and read, and no more, so that the connection is of use to another one.
    pub fn is_as_it_was(&self) -> bool {
        let has_set = !self.connect.is_empty() || self.is_under_way || !self.held.is_empty();
        self.has_read && self.found.is_none() && !has_set
    }

    /// Statements after which nothing of the run stays on the connection.
    pub fn leave(&mut self) -> String {
        let mut left = Vec::new();
        if self.is_under_way {
            left.push("ROLLBACK".to_owned());
            self.is_changed = true;
        }
        left.append(&mut self.held);
        if let Some(lock) = self.lock.take() {
            left.push(lock.release());
        }
        left.extend(self.lease.take().map(|lease| lease.end()));
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

/// Refuses a run that cannot work on this connection.
fn refuse(connection: &Handle<'_>, found: &SessionFacts, outside: bool) -> Result<(), Cause> {
    if found.is_in_transaction {
        return Err(Cause::Unsupported(inside_a_transaction()));
    }
    if found.is_replica {
        let error = Error::new(
            ErrorKind::ReadOnly,
            "the database is a replica, and cannot be written to",
        );
        return Err(Cause::Unsupported(
            error.help("connect to the primary; a replica follows it by itself"),
        ));
    }
    if outside && connection.is_own() && !found.is_direct {
        let error = Error::new(
            ErrorKind::Unsupported,
            "a revision outside a transaction cannot run through a pooler that shares its connections to the server",
        );
        return Err(Cause::Unsupported(
            error
                .note("a lock of the session and what its statements set would stay on a connection that others get")
                .help("connect to PostgreSQL itself, not to PgBouncer, for the migration; nothing was changed"),
        ));
    }
    Ok(())
}

/// A transaction of the revision's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OwnTransaction {
    /// Nothing has run in it yet.
    Begun,
    Used,
}
