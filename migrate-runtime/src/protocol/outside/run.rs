//! Running a revision statement by statement.

use std::time::Instant;

use tracing::Instrument as _;

use crate::database::{Failure, Progress as _, Transactional, Untold, Work};
use crate::journal::state::RowChanges;
use crate::journal::state::State;
use crate::journal::{Entry, JournalEvent, Record, next_hash, statements_hash};
use crate::protocol::failure::settled;
use crate::protocol::retry::Retries;
use crate::protocol::run::Run;
use crate::protocol::step::{Code, Narrator, Step};
use crate::{Report, point};

impl Run<'_> {
    /// Runs a revision outside a transaction, from its start.
    pub(in crate::protocol) async fn run_outside(
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
    pub(super) async fn note_intent(
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
        self.session
            .run(&self.tables, state, &intent, &mut Untold)
            .await?;
        point::reached(point::AFTER_INTENT);
        Ok(())
    }

    /// Runs what follows the first `done` statements, and records the revision as done.
    pub(super) async fn go_on(
        &mut self,
        state: &State,
        step: &Step<'_>,
        done: usize,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let started = Instant::now();
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
                if let Err(failure) = retries.pause(failure).await {
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

    /// Writes down that a statement failed, so that the next start knows that it was not cut off.
    pub(super) async fn note_failure(
        &mut self,
        state: &State,
        step: &Step<'_>,
        done: &[&str],
        failure: Failure,
    ) -> Failure {
        // What may have done something is left as if it had been cut off.
        if failure.left_trace {
            return failure.of_statement(done.len());
        }
        let Some(message) = failure.message() else {
            return failure;
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
        // Without this row the next start finds the statement cut off and asks the database about it: no harm is done,
        // and the first error is the one to tell.
        let _ = self
            .session
            .run(&self.tables, state, &record, &mut Untold)
            .await;
        failure.of_statement(failed)
    }
}
