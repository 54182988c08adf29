//! Revisions outside a transaction: an intent row before, a journal row after each statement, and resuming after a crash.

use std::time::Instant;

use migrate_chain::sql::open_transaction;
use migrate_chain::{Checksum, Dialect};
use tracing::Instrument as _;

use super::retry::Retries;
use super::step::{Code, Narrator, Step};
use super::view::{View, Views};
use super::{Outcome, Run, failure, verify};
use crate::database::{
    Failure, InFlight, Progress as _, State, Transactional, Work, database_message,
};
use crate::error::{Error, ErrorKind};
use crate::journal::{Entry, JournalEvent, JournalRow, Record, next_hash, statements_hash};
use crate::runner::Resolution;
use crate::status::Unfinished;
use crate::tables::{RowChanges, Tables};
use crate::{Direction, Report, point};

/// What the end of the journal tells of a revision that is under way.
pub(super) struct UnfinishedRun {
    pub(super) revision: String,
    direction: Direction,
    statements: usize,
    hash: Option<Checksum>,
    /// It is a Rust revision that goes on after its last batch.
    is_in_batches: bool,
    /// A statement failed and left no trace; otherwise the process, or the server, went away.
    failed: bool,
    error: Option<String>,
}

impl UnfinishedRun {
    /// The error that stops a downgrade, with the way to give this revision up.
    pub(super) fn before_a_downgrade(&self, error: Error) -> Error {
        let id = &self.revision;
        if self.direction == Direction::Downgrade {
            return error;
        }
        error.note(format!(
            "a downgrade first finishes a revision that is interrupted; to give it up instead, undo by hand what it did, \
             and run `cargo migrate resolve {id} --not-applied`"
        ))
    }

    pub(super) fn status(self) -> Unfinished {
        Unfinished {
            revision: self.revision,
            direction: self.direction,
            statements_done: self.statements,
            error: self.error,
        }
    }
}

/// Reads the end of the journal.
///
/// # Errors
/// That it says of a stamp that it is under way.
pub(super) fn unfinished(
    journal: &[JournalRow],
    tables: &Tables,
) -> Result<Option<UnfinishedRun>, Error> {
    let Some(last) = journal.last().filter(|last| last.event.is_unfinished()) else {
        return Ok(None);
    };
    let direction = last.direction.of_run();
    Ok(Some(UnfinishedRun {
        revision: last.revision.clone(),
        direction: direction.ok_or_else(|| stamp_under_way(last, tables))?,
        statements: last.statements,
        hash: last.statements_hash,
        is_in_batches: last.event == JournalEvent::Batch,
        failed: last.event == JournalEvent::Failed,
        error: last.error.clone(),
    }))
}

fn stamp_under_way(last: &JournalRow, tables: &Tables) -> Error {
    let summary = format!(
        "the last row of `{}` has the event `{}` and the direction `{}`, which no run writes together",
        tables.journal_name,
        last.event.name(),
        last.direction.name()
    );
    Error::new(ErrorKind::Tables, summary)
        .help("nothing was changed; look at how the row came there, and delete it")
}

impl<'a> Run<'a> {
    /// Runs a revision outside a transaction, from its start.
    pub(super) async fn run_outside(
        &mut self,
        state: &State,
        step: &Step<'_>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        self.note_intent(state, step, 0).await?;
        let state = State {
            unfinished: true,
            has_version_table: true,
            has_journal: true,
            rows: state.rows.clone(),
        };
        self.go_on(&state, step, 0, report)
            .instrument(step.span())
            .await
    }

    /// Writes down that what follows the first `done` statements is about to run.
    async fn note_intent(
        &mut self,
        state: &State,
        step: &Step<'_>,
        done: usize,
    ) -> Result<(), Failure> {
        let statements = step.split(self.tables.dialect);
        let behind = statements.get(..done).unwrap_or_default();
        let entry = Entry {
            statements_hash: statements_hash(self.tables.dialect, behind.iter().copied()),
            next: statements.get(done).copied(),
            ..step.entry(JournalEvent::Started, done)
        };
        let intent = [Transactional::record_only(Record {
            entry,
            changes: RowChanges::default(),
        })];
        let mut silent = Narrator::silent(&self.options);
        self.session
            .run(&self.tables, state, &intent, &mut silent)
            .await?;
        point::reached(point::AFTER_INTENT);
        Ok(())
    }

    /// Runs what follows the first `done` statements, and records the revision as done.
    async fn go_on(
        &mut self,
        state: &State,
        step: &Step<'_>,
        done: usize,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let started = Instant::now();
        let keeps_keys = step.revision.keeps_foreign_keys();
        if !keeps_keys {
            self.session.suspend_keys(done > 0).await?;
        }
        let steps = std::slice::from_ref(step);
        let mut narrator = Narrator::new(&self.options, steps);
        narrator.started(0);
        let statements = step.split(self.tables.dialect);
        let dialect = self.tables.dialect;
        // A Rust revision has none, and is done with one.
        let behind = statements.get(..done).unwrap_or_default();
        let mut hash = statements_hash(dialect, behind.iter().copied());
        for (n, statement) in statements.iter().enumerate().skip(done) {
            hash = Some(next_hash(dialect, hash, statement));
            let entry = Entry {
                statements_hash: hash,
                next: statements.get(n + 1).copied(),
                ..step.entry(JournalEvent::Statement, n + 1)
            };
            let mut retries = Retries::of(&self.options, steps);
            loop {
                let work = Work::Sql(statement);
                let ran = self.session.run_outside(&self.tables, work, &entry).await;
                let Err(failure) = ran else { break };
                let may_retry = self.session.can_retry(&failure, Some(statement));
                if let Err(failure) = retries.pause(failure, may_retry).await {
                    let done = &statements[..n];
                    return Err(self.note_failure(state, step, done, failure).await);
                }
            }
            narrator.statement(0, n);
        }
        if let (Code::Rust(Some(function)), 0) = (&step.code, done) {
            let entry = step.entry(JournalEvent::Statement, 1);
            let work = Work::Rust(*function);
            if let Err(failure) = self.session.run_outside(&self.tables, work, &entry).await {
                return Err(self.note_failure(state, step, &[], failure).await);
            }
        }
        let mut silent = Narrator::silent(&self.options);
        let record = [Transactional {
            foreign_keys: step.revision.foreign_keys(),
            ..Transactional::record_only(step.record())
        }];
        self.session
            .run(&self.tables, state, &record, &mut silent)
            .await?;
        if !keeps_keys {
            self.session.enforce_keys().await?;
        }
        narrator.finished(0, started.elapsed());
        report.steps.extend(narrator.done());
        Ok(())
    }

    /// Writes down that a statement failed, so that the next start knows that it was not cut off.
    async fn note_failure(
        &mut self,
        state: &State,
        step: &Step<'_>,
        done: &[&str],
        failure: Failure,
    ) -> Failure {
        // What may have done something is left as if it had been cut off.
        if !self.session.left_no_trace(&failure) {
            return of_statement(failure, done.len());
        }
        let message = match &failure {
            Failure::Statement { error, .. } => database_message(error),
            Failure::Rust { error, .. } => error.to_string(),
            Failure::Cascade { losses, .. } => losses.join("; "),
            Failure::Refused { what, .. } => what.clone(),
            _ => return failure,
        };
        let failed = done.len();
        let done = &done[..settled(self.tables.dialect, done)];
        let entry = Entry {
            statements_hash: statements_hash(self.tables.dialect, done.iter().copied()),
            error: Some(&message),
            ..step.entry(JournalEvent::Failed, done.len())
        };
        let record = [Transactional::record_only(Record {
            entry,
            changes: RowChanges::default(),
        })];
        let mut silent = Narrator::silent(&self.options);
        // Without this row the next start finds the statement cut off and asks the database about it: no harm is done,
        // and the first error is the one to tell.
        let _ = self
            .session
            .run(&self.tables, state, &record, &mut silent)
            .await;
        of_statement(failure, failed)
    }

    /// Finishes what an earlier process left half-way, or says why it cannot be.
    pub(super) async fn finish_unfinished(
        &mut self,
        views: &mut Views<'a>,
        state: &State,
        report: &mut Report,
    ) -> Result<Outcome, Error> {
        if let Err(failure) = self.lock(true).await {
            return self.interrupted(failure, state, &[]);
        }
        // The process that was at work may have finished just before it gave the lock back.
        if !self.state().await?.is_still(state) {
            return Ok(Outcome::Again);
        }
        self.replans.go_on(state, &self.tables)?;
        let journal = self.journal(state).await?;
        let Some(run) = unfinished(&journal, &self.tables)? else {
            let holder = "another process, which has just finished a revision".to_owned();
            return Ok(Outcome::Busy { holder });
        };
        self.look_beyond(views, state).await?;
        self.undo_as_recorded(views, state, &journal, &run);
        let step = self.unfinished_step(views.whole(), state, &run)?;
        let done = self.done_already(&step, &run)?;
        if let Err(failure) = self.set_up_again(&step, &run, done).await {
            return self.interrupted(failure, state, std::slice::from_ref(&step));
        }
        let done = self.behind_in_flight(&step, &run, done).await?;
        if run.failed {
            // From now on a statement may be cut off again.
            if let Err(failure) = self.note_intent(state, &step, done).await {
                return self.interrupted(failure, state, &[]);
            }
        }
        let going = self
            .go_on(state, &step, done, report)
            .instrument(step.span());
        match going.await {
            Ok(()) => Ok(Outcome::Resumed),
            Err(failure) => self.interrupted(failure, state, std::slice::from_ref(&step)),
        }
    }

    /// Runs those of the statements that are done again that set up the connection, which is a new one.
    async fn set_up_again(
        &mut self,
        step: &Step<'_>,
        run: &UnfinishedRun,
        done: usize,
    ) -> Result<(), Failure> {
        for statement in step.split(self.tables.dialect).iter().take(done) {
            if !self.session.is_connection_setup(statement) {
                continue;
            }
            let entry = Entry {
                statements_hash: run.hash,
                ..step.entry(JournalEvent::Started, run.statements)
            };
            let work = Work::Sql(statement);
            let set_up = self.session.run_outside(&self.tables, work, &entry).await;
            if let Err(failure) = set_up
                && !self.session.is_set_up(&failure)
            {
                return Err(failure);
            }
        }
        Ok(())
    }

    /// How many statements are done, the one that was in flight included if it is.
    async fn behind_in_flight(
        &mut self,
        step: &Step<'_>,
        run: &UnfinishedRun,
        done: usize,
    ) -> Result<usize, Error> {
        let statements = step.split(self.tables.dialect);
        let Some(next) = statements.get(done) else {
            return Ok(done);
        };
        match self.session.in_flight(&self.tables, next, run.failed).await {
            Ok(InFlight::Done) => Ok(done + 1),
            Ok(InFlight::RunAgain) => Ok(done),
            Ok(InFlight::InDoubt(look)) => Err(self.statement_in_doubt(step, done, look)),
            Err(failure) => Err(failure::error(
                self.migrations,
                &*self.session,
                failure,
                std::slice::from_ref(step),
            )),
        }
    }

    /// The step that the run belongs to, with the change of rows that is still to come.
    fn unfinished_step<'v>(
        &self,
        view: &'v View<'_>,
        state: &State,
        run: &UnfinishedRun,
    ) -> Result<Step<'v>, Error> {
        let graph = &view.graph;
        let known = verify::rows(view, self.tables.dialect, state);
        let index = graph
            .find(&run.revision)
            .filter(|_| known.unknown.is_empty());
        let index = index.ok_or_else(|| unknown_half_way(run))?;
        let rows = graph.find_all(state.rows.iter().map(|row| &*row.revision));
        let mut applied = graph.ancestors(&rows);
        applied[index] = run.direction == Direction::Upgrade;
        let applied: Vec<usize> = (0..applied.len()).filter(|&n| applied[n]).collect();
        let after: Vec<String> = graph
            .maximal(&applied)
            .into_iter()
            .map(|row| graph.id(row).to_owned())
            .collect();
        let changes = RowChanges::between(&state.ids(), &after);
        let mut step = Step::new(view, self.tables.dialect, index, run.direction, changes);
        step.is_outside = true;
        Ok(step)
    }

    /// How many statements need not run again.
    fn done_already(&self, step: &Step<'_>, run: &UnfinishedRun) -> Result<usize, Error> {
        if let Code::Rust(function) = &step.code {
            return match (function, run.statements, run.failed) {
                (None, ..) => Err(verify::not_embedded(step.revision)),
                (Some(_), 0, false) if !run.is_in_batches => Err(self.in_doubt(step)),
                (Some(_), done, _) => Ok(done),
            };
        }
        let statements = step.split(self.tables.dialect);
        let done = statements.get(..run.statements);
        let dialect = self.tables.dialect;
        let hash = |done: &[&str]| statements_hash(dialect, done.iter().copied());
        if done.is_none_or(|done| !done.is_empty() && run.hash != hash(done)) {
            return Err(self.edited_half_way(step, run));
        }
        Ok(run.statements)
    }

    /// Whether the statement behind the first `done` has done anything, nobody but its owner can tell.
    fn statement_in_doubt(&self, step: &Step<'_>, done: usize, look: &str) -> Error {
        let id = step.revision.id();
        let summary = format!(
            "the {} of revision `{id}` was cut off in statement {} of {}, and whether that was done is unknown",
            step.direction,
            done + 1,
            step.statements()
        );
        Error::new(ErrorKind::InDoubt, summary)
            .of_revision(id, step.direction)
            .at(failure::statement_place(
                self.migrations,
                step,
                self.tables.dialect,
                done,
                None,
            ))
            .note(format!("{}: {look}", failure::outside(step)))
            .help(how_to_settle(id))
    }

    fn in_doubt(&self, step: &Step<'_>) -> Error {
        let id = step.revision.id();
        let summary = format!(
            "the {} of revision `{id}` was cut off, and what it did is unknown",
            step.direction
        );
        Error::new(ErrorKind::InDoubt, summary)
            .of_revision(id, step.direction)
            .at(failure::file_place(self.migrations, step.revision))
            .note(format!(
                "{}: only a look at the data tells how far it came",
                failure::outside(step)
            ))
            .help(how_to_settle(id))
    }

    fn edited_half_way(&self, step: &Step<'_>, run: &UnfinishedRun) -> Error {
        let id = step.revision.id();
        let summary = format!(
            "the {} of revision `{id}` stopped after {} statements, and these were edited since",
            step.direction, run.statements
        );
        Error::new(ErrorKind::Edited, summary)
            .of_revision(id, step.direction)
            .at(failure::file_place(self.migrations, step.revision))
            .help(format!("restore the file up to there, or settle the revision with `cargo migrate resolve {id}`"))
    }

    /// Settles a half-way revision as its owner says.
    pub(super) async fn settle(
        &mut self,
        views: &mut Views<'a>,
        revision: &str,
        resolution: Resolution,
    ) -> Result<Outcome, Error> {
        // The lock comes first: what was read before it may be long past when it is there.
        if let Err(failure) = self.lock(true).await {
            return self.interrupted(failure, &State::default(), &[]);
        }
        let state = &self.state().await?;
        self.replans.go_on(state, &self.tables)?;
        let journal = self.journal(state).await?;
        let run = unfinished(&journal, &self.tables)?;
        let Some(run) = run.filter(|run| run.revision == revision) else {
            return Err(Error::new(
                ErrorKind::Unsupported,
                format!("revision `{revision}` is not half-way"),
            )
            .help("`status` shows whether a revision has to be settled, and which"));
        };
        self.look_beyond(views, state).await?;
        self.undo_as_recorded(views, state, &journal, &run);
        let step = self.unfinished_step(views.whole(), state, &run)?;
        let is_complete = match resolution {
            Resolution::Applied => run.direction == Direction::Upgrade,
            Resolution::NotApplied => run.direction == Direction::Downgrade,
            Resolution::Retry => false,
        };
        let event = if resolution == Resolution::Retry {
            JournalEvent::Failed
        } else {
            JournalEvent::Abandoned
        };
        let entry = Entry {
            statements_hash: run.hash,
            ..step.entry(event, run.statements)
        };
        let record = if is_complete {
            step.record()
        } else {
            Record {
                entry,
                changes: RowChanges::default(),
            }
        };
        let mut rows = state.rows.clone();
        if is_complete {
            step.apply(&mut rows);
        }
        let mut silent = Narrator::silent(&self.options);
        let records = [Transactional::record_only(record)];
        match self
            .session
            .run(&self.tables, state, &records, &mut silent)
            .await
        {
            Ok(()) => Ok(Outcome::Done(
                rows.into_iter().map(|row| row.revision).collect(),
            )),
            Err(failure) => self.interrupted(failure, state, &[]),
        }
    }

    /// A downgrade goes on with the script that it began with.
    fn undo_as_recorded(
        &self,
        views: &mut Views<'a>,
        state: &State,
        journal: &[JournalRow],
        run: &UnfinishedRun,
    ) {
        let index = views.whole().graph.find(&run.revision);
        if let (Some(index), Direction::Downgrade) = (index, run.direction) {
            views.undo_as_recorded(self.tables.dialect, &state.ids(), journal, &[index]);
        }
    }
}

/// The failure of a statement that ran alone, with its number in the revision.
fn of_statement(mut failure: Failure, number: usize) -> Failure {
    match &mut failure {
        Failure::Statement { statement, .. }
        | Failure::Refused { statement, .. }
        | Failure::Cascade {
            statement: Some(statement),
            ..
        } => *statement = number,
        _ => {}
    }
    failure
}

/// What to do about a revision that is in doubt.
pub(super) fn how_to_settle(id: &str) -> String {
    format!(
        "settle it: `cargo migrate resolve {id} --applied`, `--not-applied` or `--retry`, or `Migrations::resolve`"
    )
}

/// How many statements stay done when the next one fails: a transaction of the revision's own is rolled back.
pub(super) fn settled(dialect: Dialect, done: &[&str]) -> usize {
    open_transaction(dialect, done).unwrap_or(done.len())
}

/// The rows cannot be set while a revision is half-way.
pub(super) fn not_over(run: &UnfinishedRun) -> Error {
    let id = &run.revision;
    let summary = format!(
        "the {} of revision `{id}` stopped half-way, and a stamp would forget it",
        run.direction
    );
    Error::new(ErrorKind::InDoubt, summary)
        .of_revision(id, run.direction)
        .help(format!("finish it by an upgrade, or {}", how_to_settle(id)))
}

fn unknown_half_way(run: &UnfinishedRun) -> Error {
    let id = &run.revision;
    Error::new(
        ErrorKind::InDoubt,
        format!(
            "the {} of revision `{id}` stopped half-way, and this binary does not know it",
            run.direction
        ),
    )
    .help("start the version of the app that has the revision: it goes on where it stopped")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_that_is_open_counts_from_its_begin() {
        let settled = |done: &[&str]| settled(Dialect::Sqlite, done);
        assert_eq!(settled(&[]), 0);
        assert_eq!(settled(&["SELECT 1", "SELECT 2"]), 2);
        assert_eq!(settled(&["SELECT 1", "BEGIN", "SELECT 2"]), 1);
        assert_eq!(settled(&["BEGIN", "SELECT 1", "COMMIT"]), 3);
        assert_eq!(settled(&["BEGIN", "ROLLBACK", "BEGIN IMMEDIATE"]), 2);
        assert_eq!(settled(&["BEGIN", "SAVEPOINT s", "ROLLBACK TO s"]), 0);
    }
}
