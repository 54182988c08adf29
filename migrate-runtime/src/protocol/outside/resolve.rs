//! Resolving a revision that is in doubt.

use super::unfinished::unfinished;
use crate::database::{Transactional, Untold};
use crate::journal::state::RowChanges;
use crate::journal::state::State;
use crate::journal::{Entry, JournalEvent, Record};
use crate::protocol::run::{AttemptOutcome, Run};
use crate::protocol::view::Views;
use crate::protocol::wait::Wait;
use crate::values::error::{Error, ErrorKind};
use crate::values::options::Resolution;
use crate::{Direction, Report};

impl<'a> Run<'a> {
    /// Resolves an interrupted revision.
    pub async fn resolve(
        mut self,
        revision: &str,
        resolution: Resolution,
    ) -> Result<Report, Error> {
        let mut views = Views::new(self.migrations);
        let mut wait = Wait::new(self.options.lock_deadline);
        loop {
            let resolved = self
                .resolve_under_lock(&mut views, revision, resolution)
                .await;
            self.session.unlock().await;
            match resolved? {
                AttemptOutcome::Done(current) => {
                    return Ok(self.finished(Report {
                        current,
                        set: Some("resolved"),
                        ..Report::default()
                    }));
                }
                AttemptOutcome::Again | AttemptOutcome::Resumed => {}
                AttemptOutcome::Busy { holder } => self.wait(&mut wait, &holder).await?,
            }
        }
    }

    /// Resolves an interrupted revision as its owner says.
    pub async fn resolve_under_lock(
        &mut self,
        views: &mut Views<'a>,
        revision: &str,
        resolution: Resolution,
    ) -> Result<AttemptOutcome, Error> {
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
                format!("revision `{revision}` is not interrupted"),
            )
            .help("`status` names the revision to resolve, if there is one"));
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
        let records = [Transactional::record_only(record)];
        match self
            .session
            .run(&self.tables, state, &records, &mut Untold)
            .await
        {
            Ok(()) => Ok(AttemptOutcome::Done(
                rows.into_iter().map(|row| row.revision).collect(),
            )),
            Err(failure) => self.interrupted(failure, state, &[]),
        }
    }
}
