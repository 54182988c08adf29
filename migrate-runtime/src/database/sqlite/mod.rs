//! SQLite.

mod batch;
mod code;
mod connect;
mod course;
mod drops;
mod execute;
mod executor;
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
use migrate_chain::sql::{tokens, transaction_control};
use migrate_chain::{Dialect, ForeignKeys};
use sqlx::AssertSqlSafe;

use super::{
    Explained, Failure, InFlight, Progress, Session, Transactional, Work, connect_refused,
    rows::{journal_row, texts},
};
use crate::journal::state::State;
use crate::journal::tables::Tables;
use crate::journal::{Entry, JournalEvent, JournalRow};
use crate::values::error::database_message;
use crate::values::error::{Error, ErrorKind};
use code::explain;
use execute::execute;
use handle::Handle;
use keys::{Suspended, Suspension};
use read::read_state;
use record::Setting;
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
                done.map_err(|error| connect_refused(self, statement, error))?;
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

    fn state<'s>(&'s mut self, tables: &'s Tables) -> BoxFuture<'s, Result<State, sqlx::Error>> {
        read_state(self.connection.get(), tables).boxed()
    }

    fn journal<'s>(
        &'s mut self,
        tables: &'s Tables,
    ) -> BoxFuture<'s, Result<Vec<JournalRow>, sqlx::Error>> {
        async move {
            let rows = sqlx::raw_sql(AssertSqlSafe(tables.read_journal()))
                .fetch_all(self.connection.get())
                .await?;
            rows.iter().map(journal_row).collect()
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

    fn try_lock<'s>(
        &'s mut self,
        _: &'s Tables,
        outside: bool,
    ) -> BoxFuture<'s, Result<(), Failure>> {
        async move {
            // Inside transactions, `BEGIN IMMEDIATE` is the lock, and `run` takes it.
            if outside && self.outside.is_none() {
                self.outside = lock::Lock::of(&mut self.connection).await?;
            }
            Ok(())
        }
        .boxed()
    }

    fn unlock(&mut self) -> BoxFuture<'_, ()> {
        async move {
            // What fails here is tried again when the session is dropped.
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
            let has_work = |revision: &Transactional<'_>| !matches!(revision.work, Work::Nothing);
            if revisions.iter().any(has_work) {
                self.watch().await?;
            }
            let (begin, before_commit) = self.busy_timeouts();
            let setting = Setting {
                tables,
                expected,
                begin,
                before_commit,
                watchdog: self.watchdog.as_ref(),
                suspended: self.suspended.as_ref(),
            };
            let suspend = self.suspended.is_none()
                && revisions
                    .iter()
                    .any(|revision| revision.foreign_keys == ForeignKeys::Off);
            let keys = Suspension::begin(self.connection.get(), suspend).await?;
            // The intent of a revision that goes on comes after what sets it up again.
            let is_intent =
                |revision: &Transactional<'_>| revision.record.entry.event == JournalEvent::Started;
            if !revisions.iter().any(is_intent) {
                self.kept.end(keys.connection).await?;
            }
            let kept = &mut self.kept;
            let result =
                transaction::run(keys.connection, &setting, kept, revisions, progress).await;
            let ended = if revisions.iter().any(is_intent) {
                Ok(())
            } else {
                self.kept.end(keys.connection).await
            };
            keys.end().await?;
            result.and(ended)
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
            self.watch().await?;
            self.statement(tables, work, entry).await
        }
        .boxed()
    }

    fn suspend_keys(&mut self, is_resumed: bool) -> BoxFuture<'_, Result<(), Failure>> {
        async move {
            let before = if is_resumed {
                Vec::new()
            } else {
                keys::violations(self.connection.get()).await?
            };
            let enforce = keys::are_enforced(self.connection.get()).await?;
            // Known before they are off: a run may be cut off in between.
            self.suspended = Some(Suspended { enforce, before });
            keys::switch_off(self.connection.get()).await
        }
        .boxed()
    }

    fn enforce_keys(&mut self) -> BoxFuture<'_, Result<(), Failure>> {
        async move {
            if self.suspended.as_ref().is_some_and(|keys| keys.enforce) {
                keys::switch_on(self.connection.get()).await?;
            }
            self.suspended = None;
            Ok(())
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

    fn left_no_trace(&self, failure: &Failure) -> bool {
        matches!(
            failure,
            Failure::Statement { .. }
                | Failure::Cascade {
                    statement: Some(_),
                    ..
                }
        )
    }

    fn can_retry(&self, _: &Failure, _: Option<&str>) -> bool {
        // It has one lock, and whoever finds that taken is busy.
        false
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

    fn is_set_up(&self, failure: &Failure) -> bool {
        // A connection that is passed may be the one from before.
        let Failure::Statement { error, .. } = failure else {
            return false;
        };
        let message = database_message(error);
        !matches!(self.connection, Handle::Own(_))
            && (message.ends_with(" already exists") || message.ends_with(" is already in use"))
    }

    fn explain(&self, error: &sqlx::Error) -> Explained {
        explain(error)
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
