//! Setting the version rows without running anything.

use std::collections::BTreeSet;

use migrate_chain::target::Target;
use migrate_chain::{Dialect, Revision};

use super::outside::unfinished;
use super::run::{AttemptOutcome, Run};
use super::step;
use super::verify;
use super::view::{GraphView, edited};
use super::wait::Wait;
use crate::Report;
use crate::database::{Transactional, Untold};
use crate::journal::state::RowChanges;
use crate::journal::state::State;
use crate::journal::subject::Subject;
use crate::journal::tables::Tables;
use crate::journal::{Entry, JournalDirection, Record};
use crate::values::error::{Error, ErrorKind};
use crate::values::options::Replacing;

impl Run<'_> {
    /// Sets the rows without running anything.
    pub async fn stamp(
        mut self,
        targets: Vec<Target>,
        replacing: Replacing,
    ) -> Result<Report, Error> {
        let view = GraphView::new(self.migrations);
        let graph = &view.graph;
        let mut wait = Wait::new(self.options.lock_deadline);
        loop {
            let state = self.state().await?;
            if state.unfinished {
                let refused = self.refuse_unfinished(&state).await;
                self.session.unlock().await;
                if let AttemptOutcome::Busy { holder } = refused? {
                    self.wait(&mut wait, &holder).await?;
                }
                continue;
            }
            let stamp = graph
                .stamp(&state.ids(), &targets, replacing == Replacing::All)
                .map_err(verify::stamp_error)?;
            let mut after: Vec<String> = stamp
                .rows
                .iter()
                .map(|&row| graph.id(row).to_owned())
                .collect();
            after.sort_unstable();
            if replacing == Replacing::Covered {
                verify::refuse_forgetting(graph, &self.tables, &state.ids(), &stamp.rows)?;
            }
            let records = self.stamp_records(&view, &state, &after).await?;
            let set = (!records.is_empty()).then_some("stamped");
            let transactional: Vec<Transactional<'_>> = records
                .into_iter()
                .map(Transactional::record_only)
                .collect();
            let outcome = self.record(&state, &transactional, after).await;
            self.session.unlock().await;
            match outcome? {
                AttemptOutcome::Done(current) => {
                    return Ok(self.finished(Report {
                        current,
                        set,
                        ..Report::default()
                    }));
                }
                AttemptOutcome::Again | AttemptOutcome::Resumed => {}
                AttemptOutcome::Busy { holder } => self.wait(&mut wait, &holder).await?,
            }
        }
    }

    /// Writes records, if the state is still the one that they were made for; both tables are there then.
    async fn record(
        &mut self,
        state: &State,
        records: &[Transactional<'_>],
        after: Vec<String>,
    ) -> Result<AttemptOutcome, Error> {
        if let Err(failure) = self.lock(false).await {
            return self.interrupted(failure, state, &[]);
        }
        self.replans.go_on(state, &self.tables)?;
        let session = &mut self.session;
        let ran = if records.is_empty() {
            session.create_tables(&self.tables, state).await
        } else {
            session.run(&self.tables, state, records, &mut Untold).await
        };
        match ran {
            Ok(()) => Ok(AttemptOutcome::Done(after)),
            Err(failure) => self.interrupted(failure, state, &[]),
        }
    }

    /// Creates the two tables; whether anything was missing.
    pub async fn ensure_version(mut self) -> Result<bool, Error> {
        let mut wait = Wait::new(self.options.lock_deadline);
        loop {
            let state = self.state().await?;
            if state.has_version_table && state.has_journal {
                return Ok(false);
            }
            let created = self.record(&state, &[], Vec::new()).await;
            self.session.unlock().await;
            match created? {
                AttemptOutcome::Done(_) => return self.are_there().await,
                AttemptOutcome::Again | AttemptOutcome::Resumed => {}
                AttemptOutcome::Busy { holder } => self.wait(&mut wait, &holder).await?,
            }
        }
    }

    /// Looks whether the tables that were created can be found.
    async fn are_there(&mut self) -> Result<bool, Error> {
        let state = self.state().await?;
        if state.has_version_table && state.has_journal {
            return Ok(true);
        }
        let Tables {
            version_name,
            journal_name,
            ..
        } = &self.tables;
        let summary =
            format!("`{version_name}` and `{journal_name}` were created, and are not found");
        Err(Error::new(ErrorKind::Tables, summary)
            .help("look at the schema that the connection creates tables in, and at the rights to read them"))
    }

    /// A stamp would hide the rest of an interrupted revision. A run under way holds the lock, and is waited for.
    ///
    /// # Errors
    /// The revision was interrupted.
    async fn refuse_unfinished(&mut self, state: &State) -> Result<AttemptOutcome, Error> {
        if let Err(failure) = self.lock(true).await {
            return self.interrupted(failure, state, &[]);
        }
        if !self.state().await?.unfinished {
            return Ok(AttemptOutcome::Again);
        }
        match unfinished::unfinished(&self.journal(state).await?, &self.tables)? {
            Some(run) => Err(unfinished::not_over(&run)),
            None => Ok(AttemptOutcome::Again),
        }
    }

    /// The journal rows of a stamp: for each row that is new, for each that goes, and for each revision whose edit is
    /// accepted by it. The first carries the change of the version rows.
    async fn stamp_records<'v>(
        &mut self,
        view: &'v GraphView<'_>,
        state: &State,
        after: &[String],
    ) -> Result<Vec<Record<'v>>, Error> {
        let dialect = self.tables.dialect;
        let before = state.ids();
        let changes = RowChanges::between(&before, after);
        let journal = if state.has_journal {
            self.journal(state).await?
        } else {
            Vec::new()
        };
        let edited = edited(view, dialect, after, &journal);
        // A row above an edit carries another digest now, though its own file is as it was.
        let above = verify::changed_rows(view, dialect, state)
            .filter(|row| after.iter().any(|id| id == row.id()));
        let accepted = edited.into_iter().chain(above).map(Revision::id);
        let mut seen = BTreeSet::new();
        let set: Vec<&str> = changes
            .added
            .iter()
            .map(String::as_str)
            .chain(accepted)
            .filter(|id| seen.insert(*id))
            .collect();
        let record = |id, direction| Record {
            entry: stamped(view, dialect, id, direction),
            changes: RowChanges::default(),
        };
        // To stamp an empty table as base says that the revisions in the journal are not applied.
        let forgotten =
            verify::lost_rows(&journal).filter(|_| before.is_empty() && after.is_empty());
        let forgotten = forgotten.map(|row| row.revision.clone());
        let gone = changes.removed.iter().chain(&forgotten);
        let gone = gone.map(|id| record(id, JournalDirection::Downgrade));
        let set = set
            .into_iter()
            .map(|id| record(id, JournalDirection::Stamp));
        let mut records: Vec<Record<'v>> = gone.chain(set).collect();
        if let Some(first) = records.first_mut() {
            first.changes = changes;
        }
        Ok(records)
    }
}

/// The journal row for a version row that is set, or that goes.
pub fn stamped<'v>(
    view: &'v GraphView<'_>,
    dialect: Dialect,
    id: &str,
    direction: JournalDirection,
) -> Entry<'v> {
    let (subject, downgrade) = match view.graph.find(id) {
        Some(index) => {
            let revision = view.revision(index);
            let downgrade = (direction == JournalDirection::Stamp)
                .then(|| step::downgrade(revision, dialect))
                .flatten();
            let subject = Subject::of(revision, &view.graph, index, dialect);
            (subject, downgrade)
        }
        None => (Subject::unknown(id.to_owned()), None),
    };
    Entry::stamped(subject, direction, downgrade)
}
