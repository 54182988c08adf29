//! A run on an open connection, and what each of its calls needs.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use migrate_chain::Revision;
use tracing::debug;

use super::failure;
use super::replan::Replans;
use super::step::PreparedStep;
use super::wait::Wait;
use crate::database::{Cause, Failure, Session};
use crate::journal::JournalRow;
use crate::journal::state::{State, VersionRow};
use crate::journal::tables::Tables;
use crate::values::error::{Error, ErrorKind};
use crate::values::options::Options;
use crate::{Event, Migrations, Report, point};

/// A run on an open connection.
pub struct Run<'a> {
    pub migrations: &'a Migrations,
    pub options: Options,
    pub session: Box<dyn Session + 'a>,
    pub tables: Tables,
    pub replans: Replans,
    pub started: Instant,
    pub waited: Duration,
}

/// How a try under the lock ended.
pub enum AttemptOutcome {
    Done(Vec<String>),
    /// An interrupted revision is resolved: read the state again, and continue.
    Resumed,
    /// Somebody else was first: read the state again.
    Again,
    /// Somebody else is at work: wait, and read the state again.
    Busy {
        holder: String,
    },
}

impl<'a> Run<'a> {
    pub fn new(
        migrations: &'a Migrations,
        options: Options,
        session: Box<dyn Session + 'a>,
    ) -> Self {
        let tables = Tables::new(
            session.dialect(),
            &migrations.settings,
            options.schema.as_deref(),
        );
        Self {
            migrations,
            options,
            session,
            tables,
            replans: Replans::for_chain(migrations.revisions().len()),
            started: Instant::now(),
            waited: Duration::ZERO,
        }
    }

    pub async fn lock(&mut self, outside: bool) -> Result<(), Failure> {
        point::reached(point::BEFORE_LOCK);
        self.session.try_lock(&self.tables, outside).await?;
        point::reached(point::AFTER_LOCK);
        Ok(())
    }

    /// The meaning of a failure for the run, which was planned for `state`.
    pub fn interrupted(
        &mut self,
        failure: Failure,
        state: &State,
        steps: &[PreparedStep<'_>],
    ) -> Result<AttemptOutcome, Error> {
        match &*failure.cause {
            Cause::Fenced => {
                self.replans.fenced(state, &self.tables)?;
                Ok(AttemptOutcome::Again)
            }
            Cause::Busy { holder } => {
                self.replans.waited();
                let holder = holder.clone();
                Ok(AttemptOutcome::Busy { holder })
            }
            _ => Err(self.error(failure, steps)),
        }
    }

    pub fn error(&self, failure: Failure, steps: &[PreparedStep<'_>]) -> Error {
        failure::error(self.migrations, failure, steps)
    }

    /// Reads the state; while another connection keeps readers out, it waits.
    pub async fn state(&mut self) -> Result<State, Error> {
        let mut wait = Wait::new(self.options.lock_deadline);
        loop {
            match self.session.state(&self.tables).await {
                Ok(state) => return Ok(state),
                Err(failure) => self.wait_to_read(failure, &mut wait).await?,
            }
        }
    }

    pub async fn journal(&mut self, state: &State) -> Result<Vec<JournalRow>, Error> {
        if !state.has_journal {
            return Ok(Vec::new());
        }
        let mut wait = Wait::new(self.options.lock_deadline);
        loop {
            match self.session.journal(&self.tables).await {
                Ok(rows) => return Ok(rows),
                Err(failure) => self.wait_to_read(failure, &mut wait).await?,
            }
        }
    }

    /// Waits if the database is only busy.
    ///
    /// # Errors
    /// That it is something else, or that the deadline is over.
    pub async fn wait_to_read(&mut self, failure: Failure, wait: &mut Wait) -> Result<(), Error> {
        if failure.kind == ErrorKind::Locked {
            return self
                .wait(wait, "another connection, which writes to it")
                .await;
        }
        Err(self.error(failure, &[]))
    }

    /// Tells of the wait, and waits once.
    pub async fn wait(&mut self, wait: &mut Wait, holder: &str) -> Result<(), Error> {
        self.options.emit(&Event::Waiting {
            holder: holder.to_owned(),
            waited: self.waited,
        });
        debug!(holder, "waiting");
        self.waited += wait.pause(holder).await?;
        Ok(())
    }

    /// Whether there is nothing to do: the rows are the heads, with the digests that this binary has for them.
    pub fn is_current(&self, state: &State) -> bool {
        let mut heads = self.migrations.store.heads();
        // As the rows are.
        heads.sort_unstable_by(|one, other| one.id().cmp(other.id()));
        let matches = |(row, head): (&VersionRow, &Cow<'_, Revision>)| {
            let accepts = |digest| head.accepts(digest, self.tables.dialect);
            head.id() == row.revision && row.digest.as_ref().is_none_or(accepts)
        };
        !state.unfinished
            && state.rows.len() == heads.len()
            && state.rows.iter().zip(&heads).all(matches)
    }

    pub fn finished(&self, mut report: Report) -> Report {
        report.duration = self.started.elapsed();
        report.waited = self.waited;
        report
    }
}

/// The state of the tables once something was recorded.
pub const CREATED: State = State {
    has_version_table: true,
    has_journal: true,
    rows: Vec::new(),
    unfinished: false,
    has_no_history: false,
};
