//! Finishing a revision that was interrupted.

use tracing::Instrument as _;

use super::unfinished::{UnfinishedRun, unfinished, unknown_half_way};
use crate::database::{Failure, InFlight, Work};
use crate::journal::state::RowChanges;
use crate::journal::state::State;
use crate::journal::{Entry, JournalEvent, JournalRow};
use crate::protocol::failure::how_to_resolve;
use crate::protocol::place::{file_place, statement_place};
use crate::protocol::run::{AttemptOutcome, Run};
use crate::protocol::step::{Code, PreparedStep};
use crate::protocol::view::{GraphView, Views};
use crate::protocol::{failure, verify};
use crate::values::error::{Error, ErrorKind};
use crate::{Direction, Report};

impl<'a> Run<'a> {
    /// Finishes a revision that an earlier process left interrupted, or says why it cannot.
    pub async fn finish_unfinished(
        &mut self,
        views: &mut Views<'a>,
        state: &State,
        report: &mut Report,
    ) -> Result<AttemptOutcome, Error> {
        if let Err(failure) = self.lock(true).await {
            return self.interrupted(failure, state, &[]);
        }
        // The process that was at work may have finished just before it gave the lock back.
        if !self.state().await?.is_still(state) {
            return Ok(AttemptOutcome::Again);
        }
        self.replans.go_on(state, &self.tables)?;
        let journal = self.journal(state).await?;
        let Some(run) = unfinished(&journal, &self.tables)? else {
            let holder = "another process, which has just finished a revision".to_owned();
            return Ok(AttemptOutcome::Busy { holder });
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
            Ok(()) => Ok(AttemptOutcome::Resumed),
            Err(failure) => self.interrupted(failure, state, std::slice::from_ref(&step)),
        }
    }

    /// Runs those of the statements that are done again that set up the connection, which is a new one.
    pub async fn set_up_again(
        &mut self,
        step: &PreparedStep<'_>,
        run: &UnfinishedRun,
        done: usize,
    ) -> Result<(), Failure> {
        let Some(script) = step.script() else {
            return Ok(());
        };
        for (n, statement) in script.statements().enumerate().take(done) {
            if !self.session.is_connection_setup(statement) {
                continue;
            }
            let entry = Entry {
                statements_hash: run.hash,
                ..step.entry(JournalEvent::Started, run.statements)
            };
            let statement = script.alone(n);
            let work = Work::Sql(&statement);
            let set_up = self.session.run_outside(&self.tables, work, &entry).await;
            if let Err(failure) = set_up
                && !failure.is_set_up
            {
                return Err(failure.of_statement(n));
            }
        }
        Ok(())
    }

    /// How many statements are done, the one that was in flight included if it is.
    pub async fn behind_in_flight(
        &mut self,
        step: &PreparedStep<'_>,
        run: &UnfinishedRun,
        done: usize,
    ) -> Result<usize, Error> {
        let Some(next) = step.script().and_then(|script| script.statement(done)) else {
            return Ok(done);
        };
        match self.session.in_flight(&self.tables, next, run.failed).await {
            Ok(InFlight::Done) => Ok(done + 1),
            Ok(InFlight::RunAgain) => Ok(done),
            Ok(InFlight::InDoubt(look)) => Err(self.statement_in_doubt(step, done, look)),
            Err(failure) => Err(self.error(failure, std::slice::from_ref(step))),
        }
    }

    /// The step that the run belongs to, with the change of rows that is still to come.
    pub fn unfinished_step<'v>(
        &self,
        view: &'v GraphView<'_>,
        state: &State,
        run: &UnfinishedRun,
    ) -> Result<PreparedStep<'v>, Error> {
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
        let mut step = PreparedStep::new(view, self.tables.dialect, index, run.direction, changes);
        step.is_outside = true;
        Ok(step)
    }

    /// How many statements need not run again.
    pub fn done_already(
        &self,
        step: &PreparedStep<'_>,
        run: &UnfinishedRun,
    ) -> Result<usize, Error> {
        if let Code::Rust(function) = &step.code {
            return match (function, run.statements, run.failed) {
                (None, ..) => Err(verify::not_embedded(step.revision)),
                (Some(_), 0, false) if !run.is_in_batches => Err(self.in_doubt(step)),
                (Some(_), done, _) => Ok(done),
            };
        }
        let done = run.statements;
        if done > step.statements() || done > 0 && run.hash != step.hash(done) {
            return Err(self.edited_half_way(step, run));
        }
        Ok(run.statements)
    }

    /// Only the owner can tell whether the statement after the first `done` had any effect.
    pub fn statement_in_doubt(&self, step: &PreparedStep<'_>, done: usize, look: &str) -> Error {
        let id = step.revision.id();
        let summary = format!(
            "the {} of revision `{id}` was interrupted in statement {} of {}, and whether that took effect is unknown",
            step.direction,
            done + 1,
            step.statements()
        );
        Error::new(ErrorKind::InDoubt, summary)
            .of_revision(id, step.direction)
            .at(statement_place(self.migrations, step, done, None))
            .note(format!("{}: {look}", failure::outside(step)))
            .help(how_to_resolve(id))
    }

    pub fn in_doubt(&self, step: &PreparedStep<'_>) -> Error {
        let id = step.revision.id();
        let summary = format!(
            "the {} of revision `{id}` was interrupted, and what it did is unknown",
            step.direction
        );
        Error::new(ErrorKind::InDoubt, summary)
            .of_revision(id, step.direction)
            .at(file_place(self.migrations, step.revision))
            .note(format!(
                "{}: only a look at the data tells how far it came",
                failure::outside(step)
            ))
            .help(how_to_resolve(id))
    }

    pub fn edited_half_way(&self, step: &PreparedStep<'_>, run: &UnfinishedRun) -> Error {
        let id = step.revision.id();
        let summary = format!(
            "the {} of revision `{id}` stopped after {} statements, and these were edited since",
            step.direction, run.statements
        );
        Error::new(ErrorKind::Edited, summary)
            .of_revision(id, step.direction)
            .at(file_place(self.migrations, step.revision))
            .help(format!("restore the file up to there, or resolve the revision: `cargo migrate resolve {id}`"))
    }

    /// A downgrade goes on with the script that it began with.
    pub fn undo_as_recorded(
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
