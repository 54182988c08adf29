//! Revisions outside a transaction: one statement at a time, together with its record where that can be.

use std::time::{Duration, Instant};

use migrate_chain::Dialect;
use migrate_chain::sql::transaction_control;
use tracing::Span;

use super::answers::Progressed;
use super::bookkeeping::{BEGINS, ENDS, record_only};
use super::code::{Signal, database};
use super::execute::execute;
use super::executor::PgExecutor;
use super::lease::Lease;
use super::message::Message;
use super::quote::text;
use super::read::SessionFacts;
use super::session::{OwnTransaction, PostgresSession};
use super::words::{is_held, is_set_transaction, prepares, sets_role, waits_politely};
use super::{reset, setting};
use crate::context::executor::RevisionJournal;
use crate::context::{Context, RevisionFn};
use crate::database::{Cause, Work, rust_cause};
use crate::journal::columns::{REVISION, SEQUENCE, STATEMENTS};
use crate::journal::tables::Tables;
use crate::journal::{Entry, JournalEvent};
use crate::point;
use crate::sql::Script;

const RECORD: &str = "to write the journal";

impl PostgresSession<'_> {
    /// Runs one statement and its journal row: in a transaction of their own, unless the statement takes part in one
    /// of the revision's or may be impossible in any.
    pub async fn outside(
        &mut self,
        tables: &Tables,
        work: Work<'_>,
        entry: &Entry<'_>,
    ) -> Result<(), Cause> {
        let found = self.found(tables).await?;
        self.is_under_way = true;
        self.has_prepared |= prepares(work);
        self.has_set_role |= sets_role(work);
        let result = match work {
            Work::Rust(function) => self.function(&found, function, entry).await,
            Work::Nothing => self.with_record(&found, None, entry).await,
            Work::Sql(statement) => {
                self.is_whole = self.own.is_none() && is_held(statement.text());
                if self.is_whole {
                    self.with_record(&found, Some(statement), entry).await
                } else {
                    self.apart(&found, statement, entry).await
                }
            }
        };
        self.is_under_way = self.own.is_some();
        result
    }

    /// A statement that commits together with its record.
    async fn with_record(
        &mut self,
        found: &SessionFacts,
        statement: Option<&Script<'_>>,
        row: &Entry<'_>,
    ) -> Result<(), Cause> {
        let mut message = Message::default();
        // The statement before it may have left others.
        let settings = vec![setting::set(&self.settings(), true)];
        for statement in self.begin(found, settings) {
            message.push(&statement);
        }
        let check = Signal::Fenced.unless(&is_next(&found.tables, row));
        for check in self.as_ourselves(found, vec![check], true) {
            message.push(&check);
        }
        if let Some(statement) = statement {
            message.push(BEGINS);
            message.script(0, statement, &Span::none(), false);
            message.push(ENDS);
        }
        message.push(&reset::own_role_for_now(&self.owner(found)));
        message.push(&record_only(&found.tables, row));
        message.push(&self.fence());
        message.push("COMMIT");
        let mut is_open = false;
        let mut told = |told| is_open |= told == Progressed::Open;
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
        found: &SessionFacts,
        statement: &Script<'_>,
        row: &Entry<'_>,
    ) -> Result<(), Cause> {
        let result = self.run_apart(found, statement, row).await;
        if result.is_err() && self.own.take().is_some() {
            // The revision's own transaction must not stay open, nor what it holds half done.
            let _ = execute(self.connection.get(), "ROLLBACK").await;
        }
        result
    }

    async fn run_apart(
        &mut self,
        found: &SessionFacts,
        statement: &Script<'_>,
        row: &Entry<'_>,
    ) -> Result<(), Cause> {
        let text = statement.text();
        let control = transaction_control(Dialect::Postgres, text);
        let begins = matches!(control, Some("BEGIN" | "START TRANSACTION"));
        // Nothing of ours may come between: a transaction is set up before its first query.
        let sets_up = self.own == Some(OwnTransaction::Begun) && is_set_transaction(text);
        if !sets_up {
            self.prepare_apart(found, text, row).await?;
        }
        point::reached(point::BEFORE_STATEMENT);
        let started = Instant::now();
        if begins {
            self.own = Some(OwnTransaction::Begun);
        }
        let message = Message::alone(statement);
        let connection = self.connection.get();
        message.send(connection, RECORD, &mut |_| {}).await?;
        if begins || sets_up {
            // The next statement is recorded with it.
            return Ok(());
        }
        self.own = self
            .own
            .filter(|_| control.is_none())
            .map(|_| OwnTransaction::Used);
        point::reached(point::BEFORE_RECORD);
        self.add_row(found, row, started.elapsed()).await
    }

    /// Writes the record of what no transaction of ours could hold.
    async fn add_row(
        &mut self,
        found: &SessionFacts,
        row: &Entry<'_>,
        duration: Duration,
    ) -> Result<(), Cause> {
        let mut message = Message::default();
        let record = vec![self.fence(), found.tables.add(row, Some(duration))];
        for statement in self.as_ourselves(found, record, self.own.is_some()) {
            message.push(&statement);
        }
        let sent = execute(self.connection.get(), message.text()).await;
        sent.map(|_| ()).map_err(|error| match Signal::of(&error) {
            // The next startup finds out what the statement did.
            Some(Signal::Busy) => lost(),
            _ => database(error, RECORD),
        })
    }

    /// Statements of ours under our own role, whatever the revision has set. That ends with the transaction, and so with the
    /// message if there is none; what `follows` in it is under the role of the revision again.
    fn as_ourselves(&self, found: &SessionFacts, ours: Vec<String>, follows: bool) -> Vec<String> {
        const KEEP: &str = "SELECT set_config('embed_migrations.role', current_setting('role'), true), \
                            set_config('embed_migrations.user', session_user::text, true)";
        const GO_BACK: &str = "SELECT set_config('session_authorization', current_setting('embed_migrations.user'), true), \
                               set_config('role', current_setting('embed_migrations.role'), true)";
        let only_if = |follows: bool, sql: &str| follows.then(|| sql.to_owned());
        let role = reset::own_role_for_now(&self.owner(found));
        let statements = only_if(follows, KEEP).into_iter().chain([role]);
        let statements = statements.chain(ours);
        statements.chain(only_if(follows, GO_BACK)).collect()
    }

    /// Makes sure of the lock, and of what the connection has to be set to.
    async fn prepare_apart(
        &mut self,
        found: &SessionFacts,
        statement: &str,
        row: &Entry<'_>,
    ) -> Result<(), Cause> {
        let mut settings = self.settings();
        if waits_politely(statement) {
            settings.retain(|(name, _)| *name != "lock_timeout");
            settings.push(("lock_timeout", "0".to_owned()));
        }
        let lock = self.lock.map(|lock| Signal::Busy.unless(&lock.is_held()));
        let lock = lock.or_else(|| self.lease.as_ref().map(Lease::guard));
        let next = Signal::Fenced.unless(&is_next(&found.tables, row));
        let checks = lock.into_iter().chain([next]).collect();
        let mut message = Message::default();
        for statement in self.as_ourselves(found, checks, self.own.is_some()) {
            message.push(&statement);
        }
        if self.own.is_none() {
            message.push(&setting::set(&settings, false));
        }
        let sent = message
            .send(self.connection.get(), RECORD, &mut |_| {})
            .await;
        sent.map_err(|failure| match failure {
            // It is the server that has taken it away, or a pooler that has gone to another backend.
            Cause::Busy { .. } => lost(),
            failure => failure,
        })
    }

    async fn function(
        &mut self,
        found: &SessionFacts,
        function: RevisionFn,
        row: &Entry<'_>,
    ) -> Result<(), Cause> {
        self.prepare_apart(found, "", row).await?;
        let started = Instant::now();
        let mut executor = PgExecutor {
            connection: self.connection.get(),
            journal: RevisionJournal::outside(&found.tables, row),
        };
        let result = function(&mut Context::new(&mut executor)).await;
        result.map_err(|error| rust_cause(0, error))?;
        point::reached(point::BEFORE_RECORD);
        self.add_row(found, row, started.elapsed()).await
    }
}

fn lost() -> Cause {
    Cause::Busy {
        holder: "another session: this one has lost its lock".to_owned(),
    }
}

/// A condition: no other run has continued the revision.
fn is_next(tables: &Tables, row: &Entry<'_>) -> String {
    let id = text(row.subject.id());
    let progress = if row.event == JournalEvent::Statement {
        format!("l.{STATEMENTS} < {}", row.statements)
    } else {
        "true".to_owned()
    };
    format!(
        "coalesce((SELECT l.{REVISION} = {id} AND {progress} FROM {} l ORDER BY l.{SEQUENCE} DESC LIMIT 1), false)",
        tables.journal()
    )
}
