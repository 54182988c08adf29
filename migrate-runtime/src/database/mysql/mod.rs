//! MySQL and MariaDB.

mod bookkeeping;
mod code;
mod connect;
mod engines;
mod evidence;
mod execute;
mod executor;
mod failure;
mod handle;
mod lease;
mod lock;
mod message;
mod notes;
mod outside;
mod passed;
mod quote;
mod read;
mod session;
mod settings;
mod statement;
mod transaction;

use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, TryFutureExt as _};
use migrate_chain::Dialect;
use sqlx::AssertSqlSafe;

use super::{Failure, InFlight, Progress, Session, Texts, Transactional, Work};
use crate::database::rows::{read_journal, texts};
use crate::journal::state::State;
use crate::journal::tables::Tables;
use crate::journal::{Entry, JournalRow};
use crate::values::error::{Error, ErrorKind};
use crate::values::error::{database_code, database_message};
use execute::execute;
use session::MySqlSession;
use statement::StatementKind;

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

    fn state<'s>(&'s mut self, tables: &'s Tables) -> BoxFuture<'s, Result<State, Failure>> {
        self.busy(move |this| {
            async move {
                let state = read::read_state(this.connection.get(), tables).await;
                this.told(state.map_err(|error| code::database(error, "to read the version table")))
            }
            .boxed()
        })
    }

    fn journal<'s>(
        &'s mut self,
        tables: &'s Tables,
    ) -> BoxFuture<'s, Result<Vec<JournalRow>, Failure>> {
        self.busy(move |this| {
            async move {
                let rows = read_journal::<sqlx::MySql>(this.connection.get(), tables).await;
                this.told(rows.map_err(|error| code::database(error, "to read the journal")))
            }
            .boxed()
        })
    }

    fn ask(&mut self, doing: &'static str, sql: String) -> BoxFuture<'_, Result<Texts, Failure>> {
        self.busy(move |this| {
            async move {
                let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(this.connection.get());
                let rows = rows.await.and_then(|rows| rows.iter().map(texts).collect());
                this.told(rows.map_err(|error| code::database(error, doing)))
            }
            .boxed()
        })
    }

    fn hold(&mut self, release: String) {
        self.held.push(release);
    }

    fn try_lock<'s>(
        &'s mut self,
        tables: &'s Tables,
        _: bool,
    ) -> BoxFuture<'s, Result<(), Failure>> {
        self.busy(move |this| {
            async move {
                let done = this.take_lock(tables).await;
                this.told(done)
            }
            .boxed()
        })
    }

    fn unlock(&mut self) -> BoxFuture<'_, ()> {
        self.busy(|this| this.give_back_or_forget().boxed())
    }

    fn create_tables<'s>(
        &'s mut self,
        tables: &'s Tables,
        expected: &'s State,
    ) -> BoxFuture<'s, Result<(), Failure>> {
        self.busy(move |this| {
            async move {
                let done = this.create(tables, expected).await;
                this.told(done)
            }
            .boxed()
        })
    }

    fn run<'s>(
        &'s mut self,
        tables: &'s Tables,
        expected: &'s State,
        revisions: &'s [Transactional<'s>],
        progress: &'s mut dyn Progress,
    ) -> BoxFuture<'s, Result<(), Failure>> {
        self.busy(move |this| {
            async move {
                let ran = this
                    .transaction(tables, expected, revisions, progress)
                    .await;
                this.told(ran)
            }
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
        self.busy(move |this| {
            async move {
                let ran = match work {
                    Work::Sql(statement) => this.statement(tables, statement.text(), entry).await,
                    Work::Rust(function) => this.function(tables, function, entry).await,
                    Work::Nothing => this.record(tables, entry, Duration::ZERO, false).await,
                };
                this.told(ran)
            }
            .boxed()
        })
    }

    fn in_flight<'s>(
        &'s mut self,
        tables: &'s Tables,
        statement: &'s str,
        has_failed: bool,
    ) -> BoxFuture<'s, Result<InFlight, Failure>> {
        self.busy(move |this| {
            async move {
                let done = this.look(tables, statement, has_failed).await;
                this.told(done)
            }
            .boxed()
        })
    }

    fn is_connection_setup(&self, statement: &str) -> bool {
        statement::kind(statement) == StatementKind::Setup
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
