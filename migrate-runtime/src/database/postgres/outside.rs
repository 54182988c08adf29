//! Revisions outside a transaction: one statement at a time, together with its record where that can be.

use std::time::Instant;

use migrate_chain::Dialect;
use migrate_chain::sql::transaction_control;
use tracing::Span;

use super::code::{Signal, database};
use super::message::{Message, Told};
use super::read::Found;
use super::transaction::entry;
use super::words::{is_held, waits_politely};
use super::{PgExecutor, PostgresSession, execute, setting};
use crate::context::{Context, RevisionFn};
use crate::database::{Failure, Work, rust_failure};
use crate::journal::{Entry, JournalEvent};
use crate::point;
use crate::tables::Tables;

const RECORD: &str = "to write the journal";

impl PostgresSession<'_> {
    /// Runs one statement and its journal row: in a transaction of their own, unless the statement takes part in one
    /// of the revision's or may be impossible in any.
    pub(super) async fn outside(
        &mut self,
        tables: &Tables,
        work: Work<'_>,
        entry: &Entry<'_>,
    ) -> Result<(), Failure> {
        let found = self.found(tables).await?;
        self.is_under_way = true;
        let result = match work {
            Work::Rust(function) => self.function(&found, function, entry).await,
            Work::Nothing => self.with_record(&found, "", entry).await,
            Work::Sql(statement) => {
                self.is_whole = !self.in_transaction && is_held(statement);
                if self.is_whole {
                    self.with_record(&found, statement, entry).await
                } else {
                    self.apart(&found, statement, entry).await
                }
            }
        };
        self.is_under_way = self.in_transaction;
        result
    }

    /// A statement that commits together with its record.
    async fn with_record(
        &mut self,
        found: &Found,
        statement: &str,
        row: &Entry<'_>,
    ) -> Result<(), Failure> {
        let mut message = Message::default();
        // The statement before it may have left others.
        for statement in self.begin(found, false) {
            message.push(&statement);
        }
        message.push(&Signal::Fenced.unless(&is_next(&found.tables, row)));
        message.script(0, statement, &Span::none(), false);
        message.push(&entry(&found.tables, row));
        message.push("COMMIT");
        let mut is_open = false;
        let mut told = |told| is_open |= told == Told::Open;
        point::reached(point::BEFORE_STATEMENT);
        let sent = message.send(self.connection.get(), RECORD, &mut told).await;
        match sent {
            Ok(()) => {
                point::reached(point::AFTER_COMMIT);
                Ok(())
            }
            Err(failure) => Err(self.undone(found, is_open, failure).await),
        }
    }

    /// A statement that no transaction of ours can hold.
    async fn apart(
        &mut self,
        found: &Found,
        statement: &str,
        row: &Entry<'_>,
    ) -> Result<(), Failure> {
        let control = transaction_control(Dialect::Postgres, statement);
        let mut result = self.prepare_apart(found, statement, row).await;
        if result.is_ok() {
            point::reached(point::BEFORE_STATEMENT);
            let started = Instant::now();
            self.in_transaction |= matches!(control, Some("BEGIN" | "START TRANSACTION"));
            let mut message = Message::default();
            message.alone(statement);
            result = message
                .send(self.connection.get(), RECORD, &mut |_| {})
                .await;
            if result.is_ok() {
                self.in_transaction &=
                    matches!(control, None | Some("BEGIN" | "START TRANSACTION"));
                point::reached(point::BEFORE_RECORD);
                let record = found.tables.add(row, Some(started.elapsed()));
                let recorded = execute(self.connection.get(), &record).await;
                result = recorded
                    .map(|_| ())
                    .map_err(|error| database(error, RECORD));
            }
        }
        if result.is_err() && self.in_transaction {
            // The revision's own transaction must not stay open, nor what it holds half done.
            let _ = execute(self.connection.get(), "ROLLBACK").await;
            self.in_transaction = false;
        }
        result
    }

    /// Makes sure of the lock, and of what the connection has to be set to.
    async fn prepare_apart(
        &mut self,
        found: &Found,
        statement: &str,
        row: &Entry<'_>,
    ) -> Result<(), Failure> {
        let mut settings = self.settings();
        if waits_politely(statement) {
            settings.retain(|(name, _)| *name != "lock_timeout");
            settings.push(("lock_timeout", "0".to_owned()));
        }
        let mut message = Message::default();
        if let Some(lock) = self.lock {
            message.push(&Signal::Busy.unless(&lock.is_held()));
        }
        message.push(&Signal::Fenced.unless(&is_next(&found.tables, row)));
        if !self.in_transaction {
            message.push(&setting::set(&settings, false));
        }
        let sent = message
            .send(self.connection.get(), RECORD, &mut |_| {})
            .await;
        sent.map_err(|failure| match failure {
            // It is the server that has taken it away, or a pooler that has gone to another backend.
            Failure::Busy { .. } => Failure::Busy {
                holder: "another session: this one has lost its lock".to_owned(),
            },
            failure => failure,
        })
    }

    async fn function(
        &mut self,
        found: &Found,
        function: RevisionFn,
        row: &Entry<'_>,
    ) -> Result<(), Failure> {
        self.prepare_apart(found, "", row).await?;
        let started = Instant::now();
        let mut executor = PgExecutor {
            connection: self.connection.get(),
        };
        let result = function(&mut Context::new(&mut executor)).await;
        result.map_err(|error| rust_failure(0, error))?;
        point::reached(point::BEFORE_RECORD);
        let record = found.tables.add(row, Some(started.elapsed()));
        let recorded = execute(self.connection.get(), &record).await;
        recorded
            .map(|_| ())
            .map_err(|error| database(error, RECORD))
    }

    /// What the connection that was passed was set to before.
    pub(super) fn restore_outside(&mut self) -> Option<String> {
        let settings = self.before.take()?;
        Some(setting::set(&settings, false))
    }
}

/// A condition: nobody else has gone on with the revision.
fn is_next(tables: &Tables, row: &Entry<'_>) -> String {
    let id = super::words::literal(row.subject.id());
    let progress = if row.event == JournalEvent::Statement {
        format!("l.statements < {}", row.statements)
    } else {
        "true".to_owned()
    };
    format!(
        "coalesce((SELECT l.revision = {id} AND {progress} FROM {} l ORDER BY l.sequence DESC LIMIT 1), false)",
        tables.journal()
    )
}
