//! The start-up protocol: the fast path, the lock, the plan, and what runs.

mod failure;
mod outside;
pub(crate) mod step;
pub(crate) mod verify;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use migrate_chain::Revision;
use migrate_chain::graph::RevisionGraph;
use migrate_chain::target::Target;
use tracing::debug;

use crate::database::{Failure, Row, Session, State, Transactional};
use crate::error::{Error, ErrorKind};
use crate::journal::{Entry, JournalDirection, JournalRow, Record, RowChanges, Tables};
use crate::options::{Ahead, Options, TransactionMode};
use crate::runner::Resolution;
use crate::status::Status;
use crate::{Direction, Event, Migrations, Plan, PlannedStep, Report};
use step::{Narrator, Step};

/// What a run is to reach.
pub(crate) struct Goal {
    pub(crate) direction: Direction,
    pub(crate) target: Option<String>,
}

/// A run on an open connection.
pub(crate) struct Run<'a> {
    migrations: &'a Migrations,
    options: Options,
    session: Box<dyn Session + 'a>,
    tables: Tables,
    started: Instant,
    waited: Duration,
}

/// How a try under the lock ended.
enum Outcome {
    Done(Vec<String>),
    /// A revision that was half-way is settled: read the state again, and go on.
    Resumed,
    /// Somebody else was first: read the state again.
    Again,
    /// Somebody else is at work: wait, and read the state again.
    Busy {
        holder: String,
    },
}

impl<'a> Run<'a> {
    pub(crate) fn new(
        migrations: &'a Migrations,
        options: Options,
        session: Box<dyn Session + 'a>,
    ) -> Self {
        let tables = Tables::new(session.dialect(), &migrations.settings);
        Self {
            migrations,
            options,
            session,
            tables,
            started: Instant::now(),
            waited: Duration::ZERO,
        }
    }

    /// Upgrades or downgrades.
    pub(crate) async fn go(mut self, goal: Goal) -> Result<Report, Error> {
        let state = self.state().await?;
        let mut report = Report::default();
        if goal.direction == Direction::Upgrade && goal.target.is_none() && self.is_current(&state)
        {
            report.current = state.ids();
            return Ok(self.finished(report));
        }
        let graph = self.migrations.graph();
        let mut wait = Wait::new(self.options.lock_deadline);
        loop {
            let outcome = self.attempt(&graph, &goal, &mut report).await;
            self.session.unlock().await;
            match outcome? {
                Outcome::Done(current) => {
                    report.current = current;
                    return Ok(self.finished(report));
                }
                Outcome::Resumed => {}
                Outcome::Again => {
                    debug!("another process was first: planning anew");
                    self.options.emit(&Event::Fenced);
                    wait = Wait::new(self.options.lock_deadline);
                }
                Outcome::Busy { holder } => self.wait(&mut wait, &holder).await?,
            }
        }
    }

    /// One try: the lock, the state, the plan, and its steps.
    async fn attempt(
        &mut self,
        graph: &RevisionGraph,
        goal: &Goal,
        report: &mut Report,
    ) -> Result<Outcome, Error> {
        let mut state = self.state().await?;
        if state.unfinished {
            return self.finish_unfinished(graph, &state, report).await;
        }
        let steps = self.plan(graph, goal, &state).await?;
        let outside = steps.iter().any(|step| !step.revision.is_transactional());
        match self.session.try_lock(&self.tables, outside).await {
            Ok(()) => {}
            Err(failure) => return self.interrupted(failure, &[]),
        }
        if !steps.is_empty() {
            self.options.emit(&Event::Planned {
                revisions: steps.len(),
            });
        }
        let batches: Vec<&[Step<'_>]> = match self.options.mode {
            TransactionMode::Single if !steps.is_empty() => vec![&steps],
            _ => steps.chunks(1).collect(),
        };
        for batch in batches {
            let ran = if batch[0].revision.is_transactional() {
                self.run_batch(&state, batch, report).await
            } else {
                self.run_outside(&state, &batch[0], report).await
            };
            if let Err(failure) = ran {
                return self.interrupted(failure, batch);
            }
            state = State {
                rows: batch[batch.len() - 1].rows_after.clone(),
                ..CREATED
            };
        }
        Ok(Outcome::Done(state.ids()))
    }

    /// Runs steps in one transaction.
    async fn run_batch(
        &mut self,
        state: &State,
        steps: &[Step<'_>],
        report: &mut Report,
    ) -> Result<(), Failure> {
        let transactional: Vec<Transactional<'_>> =
            steps.iter().map(|step| step.transactional()).collect();
        let mut narrator = Narrator::new(&self.options, steps);
        self.session
            .run(&self.tables, state, &transactional, &mut narrator)
            .await?;
        report.steps.extend(narrator.done());
        Ok(())
    }

    /// What a failure means for the run.
    fn interrupted(&self, failure: Failure, steps: &[Step<'_>]) -> Result<Outcome, Error> {
        match failure {
            Failure::Fenced => Ok(Outcome::Again),
            Failure::Busy { holder } => Ok(Outcome::Busy { holder }),
            failure => Err(failure::error(
                self.migrations,
                &*self.session,
                failure,
                steps,
            )),
        }
    }

    /// What would run, without running it.
    pub(crate) async fn preview(mut self, goal: Goal) -> Result<Plan, Error> {
        let state = self.state().await?;
        let graph = self.migrations.graph();
        let steps = self.plan(&graph, &goal, &state).await?;
        let planned = steps
            .iter()
            .map(|step| PlannedStep::new(step.revision, step.direction));
        Ok(Plan {
            steps: planned.collect(),
        })
    }

    /// Plans, and refuses what must not even begin.
    async fn plan<'g>(
        &mut self,
        graph: &'g RevisionGraph,
        goal: &Goal,
        state: &State,
    ) -> Result<Vec<Step<'a>>, Error> {
        let known = verify::rows(self.migrations, self.tables.dialect, state);
        if !known.unknown.is_empty() {
            return self
                .ahead(graph, goal, &known.unknown, state)
                .await
                .map(|()| Vec::new());
        }
        let target = self.target(goal)?;
        let rows = state.ids();
        let plan = match goal.direction {
            Direction::Upgrade => graph.upgrade(&rows, &target),
            Direction::Downgrade => graph.downgrade(&rows, &target),
        };
        let plan = plan.map_err(verify::target_error)?;
        let steps = step::steps(
            self.migrations,
            &self.tables,
            graph,
            &plan,
            goal.direction,
            state,
        );
        if known.has_edits {
            self.refuse_edits(graph, &rows, &steps).await?;
        }
        verify::can_run(
            self.migrations,
            self.tables.dialect,
            self.options.mode,
            &steps,
        )?;
        Ok(steps)
    }

    fn target(&self, goal: &Goal) -> Result<Target, Error> {
        match (&goal.target, goal.direction) {
            (Some(target), _) => target.parse().map_err(verify::target_error),
            (None, Direction::Upgrade) => Ok(Target::heads()),
            (None, Direction::Downgrade) => Err(Error::new(
                ErrorKind::Target,
                "a downgrade needs a target",
            )
            .help("say how far: `-1` for one revision, `base` for all, or the revision to end at")),
        }
    }

    /// Rows that the chain does not have: an error, unless the policy allows them and nothing of ours is missing.
    async fn ahead(
        &mut self,
        graph: &RevisionGraph,
        goal: &Goal,
        unknown: &[String],
        state: &State,
    ) -> Result<(), Error> {
        let replaced = verify::replaced(self.migrations, unknown);
        if let Some(error) = replaced {
            return Err(error);
        }
        let journal = self.journal(state).await?;
        let missing = verify::not_under(self.migrations, graph, &state.ids(), &journal);
        let may_pass = self.options.ahead == Ahead::Allow
            && goal.direction == Direction::Upgrade
            && goal.target.is_none()
            && missing.is_empty();
        if may_pass {
            Ok(())
        } else {
            Err(verify::ahead_error(self.migrations, unknown, &missing))
        }
    }

    async fn refuse_edits(
        &mut self,
        graph: &RevisionGraph,
        rows: &[String],
        steps: &[Step<'_>],
    ) -> Result<(), Error> {
        let journal = self.journal(&CREATED).await?;
        let edited = verify::edited(self.migrations, graph, self.tables.dialect, rows, &journal);
        let is_undone = |revision: &Revision| {
            steps.iter().any(|step| {
                step.direction == Direction::Downgrade && step.revision.id() == revision.id()
            })
        };
        let remaining: Vec<&Revision> = edited
            .into_iter()
            .filter(|revision| !is_undone(revision))
            .collect();
        if remaining.is_empty() && !steps.is_empty() && steps[0].direction == Direction::Downgrade {
            return Ok(());
        }
        Err(verify::edited_error(
            self.migrations,
            self.tables.dialect,
            &remaining,
            rows,
        ))
    }

    /// Where the database is.
    pub(crate) async fn status(&mut self) -> Result<Status, Error> {
        let state = self.state().await?;
        let known = verify::rows(self.migrations, self.tables.dialect, &state);
        let graph = self.migrations.graph();
        let mut status = Status {
            current: state.ids(),
            unknown: known.unknown,
            ..Status::default()
        };
        if state.unfinished {
            let journal = self.journal(&state).await?;
            status.unfinished = outside::unfinished(&journal).map(|run| run.status());
        }
        if known.has_edits {
            let journal = self.journal(&state).await?;
            let edited = verify::edited(
                self.migrations,
                &graph,
                self.tables.dialect,
                &status.current,
                &journal,
            );
            status.edited = edited
                .iter()
                .map(|revision| revision.id().to_owned())
                .collect();
            if status.edited.is_empty() {
                status.edited.clone_from(&status.current);
            }
        }
        if status.unknown.is_empty() {
            let plan = graph
                .upgrade(&status.current, &Target::heads())
                .map_err(verify::target_error)?;
            let planned = |step: &migrate_chain::plan::Step| {
                PlannedStep::new(
                    &self.migrations.revisions()[step.revision],
                    Direction::Upgrade,
                )
            };
            status.pending = plan.steps().iter().map(planned).collect();
        }
        Ok(status)
    }

    /// An error unless the database is at the head.
    pub(crate) async fn check(&mut self) -> Result<(), Error> {
        let state = self.state().await?;
        if self.is_current(&state) {
            return Ok(());
        }
        let status = self.status().await?;
        if !status.unknown.is_empty() {
            let goal = Goal {
                direction: Direction::Upgrade,
                target: None,
            };
            let graph = self.migrations.graph();
            return self.ahead(&graph, &goal, &status.unknown, &state).await;
        }
        if !status.edited.is_empty() {
            let edited = |revision: &&Revision| status.edited.iter().any(|id| id == revision.id());
            let edited: Vec<&Revision> =
                self.migrations.revisions().iter().filter(edited).collect();
            return Err(verify::edited_error(
                self.migrations,
                self.tables.dialect,
                &edited,
                &status.current,
            ));
        }
        Err(verify::not_current(&status))
    }

    /// Polls until the database is at the head.
    pub(crate) async fn wait_until_current(mut self, timeout: Duration) -> Result<(), Error> {
        let deadline = Instant::now() + timeout;
        self.options.lock_deadline = self.options.lock_deadline.min(timeout);
        let mut wait = Wait::new(timeout);
        loop {
            let error = match self.check().await {
                Ok(()) => return Ok(()),
                // Only these can pass by themselves.
                Err(error) if matches!(error.kind(), ErrorKind::NotCurrent | ErrorKind::Locked) => {
                    error
                }
                Err(error) => return Err(error),
            };
            if Instant::now() >= deadline {
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

    /// Sets the rows without running anything.
    pub(crate) async fn stamp(mut self, targets: &[&str], purge: bool) -> Result<Report, Error> {
        let targets: Vec<Target> = targets
            .iter()
            .map(|target| target.parse())
            .collect::<Result<_, _>>()
            .map_err(verify::target_error)?;
        let graph = self.migrations.graph();
        let mut wait = Wait::new(self.options.lock_deadline);
        loop {
            let state = self.state().await?;
            let stamp = graph
                .stamp(&state.ids(), &targets, purge)
                .map_err(verify::target_error)?;
            let mut after: Vec<String> = stamp
                .rows
                .iter()
                .map(|&row| graph.id(row).to_owned())
                .collect();
            after.sort_unstable();
            let records = self.stamp_records(&graph, &state, &after).await?;
            let transactional: Vec<Transactional<'_>> = records
                .into_iter()
                .map(Transactional::record_only)
                .collect();
            let mut narrator = Narrator::silent(&self.options);
            let locked = match self.session.try_lock(&self.tables, state.unfinished).await {
                Ok(()) => {
                    self.session
                        .run(&self.tables, &state, &transactional, &mut narrator)
                        .await
                }
                Err(failure) => Err(failure),
            };
            self.session.unlock().await;
            match locked.map_or_else(
                |failure| self.interrupted(failure, &[]),
                |()| Ok(Outcome::Done(after)),
            )? {
                Outcome::Done(current) => {
                    return Ok(self.finished(Report {
                        current,
                        ..Report::default()
                    }));
                }
                Outcome::Again | Outcome::Resumed => {}
                Outcome::Busy { holder } => self.wait(&mut wait, &holder).await?,
            }
        }
    }

    /// The journal rows of a stamp: for each row that is new, for each that goes, and for each revision whose edit is
    /// accepted by it. The first carries the change of the version rows.
    async fn stamp_records(
        &mut self,
        graph: &RevisionGraph,
        state: &State,
        after: &[String],
    ) -> Result<Vec<Record<'a>>, Error> {
        let before = state.ids();
        let changes = RowChanges::between(&before, after);
        let revision = |id: &String| {
            self.migrations
                .revisions()
                .iter()
                .find(|revision| revision.id() == id)
        };
        let mut records: Vec<Record<'a>> = Vec::new();
        let mut add = |revision: &'a Revision, direction| {
            records.push(Record {
                entry: Entry::stamped(revision, direction),
                changes: RowChanges::default(),
            });
        };
        for gone in changes.removed.iter().filter_map(revision) {
            add(gone, JournalDirection::Downgrade);
        }
        for new in changes.added.iter().filter_map(revision) {
            add(new, JournalDirection::Stamp);
        }
        let journal = if state.has_journal {
            self.journal(state).await?
        } else {
            Vec::new()
        };
        let edited = verify::edited(self.migrations, graph, self.tables.dialect, after, &journal);
        // A row above an edit carries another digest now, though its own file is as it was.
        let above = verify::changed_rows(self.migrations, self.tables.dialect, state);
        let above = above.filter(|row| after.iter().any(|id| id == row.id()));
        let mut accepted: BTreeSet<&str> = changes.added.iter().map(String::as_str).collect();
        for revision in edited.into_iter().chain(above) {
            if accepted.insert(revision.id()) {
                add(revision, JournalDirection::Stamp);
            }
        }
        match records.first_mut() {
            Some(first) => first.changes = changes,
            // Only rows that nobody knows go: there is no revision to write of.
            None if changes != RowChanges::default() => {
                let first = self.migrations.revisions().first();
                let entry =
                    first.map(|revision| Entry::stamped(revision, JournalDirection::Downgrade));
                records.extend(entry.map(|entry| Record { entry, changes }));
            }
            None => {}
        }
        Ok(records)
    }

    /// Settles a revision that stopped half-way.
    pub(crate) async fn resolve(
        mut self,
        revision: &str,
        resolution: Resolution,
    ) -> Result<Report, Error> {
        let graph = self.migrations.graph();
        let mut wait = Wait::new(self.options.lock_deadline);
        loop {
            let state = self.state().await?;
            let settled = self.settle(&graph, &state, revision, resolution).await;
            self.session.unlock().await;
            match settled? {
                Outcome::Done(current) => {
                    return Ok(self.finished(Report {
                        current,
                        ..Report::default()
                    }));
                }
                Outcome::Again | Outcome::Resumed => {}
                Outcome::Busy { holder } => self.wait(&mut wait, &holder).await?,
            }
        }
    }

    /// Reads the state; while another connection keeps readers out, it waits.
    async fn state(&mut self) -> Result<State, Error> {
        let mut wait = Wait::new(self.options.lock_deadline);
        loop {
            match self.session.state(&self.tables).await {
                Ok(state) => return Ok(state),
                Err(error) => {
                    self.wait_to_read("to read the version table", error, &mut wait)
                        .await?
                }
            }
        }
    }

    async fn journal(&mut self, state: &State) -> Result<Vec<JournalRow>, Error> {
        if !state.has_journal {
            return Ok(Vec::new());
        }
        let mut wait = Wait::new(self.options.lock_deadline);
        loop {
            match self.session.journal(&self.tables).await {
                Ok(rows) => return Ok(rows),
                Err(error) => {
                    self.wait_to_read("to read the journal", error, &mut wait)
                        .await?
                }
            }
        }
    }

    /// Waits if the database is only busy.
    ///
    /// # Errors
    /// That it is something else, or that the deadline is over.
    async fn wait_to_read(
        &mut self,
        doing: &'static str,
        error: sqlx::Error,
        wait: &mut Wait,
    ) -> Result<(), Error> {
        if self.session.explain(&error).kind == ErrorKind::Locked {
            return self
                .wait(wait, "another connection, which writes to it")
                .await;
        }
        let failure = Failure::Database { doing, error };
        Err(failure::error(
            self.migrations,
            &*self.session,
            failure,
            &[],
        ))
    }

    /// Tells of the wait, and waits once.
    async fn wait(&mut self, wait: &mut Wait, holder: &str) -> Result<(), Error> {
        self.options.emit(&Event::Waiting {
            holder: holder.to_owned(),
            waited: self.waited,
        });
        debug!(holder, "waiting");
        self.waited += wait.pause(holder).await?;
        Ok(())
    }

    /// Whether there is nothing to do: the rows are the heads, with the digests that this binary has for them.
    fn is_current(&self, state: &State) -> bool {
        let heads = self.migrations.store.heads();
        let matches = |row: &Row| {
            heads.iter().any(|head| {
                let accepts = |digest| head.accepts(digest, self.tables.dialect);
                head.id() == row.revision && row.digest.as_ref().is_none_or(accepts)
            })
        };
        !state.unfinished && state.rows.len() == heads.len() && state.rows.iter().all(matches)
    }

    fn finished(&self, mut report: Report) -> Report {
        report.duration = self.started.elapsed();
        report.waited = self.waited;
        report
    }
}

/// What the tables are once something was recorded.
const CREATED: State = State {
    has_version_table: true,
    has_journal: true,
    rows: Vec::new(),
    unfinished: false,
};

/// Waiting with pauses that grow and vary, so that many processes do not ask all at once.
struct Wait {
    deadline: Instant,
    timeout: Duration,
    pause: Duration,
}

impl Wait {
    const SHORTEST: Duration = Duration::from_millis(25);
    const LONGEST: Duration = Duration::from_secs(2);

    fn new(timeout: Duration) -> Self {
        Self {
            deadline: Instant::now() + timeout,
            timeout,
            pause: Self::SHORTEST,
        }
    }

    /// Sleeps once, unless the deadline is over.
    async fn pause(&mut self, holder: &str) -> Result<Duration, Error> {
        if Instant::now() >= self.deadline {
            let summary = format!(
                "gave up after {}: the database is held by {holder}",
                seconds(self.timeout)
            );
            return Err(Error::new(ErrorKind::Locked, summary)
                .help("let it finish, or raise the lock deadline; nothing was changed by this process meanwhile"));
        }
        Ok(self.sleep().await)
    }

    async fn sleep(&mut self) -> Duration {
        let left = self.deadline.saturating_duration_since(Instant::now());
        let pause = jitter(self.pause).min(left.max(Duration::from_millis(1)));
        self.pause = (self.pause * 2).min(Self::LONGEST);
        tokio::time::sleep(pause).await;
        pause
    }
}

/// Between half of a duration and all of it. The hasher's keys are random for each call.
fn jitter(duration: Duration) -> Duration {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new().hash_one(0u8) % 1000;
    duration / 2 + duration.mul_f64(f64::from(u32::try_from(random).unwrap_or(0)) / 2000.0)
}

fn seconds(duration: Duration) -> String {
    format!("{} s", duration.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_vary_within_bounds() {
        let pauses: Vec<Duration> = (0..200).map(|_| jitter(Wait::LONGEST)).collect();
        assert!(
            pauses
                .iter()
                .all(|&pause| pause >= Wait::LONGEST / 2 && pause <= Wait::LONGEST)
        );
        assert!(pauses.iter().any(|pause| pause != &pauses[0]));
    }

    #[test]
    fn a_wait_that_is_over_says_who_holds_the_database() {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        let error = runtime.expect("a runtime").block_on(async {
            let mut wait = Wait::new(Duration::ZERO);
            wait.pause("somebody")
                .await
                .expect_err("the deadline is over")
        });
        assert_eq!(
            error.summary(),
            "gave up after 0 s: the database is held by somebody"
        );
    }
}
