//! An upgrade or a downgrade: attempts under the lock, until one is done.

use tracing::debug;

use super::adopt::Takeover;
use super::goal::Goal;
use super::outside::unfinished::unfinished;
use super::run::{AttemptOutcome, CREATED, Run};
use super::step::PreparedStep;
use super::view::{GraphView, Views};
use super::wait::Wait;
use super::{edits, step, verify, view};
use crate::journal::state::State;
use crate::values::error::Error;
use crate::values::options::{Ahead, TransactionMode};
use crate::{Direction, Event, Report, point};

impl<'a> Run<'a> {
    /// Upgrades or downgrades.
    pub async fn go(mut self, mut goal: Goal) -> Result<Report, Error> {
        let state = self.state().await?;
        let mut report = Report::default();
        if goal.direction == Direction::Upgrade && goal.is_default && self.is_current(&state) {
            report.current = state.ids();
            return Ok(self.finished(report));
        }
        let mut views = Views::new(self.migrations);
        let mut wait = Wait::new(self.options.lock_deadline);
        loop {
            let outcome = self.attempt(&mut views, &mut goal, &mut report).await;
            self.session.unlock().await;
            match outcome? {
                AttemptOutcome::Done(current) => {
                    report.current = current;
                    return Ok(self.finished(report));
                }
                AttemptOutcome::Resumed => {}
                AttemptOutcome::Again => {
                    debug!("another process changed the database first: planning again");
                    self.options.emit(&Event::Fenced);
                    wait = Wait::new(self.options.lock_deadline);
                }
                AttemptOutcome::Busy { holder } => self.wait(&mut wait, &holder).await?,
            }
        }
    }

    /// One try: the lock, the state, the plan, and its steps.
    pub async fn attempt(
        &mut self,
        views: &mut Views<'a>,
        goal: &mut Goal,
        report: &mut Report,
    ) -> Result<AttemptOutcome, Error> {
        let mut state = self.state().await?;
        if state.unfinished {
            self.look_beyond(views, &state).await?;
            goal.count_in_unfinished(&views.toward(goal.direction).graph, &state.ids());
            let outcome = self.finish_unfinished(views, &state, report).await;
            let outcome = match (outcome, goal.direction) {
                (Err(error), Direction::Downgrade) => {
                    Err(self.before_a_downgrade(&state, error).await)
                }
                (outcome, _) => outcome,
            }?;
            if let (AttemptOutcome::Resumed, Some(step)) = (&outcome, report.steps.last()) {
                let graph = &views.toward(goal.direction).graph;
                goal.resumed(graph, &step.revision, step.direction);
            }
            return Ok(outcome);
        }
        if goal.direction == Direction::Upgrade {
            match self.take_over(&views.chain, &state, report).await? {
                Takeover::Nothing => {}
                Takeover::Done(taken) => state = taken,
                Takeover::Stopped(outcome) => return Ok(outcome),
            }
        }
        let mut steps = self.plan(views, goal, &state).await?;
        let outside = steps.iter().any(|step| !step.revision.is_transactional());
        if let Err(failure) = self.lock(outside).await {
            return self.interrupted(failure, &state, &[]);
        }
        self.replans.go_on(&state, &self.tables)?;
        if !steps.is_empty() {
            self.options.emit(&Event::Planned {
                revisions: steps.len(),
            });
        }
        let together = match self.options.mode {
            TransactionMode::Single => steps.len().max(1),
            TransactionMode::PerRevision => 1,
        };
        for batch in steps.chunks_mut(together) {
            let ran = self.run_steps(&state, batch, report).await;
            if let Err(failure) = ran {
                return self.interrupted(failure, &state, batch);
            }
            goal.advance(batch.len());
            for step in batch {
                step.apply(&mut state.rows);
            }
            state = State {
                rows: state.rows,
                ..CREATED
            };
        }
        point::reached(point::BEFORE_RELEASE);
        Ok(AttemptOutcome::Done(state.ids()))
    }

    /// A downgrade waits for a revision that is interrupted and cannot be finished.
    pub async fn before_a_downgrade(&mut self, state: &State, error: Error) -> Error {
        let journal = self.journal(state).await.unwrap_or_default();
        match unfinished(&journal, &self.tables) {
            Ok(Some(run)) => run.before_a_downgrade(error),
            _ => error,
        }
    }

    /// Plans, and refuses what must not even begin.
    pub async fn plan<'v>(
        &mut self,
        views: &'v mut Views<'a>,
        goal: &mut Goal,
        state: &State,
    ) -> Result<Vec<PreparedStep<'v>>, Error> {
        if goal.direction == Direction::Downgrade {
            self.look_beyond(views, state).await?;
        }
        if goal.direction == Direction::Upgrade {
            self.refuse_lost_rows(state).await?;
        }
        let view = views.toward(goal.direction);
        let known = verify::rows(view, self.tables.dialect, state);
        if !known.unknown.is_empty() {
            return self
                .ahead(&views.chain, goal, &known.unknown, state)
                .await
                .map(|()| Vec::new());
        }
        let rows = state.ids();
        let is_upgrade = goal.direction == Direction::Upgrade;
        if is_upgrade {
            verify::refuse_overlaps(view, &self.tables, &rows)?;
        }
        let planned = goal.steps(&view.graph, &rows)?;
        let is_beyond = !view.recorded().is_empty() && !planned.is_empty();
        if known.has_edits && is_upgrade {
            let journal = self.journal(state).await?;
            let dialect = self.tables.dialect;
            let edited = view::edited(view, dialect, &rows, &journal);
            return Err(edits::error(
                self.migrations,
                dialect,
                &edited,
                &rows,
                &journal,
            ));
        }
        if (known.has_edits || is_beyond) && !is_upgrade {
            let undone: Vec<usize> = planned.iter().map(|step| step.revision).collect();
            let journal = self.journal(state).await?;
            views.undo_as_recorded(self.tables.dialect, &rows, &journal, &undone);
        }
        let view = views.toward(goal.direction);
        let steps = step::steps(&self.tables, view, &planned, goal.direction);
        verify::can_run(
            self.migrations,
            self.tables.dialect,
            self.options.mode,
            &steps,
        )?;
        Ok(steps)
    }

    /// An empty version table would let all revisions run again, whatever the journal says.
    pub async fn refuse_lost_rows(&mut self, state: &State) -> Result<(), Error> {
        if !state.rows.is_empty() || verify::lost_rows(&self.journal(state).await?).is_none() {
            return Ok(());
        }
        // Another run may have recorded it after the rows were read.
        if !self.state().await?.rows.is_empty() {
            return Ok(());
        }
        verify::refuse_lost_rows(&self.journal(state).await?, &self.tables)
    }

    /// Reads in the journal of what is applied and not of the chain, as far as it tells. What it does not tell is unknown
    /// still, and refused as such.
    pub async fn look_beyond(&mut self, views: &mut Views<'a>, state: &State) -> Result<(), Error> {
        let ids = state.ids();
        if views.whole().has_all(ids.iter()) || verify::replaced(self.migrations, &ids).is_some() {
            return Ok(());
        }
        let journal = self.journal(state).await?;
        let before = views.beyond.take();
        views.beyond = GraphView::beyond(&views.chain, before, &ids, &journal).ok();
        Ok(())
    }

    /// Rows that the chain does not have: an error, unless the policy allows them and nothing of ours is missing.
    pub async fn ahead(
        &mut self,
        chain: &GraphView<'a>,
        goal: &Goal,
        unknown: &[String],
        state: &State,
    ) -> Result<(), Error> {
        let replaced = verify::replaced(self.migrations, unknown);
        if let Some(error) = replaced {
            return Err(error);
        }
        let journal = self.journal(state).await?;
        let missing = verify::not_under(self.migrations, &chain.graph, &state.ids(), &journal);
        let may_pass = self.options.ahead == Ahead::Allow
            && goal.direction == Direction::Upgrade
            && goal.is_default
            && missing.is_empty();
        if may_pass {
            Ok(())
        } else {
            let beyond = GraphView::beyond(chain, None, &state.ids(), &journal);
            let can_be_undone = beyond.as_ref().is_ok_and(GraphView::can_be_undone);
            let error = verify::ahead_error(self.migrations, unknown, &missing, can_be_undone);
            Err(match beyond.err() {
                Some(gap) if goal.direction == Direction::Downgrade => {
                    error.note(format!("it cannot be undone from the journal: {gap}"))
                }
                _ => error,
            })
        }
    }
}
