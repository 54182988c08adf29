//! Steps that run together.

use super::retry::Retries;
use super::run::Run;
use super::step::{Narrator, Step};
use crate::Report;
use crate::database::{Failure, Transactional};
use crate::journal::state::State;

impl Run<'_> {
    /// Runs steps in one transaction if that can hold them; otherwise there is one, which runs statement by statement.
    pub(super) async fn run_steps(
        &mut self,
        state: &State,
        steps: &mut [Step<'_>],
        report: &mut Report,
    ) -> Result<(), Failure> {
        for step in steps.iter_mut().filter(|step| !step.is_outside) {
            // Asked right before: a table without transactions may have come with the revision before this one.
            step.is_outside = !self.session.can_hold(step.work()).await?;
        }
        match steps {
            [step] if step.is_outside => self.run_outside(state, step, report).await,
            steps => self.run_batch(state, steps, report).await,
        }
    }

    /// Runs steps in one transaction.
    pub(super) async fn run_batch(
        &mut self,
        state: &State,
        steps: &[Step<'_>],
        report: &mut Report,
    ) -> Result<(), Failure> {
        let transactional: Vec<Transactional<'_>> =
            steps.iter().map(|step| step.transactional()).collect();
        let mut retries = Retries::of(&self.options, steps);
        loop {
            let mut narrator = Narrator::new(&self.options, steps);
            let ran = self
                .session
                .run(&self.tables, state, &transactional, &mut narrator)
                .await;
            match ran {
                Ok(()) => {
                    report.steps.extend(narrator.done());
                    return Ok(());
                }
                Err(failure) => {
                    let may_retry = self.session.can_retry(&failure, None);
                    retries.pause(failure, may_retry).await?;
                }
            }
        }
    }
}
