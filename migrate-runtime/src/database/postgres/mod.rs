//! PostgreSQL.

mod advice;
mod answers;
mod bookkeeping;
mod code;
mod connect;
mod execute;
mod executor;
mod failure;
mod handle;
mod lease;
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

use super::{Failure, InFlight, Progress, Session, Texts, Transactional, Work, connect_refused};
use crate::database::rows::{read_journal, texts};
use crate::journal::state::State;
use crate::journal::tables::Tables;
use crate::journal::{Entry, JournalRow};
use crate::values::error::Error;
use code::explain;
use execute::execute;
use failure::failed_statement;
pub use handle::Idle;
use reset::ConnectionState;
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
                let before = before.and_then(|rows| ConnectionState::of(&rows));
                self.before = Some(before.map_err(|error| {
                    let summary = "the settings of the connection cannot be read";
                    Error::new(explain(&error).kind, summary).caused_by(error)
                })?);
                self.is_changed = true;
            }
            for statement in &statements {
                let done = execute(self.connection.get(), statement).await;
                done.map_err(|error| {
                    connect_refused(Dialect::Postgres, &explain(&error), statement, error)
                })?;
            }
            self.connect = statements;
            Ok(())
        }
        .boxed()
    }

    fn enter_schema<'s>(&'s mut self, schema: &'s str) -> BoxFuture<'s, Result<(), Error>> {
        self.enter(schema).boxed()
    }

    fn state<'s>(&'s mut self, tables: &'s Tables) -> BoxFuture<'s, Result<State, Failure>> {
        async move {
            let state = self.read(tables).await;
            state.map_err(|error| {
                let cause = code::database(error, "to read the version table");
                self.failure(cause, tables, None)
            })
        }
        .boxed()
    }

    fn journal<'s>(
        &'s mut self,
        tables: &'s Tables,
    ) -> BoxFuture<'s, Result<Vec<JournalRow>, Failure>> {
        async move {
            let found = self.found.as_ref().map(|found| &found.tables);
            let rows =
                read_journal::<sqlx::Postgres>(self.connection.get(), found.unwrap_or(tables))
                    .await;
            rows.map_err(|error| {
                let cause = code::database(error, "to read the journal");
                self.failure(cause, tables, None)
            })
        }
        .boxed()
    }

    fn ask(&mut self, doing: &'static str, sql: String) -> BoxFuture<'_, Result<Texts, Failure>> {
        async move {
            let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(self.connection.get());
            let rows = rows.await.and_then(|rows| rows.iter().map(texts).collect());
            rows.map_err(|error| {
                let explained = explain(&error);
                let mut failure = Failure::of(code::database(error, doing));
                failure.explain(explained);
                failure
            })
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
        async move {
            let taken = self.take_lock(tables, outside).await;
            taken.map_err(|cause| self.failure(cause, tables, None))
        }
        .boxed()
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
                // A connection of ours is closed at the end, and the lock ends with it.
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
        async move {
            let ran = self
                .transaction(tables, expected, revisions, progress)
                .await;
            ran.map_err(|cause| {
                let statement = failed_statement(&cause, revisions);
                self.failure(cause, tables, statement)
            })
        }
        .boxed()
    }

    fn run_outside<'s>(
        &'s mut self,
        tables: &'s Tables,
        work: Work<'s>,
        entry: &'s Entry<'s>,
    ) -> BoxFuture<'s, Result<(), Failure>> {
        async move {
            let statement = match work {
                Work::Sql(statement) => statement.text(),
                Work::Rust(_) | Work::Nothing => "",
            };
            let ran = self.outside(tables, work, entry).await;
            ran.map_err(|cause| self.failure_outside(cause, tables, statement))
        }
        .boxed()
    }

    fn in_flight<'s>(
        &'s mut self,
        tables: &'s Tables,
        statement: &'s str,
        has_failed: bool,
    ) -> BoxFuture<'s, Result<InFlight, Failure>> {
        async move {
            let known = probe::probe(self.connection.get(), statement, has_failed).await;
            known.map_err(|cause| self.failure(cause, tables, None))
        }
        .boxed()
    }

    fn is_connection_setup(&self, statement: &str) -> bool {
        words::is_connection_setup(statement)
    }
}

impl Drop for PostgresSession<'_> {
    /// A run was cut off. A connection of ours is closed, and takes all with it; on one that is passed, what undoes it
    /// is sent before whatever the app sends next.
    fn drop(&mut self) {
        if self.connection.is_own() {
            if self.is_as_it_was() {
                self.connection.hand_on();
            }
            return;
        }
        let leave = self.leave();
        if !leave.is_empty() {
            // The first poll writes it after the earlier messages. The next call waits for its answer.
            let connection = self.connection.get();
            let _ = connection.begin_with(AssertSqlSafe(leave)).now_or_never();
        }
    }
}
