//! Revisions that a transaction can hold, each with its record: one message, and one commit.

use std::time::{Duration, Instant};

use tracing::Instrument as _;

use super::bookkeeping::{add, add_at_the_end};
use super::code::{self, SEVERAL_ROWS, database};
use super::engines::SqlNames;
use super::evidence;
use super::execute::execute;
use super::message::{Message, MessagePart, Stopped};
use super::session::{Due, MySqlSession};
use super::statement::{StatementKind, kind};
use crate::database::{Cause, Progress, Transactional, UntilCommit, Work};
use crate::journal::state::RowChanges;
use crate::journal::state::{State, VersionRow};
use crate::journal::tables::Tables;
use crate::journal::{Entry, JournalEvent};
use crate::point;
use crate::sql::Script;

impl MySqlSession<'_> {
    /// Whether a transaction can hold all of the work: its statements read and change rows only, of tables that have
    /// transactions.
    pub async fn holds(&mut self, work: Work<'_>) -> Result<bool, Cause> {
        let script = match work {
            Work::Nothing => return Ok(true),
            // The effect of a function is not known in advance.
            Work::Rust(_) => return Ok(false),
            Work::Sql(script) => script,
        };
        let is_of_rows = script
            .statements()
            .all(|one| kind(one) == StatementKind::Rows);
        Ok(is_of_rows && self.has_only_transactional_tables(script.text()).await?)
    }

    /// Whether all tables that the SQL may change have transactions, as far as this user can see them.
    pub async fn has_only_transactional_tables(&mut self, sql: &str) -> Result<bool, Cause> {
        let looking = "to look at the engines of the tables";
        let failed = |error| database(error, looking);
        let names = SqlNames::of(sql);
        let reached = self.engines().await.map_err(failed)?;
        let reached = reached.0.reach(reached.1, &names).await;
        Ok(!reached.map_err(failed)?)
    }

    /// Runs revisions in one transaction, if the state is the one they were planned for.
    pub async fn transaction(
        &mut self,
        tables: &Tables,
        expected: &State,
        revisions: &[Transactional<'_>],
        progress: &mut dyn Progress,
    ) -> Result<(), Cause> {
        self.left_trace = false;
        for revision in revisions {
            // Asked right before: a table without transactions may have come with the revision before this one.
            let runs = revision.record.entry.event == JournalEvent::Finished;
            if runs && !self.holds(revision.work).await? {
                return Err(Cause::NotHeld);
            }
        }
        self.create(tables, expected).await?;
        let mut state = expected.clone();
        // An intent that is due is overtaken by this record: nothing has begun.
        if self.due.take_if(|due| due.begins).is_some() {
            state.unfinished = false;
        }
        self.undo_traces().await?;
        if let [only] = revisions
            && is_intent(only)
        {
            self.due = None;
            return self.intend(tables, &state, &only.record.entry).await;
        }
        let mut progress = UntilCommit::new(progress);
        let ran = self
            .steps(tables, &mut state, revisions, &mut progress)
            .await;
        if ran.is_err() {
            // The first error is the one to tell; a connection that is broken rolls back as well.
            let _ = self.roll_back().await;
            return ran;
        }
        self.in_transaction = false;
        point::reached(point::AFTER_COMMIT);
        progress.committed();
        Ok(())
    }

    async fn steps(
        &mut self,
        tables: &Tables,
        state: &mut State,
        revisions: &[Transactional<'_>],
        progress: &mut UntilCommit<'_>,
    ) -> Result<(), Cause> {
        for (index, revision) in revisions.iter().enumerate() {
            let place = BatchPlace {
                index,
                is_first: index == 0,
                is_last: index + 1 == revisions.len(),
            };
            self.step(tables, state, revision, place, progress)
                .instrument(revision.span.clone())
                .await?;
        }
        Ok(())
    }

    /// One revision: the version rows first, which fences off other runs and locks the rows, then its statements, and its
    /// record.
    async fn step(
        &mut self,
        tables: &Tables,
        state: &mut State,
        revision: &Transactional<'_>,
        place: BatchPlace,
        progress: &mut UntilCommit<'_>,
    ) -> Result<(), Cause> {
        let started = Instant::now();
        progress.started(place.index);
        let record = &revision.record;
        let mut message = Message::default();
        if place.is_first {
            self.begin(&mut message);
        }
        self.change(tables, state, &record.changes, &mut message);
        if let Some(due) = &self.due {
            message.append(&due.message);
        }
        let mut message = match revision.work {
            Work::Sql(script) => self.script(script, message, place.index, progress).await?,
            Work::Rust(_) | Work::Nothing => message,
        };
        let has_work = !matches!(revision.work, Work::Nothing);
        match &self.lock {
            Some(lock) if has_work => lock.fence_with(&mut message, &tables.has_rows(state)),
            Some(lock) => lock.fence(&mut message),
            None if has_work => message.guard(MessagePart::Kept, &tables.has_rows(state)),
            None => {}
        }
        let add = add_at_the_end(tables, &record.entry, None);
        message.push(MessagePart::Journal, &add);
        if place.is_last {
            message.push(MessagePart::Other, "COMMIT");
        }
        point::reached(point::BEFORE_STATEMENT);
        point::reached(point::BEFORE_RECORD);
        self.tell(message, place.index, progress).await?;
        progress.took(started.elapsed());
        Ok(())
    }

    /// Begins a transaction under the settings that every revision starts with.
    fn begin(&mut self, message: &mut Message) {
        self.in_transaction = true;
        self.reset(message);
        message.push(MessagePart::Other, "START TRANSACTION");
    }

    /// Changes the version rows, if they are the expected ones and the lock is held. A record that changes none looks at
    /// them, so that nobody else can.
    fn change(
        &self,
        tables: &Tables,
        state: &mut State,
        changes: &RowChanges,
        message: &mut Message,
    ) {
        let mut hit = "";
        for change in tables.change_rows(changes) {
            if !hit.is_empty() {
                message.guard(MessagePart::State, "ROW_COUNT() = 1");
            }
            message.push(MessagePart::Change, &change);
            hit = "ROW_COUNT() = 1 AND ";
        }
        if hit.is_empty() {
            let look = format!("{} FOR UPDATE", tables.read_version());
            message.push(MessagePart::Other, &look);
        }
        apply(changes, state);
        let lock = self.lock.as_ref();
        let lock = lock.map_or_else(String::new, |lock| format!("{} AND ", lock.is_ours()));
        message.guard(
            MessagePart::State,
            &format!("{hit}{lock}{}", tables.is_state(state)),
        );
    }

    /// Adds the statements of a script. A full message is sent; the rest is returned.
    async fn script(
        &mut self,
        script: &Script<'_>,
        mut message: Message,
        index: usize,
        progress: &mut UntilCommit<'_>,
    ) -> Result<Message, Cause> {
        self.traces.add_script(script);
        self.limit(&mut message);
        for (n, statement) in script.statements().enumerate() {
            self.refuse_large(index, n, statement)?;
            if message.len() + statement.len() > self.server.slice() {
                self.tell(std::mem::take(&mut message), index, progress)
                    .await?;
            }
            message.push(MessagePart::Statement(n), statement);
        }
        self.unlimit(&mut message);
        Ok(message)
    }

    /// Refuses a statement that the server takes for a broken connection.
    pub fn refuse_large(&self, index: usize, number: usize, statement: &str) -> Result<(), Cause> {
        let (has, most) = (statement.len(), self.server.packet);
        if has + ROOM <= most {
            return Ok(());
        }
        let what = format!(
            "has a statement of {has} bytes, and max_allowed_packet of the server is {most}"
        );
        Err(Cause::Refused {
            index,
            statement: number,
            what,
            help: "raise max_allowed_packet of the server, or make several statements of it",
        })
    }

    /// Sends a message, and tells of each statement that is done.
    async fn tell(
        &mut self,
        message: Message,
        index: usize,
        progress: &mut UntilCommit<'_>,
    ) -> Result<(), Cause> {
        let mut done = |part: MessagePart| {
            if let MessagePart::Statement(n) = part {
                progress.statement(index, n);
            }
        };
        match self.send(message, &mut done).await {
            Ok(_) => Ok(()),
            Err(stopped) => Err(self.cause(stopped, index).await),
        }
    }

    /// Keeps the intent of a revision outside a transaction for the message with its first statement: the server runs that
    /// only if the intent was written.
    async fn intend(
        &mut self,
        tables: &Tables,
        state: &State,
        entry: &Entry<'_>,
    ) -> Result<(), Cause> {
        let evidence = self.evidence(entry).await?;
        let mut message = Message::default();
        // A revision that goes on has its own settings again.
        if entry.statements == 0 {
            self.reset(&mut message);
        }
        message.push(MessagePart::Other, "START TRANSACTION");
        self.change(
            tables,
            &mut state.clone(),
            &RowChanges::default(),
            &mut message,
        );
        message.push(
            MessagePart::Journal,
            &add(tables, entry, Duration::ZERO, evidence.as_deref()),
        );
        message.push(MessagePart::Due, "COMMIT");
        self.due = Some(Due {
            message,
            begins: true,
        });
        Ok(())
    }

    /// The tables are created outside of the transaction: a schema change would commit it.
    pub async fn create(&mut self, tables: &Tables, state: &State) -> Result<(), Cause> {
        let version = (!state.has_version_table).then(|| tables.create_version());
        let journal = (!state.has_journal).then(|| tables.create_journal());
        for create in version.into_iter().chain(journal) {
            let created = execute(self.connection.get(), &create).await;
            created
                .map_err(|error| database(error, "to create the version table and the journal"))?;
        }
        Ok(())
    }

    /// Something that tells later whether the statement after this record was done.
    pub async fn evidence(&mut self, entry: &Entry<'_>) -> Result<Option<String>, Cause> {
        let Some(next) = entry.next else {
            return Ok(None);
        };
        let seen = evidence::before(self.connection.get(), next).await;
        seen.map_err(|error| database(error, "to look at what is there before the statement"))
    }

    /// Why a message stopped.
    pub async fn cause(&mut self, stopped: Stopped, index: usize) -> Cause {
        let Stopped { part, error, .. } = stopped;
        let is_guard = code::is(&error, SEVERAL_ROWS);
        match part {
            MessagePart::Statement(statement) => {
                self.notes = super::notes::about(self.connection.get(), &error).await;
                Cause::Statement {
                    index,
                    statement,
                    at: None,
                    error,
                }
            }
            // The lock is gone, or another server has changed the lease: nothing was done yet.
            MessagePart::Lock if is_guard || code::gave_up(&error) => Cause::Fenced,
            MessagePart::State if is_guard => Cause::Fenced,
            // Another run was faster.
            MessagePart::Change if code::is(&error, code::DUPLICATE_KEY) => Cause::Fenced,
            MessagePart::Kept if is_guard => Cause::Meddled {
                index,
                what: self.broken_rule().await.into(),
            },
            MessagePart::Journal | MessagePart::Due => database(error, "to write the journal"),
            MessagePart::Lock | MessagePart::State | MessagePart::Change | MessagePart::Kept => {
                database(error, "to record the revision")
            }
            MessagePart::Show(_) => {
                database(error, "to look at what is there before the statement")
            }
            MessagePart::Connect(_) => database(error, "what `[connect]` in migrate.toml runs"),
            MessagePart::Other => database(error, "to begin or commit a transaction"),
        }
    }

    /// The rule that a revision broke: it gave the lock back, or changed the version table.
    async fn broken_rule(&mut self) -> &'static str {
        let Some(lock) = &self.lock else {
            return CHANGED;
        };
        let sql = format!("SELECT {}", lock.is_ours());
        let row = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).fetch_one(self.connection.get());
        let is_held = row
            .await
            .is_ok_and(|row| sqlx::Row::try_get::<i64, _>(&row, 0).is_ok_and(|held| held == 1));
        if is_held { CHANGED } else { RELEASED }
    }
}

const CHANGED: &str = "changed the version table, which is the runtime's";
const RELEASED: &str = "released the lock that keeps other runs out";

/// Room for the bookkeeping in a message.
const ROOM: usize = 1024;

#[derive(Clone, Copy)]
struct BatchPlace {
    index: usize,
    is_first: bool,
    is_last: bool,
}

fn is_intent(revision: &Transactional<'_>) -> bool {
    matches!(revision.work, Work::Nothing) && revision.record.entry.event == JournalEvent::Started
}

/// The state after a change of the version rows.
fn apply(changes: &RowChanges, state: &mut State) {
    state
        .rows
        .retain(|row| !changes.removed.contains(&row.revision));
    let added = changes.added.iter().map(|id| VersionRow {
        revision: id.clone(),
        digest: None,
    });
    state.rows.extend(added);
    state.rows.sort_unstable();
}
