//! The start-up protocol: the fast path, the lock, the plan, and what runs.

mod failure;
mod inspect;
mod outside;
mod replan;
mod retry;
pub(crate) mod stamp;
pub(crate) mod step;
pub(crate) mod verify;
pub(crate) mod view;
mod wait;

use std::borrow::Cow;
use std::time::{Duration, Instant};

use migrate_chain::Revision;
use migrate_chain::graph::RevisionGraph;
use migrate_chain::plan::{self, Plan};
use migrate_chain::target::Target;
use tracing::debug;

use crate::database::{Failure, Row, Session, State, Transactional};
use crate::error::{Error, ErrorKind};
use crate::journal::JournalRow;
use crate::options::{Ahead, Options, TransactionMode};
use crate::runner::Resolution;
use crate::tables::Tables;
use crate::{Direction, Event, Migrations, Report, point};
use replan::Replans;
use retry::Retries;
use step::{Narrator, Step};
use view::{View, Views};
use wait::Wait;

/// What a run is to reach.
pub(crate) struct Goal {
    pub(crate) direction: Direction,
    target: Target,
    /// Whether the target is that of an upgrade to which nobody named one.
    is_default: bool,
    /// What a relative target came to.
    course: Option<Course>,
}

/// The plan for a relative target. Once a step of it has run the target is not counted anew: it would lead too far.
struct Course {
    plan: Plan,
    done: usize,
}

impl Goal {
    /// Reads the target; nothing is connected yet.
    ///
    /// # Errors
    /// It reads like no target, or a downgrade has none.
    pub(crate) fn new(direction: Direction, target: Option<&str>) -> Result<Self, Error> {
        let parsed = match (target, direction) {
            (Some(target), _) => target.parse().map_err(verify::target_error)?,
            (None, Direction::Upgrade) => Target::heads(),
            (None, Direction::Downgrade) => return Err(no_target()),
        };
        Ok(Self {
            direction,
            target: parsed,
            is_default: target.is_none(),
            course: None,
        })
    }

    /// What is to run from these rows.
    fn steps(&mut self, graph: &RevisionGraph, rows: &[String]) -> Result<Vec<plan::Step>, Error> {
        if let Some(course) = self.course.take_if(|course| course.done > 0) {
            if course.rows(graph) == rows {
                let steps = course.plan.steps()[course.done..].to_vec();
                self.course = Some(course);
                return Ok(steps);
            }
            let end = course.end(graph, self.direction, rows)?;
            self.target = end.parse().map_err(verify::target_error)?;
        }
        let target = &self.target;
        let plan = match self.direction {
            Direction::Upgrade => graph.upgrade(rows, target),
            Direction::Downgrade => graph.downgrade(rows, target),
        };
        let plan = plan.map_err(verify::target_error)?;
        let steps = plan.steps().to_vec();
        self.course = target.is_relative().then_some(Course { plan, done: 0 });
        Ok(steps)
    }

    /// Plans before a revision that is half-way is finished, since it counts as a step of a relative target. What
    /// cannot be planned yet can be afterwards.
    fn count_in_unfinished(&mut self, graph: &RevisionGraph, rows: &[String]) {
        if self.course.as_ref().is_none_or(|course| course.done == 0) {
            let _ = self.steps(graph, rows);
        }
    }

    /// This many steps are done.
    fn advance(&mut self, steps: usize) {
        if let Some(course) = &mut self.course {
            course.done += steps;
        }
    }

    /// A revision that was half-way is done. It is the first step of a plan that was made before, if of any.
    fn resumed(&mut self, graph: &RevisionGraph, revision: &str, direction: Direction) {
        let is_next = |course: &Course| {
            let next = course.plan.steps().get(course.done);
            next.is_some_and(|step| graph.id(step.revision) == revision)
        };
        if direction == self.direction && self.course.as_ref().is_some_and(is_next) {
            self.advance(1);
        }
    }
}

fn no_target() -> Error {
    Error::new(ErrorKind::Target, "a downgrade needs a target")
        .help("say how far: `-1` for one revision, `base` for all, or the revision to end at")
}

impl Course {
    /// The rows of the version table as the steps that are done have left them, sorted.
    fn rows(&self, graph: &RevisionGraph) -> Vec<String> {
        let rows = self.plan.rows_after(self.done);
        let mut rows: Vec<String> = rows
            .into_iter()
            .map(|row| graph.id(row).to_owned())
            .collect();
        rows.sort_unstable();
        rows
    }

    /// Where an upgrade goes on to after somebody else has moved the rows.
    ///
    /// # Errors
    /// That it is a downgrade: what it was to undo may be undone, or not be the newest any more.
    fn end(
        &self,
        graph: &RevisionGraph,
        direction: Direction,
        rows: &[String],
    ) -> Result<String, Error> {
        let end = self.plan.steps().last();
        match (direction, end) {
            // A relative target is one revision, and all the steps before lead to it.
            (Direction::Upgrade, Some(end)) => Ok(graph.id(end.revision).to_owned()),
            _ => Err(verify::moved(self.done, self.plan.steps().len(), rows)),
        }
    }
}

/// A run on an open connection.
pub(crate) struct Run<'a> {
    migrations: &'a Migrations,
    options: Options,
    session: Box<dyn Session + 'a>,
    tables: Tables,
    replans: Replans,
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

    /// Upgrades or downgrades.
    pub(crate) async fn go(mut self, mut goal: Goal) -> Result<Report, Error> {
        let state = self.state().await?;
        let mut report = Report::default();
        if goal.direction == Direction::Upgrade && goal.is_default && self.is_current(&state) {
            report.current = state.ids();
            return Ok(self.finished(report));
        }
        let mut views = Views::new(self.migrations);
        let mut wait = Wait::new(self.options.lock_deadline);
        loop {
            let outcome = self.attempt(&mut views, &mut goal, &mut report).await;
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
        views: &mut Views<'a>,
        goal: &mut Goal,
        report: &mut Report,
    ) -> Result<Outcome, Error> {
        let mut state = self.state().await?;
        if state.unfinished {
            self.look_beyond(views, &state).await?;
            goal.count_in_unfinished(&views.toward(goal.direction).graph, &state.ids());
            let outcome = self.finish_unfinished(views, &state, report).await;
            let outcome = match (outcome, goal.direction) {
                (Err(error), Direction::Downgrade) => {
                    Err(self.before_a_downgrade(&state, error).await)
                }
                (outcome, _) => outcome,
            }?;
            if let (Outcome::Resumed, Some(step)) = (&outcome, report.steps.last()) {
                let graph = &views.toward(goal.direction).graph;
                goal.resumed(graph, &step.revision, step.direction);
            }
            return Ok(outcome);
        }
        let mut steps = self.plan(views, goal, &state).await?;
        let outside = steps.iter().any(|step| !step.revision.is_transactional());
        if let Err(failure) = self.lock(outside).await {
            return self.interrupted(failure, &state, &[]);
        }
        self.replans.go_on(&state, &self.tables)?;
        if !steps.is_empty() {
            self.options.emit(&Event::Planned {
                revisions: steps.len(),
            });
        }
        let together = match self.options.mode {
            TransactionMode::Single => steps.len().max(1),
            TransactionMode::PerRevision => 1,
        };
        for batch in steps.chunks_mut(together) {
            let ran = self.run_steps(&state, batch, report).await;
            if let Err(failure) = ran {
                return self.interrupted(failure, &state, batch);
            }
            goal.advance(batch.len());
            for step in batch {
                step.apply(&mut state.rows);
            }
            state = State {
                rows: state.rows,
                ..CREATED
            };
        }
        point::reached(point::BEFORE_RELEASE);
        Ok(Outcome::Done(state.ids()))
    }

    /// What is to be undone waits for a revision that is interrupted, and this one cannot be finished.
    async fn before_a_downgrade(&mut self, state: &State, error: Error) -> Error {
        let journal = self.journal(state).await.unwrap_or_default();
        match outside::unfinished(&journal, &self.tables) {
            Ok(Some(run)) => run.before_a_downgrade(error),
            _ => error,
        }
    }

    async fn lock(&mut self, outside: bool) -> Result<(), Failure> {
        point::reached(point::BEFORE_LOCK);
        self.session.try_lock(&self.tables, outside).await?;
        point::reached(point::AFTER_LOCK);
        Ok(())
    }

    /// Runs steps in one transaction if that can hold them; otherwise there is one, which runs statement by statement.
    async fn run_steps(
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
    async fn run_batch(
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

    /// What a failure means for the run, which was planned for `state`.
    fn interrupted(
        &mut self,
        failure: Failure,
        state: &State,
        steps: &[Step<'_>],
    ) -> Result<Outcome, Error> {
        match failure {
            Failure::Fenced => {
                self.replans.fenced(state, &self.tables)?;
                Ok(Outcome::Again)
            }
            Failure::Busy { holder } => {
                self.replans.waited();
                Ok(Outcome::Busy { holder })
            }
            failure => Err(failure::error(
                self.migrations,
                &*self.session,
                failure,
                steps,
            )),
        }
    }

    /// Plans, and refuses what must not even begin.
    async fn plan<'v>(
        &mut self,
        views: &'v mut Views<'a>,
        goal: &mut Goal,
        state: &State,
    ) -> Result<Vec<Step<'v>>, Error> {
        if goal.direction == Direction::Downgrade {
            self.look_beyond(views, state).await?;
        }
        if goal.direction == Direction::Upgrade {
            self.refuse_lost_rows(state).await?;
        }
        let view = views.toward(goal.direction);
        let known = verify::rows(view, self.tables.dialect, state);
        if !known.unknown.is_empty() {
            return self
                .ahead(&views.chain, goal, &known.unknown, state)
                .await
                .map(|()| Vec::new());
        }
        let rows = state.ids();
        let is_upgrade = goal.direction == Direction::Upgrade;
        if is_upgrade {
            verify::refuse_overlaps(view, &self.tables, &rows)?;
        }
        let planned = goal.steps(&view.graph, &rows)?;
        let is_beyond = !view.recorded().is_empty() && !planned.is_empty();
        if known.has_edits && is_upgrade {
            let journal = self.journal(state).await?;
            let dialect = self.tables.dialect;
            let edited = verify::edited(view, dialect, &rows, &journal);
            return Err(verify::edited_error(
                self.migrations,
                dialect,
                &edited,
                &rows,
            ));
        }
        if (known.has_edits || is_beyond) && !is_upgrade {
            let undone: Vec<usize> = planned.iter().map(|step| step.revision).collect();
            let journal = self.journal(state).await?;
            views.undo_as_recorded(self.tables.dialect, &rows, &journal, &undone);
        }
        let view = views.toward(goal.direction);
        let steps = step::steps(&self.tables, view, &planned, goal.direction);
        verify::can_run(
            self.migrations,
            self.tables.dialect,
            self.options.mode,
            &steps,
        )?;
        Ok(steps)
    }

    /// An empty version table would let all revisions run again, whatever the journal says.
    async fn refuse_lost_rows(&mut self, state: &State) -> Result<(), Error> {
        if !state.rows.is_empty() || verify::lost_rows(&self.journal(state).await?).is_none() {
            return Ok(());
        }
        // Another run may have recorded it after the rows were read.
        if !self.state().await?.rows.is_empty() {
            return Ok(());
        }
        verify::refuse_lost_rows(&self.journal(state).await?, &self.tables)
    }

    /// Reads in the journal of what is applied and not of the chain, as far as it tells. What it does not tell is unknown
    /// still, and refused as such.
    async fn look_beyond(&mut self, views: &mut Views<'a>, state: &State) -> Result<(), Error> {
        let ids = state.ids();
        if views.whole().has_all(ids.iter()) || verify::replaced(self.migrations, &ids).is_some() {
            return Ok(());
        }
        let journal = self.journal(state).await?;
        let before = views.beyond.take();
        views.beyond = View::beyond(&views.chain, before, &ids, &journal).ok();
        Ok(())
    }

    /// Rows that the chain does not have: an error, unless the policy allows them and nothing of ours is missing.
    async fn ahead(
        &mut self,
        chain: &View<'a>,
        goal: &Goal,
        unknown: &[String],
        state: &State,
    ) -> Result<(), Error> {
        let replaced = verify::replaced(self.migrations, unknown);
        if let Some(error) = replaced {
            return Err(error);
        }
        let journal = self.journal(state).await?;
        let missing = verify::not_under(self.migrations, &chain.graph, &state.ids(), &journal);
        let may_pass = self.options.ahead == Ahead::Allow
            && goal.direction == Direction::Upgrade
            && goal.is_default
            && missing.is_empty();
        if may_pass {
            Ok(())
        } else {
            let beyond = View::beyond(chain, None, &state.ids(), &journal);
            let can_be_undone = beyond.as_ref().is_ok_and(View::can_be_undone);
            let error = verify::ahead_error(self.migrations, unknown, &missing, can_be_undone);
            Err(match beyond.err() {
                Some(gap) if goal.direction == Direction::Downgrade => {
                    error.note(format!("it cannot be undone from the journal: {gap}"))
                }
                _ => error,
            })
        }
    }

    /// Settles a revision that stopped half-way.
    pub(crate) async fn resolve(
        mut self,
        revision: &str,
        resolution: Resolution,
    ) -> Result<Report, Error> {
        let mut views = Views::new(self.migrations);
        let mut wait = Wait::new(self.options.lock_deadline);
        loop {
            let settled = self.settle(&mut views, revision, resolution).await;
            self.session.unlock().await;
            match settled? {
                Outcome::Done(current) => {
                    return Ok(self.finished(Report {
                        current,
                        set: Some("settled"),
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
                        .await?;
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
                        .await?;
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
        let mut heads = self.migrations.store.heads();
        // As the rows are.
        heads.sort_unstable_by(|one, other| one.id().cmp(other.id()));
        let matches = |(row, head): (&Row, &Cow<'_, Revision>)| {
            let accepts = |digest| head.accepts(digest, self.tables.dialect);
            head.id() == row.revision && row.digest.as_ref().is_none_or(accepts)
        };
        !state.unfinished
            && state.rows.len() == heads.len()
            && state.rows.iter().zip(&heads).all(matches)
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
