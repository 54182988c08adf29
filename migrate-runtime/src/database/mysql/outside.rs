//! Revisions that no transaction can hold: one statement at a time. The record of a statement travels with the next one, of
//! which it is the intent: it says what the definitions are before that changes them.

use std::time::{Duration, Instant};

use super::bookkeeping::{add, add_at_the_end};
use super::code::{self, database};
use super::evidence::{self, DefinitionChange};
use super::execute::execute;
use super::executor::MySqlExecutor;
use super::lock::Lock;
use super::message::{Answers, Message, MessagePart, Stopped};
use super::passed;
use super::session::{Due, MySqlSession};
use super::statement::{StatementKind, kind};
use crate::context::executor::RevisionJournal;
use crate::context::{Context, RevisionFn};
use crate::database::rows::Columns as _;
use crate::database::{Cause, InFlight, rust_cause};
use crate::journal::Entry;
use crate::journal::subject::setting;
use crate::journal::tables::Tables;
use crate::point;

impl MySqlSession<'_> {
    /// Runs one statement and writes its record: in one transaction if that can hold it, else with the next statement if
    /// it is known what it does, else right after it.
    pub async fn statement(
        &mut self,
        tables: &Tables,
        statement: &str,
        entry: &Entry<'_>,
    ) -> Result<(), Cause> {
        let kind = kind(statement);
        if let StatementKind::Refused(what) = kind {
            return Err(Cause::Refused {
                index: 0,
                statement: 0,
                what: what.into(),
                help: "leave the statement out",
            });
        }
        self.refuse_large(0, 0, statement)?;
        self.traces.add(statement);
        if !matches!(
            kind,
            StatementKind::Rows | StatementKind::Setup | StatementKind::Repeatable
        ) {
            self.engines = None;
        }
        let is_held = kind == StatementKind::Rows
            && !self.in_transaction
            && self.has_only_transactional_tables(statement).await?;
        let may_wait = matches!(
            kind,
            StatementKind::Definition(_) | StatementKind::Setup | StatementKind::Repeatable
        ) && !self.in_transaction;
        let ran = if is_held {
            self.held(tables, statement, entry).await
        } else if may_wait {
            self.recorded_later(tables, statement, entry).await
        } else {
            self.by_itself(tables, statement, &kind, entry).await
        };
        if let Err(failure) = &ran {
            self.left_trace |= !is_held && may_leave_a_trace(&kind, failure);
            let _ = self.roll_back().await;
        }
        ran
    }

    /// One message, and one commit for the statement and its record.
    async fn held(
        &mut self,
        tables: &Tables,
        statement: &str,
        entry: &Entry<'_>,
    ) -> Result<(), Cause> {
        // Rows do not change the definitions that the next statement will.
        let evidence = self.evidence(entry).await?;
        let mut message = self.take_due();
        message.push(MessagePart::Other, "START TRANSACTION");
        message.push(MessagePart::Other, START);
        self.add_statement(&mut message, statement);
        self.unlimit(&mut message);
        message.push(MessagePart::Other, KEEP_ID);
        self.fence(&mut message);
        let add = add_at_the_end(tables, entry, evidence.as_deref());
        message.push(MessagePart::Journal, &add);
        message.push(MessagePart::Other, GIVE_ID_BACK);
        message.push(MessagePart::Other, "COMMIT");
        self.in_transaction = true;
        point::reached(point::BEFORE_STATEMENT);
        point::reached(point::BEFORE_RECORD);
        self.deliver(message).await?;
        self.in_transaction = false;
        point::reached(point::AFTER_COMMIT);
        Ok(())
    }

    /// One message: the record that is due, the statement, and a look at what the next one changes. The record of this one
    /// is due then.
    async fn recorded_later(
        &mut self,
        tables: &Tables,
        statement: &str,
        entry: &Entry<'_>,
    ) -> Result<(), Cause> {
        let started = Instant::now();
        let mut message = self.take_due();
        self.add_statement(&mut message, statement);
        self.unlimit(&mut message);
        let next = entry.next.unwrap_or_default();
        evidence::ask(&evidence::objects(next), &mut message);
        point::reached(point::BEFORE_STATEMENT);
        let (answers, error) = match self.send(message, &mut |_| ()).await {
            Ok(answers) => (answers, None),
            Err(Stopped {
                part: MessagePart::Show(_),
                error,
                answers,
            }) if code::number(&error).is_some() => (answers, Some(error)),
            Err(stopped) => return Err(self.cause(stopped, 0).await),
        };
        self.in_transaction = false;
        let connection = self.connection.get();
        let evidence = evidence::answered(connection, next, &answers, error.as_ref()).await;
        let evidence = evidence
            .map_err(|error| database(error, "to look at what is there before the statement"))?;
        point::reached(point::BEFORE_RECORD);
        let record = add(tables, entry, started.elapsed(), evidence.as_deref());
        let mut message = Message::default();
        message.push(MessagePart::Other, KEEP_ID);
        self.fence(&mut message);
        message.push(MessagePart::Journal, &record);
        message.push(MessagePart::Due, GIVE_ID_BACK);
        self.due = Some(Due {
            message,
            begins: false,
        });
        Ok(())
    }

    /// Two messages: the number of results of the statement, and its effect on the transaction, are unknown.
    async fn by_itself(
        &mut self,
        tables: &Tables,
        statement: &str,
        kind: &StatementKind,
        entry: &Entry<'_>,
    ) -> Result<(), Cause> {
        let started = Instant::now();
        let mut message = self.take_due();
        self.add_statement(&mut message, statement);
        point::reached(point::BEFORE_STATEMENT);
        self.deliver(message).await?;
        match kind {
            StatementKind::Control("BEGIN" | "START TRANSACTION") => self.in_transaction = true,
            StatementKind::Control(_) | StatementKind::Definition(_) => self.in_transaction = false,
            _ => {}
        }
        point::reached(point::BEFORE_RECORD);
        let recorded = self.record(tables, entry, started.elapsed(), false).await;
        self.left_trace = recorded.is_err();
        recorded
    }

    /// Adds a statement that runs only while the lock is held.
    fn add_statement(&mut self, message: &mut Message, statement: &str) {
        if let Some(lock) = &self.lock {
            lock.guard(message);
        }
        self.limit(message);
        message.push(MessagePart::Statement(0), statement);
    }

    fn fence(&self, message: &mut Message) {
        if let Some(lock) = &self.lock {
            lock.fence(message);
        }
    }

    /// The beginning of a message: the record that is due, if there is one.
    fn take_due(&mut self) -> Message {
        let Some(due) = &self.due else {
            return Message::default();
        };
        self.in_transaction |= due.begins;
        due.message.clone()
    }

    /// Writes the record of a statement. The revision's `LAST_INSERT_ID()` outlives it.
    pub async fn record(
        &mut self,
        tables: &Tables,
        entry: &Entry<'_>,
        duration: Duration,
        commits: bool,
    ) -> Result<(), Cause> {
        let evidence = self.evidence(entry).await?;
        let mut tries = if self.in_transaction { 1 } else { 4 };
        loop {
            let mut message = Message::default();
            self.unlimit(&mut message);
            message.push(MessagePart::Other, KEEP_ID);
            self.fence(&mut message);
            message.push(
                MessagePart::Journal,
                &add(tables, entry, duration, evidence.as_deref()),
            );
            message.push(MessagePart::Other, GIVE_ID_BACK);
            if commits {
                message.push(MessagePart::Other, "COMMIT");
            }
            tries -= 1;
            match self.send(message, &mut |_| ()).await {
                Ok(_) => return Ok(()),
                // The statement is done; only the record is tried again.
                Err(stopped) if tries > 0 && code::gave_up(&stopped.error) => {}
                Err(stopped) => return Err(self.cause(stopped, 0).await),
            }
        }
    }

    async fn deliver(&mut self, message: Message) -> Result<Answers, Cause> {
        match self.send(message, &mut |_| ()).await {
            Ok(answers) => Ok(answers),
            Err(stopped) => Err(self.cause(stopped, 0).await),
        }
    }

    /// Calls the function of a Rust revision. What it does to rows is undone when it fails, unless it has committed
    /// implicitly; a schema change does.
    pub async fn function(
        &mut self,
        tables: &Tables,
        function: RevisionFn,
        entry: &Entry<'_>,
    ) -> Result<(), Cause> {
        let started = Instant::now();
        self.engines = None;
        let is_inside = !entry.subject.settings.contains(&setting::TRANSACTION_OFF);
        let mut message = self.take_due();
        // The types of sqlx take each time of the server as one of UTC.
        message.push(MessagePart::Other, "SET SESSION time_zone = '+00:00'");
        if is_inside {
            self.in_transaction = true;
            message.push(MessagePart::Other, "START TRANSACTION");
            message.push(MessagePart::Other, MARK);
        }
        if let Some(lock) = &self.lock {
            lock.guard(&mut message);
        }
        self.limit(&mut message);
        message.push(MessagePart::Show(0), ENDED);
        let before = ends(&self.deliver(message).await?);
        if is_inside {
            let nested = passed::nest(self.connection.get()).await;
            nested.map_err(|error| database(error, "to begin a transaction"))?;
        } else {
            let none = passed::count_none(self.connection.get()).await;
            none.map_err(|error| database(error, "to leave transactions to a revision"))?;
        }
        point::reached(point::BEFORE_STATEMENT);
        let result = self
            .call(function, RevisionJournal::outside(tables, entry))
            .await;
        self.left_trace = true;
        if let Err(error) = result {
            self.left_trace = !(is_inside && self.undo().await.unwrap_or(false));
            self.in_transaction = false;
            return Err(rust_cause(0, error));
        }
        let mut message = Message::default();
        self.unlimit(&mut message);
        message.push(MessagePart::Show(0), ENDED);
        if is_inside && ends(&self.deliver(message).await?) != before {
            let _ = self.roll_back().await;
            return Err(Cause::Meddled {
                index: 0,
                what: "ended the transaction that it runs in".into(),
            });
        }
        point::reached(point::BEFORE_RECORD);
        self.record(tables, entry, started.elapsed(), true).await?;
        if !is_inside && self.connection.is_borrowed() {
            let counted = passed::count(self.connection.get()).await;
            counted.map_err(|error| database(error, "to go on after a revision"))?;
        }
        self.left_trace = false;
        self.in_transaction = false;
        point::reached(point::AFTER_COMMIT);
        Ok(())
    }

    async fn call(
        &mut self,
        function: RevisionFn,
        journal: Option<RevisionJournal<'_>>,
    ) -> Result<(), crate::RevisionError> {
        let mut plain = MySqlExecutor(self.connection.get(), journal);
        let mut context = Context::new(&mut plain);
        let calling = function(&mut context);
        match &mut self.lock {
            Some(Lock::Lease(lease)) => lease.during(calling).await,
            _ => calling.await,
        }
    }

    /// Rolls back, and says whether all was undone: the transaction is the one that we began, and the server does not
    /// warn of tables that have none.
    async fn undo(&mut self) -> Result<bool, sqlx::Error> {
        let is_whole = execute(self.connection.get(), UNDO).await.is_ok();
        let rolled_back = "ROLLBACK;\nSHOW WARNINGS";
        let warnings = sqlx::raw_sql(rolled_back).fetch_optional(self.connection.get());
        Ok(warnings.await?.is_none() && is_whole)
    }

    /// Finds out whether a statement that was cut off took effect.
    pub async fn look(
        &mut self,
        tables: &Tables,
        statement: &str,
        has_failed: bool,
    ) -> Result<InFlight, Cause> {
        // A failure that may have left something is not written down as one.
        if has_failed {
            return Ok(InFlight::RunAgain);
        }
        match kind(statement) {
            StatementKind::Control("COMMIT") => Ok(InFlight::Done),
            StatementKind::Setup
            | StatementKind::Repeatable
            | StatementKind::Control(_)
            | StatementKind::Refused(_) => Ok(InFlight::RunAgain),
            StatementKind::Rows if self.has_only_transactional_tables(statement).await? => {
                Ok(InFlight::RunAgain)
            }
            StatementKind::Rows => Ok(InFlight::InDoubt(
                "a table without transactions may hold a part of what it did: look at the rows",
            )),
            StatementKind::Other => Ok(InFlight::InDoubt("look at what it was to do")),
            StatementKind::Definition(_) => self.look_at_definitions(tables, statement).await,
        }
    }

    async fn look_at_definitions(
        &mut self,
        tables: &Tables,
        statement: &str,
    ) -> Result<InFlight, Cause> {
        let failed = |error| database(error, "to look at what a statement has done");
        let connection = self.connection.get();
        let noted = super::read::read_evidence(connection, tables).await;
        let Some(evidence) = noted.map_err(failed)? else {
            return Ok(InFlight::InDoubt("look whether what it changes is there"));
        };
        let seen = evidence::compare(connection, statement, &evidence).await;
        Ok(match seen.map_err(failed)? {
            DefinitionChange::Unchanged => InFlight::RunAgain,
            DefinitionChange::Changed => InFlight::Done,
            DefinitionChange::Partly => {
                InFlight::InDoubt("some of what it changes is as it was before, and some is not")
            }
            DefinitionChange::Edited => InFlight::InDoubt(
                "the statement was edited since it was cut off: look at what the one before was to do",
            ),
        })
    }
}

/// The revision's `LAST_INSERT_ID()` outlives a record.
const KEEP_ID: &str = "SET @embed_migrations_id = LAST_INSERT_ID()";
const GIVE_ID_BACK: &str = "DO LAST_INSERT_ID(@embed_migrations_id)";

const START: &str = "SET @embed_migrations_started = UNIX_TIMESTAMP(SYSDATE(6))";

/// How often the session has ended a transaction by a statement of its own. A schema change does not count, and a savepoint
/// neither.
const ENDED: &str =
    "SHOW SESSION STATUS WHERE Variable_name IN ('Com_begin', 'Com_commit', 'Com_rollback')";

fn ends(answers: &Answers) -> Vec<Option<String>> {
    let shown = answers
        .iter()
        .filter(|(part, _)| *part == MessagePart::Show(0));
    shown.map(|(_, row)| row.text(1).ok().flatten()).collect()
}

/// By these it is seen that a revision's transaction is the one that it began in.
const MARK: &str = "SAVEPOINT embed_migrations_revision";
const UNDO: &str = "ROLLBACK TO SAVEPOINT embed_migrations_revision";

/// Whether a statement that fails may have done a part of its work. The server undoes a change of one definition.
fn may_leave_a_trace(kind: &StatementKind, failure: &Cause) -> bool {
    let Cause::Statement { error, .. } = failure else {
        // It was not sent.
        return false;
    };
    match kind {
        StatementKind::Rows | StatementKind::Other => true,
        // All locks come before all changes.
        StatementKind::Definition(objects) => objects.len() > 1 && !code::gave_up(error),
        StatementKind::Setup
        | StatementKind::Repeatable
        | StatementKind::Control(_)
        | StatementKind::Refused(_) => false,
    }
}
