//! SQLite.

mod batch;
mod code;
mod connect;
mod drops;
mod execute;
mod executor;
mod failure;
mod handle;
mod kept;
mod keys;
mod lock;
mod outside;
mod quote;
mod read;
mod record;
mod script;
mod session;
mod timeout;
mod transaction;
mod words;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use migrate_chain::Dialect;
use migrate_chain::sql::{tokens, transaction_control};
use sqlx::AssertSqlSafe;

use super::{
    Cause, Failure, InFlight, Progress, Session, Texts, Transactional, Work, connect_refused,
};
use crate::database::rows::{read_journal, texts};
use crate::journal::state::State;
use crate::journal::tables::Tables;
use crate::journal::{Entry, JournalRow};
use crate::values::error::{Error, ErrorKind};
use code::explain;
use execute::execute;
use handle::Handle;
use read::read_state;
use session::SqliteSession;

impl Session for SqliteSession<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn connected(&mut self, statements: Vec<String>) -> BoxFuture<'_, Result<(), Error>> {
        async move {
            for statement in &statements {
                let connection = self.connection.get();
                let mut done = self.connect.keep_named(connection, statement).await;
                if done.is_ok() {
                    done = execute(connection, statement).await.map(|_| ());
                }
                done.map_err(|error| {
                    connect_refused(Dialect::Sqlite, &explain(&error), statement, error)
                })?;
            }
            Ok(())
        }
        .boxed()
    }

    fn enter_schema<'s>(&'s mut self, schema: &'s str) -> BoxFuture<'s, Result<(), Error>> {
        async move {
            let summary = format!("SQLite has no schema `{schema}` that revisions could run in");
            Err(Error::new(ErrorKind::Unsupported, summary)
                .help("give each tenant a database file of its own"))
        }
        .boxed()
    }

    fn state<'s>(&'s mut self, tables: &'s Tables) -> BoxFuture<'s, Result<State, Failure>> {
        async move {
            let state = read_state(self.connection.get(), tables).await;
            state.map_err(|error| {
                let doing = "to read the version table";
                self.failure(Cause::Database { doing, error })
            })
        }
        .boxed()
    }

    fn journal<'s>(
        &'s mut self,
        tables: &'s Tables,
    ) -> BoxFuture<'s, Result<Vec<JournalRow>, Failure>> {
        async move {
            let rows = read_journal::<sqlx::Sqlite>(self.connection.get(), tables).await;
            rows.map_err(|error| {
                let doing = "to read the journal";
                self.failure(Cause::Database { doing, error })
            })
        }
        .boxed()
    }

    fn ask(&mut self, doing: &'static str, sql: String) -> BoxFuture<'_, Result<Texts, Failure>> {
        async move {
            let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(self.connection.get());
            let rows = rows.await.and_then(|rows| rows.iter().map(texts).collect());
            rows.map_err(|error| self.failure(Cause::Database { doing, error }))
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
                let lock = lock::Lock::of(&mut self.connection).await;
                self.outside = lock.map_err(|cause| self.failure(cause))?;
            }
            Ok(())
        }
        .boxed()
    }

    fn unlock(&mut self) -> BoxFuture<'_, ()> {
        async move {
            // If this fails, it is tried again when the session is dropped.
            let _ = self.kept.end(self.connection.get()).await;
            let _ = self.enforce_keys().await;
            if let Some(watchdog) = self.watchdog.take() {
                watchdog.remove(self.connection.get()).await;
            }
            self.outside = None;
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
            ran.map_err(|cause| self.failure(cause))
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
            let ran = self.statement(tables, work, entry).await;
            ran.map_err(|cause| self.failure(cause))
        }
        .boxed()
    }

    fn in_flight<'s>(
        &'s mut self,
        _: &'s Tables,
        statement: &'s str,
        has_failed: bool,
    ) -> BoxFuture<'s, Result<InFlight, Failure>> {
        // A statement commits together with its record, or its record inside the transaction that it belongs to. Only
        // the end of such a transaction has no record yet when all before it is there.
        let is_done = !has_failed
            && matches!(
                transaction_control(Dialect::Sqlite, statement),
                Some("COMMIT" | "END")
            );
        let known = if is_done {
            InFlight::Done
        } else {
            InFlight::RunAgain
        };
        std::future::ready(Ok(known)).boxed()
    }

    fn is_connection_setup(&self, statement: &str) -> bool {
        let mut words = tokens(Dialect::Sqlite, statement)
            .filter(|token| !token.is_trivia())
            .map(|token| statement[token.range()].to_ascii_uppercase());
        match words.next().as_deref() {
            Some("PRAGMA" | "ATTACH") => true,
            Some("CREATE") => matches!(words.next().as_deref(), Some("TEMP" | "TEMPORARY")),
            _ => false,
        }
    }
}

impl Drop for SqliteSession<'_> {
    /// A run was cut off inside a transaction of a revision's own, of which sqlx does not know.
    fn drop(&mut self) {
        if self.in_transaction {
            let _ = execute(self.connection.get(), "ROLLBACK").now_or_never();
        }
        self.kept.end_unpolled(self.connection.get());
        if self.suspended.as_ref().is_some_and(|keys| keys.enforce) {
            let _ = execute(self.connection.get(), keys::ENFORCE).now_or_never();
        }
        if !matches!(self.connection, Handle::Own(_)) {
            self.connect.end_unpolled(self.connection.get());
        }
    }
}
