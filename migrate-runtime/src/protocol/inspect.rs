//! Commands that only read: status, check, plan, and waiting for another process.

use std::collections::HashSet;
use std::time::Duration;

use migrate_chain::target::Target;
use migrate_chain::{Digest, Revision};

use super::goal::Goal;
use super::outside::unfinished;
use super::run::Run;
use super::verify;
use super::view::{GraphView, Views, edited};
use super::wait::{Wait, seconds};
use super::{adopt, edits};
use crate::journal::state::State;
use crate::values::error::{Error, ErrorKind};
use crate::values::status::{AheadRevision, Status};
use crate::{Direction, Event, Plan, PlannedStep};

impl Run<'_> {
    /// The plan, without running it.
    pub async fn preview(mut self, mut goal: Goal) -> Result<Plan, Error> {
        let mut state = self.state().await?;
        let mut views = Views::new(self.migrations);
        if goal.direction == Direction::Upgrade {
            state = self.as_taken_over(&views.chain, state).await?;
        }
        let steps = self.plan(&mut views, &mut goal, &state).await?;
        let planned = steps
            .iter()
            .map(|step| PlannedStep::new(step.revision, step.direction));
        Ok(Plan {
            steps: planned.collect(),
        })
    }

    /// The digests that the journal has for a revision, each once, oldest first.
    pub async fn recorded_digests(mut self, revision: &str) -> Result<Vec<Digest>, Error> {
        let state = self.state().await?;
        let mut digests = Vec::new();
        for row in self.journal(&state).await? {
            let is_applied =
                row.event.is_record() && row.direction.of_run() != Some(Direction::Downgrade);
            if let Some(digest) = row
                .digest
                .filter(|_| is_applied && row.revision == revision)
                && !digests.contains(&digest)
            {
                digests.push(digest);
            }
        }
        Ok(digests)
    }

    /// The status of the database.
    pub async fn status(&mut self) -> Result<Status, Error> {
        let state = self.state().await?;
        self.refuse_lost_rows(&state).await?;
        let mut views = Views::new(self.migrations);
        let known = verify::rows(&views.chain, self.tables.dialect, &state);
        let mut status = Status {
            current: state.ids(),
            unknown: known.unknown,
            ..Status::default()
        };
        if state.unfinished {
            let journal = self.journal(&state).await?;
            let run = unfinished::unfinished(&journal, &self.tables)?;
            status.unfinished = run.map(unfinished::UnfinishedRun::status);
        }
        if known.has_edits {
            let journal = self.journal(&state).await?;
            let edited = edited(&views.chain, self.tables.dialect, &status.current, &journal);
            status.edited = edited
                .iter()
                .map(|revision| revision.id().to_owned())
                .collect();
            if status.edited.is_empty() {
                status.edited.clone_from(&status.current);
            }
        }
        status.adoption = self.adoption(&views.chain, &state).await?;
        if status.unknown.is_empty() {
            let rows = match &status.adoption {
                Some(adoption) => {
                    let graph = &views.chain.graph;
                    let adopted = graph.find_all(adoption.to_adopt.iter().map(String::as_str));
                    adopt::rows_after(graph, &state, &adopted)
                }
                None => status.current.clone(),
            };
            let chain = &views.chain;
            verify::refuse_overlaps(chain, &self.tables, &status.current)?;
            let plan = chain.graph.upgrade(&rows, &Target::heads())?;
            let planned = |step: &migrate_chain::plan::Step| {
                PlannedStep::new(chain.revision(step.revision), Direction::Upgrade)
            };
            status.pending = plan.steps().iter().map(planned).collect();
        } else {
            self.look_beyond(&mut views, &state).await?;
            let recorded = views.whole().recorded().iter().rev();
            status.ahead = recorded.map(AheadRevision::new).collect();
        }
        Ok(status)
    }

    /// The status of the database once it can be locked: then no other connection has work in hand.
    pub async fn status_when_idle(&mut self) -> Result<Status, Error> {
        let mut wait = Wait::new(self.options.lock_deadline);
        loop {
            let Err(failure) = self.lock(true).await else {
                break;
            };
            if let super::run::AttemptOutcome::Busy { holder } =
                self.interrupted(failure, &State::default(), &[])?
            {
                self.wait(&mut wait, &holder).await?;
            }
        }
        let status = self.status().await;
        self.session.unlock().await;
        status
    }

    /// An error unless the database is at the head.
    pub async fn check(&mut self) -> Result<(), Error> {
        let state = self.state().await?;
        if self.is_current(&state) {
            return Ok(());
        }
        let status = self.status().await?;
        if status
            .adoption
            .as_ref()
            .is_some_and(|found| found.obstacle.is_some())
        {
            self.adoptable(&GraphView::new(self.migrations), &state)
                .await?;
        }
        if !status.unknown.is_empty() {
            let goal = Goal::new(Direction::Upgrade, None)?;
            let chain = GraphView::new(self.migrations);
            return self.ahead(&chain, &goal, &status.unknown, &state).await;
        }
        if !status.edited.is_empty() {
            let ids: HashSet<&str> = status.edited.iter().map(String::as_str).collect();
            let edited = |revision: &&Revision| ids.contains(revision.id());
            let edited: Vec<&Revision> =
                self.migrations.revisions().iter().filter(edited).collect();
            let journal = self.journal(&state).await?;
            return Err(edits::error(
                self.migrations,
                self.tables.dialect,
                &edited,
                &status.current,
                &journal,
            ));
        }
        Err(verify::not_current(&status))
    }

    /// Polls until the database is at the head. So much of the timeout is spent already.
    pub async fn wait_until_current(
        mut self,
        timeout: Duration,
        spent: Duration,
    ) -> Result<(), Error> {
        let left = timeout.saturating_sub(spent);
        self.options.lock_deadline = self.options.lock_deadline.min(left);
        let mut wait = Wait::new(left);
        loop {
            let error = match self.check().await {
                Ok(()) => return Ok(()),
                // Only these can pass by themselves.
                Err(error) if matches!(error.kind(), ErrorKind::NotCurrent | ErrorKind::Locked) => {
                    error
                }
                Err(error) => return Err(error),
            };
            if wait.is_over() {
                let waited = format!("waited {} for another process to migrate", seconds(timeout));
                return Err(error.note(waited));
            }
            self.options.emit(&Event::Waiting {
                holder: "another process".to_owned(),
                waited: self.waited,
            });
            self.waited += wait.sleep().await;
        }
    }
}
