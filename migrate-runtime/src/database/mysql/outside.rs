//! Revisions that no transaction can hold: one statement at a time, each with its record as close as it goes.

use std::time::{Duration, Instant};

use super::code::{self, database};
use super::evidence::{self, Seen};
use super::lock::Lock;
use super::message::{Message, Part};
use super::statement::{Kind, kind};
use super::transaction::{add, failure};
use super::{MySqlSession, Plain, execute};
use crate::context::{Context, RevisionFn};
use crate::database::{Failure, InFlight, rust_failure};
use crate::journal::Entry;
use crate::point;
use crate::subject::setting;
use crate::tables::Tables;

impl MySqlSession<'_> {
    /// Runs one statement and writes its record: in one transaction if that can hold it, else right behind it.
    pub(super) async fn statement(
        &mut self,
        tables: &Tables,
        statement: &str,
        entry: &Entry<'_>,
    ) -> Result<(), Failure> {
        let kind = kind(statement);
        if let Kind::Refused(what) = kind {
            return Err(Failure::Meddled {
                index: 0,
                what: what.into(),
            });
        }
        let is_held = kind == Kind::Rows
            && !self.in_transaction
            && self.has_only_transactional_tables(statement).await?;
        let started = Instant::now();
        let mut message = Message::default();
        if is_held {
            self.in_transaction = true;
            message.push(Part::Other, "START TRANSACTION");
        }
        if let Some(lock) = &self.lock {
            lock.guard(&mut message);
        }
        self.limit(&mut message);
        message.push(Part::Statement(0), statement);
        point::reached(point::BEFORE_STATEMENT);
        let sent = self.send_alone(message).await;
        let unlimited = self.unlimit().await;
        if let Err(failure) = sent {
            self.left_trace = !is_held && may_leave_a_trace(&kind, &failure);
            let _ = self.roll_back().await;
            return Err(failure);
        }
        match kind {
            Kind::Control("BEGIN" | "START TRANSACTION") => self.in_transaction = true,
            Kind::Control(_) | Kind::Definition(_) => self.in_transaction = false,
            _ => {}
        }
        point::reached(point::BEFORE_RECORD);
        let recorded = match unlimited {
            Ok(()) => self.record(tables, entry, started.elapsed(), is_held).await,
            lost => lost,
        };
        if let Err(failure) = recorded {
            self.left_trace = !is_held;
            let _ = self.roll_back().await;
            return Err(failure);
        }
        if is_held {
            self.in_transaction = false;
            point::reached(point::AFTER_COMMIT);
        }
        Ok(())
    }

    /// Writes the record of a statement. The revision's `LAST_INSERT_ID()` outlives it.
    pub(super) async fn record(
        &mut self,
        tables: &Tables,
        entry: &Entry<'_>,
        duration: Duration,
        commits: bool,
    ) -> Result<(), Failure> {
        let evidence = self.evidence(entry).await?;
        let mut tries = if self.in_transaction { 1 } else { 4 };
        loop {
            let mut message = Message::default();
            message.push(Part::Other, "SET @embed_migrations_id = LAST_INSERT_ID()");
            if let Some(lock) = &self.lock {
                lock.fence(&mut message);
            }
            message.push(
                Part::Journal,
                &add(tables, entry, duration, evidence.as_deref()),
            );
            message.push(Part::Other, "DO LAST_INSERT_ID(@embed_migrations_id)");
            if commits {
                message.push(Part::Other, "COMMIT");
            }
            tries -= 1;
            match message.execute(self.connection.get()).await {
                // The statement is done; only the record is tried again.
                Err(stopped) if tries > 0 && code::gave_up(&stopped.error) => {}
                sent => return sent.map_err(|stopped| failure(stopped, 0)),
            }
        }
    }

    async fn send_alone(&mut self, message: Message) -> Result<(), Failure> {
        let connection = self.connection.get();
        let sent = match &mut self.lock {
            Some(Lock::Lease(lease)) => lease.during(message.execute(connection)).await,
            _ => message.execute(connection).await,
        };
        sent.map_err(|stopped| failure(stopped, 0))
    }

    /// Calls the function of a Rust revision. What it does to rows is undone when it fails, unless it has committed
    /// by itself; a schema change does.
    pub(super) async fn function(
        &mut self,
        tables: &Tables,
        function: RevisionFn,
        entry: &Entry<'_>,
    ) -> Result<(), Failure> {
        let started = Instant::now();
        let is_inside = !entry.subject.settings.contains(&setting::TRANSACTION_OFF);
        let mut message = Message::default();
        if is_inside {
            self.in_transaction = true;
            message.push(Part::Other, "START TRANSACTION");
            message.push(Part::Other, MARK);
        }
        if let Some(lock) = &self.lock {
            lock.guard(&mut message);
        }
        self.limit(&mut message);
        self.send_alone(message).await?;
        point::reached(point::BEFORE_STATEMENT);
        let result = {
            let mut plain = Plain(self.connection.get());
            let mut context = Context::new(&mut plain);
            let calling = function(&mut context);
            match &mut self.lock {
                Some(Lock::Lease(lease)) => lease.during(calling).await,
                _ => calling.await,
            }
        };
        let unlimited = self.unlimit().await;
        if let Err(error) = result {
            self.left_trace = !(is_inside && self.undo().await.unwrap_or(false));
            self.in_transaction = false;
            return Err(rust_failure(0, error));
        }
        point::reached(point::BEFORE_RECORD);
        let recorded = match unlimited {
            Ok(()) => self.record(tables, entry, started.elapsed(), true).await,
            lost => lost,
        };
        self.left_trace = recorded.is_err();
        recorded?;
        self.in_transaction = false;
        point::reached(point::AFTER_COMMIT);
        Ok(())
    }

    /// Rolls back, and says whether all was undone: the transaction is the one that we began, and the server does not
    /// warn of tables that have none.
    async fn undo(&mut self) -> Result<bool, sqlx::Error> {
        let is_whole = execute(self.connection.get(), UNDO).await.is_ok();
        let rolled_back = "ROLLBACK;\nSHOW WARNINGS";
        let warnings = sqlx::raw_sql(rolled_back).fetch_optional(self.connection.get());
        Ok(warnings.await?.is_none() && is_whole)
    }

    /// What became of a statement that was cut off.
    pub(super) async fn look(
        &mut self,
        tables: &Tables,
        statement: &str,
        has_failed: bool,
    ) -> Result<InFlight, Failure> {
        // A failure that may have left something is not written down as one.
        if has_failed {
            return Ok(InFlight::RunAgain);
        }
        match kind(statement) {
            Kind::Control("COMMIT") => Ok(InFlight::Done),
            Kind::Setup | Kind::Repeatable | Kind::Control(_) | Kind::Refused(_) => {
                Ok(InFlight::RunAgain)
            }
            Kind::Rows if self.has_only_transactional_tables(statement).await? => {
                Ok(InFlight::RunAgain)
            }
            Kind::Rows => Ok(InFlight::InDoubt(
                "a table without transactions may hold a part of what it did: look at the rows",
            )),
            Kind::Other => Ok(InFlight::InDoubt("look at what it was to do")),
            Kind::Definition(_) => self.look_at_definitions(tables, statement).await,
        }
    }

    async fn look_at_definitions(
        &mut self,
        tables: &Tables,
        statement: &str,
    ) -> Result<InFlight, Failure> {
        let failed = |error| database(error, "to look at what a statement has done");
        let connection = self.connection.get();
        let noted = super::read::read_evidence(connection, tables).await;
        let Some(evidence) = noted.map_err(failed)? else {
            return Ok(InFlight::InDoubt("look whether what it changes is there"));
        };
        let seen = evidence::compare(connection, statement, &evidence).await;
        Ok(match seen.map_err(failed)? {
            Seen::Unchanged => InFlight::RunAgain,
            Seen::Changed => InFlight::Done,
            Seen::Partly => {
                InFlight::InDoubt("some of what it changes is as it was before, and some is not")
            }
            Seen::Edited => InFlight::InDoubt(
                "the statement was edited since it was cut off: look at what the one before was to do",
            ),
        })
    }
}

/// By these it is seen that a revision's transaction is the one that it began in.
const MARK: &str = "SAVEPOINT embed_migrations_revision";
const UNDO: &str = "ROLLBACK TO SAVEPOINT embed_migrations_revision";

/// Whether a statement that fails may have done a part of its work. The server undoes a change of one definition.
fn may_leave_a_trace(kind: &Kind, failure: &Failure) -> bool {
    let Failure::Statement { error, .. } = failure else {
        // It was not sent.
        return false;
    };
    match kind {
        Kind::Rows | Kind::Other => true,
        // All locks come before all changes.
        Kind::Definition(objects) => objects.len() > 1 && !code::gave_up(error),
        Kind::Setup | Kind::Repeatable | Kind::Control(_) | Kind::Refused(_) => false,
    }
}
