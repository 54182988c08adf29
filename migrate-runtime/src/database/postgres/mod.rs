//! PostgreSQL.

mod advice;
mod answers;
mod bookkeeping;
mod code;
mod connect;
mod execute;
mod executor;
mod handle;
mod lock;
mod message;
mod outside;
mod place;
mod placeholder;
mod prepared;
mod probe;
mod quote;
mod read;
mod reset;
mod session;
mod setting;
mod transaction;
mod words;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use migrate_chain::Dialect;
use sqlx::{AssertSqlSafe, Connection as _};

use super::{
    Explained, Failure, InFlight, Progress, Session, Transactional, Work, connect_refused,
};
use crate::database::rows::texts;
use crate::journal::state::State;
use crate::journal::tables::Tables;
use crate::journal::{Entry, JournalRow};
use crate::values::error::{Error, ErrorKind};
use code::explain;
use execute::execute;
use reset::Before;
use session::PostgresSession;

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

    fn ask(&mut self, sql: String) -> BoxFuture<'_, Result<Vec<Vec<Option<String>>>, sqlx::Error>> {
        async move {
            let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(self.connection.get());
            rows.await?.iter().map(texts).collect()
        }
        .boxed()
    }

    fn hold(&mut self, release: String) {
        self.held.push(release);
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
