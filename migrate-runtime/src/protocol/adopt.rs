//! Taking over the history of another tool: the revisions that it has applied are recorded as stamped, under both locks,
//! before anything runs.

mod history;
mod refusal;

pub use history::FoundHistory;
use std::collections::HashSet;

use migrate_chain::adopt::{Adopt, Tool};
use migrate_chain::graph::RevisionGraph;
use migrate_chain::{Dialect, Revision};

use super::run::{AttemptOutcome, CREATED, Run};
use super::stamp;
use super::view::GraphView;
use super::wait::Wait;
use crate::database::{Cause, Transactional, Untold, Work};
use crate::foreign::applied::{HistoryComparison, Ours, compare};
use crate::foreign::find::{self, HistoryTable};
use crate::foreign::rows::HistoryRow;
use crate::foreign::{lock, rows};
use crate::journal::state::{RowChanges, State, VersionRow};
use crate::journal::subject::Origin;
use crate::journal::tables::Tables;
use crate::journal::{JournalDirection, JournalEvent, Record};
use crate::sql::Script;
use crate::values::error::{Error, ErrorKind};
use crate::values::status::Adoption;
use crate::{Event, Report};

/// The result of a takeover.
pub enum Takeover {
    /// There was nothing to take over.
    Nothing,
    /// The revisions are recorded: the state is this now.
    Done(State),
    /// Read the state again, or wait.
    Stopped(AttemptOutcome),
}

impl Run<'_> {
    /// Takes over what another tool has applied, if the chain was imported from it.
    ///
    /// # Errors
    /// That the database has a history that this chain cannot have, or one that it says nothing about.
    pub async fn take_over(
        &mut self,
        view: &GraphView<'_>,
        state: &State,
        report: &mut Report,
    ) -> Result<Takeover, Error> {
        if state.rows.is_empty() {
            self.refuse_lost_rows(state).await?;
        }
        if self.history(view, state).await?.is_none() {
            return Ok(Takeover::Nothing);
        }
        // Old and new binaries may start together: nothing else must run from here until what is pending is done.
        if let Err(failure) = self.lock(true).await {
            return self.interrupted(failure, state, &[]).map(Takeover::Stopped);
        }
        if !self.state().await?.is_still(state) {
            return Ok(Takeover::Stopped(AttemptOutcome::Resumed));
        }
        let Some(history) = self.history(view, state).await? else {
            return Ok(Takeover::Stopped(AttemptOutcome::Resumed));
        };
        if let Some(holder) = self.lock_foreign(&history).await? {
            return Ok(Takeover::Stopped(AttemptOutcome::Busy { holder }));
        }
        // The other tool may have done more before its lock was free.
        let history = self.read_history(history.tool, history.found).await?;
        self.record_history(view, state, &history, report).await
    }

    /// The revisions that another tool has applied and that are not recorded yet, for a look that changes nothing.
    ///
    /// # Errors
    /// As [`take_over`](Self::take_over).
    pub async fn adoptable(
        &mut self,
        view: &GraphView<'_>,
        state: &State,
    ) -> Result<Option<(Tool, Vec<usize>)>, Error> {
        let Some(history) = self.history(view, state).await? else {
            return Ok(None);
        };
        let ours = self.ours(view, state).await?;
        let compared = self.compared(view, &ours, &history)?;
        let adopted = compared.adopted.iter().map(|(index, _)| *index).collect();
        Ok(Some((history.tool, adopted)))
    }

    /// The state once what is to be taken over is.
    ///
    /// # Errors
    /// As [`take_over`](Self::take_over).
    pub async fn as_taken_over(
        &mut self,
        view: &GraphView<'_>,
        state: State,
    ) -> Result<State, Error> {
        match self.adoptable(view, &state).await? {
            Some((_, adopted)) if !adopted.is_empty() => Ok(taken(&view.graph, &state, &adopted)),
            _ => Ok(state),
        }
    }

    /// The history of another tool, for the status; `None` if there is none and nothing was taken over.
    pub async fn adoption(
        &mut self,
        view: &GraphView<'_>,
        state: &State,
    ) -> Result<Option<Adoption>, Error> {
        let mut adoption = Adoption::default();
        match self.adoptable(view, state).await {
            Ok(Some((tool, adopted))) => {
                tool.name().clone_into(&mut adoption.tool);
                let ids = adopted.iter().map(|&index| view.graph.id(index).to_owned());
                adoption.to_adopt = ids.collect();
            }
            Ok(None) => {}
            Err(error) if error.kind() == ErrorKind::Foreign => {
                adoption.obstacle = Some(error.summary().to_owned());
            }
            Err(error) => return Err(error),
        }
        if let Some(Adopt::History { tool, .. }) = self.migrations.settings.adopt() {
            tool.name().clone_into(&mut adoption.tool);
            adoption.run_since = self.run_since(view).await?;
            adoption.adopted = self.adopted(state).await?;
        }
        let is_there =
            !adoption.is_over() || adoption.adopted > 0 || !adoption.run_since.is_empty();
        Ok(is_there.then_some(adoption))
    }

    /// How many revisions were taken over.
    async fn adopted(&mut self, state: &State) -> Result<usize, Error> {
        let adopts = self.migrations.revisions().iter();
        let adopts = adopts.filter(|revision| revision.adopts().next().is_some());
        let adopts: HashSet<&str> = adopts.map(Revision::id).collect();
        let journal = self.journal(state).await?;
        let stamped = journal.iter().filter(|row| {
            row.event == JournalEvent::Stamped && row.direction == JournalDirection::Stamp
        });
        let stamped: HashSet<&str> = stamped.map(|row| &*row.revision).collect();
        Ok(adopts.intersection(&stamped).count())
    }

    /// Takes over what another tool has applied, and runs nothing.
    pub async fn adopt(mut self) -> Result<Report, Error> {
        if !matches!(
            self.migrations.settings.adopt(),
            Some(Adopt::History { .. })
        ) {
            let summary = "the chain was not imported from another tool";
            return Err(Error::new(ErrorKind::Unsupported, summary)
                .help("`cargo migrate import` writes the chain, and `[adopt]` in migrate.toml"));
        }
        let view = GraphView::new(self.migrations);
        let mut report = Report::default();
        let mut wait = Wait::new(self.options.lock_deadline);
        loop {
            let state = self.state().await?;
            let taken = self.take_over(&view, &state, &mut report).await;
            self.session.unlock().await;
            report.current = match taken? {
                Takeover::Nothing => state.ids(),
                Takeover::Done(state) => state.ids(),
                Takeover::Stopped(AttemptOutcome::Busy { holder }) => {
                    self.wait(&mut wait, &holder).await?;
                    continue;
                }
                Takeover::Stopped(_) => continue,
            };
            return Ok(self.finished(report));
        }
    }

    /// The versions that the other tool has run and that no revision adopts.
    pub async fn run_since(&mut self, view: &GraphView<'_>) -> Result<Vec<String>, Error> {
        let Some(Adopt::History { tool, table }) = self.migrations.settings.adopt() else {
            return Ok(Vec::new());
        };
        let Some(found) = self.find(&[&table], Some(tool)).await?.into_iter().next() else {
            return Ok(Vec::new());
        };
        let history = self.read_history(tool, found).await?;
        let revisions = self.migrations.revisions();
        let compared = compare(
            tool,
            revisions,
            &view.graph,
            &Ours::default(),
            &history.rows,
        );
        let unknown = compared.map_or_else(|_| Vec::new(), |compared| compared.unknown);
        Ok(unknown.into_iter().map(str::to_owned).collect())
    }

    /// The history to take over: none where all that the chain adopts is applied, or where no other tool has run.
    async fn history(
        &mut self,
        view: &GraphView<'_>,
        state: &State,
    ) -> Result<Option<FoundHistory>, Error> {
        let adopt = self.migrations.settings.adopt();
        if adopt == Some(Adopt::Nothing) || (adopt.is_none() && !state.rows.is_empty()) {
            return Ok(None);
        }
        let ours = self.ours(view, state).await?;
        match adopt {
            None if state.has_no_history => Ok(None),
            None if ours.recorded.is_empty() => self.refuse_foreign().await.map(|()| None),
            Some(Adopt::History { tool, table }) if self.may_adopt(view, state, &ours) => {
                match self.find(&[&table], Some(tool)).await?.into_iter().next() {
                    None => Ok(None),
                    Some(found) => self.read_history(tool, found).await.map(Some),
                }
            }
            _ => Ok(None),
        }
    }

    /// The version table and the journal.
    async fn ours(&mut self, view: &GraphView<'_>, state: &State) -> Result<Ours, Error> {
        let journal = self.journal(state).await?;
        let records = journal.into_iter().filter(|row| row.event.is_record());
        Ok(Ours {
            rows: current(&view.graph, state).unwrap_or_default(),
            recorded: records.map(|row| row.revision).collect(),
        })
    }

    /// Whether a revision that adopts something has neither been applied nor recorded.
    fn may_adopt(&self, view: &GraphView<'_>, state: &State, ours: &Ours) -> bool {
        if current(&view.graph, state).is_none() {
            return false;
        }
        let applied = view.graph.ancestors(&ours.rows);
        let mut revisions = self.migrations.revisions().iter().zip(applied);
        revisions.any(|(revision, is_applied)| {
            !is_applied
                && !ours.recorded.contains(revision.id())
                && revision.adopts().next().is_some()
        })
    }

    async fn find(
        &mut self,
        tables: &[&str],
        tool: Option<Tool>,
    ) -> Result<Vec<HistoryTable>, Error> {
        let dialect = self.tables.dialect;
        let named = tables.first().and_then(|table| table.split_once('.'));
        let (schema, tables) = match (named, tables) {
            (Some((schema, table)), [_]) => (Some(schema), vec![table]),
            _ => (self.tables.schema.as_deref(), tables.to_vec()),
        };
        let sql = find::query(dialect, schema, &tables);
        let answer = self
            .ask("to look for the history of another tool", sql)
            .await?;
        Ok(find::read(answer, tool))
    }

    async fn read_history(
        &mut self,
        tool: Tool,
        found: HistoryTable,
    ) -> Result<FoundHistory, Error> {
        let dialect = self.tables.dialect;
        let sql = rows::query(tool, dialect, &found.sql(dialect));
        let doing = "to read the history of another tool";
        let rows = rows::read(self.ask(doing, sql).await?).map_err(|row| {
            let summary = format!(
                "`{}` has a row that {} does not write: {row}",
                found.table,
                tool.name()
            );
            Error::new(ErrorKind::Foreign, summary).help("nothing was changed")
        })?;
        Ok(FoundHistory { tool, found, rows })
    }

    /// A chain that was not imported would run on tables that another tool has made.
    async fn refuse_foreign(&mut self) -> Result<(), Error> {
        for found in self.find(&find::known_tables(), None).await? {
            let sql = format!("SELECT '1' FROM {} LIMIT 1", found.sql(self.tables.dialect));
            let has_rows = !self
                .ask("to look at the history of another tool", sql)
                .await?
                .is_empty();
            if has_rows {
                return Err(refusal::foreign(&found));
            }
        }
        Ok(())
    }

    /// Tries the locks of the other tool; who holds one that is not free.
    async fn lock_foreign(&mut self, history: &FoundHistory) -> Result<Option<String>, Error> {
        let doing = "to take the lock of another tool";
        let Some(query) = lock::query(self.tables.dialect) else {
            return Ok(None);
        };
        let answer = self.ask(doing, query.to_owned()).await?;
        let mut names = answer.into_iter().next().unwrap_or_default().into_iter();
        let mut name = || names.next().flatten().unwrap_or_default();
        let (database, schema) = (name(), name());
        let names = lock::LockNames {
            database: &database,
            schema: &schema,
            table: &history.found.table,
        };
        for lock in lock::of(history.tool, self.tables.dialect, &names) {
            // Before it is asked for: the server may have given it when this future is dropped.
            self.session.hold(lock.release);
            let granted = self.ask(doing, lock.take).await?;
            if granted != [[Some("1".to_owned())]] {
                return Ok(Some(format!("{}, which is migrating", history.tool.name())));
            }
        }
        Ok(None)
    }

    fn compared<'h>(
        &self,
        view: &GraphView<'_>,
        ours: &Ours,
        history: &'h FoundHistory,
    ) -> Result<HistoryComparison<'h>, Error> {
        let revisions = self.migrations.revisions();
        let refused = |why| refusal::refused(self.migrations, history, why);
        let compared =
            compare(history.tool, revisions, &view.graph, ours, &history.rows).map_err(refused)?;
        match compared.unknown.first() {
            Some(version) => Err(refusal::unknown(history, version)),
            None => Ok(compared),
        }
    }

    /// Records the revisions in one transaction, if the history is still the one that was read.
    async fn record_history(
        &mut self,
        view: &GraphView<'_>,
        state: &State,
        history: &FoundHistory,
        report: &mut Report,
    ) -> Result<Takeover, Error> {
        let ours = self.ours(view, state).await?;
        let compared = self.compared(view, &ours, history)?;
        if compared.adopted.is_empty() {
            return Ok(Takeover::Nothing);
        }
        let adopted: Vec<usize> = compared.adopted.iter().map(|(index, _)| *index).collect();
        let after = rows_after(&view.graph, state, &adopted);
        let mut records = records(view, self.tables.dialect, history.tool, &compared);
        if let Some(first) = records.first_mut() {
            first.changes = RowChanges::between(&state.ids(), &after);
        }
        let guard = unchanged(&self.tables, history);
        let guard = Script::of_text(self.tables.dialect, &guard);
        let mut work: Vec<Transactional<'_>> = records
            .into_iter()
            .map(Transactional::record_only)
            .collect();
        if let Some(first) = work.first_mut() {
            first.work = Work::Sql(&guard);
        }
        let session = &mut self.session;
        let ran = session.run(&self.tables, state, &work, &mut Untold).await;
        match ran {
            Ok(()) => {}
            // The other tool was at work in between.
            Err(failure) if matches!(*failure.cause, Cause::Statement { .. }) => {
                let again = self
                    .read_history(history.tool, history.found.clone())
                    .await?;
                if again.rows != history.rows {
                    return Ok(Takeover::Stopped(AttemptOutcome::Resumed));
                }
                let table = &history.found.table;
                let summary = format!("the rows of `{table}` cannot be counted");
                return Err(Error::new(ErrorKind::Database, summary).help("nothing was changed"));
            }
            Err(failure) => return self.interrupted(failure, state, &[]).map(Takeover::Stopped),
        }
        report.adopted += adopted.len();
        self.options.emit(&Event::Adopted {
            tool: history.tool.name().to_owned(),
            revisions: adopted.len(),
        });
        Ok(Takeover::Done(taken(&view.graph, state, &adopted)))
    }

    /// Asks the database for something; while another connection keeps readers out, it waits.
    async fn ask(
        &mut self,
        doing: &'static str,
        sql: String,
    ) -> Result<crate::foreign::TextRows, Error> {
        let mut wait = Wait::new(self.options.lock_deadline);
        loop {
            match self.session.ask(doing, sql.clone()).await {
                Ok(answer) => return Ok(answer),
                Err(failure) => self.wait_to_read(failure, &mut wait).await?,
            }
        }
    }
}

/// The version rows as places in the chain; none if it does not have one of them.
fn current(graph: &RevisionGraph, state: &State) -> Option<Vec<usize>> {
    state
        .rows
        .iter()
        .map(|row| graph.find(&row.revision))
        .collect()
}

/// The state once these revisions are recorded too.
fn taken(graph: &RevisionGraph, state: &State, adopted: &[usize]) -> State {
    let row = |revision: String| VersionRow {
        revision,
        digest: None,
    };
    State {
        rows: rows_after(graph, state, adopted)
            .into_iter()
            .map(row)
            .collect(),
        ..CREATED
    }
}

/// The version rows once these revisions are applied too, sorted.
pub fn rows_after(graph: &RevisionGraph, state: &State, adopted: &[usize]) -> Vec<String> {
    let mut applied = current(graph, state).unwrap_or_default();
    applied.extend(adopted);
    let mut rows: Vec<String> = graph
        .maximal(&applied)
        .into_iter()
        .map(|row| graph.id(row).to_owned())
        .collect();
    rows.sort_unstable();
    rows
}

fn records<'v>(
    view: &'v GraphView<'_>,
    dialect: Dialect,
    tool: Tool,
    compared: &HistoryComparison<'_>,
) -> Vec<Record<'v>> {
    let record = |(index, row): &(usize, &HistoryRow)| {
        let mut entry = stamp::stamped(
            view,
            dialect,
            view.graph.id(*index),
            JournalDirection::Stamp,
        );
        entry.origin = Some(Origin {
            tool: match &row.by {
                Some(user) => format!("{}, by {user}", tool.name()),
                None => tool.name().to_owned(),
            },
            at: row.at.clone(),
        });
        Record {
            entry,
            changes: RowChanges::default(),
        }
    };
    compared.adopted.iter().map(record).collect()
}

/// A statement that fails unless the history has as many rows as were read: not every tool has a lock.
fn unchanged(tables: &Tables, history: &FoundHistory) -> String {
    let dialect = tables.dialect;
    let query = rows::query(history.tool, dialect, &history.found.sql(dialect));
    let rows = history.rows.len();
    let is_as_read = format!("(SELECT COUNT(*) FROM ({query}) history) = {rows}");
    tables.syntax.fail_unless(&is_as_read)
}
