//! Revisions outside a transaction: one statement at a time, under a lock of their own.

use std::time::Duration;

use migrate_chain::sql::{refusal, transaction_control};
use migrate_chain::{Dialect, ForeignKeys};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};

use super::code::{busy, database};
use super::drops::Drops;
use super::execute::execute;
use super::executor::Timed;
use super::keys;
use super::script::run_script;
use super::session::SqliteSession;
use crate::context::Context;
use crate::context::RevisionFn;
use crate::context::executor::RevisionJournal;
use crate::database::{Cause, Work, rust_cause};
use crate::journal::columns::{REVISION, SEQUENCE, STATEMENTS};
use crate::journal::subject::setting;
use crate::journal::tables::Tables;
use crate::journal::{Entry, JournalEvent};
use crate::point;
use crate::sql::Script;

impl SqliteSession<'_> {
    /// Runs one statement and its journal row: in a transaction of their own, unless the statement takes part in one
    /// of the revision's or cannot be in any.
    pub async fn statement(
        &mut self,
        tables: &Tables,
        work: Work<'_>,
        entry: &Entry<'_>,
    ) -> Result<(), Cause> {
        self.watch().await?;
        if keys_of(entry) == ForeignKeys::Off && self.suspended.is_none() {
            let is_resumed = entry.event != JournalEvent::Statement || entry.statements > 1;
            self.suspend_keys(is_resumed).await?;
        }
        let record = tables.add(entry, Some(Duration::ZERO));
        self.kept.keep(self.connection.get(), &work).await?;
        match work {
            Work::Rust(function) => self.function(tables, function, entry).await,
            Work::Nothing => self.with_record(tables, None, entry).await,
            Work::Sql(statement) => {
                self.restart_watchdog();
                let text = statement.text();
                let control = transaction_control(Dialect::Sqlite, text);
                let is_apart = self.in_transaction
                    || control.is_some()
                    || refusal(Dialect::Sqlite, text).is_some();
                let result = if is_apart {
                    self.apart(statement, control, keys_of(entry), &record)
                        .await
                } else {
                    self.with_record(tables, Some(statement), entry).await
                };
                self.stop_watchdog();
                result
            }
        }
    }

    /// Suspends foreign keys for a revision outside a transaction, from its first statement on. Of one that `is_resumed`
    /// it is no longer known which rows referred to nothing before it, and all count.
    pub async fn suspend_keys(&mut self, is_resumed: bool) -> Result<(), Cause> {
        let before = if is_resumed {
            Vec::new()
        } else {
            keys::violations(self.connection.get()).await?
        };
        let enforce = keys::are_enforced(self.connection.get()).await?;
        // Known before they are off: a run may be cut off in between.
        self.suspended = Some(keys::Suspended { enforce, before });
        keys::switch_off(self.connection.get()).await
    }

    /// Ends that.
    pub async fn enforce_keys(&mut self) -> Result<(), Cause> {
        if self
            .suspended
            .as_ref()
            .is_some_and(|suspended| suspended.enforce)
        {
            keys::switch_on(self.connection.get()).await?;
        }
        self.suspended = None;
        Ok(())
    }

    /// A statement that commits together with its record.
    async fn with_record(
        &mut self,
        tables: &Tables,
        statement: Option<&Script<'_>>,
        entry: &Entry<'_>,
    ) -> Result<(), Cause> {
        let record = tables.add(entry, Some(Duration::ZERO));
        let begin = AssertSqlSafe(self.begin());
        let begin = self.connection.get().begin_with(begin).await;
        let mut transaction = begin.map_err(|error| database(error, "to begin a transaction"))?;
        if !is_next(&mut transaction, tables, entry).await? {
            return Err(Cause::Fenced);
        }
        point::reached(point::BEFORE_STATEMENT);
        if let Some(statement) = statement {
            run_alone(&mut transaction, statement, keys_of(entry)).await?;
        }
        point::reached(point::BEFORE_RECORD);
        execute(&mut transaction, &record).await.map_err(recorded)?;
        point::reached(point::BEFORE_COMMIT);
        let commit = transaction.commit().await;
        commit.map_err(|error| database(error, "to commit"))?;
        point::reached(point::AFTER_COMMIT);
        Ok(())
    }

    /// A statement that no transaction of ours can hold.
    async fn apart(
        &mut self,
        statement: &Script<'_>,
        control: Option<&'static str>,
        keys: ForeignKeys,
        record: &str,
    ) -> Result<(), Cause> {
        self.be_patient().await?;
        self.in_transaction |= control == Some("BEGIN");
        point::reached(point::BEFORE_STATEMENT);
        let mut result = run_alone(self.connection.get(), statement, keys).await;
        if result.is_ok() {
            self.in_transaction &= control.is_none_or(|keyword| keyword == "BEGIN");
            point::reached(point::BEFORE_RECORD);
            let recording = execute(self.connection.get(), record).await;
            result = recording.map(|_| ()).map_err(recorded);
        }
        if result.is_err() && self.in_transaction {
            // The revision's own transaction must not stay open, nor what it holds half done.
            let _ = execute(self.connection.get(), "ROLLBACK").await;
            self.in_transaction = false;
        }
        result
    }

    async fn function(
        &mut self,
        tables: &Tables,
        function: RevisionFn,
        entry: &Entry<'_>,
    ) -> Result<(), Cause> {
        self.be_patient().await?;
        let mut drops = Drops::outside(keys_of(entry));
        let mut executor = Timed {
            connection: self.connection.get(),
            watchdog: self.watchdog.as_ref(),
            drops: &mut drops,
            kept: &mut self.kept,
            journal: RevisionJournal::outside(tables, entry),
        };
        let result = function(&mut Context::new(&mut executor)).await;
        self.stop_watchdog();
        if drops.has_refused() {
            return Err(drops.failure(0, None));
        }
        result.map_err(|error| rust_cause(0, error))?;
        let record = tables.add(entry, Some(Duration::ZERO));
        let recording = execute(self.connection.get(), &record).await;
        recording.map(|_| ()).map_err(recorded)
    }

    /// A statement that cannot be tried again waits for others in SQLite.
    async fn be_patient(&mut self) -> Result<(), Cause> {
        let patience = self.patience().unwrap_or_default();
        let set = execute(self.connection.get(), &patience).await;
        set.map(|_| ()).map_err(recorded)
    }

    fn restart_watchdog(&self) {
        self.watchdog
            .as_ref()
            .inspect(|watchdog| watchdog.restart());
    }

    fn stop_watchdog(&self) {
        self.watchdog.as_ref().inspect(|watchdog| watchdog.stop());
    }
}

/// Whether no other run has continued the revision. The lock file ensures that, if there is one.
async fn is_next(
    connection: &mut SqliteConnection,
    tables: &Tables,
    entry: &Entry<'_>,
) -> Result<bool, Cause> {
    let last = sqlx::query_as(AssertSqlSafe(read_last(tables))).fetch_optional(connection);
    let last: Option<(String, i64)> = last
        .await
        .map_err(|error| database(error, "to read the journal"))?;
    let Some((revision, statements)) = last else {
        return Ok(false);
    };
    let is_behind = usize::try_from(statements).is_ok_and(|done| done < entry.statements);
    Ok(revision == entry.subject.id() && (is_behind || entry.event != JournalEvent::Statement))
}

/// The query for how far the revision under way is, as the last row tells.
fn read_last(tables: &Tables) -> String {
    let journal = tables.journal();
    format!("SELECT {REVISION}, {STATEMENTS} FROM {journal} ORDER BY {SEQUENCE} DESC LIMIT 1")
}

/// Runs one statement. One that found the database busy can wait and run again: none of it was done.
async fn run_alone(
    connection: &mut SqliteConnection,
    statement: &Script<'_>,
    keys: ForeignKeys,
) -> Result<(), Cause> {
    let mut drops = Drops::outside(keys);
    let ran = run_script(connection, None, statement, &mut drops, None, |_| {}).await;
    ran.map(|_| ()).map_err(|stop| {
        if stop.is_busy() {
            busy()
        } else {
            stop.failure(0, &drops)
        }
    })
}

/// The handling of foreign keys while the revision of a journal row runs.
fn keys_of(entry: &Entry<'_>) -> ForeignKeys {
    let settings = &entry.subject.settings;
    if settings.contains(&setting::FOREIGN_KEYS_CASCADE) {
        ForeignKeys::Cascade
    } else if settings.contains(&setting::FOREIGN_KEYS_OFF) {
        ForeignKeys::Off
    } else {
        ForeignKeys::On
    }
}

fn recorded(error: sqlx::Error) -> Cause {
    database(error, "to write the journal")
}
