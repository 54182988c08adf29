//! Running a revision statement by statement.

use std::time::Instant;

use tracing::Instrument as _;

use crate::database::{Failure, Progress as _, Transactional, Untold, Work};
use crate::journal::state::RowChanges;
use crate::journal::state::State;
use crate::journal::{Entry, JournalEvent, Record};
use crate::protocol::retry::Retries;
use crate::protocol::run::Run;
use crate::protocol::step::{Code, Narrator, PreparedStep};
use crate::sql::Script;
use crate::{Report, point};

impl Run<'_> {
    /// Runs a revision outside a transaction, from its start.
    pub async fn run_outside(
        &mut self,
        state: &State,
        step: &PreparedStep<'_>,
        report: &mut Report,
    ) -> Result<(), Failure> {
        self.note_intent(state, step, 0).await?;
        let state = State {
            unfinished: true,
            has_no_history: false,
            has_version_table: true,
            has_journal: true,
            rows: state.rows.clone(),
        };
        self.go_on(&state, step, 0, report)
            .instrument(step.span())
            .await
    }

    /// Writes down that what follows the first `done` statements is about to run.
    pub async fn note_intent(
        &mut self,
        state: &State,
        step: &PreparedStep<'_>,
        done: usize,
    ) -> Result<(), Failure> {
        let entry = Entry {
            statements_hash: step.hash(done),
            next: step.script().and_then(|script| script.statement(done)),
            ..step.entry(JournalEvent::Started, done)
        };
        let intent = [Transactional::record_only(Record {
            entry,
            changes: RowChanges::default(),
        })];
        self.session
            .run(&self.tables, state, &intent, &mut Untold)
            .await?;
        point::reached(point::AFTER_INTENT);
        Ok(())
    }

    /// Runs what follows the first `done` statements, and records the revision as done.
    pub async fn go_on(
        &mut self,
        state: &State,
        step: &PreparedStep<'_>,
        done: usize,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let started = Instant::now();
        let steps = std::slice::from_ref(step);
        let options = self.options.clone();
        let mut narrator = Narrator::new(&options, steps);
        narrator.started(0);
        if let Some(script) = step.script() {
            self.go_on_in_sql(state, step, script, done, &mut narrator)
                .await?;
        }
        if let (Code::Rust(Some(function)), 0) = (&step.code, done) {
            let entry = step.entry(JournalEvent::Statement, 1);
            let work = Work::Rust(*function);
            if let Err(failure) = self.session.run_outside(&self.tables, work, &entry).await {
                return Err(self.note_failure(state, step, 0, failure).await);
            }
        }
        let record = [Transactional {
            foreign_keys: step.revision.foreign_keys(),
            ..Transactional::record_only(step.record())
        }];
        self.session
            .run(&self.tables, state, &record, &mut Untold)
            .await?;
        narrator.finished(0, started.elapsed());
        report.steps.extend(narrator.done());
        Ok(())
    }

    /// Runs the statements after the first `done`.
    async fn go_on_in_sql(
        &mut self,
        state: &State,
        step: &PreparedStep<'_>,
        script: &Script<'_>,
        done: usize,
        narrator: &mut Narrator<'_>,
    ) -> Result<(), Failure> {
        for n in done..script.len() {
            let entry = Entry {
                statements_hash: script.hash(n + 1),
                next: script.statement(n + 1),
                ..step.entry(JournalEvent::Statement, n + 1)
            };
            let statement = script.alone(n);
            let options = self.options.clone();
            let mut retries = Retries::of(&options, std::slice::from_ref(step));
            loop {
                let work = Work::Sql(&statement);
                let ran = self.session.run_outside(&self.tables, work, &entry).await;
                let Err(failure) = ran else { break };
                if let Err(failure) = retries.pause(failure).await {
                    return Err(self.note_failure(state, step, n, failure).await);
                }
            }
            narrator.statement(0, n);
        }
        Ok(())
    }

    /// Writes down that a statement failed, so that the next start knows that it was not cut off.
    pub async fn note_failure(
        &mut self,
        state: &State,
        step: &PreparedStep<'_>,
        done: usize,
        failure: Failure,
    ) -> Failure {
        // A statement that may have done something is left as if it had been cut off.
        if failure.left_trace {
            return failure.of_statement(done);
        }
        let Some(message) = failure.message() else {
            return failure;
        };
        let kept = step.kept_after_failure(done);
        let entry = Entry {
            statements_hash: step.hash(kept),
            error: Some(&message),
            ..step.entry(JournalEvent::Failed, kept)
        };
        let record = [Transactional::record_only(Record {
            entry,
            changes: RowChanges::default(),
        })];
        // Without this row the next start finds the statement cut off and asks the database about it: no harm is done,
        // and the first error is the one to tell.
        let _ = self
            .session
            .run(&self.tables, state, &record, &mut Untold)
            .await;
        failure.of_statement(done)
    }
}
