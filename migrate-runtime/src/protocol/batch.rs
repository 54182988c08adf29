//! Steps that run together.

use super::retry::Retries;
use super::run::Run;
use super::step::{Narrator, PreparedStep};
use crate::Report;
use crate::database::{Cause, Failure, Transactional};
use crate::journal::state::State;

impl Run<'_> {
    /// Runs steps in one transaction if that can hold them; otherwise there is one, which runs statement by statement.
    pub async fn run_steps(
        &mut self,
        state: &State,
        steps: &mut [PreparedStep<'_>],
        report: &mut Report,
    ) -> Result<(), Failure> {
        if !matches!(steps, [step] if step.is_outside) {
            match (self.run_batch(state, steps, report).await, &mut *steps) {
                (Err(failure), [step]) if matches!(*failure.cause, Cause::NotHeld) => {
                    step.is_outside = true;
                }
                (ran, _) => return ran,
            }
        }
        self.run_outside(state, &steps[0], report).await
    }

    /// Runs steps in one transaction.
    pub async fn run_batch(
        &mut self,
        state: &State,
        steps: &[PreparedStep<'_>],
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
                Err(failure) => retries.pause(failure).await?,
            }
        }
    }
}
