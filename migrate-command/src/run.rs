//! The common part of upgrade and downgrade: their options, the progress, an interrupt, the report.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::arguments::Time;
use super::paint::{DIM, ID};
use super::progress::{Progress, Running};
use super::{CommandError, Cx, Exit, Ui};
use migrate_runtime::{
    AnyPool, Direction, Plan, PlannedStep, Report, Runner, Status, StepReport, TransactionMode,
    defaults,
};

/// How revisions are run.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "How to run")]
pub struct RunOptions {
    /// Run all revisions in one transaction: all of them or none
    #[arg(long)]
    single_transaction: bool,
    /// How long to wait for other processes that migrate
    #[arg(long, value_name = "DURATION", default_value_t = Time(defaults::LOCK_DEADLINE))]
    lock_deadline: Time,
    /// How long a schema change may wait for a lock on a table
    #[arg(long, value_name = "DURATION", default_value_t = Time(defaults::DDL_LOCK_TIMEOUT))]
    lock_timeout: Time,
    /// How often a schema change that did not get its lock is tried again
    #[arg(long, value_name = "N", default_value_t = defaults::DDL_RETRIES)]
    lock_retries: u32,
    /// How long one statement may run [default: no limit]
    #[arg(long, value_name = "DURATION")]
    statement_timeout: Option<Time>,
}

impl RunOptions {
    pub fn apply<'p>(&self, runner: Runner<'p, &'p AnyPool>) -> Runner<'p, &'p AnyPool> {
        let mode = if self.single_transaction {
            TransactionMode::Single
        } else {
            TransactionMode::PerRevision
        };
        let runner = runner
            .transaction_mode(mode)
            .lock_deadline(self.lock_deadline.0)
            .ddl_lock_timeout(self.lock_timeout.0, self.lock_retries);
        match self.statement_timeout {
            Some(Time(timeout)) => runner.statement_timeout(timeout),
            None => runner,
        }
    }
}

/// Runs an upgrade or a downgrade with its progress shown, and tells what it did.
pub async fn run<'p>(
    cx: &mut Cx<'_>,
    pool: &'p AnyPool,
    runner: Runner<'p, &'p AnyPool>,
    direction: Direction,
) -> Result<Exit, CommandError> {
    let progress = Progress::new(cx.ui);
    let runner = runner.on_event(progress.callback());
    let result = tokio::select! {
        result = async {
            match direction {
                Direction::Upgrade => runner.upgrade().await,
                Direction::Downgrade => runner.downgrade().await,
            }
        } => Some(result),
        () = interrupt() => None,
    };
    progress.end(match &result {
        Some(_) => "failed",
        None => "interrupted",
    });
    match result {
        Some(result) => {
            report(cx.ui, &result?);
            Ok(Exit::Done)
        }
        None => Err(interrupted(cx, pool, &progress).await),
    }
}

/// Shows the steps that would run.
pub fn plan(ui: &mut Ui, plan: &Plan) {
    if ui.is_json() {
        let steps = plan.steps.iter().map(StepJson::planned).collect();
        ui.json(&PlanJson { steps });
        return;
    }
    if plan.steps.is_empty() {
        ui.result("nothing to do");
    }
    for step in &plan.steps {
        ui.result(planned(step));
    }
}

/// `upgrade ae10  Create teams`
pub fn planned(step: &PlannedStep) -> String {
    let PlannedStep {
        revision,
        message,
        direction,
        ..
    } = step;
    let outside = if step.is_transactional {
        String::new()
    } else {
        format!(" {DIM}(outside a transaction){DIM:#}")
    };
    format!("{direction} {ID}{revision}{ID:#}  {message}{outside}")
}

/// Shows what was done.
pub fn report(ui: &mut Ui, report: &Report) {
    if ui.is_json() {
        ui.json(&ReportJson::new(report));
    } else {
        ui.result(report);
    }
}

#[derive(Serialize)]
struct PlanJson<'a> {
    steps: Vec<StepJson<'a>>,
}

#[derive(Serialize)]
struct ReportJson<'a> {
    steps: Vec<StepJson<'a>>,
    adopted: usize,
    current: &'a [String],
    waited_ms: u64,
    duration_ms: u64,
}

/// A revision of a plan, of what is pending, or of what was run.
#[derive(Serialize)]
pub struct StepJson<'a> {
    revision: &'a str,
    message: &'a str,
    file: &'a str,
    direction: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statements: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    duration_ms: Option<u64>,
}

impl<'a> StepJson<'a> {
    pub fn planned(step: &'a PlannedStep) -> Self {
        Self {
            revision: &step.revision,
            message: &step.message,
            file: &step.file,
            direction: step.direction.name(),
            transaction: Some(step.is_transactional),
            statements: None,
            duration_ms: None,
        }
    }

    fn done(step: &'a StepReport) -> Self {
        Self {
            revision: &step.revision,
            message: &step.message,
            file: &step.file,
            direction: step.direction.name(),
            transaction: None,
            statements: Some(step.statements),
            duration_ms: Some(millis(step.duration)),
        }
    }
}

impl<'a> ReportJson<'a> {
    fn new(report: &'a Report) -> Self {
        Self {
            steps: report.steps.iter().map(StepJson::done).collect(),
            adopted: report.adopted,
            current: &report.current,
            waited_ms: millis(report.waited),
            duration_ms: millis(report.duration),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Ends when the user or the process manager asks it to stop. Where no handler can be installed, signals end the
/// process.
async fn interrupt() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt());
        let mut terminate = signal(SignalKind::terminate());
        if let (Ok(interrupt), Ok(terminate)) = (&mut interrupt, &mut terminate) {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_ok() {
        return;
    }
    std::future::pending::<()>().await;
}

/// How long to wait until the database has finished the interrupted statement.
const SETTLING: Duration = Duration::from_secs(10);

/// Asks the database whether the revision that was running is applied.
async fn interrupted(cx: &mut Cx<'_>, pool: &AnyPool, progress: &Arc<Progress>) -> CommandError {
    let Some(running) = progress.running() else {
        return CommandError::new("interrupted: no revision was running")
            .help("run it again to continue");
    };
    cx.ui
        .note("interrupted: checking the revision that was running");
    let runner = cx.runner(pool).lock_deadline(SETTLING);
    let status = tokio::select! {
        status = runner.status_when_idle() => status,
        () = interrupt() => return CommandError::new("interrupted twice").help("look at `status`"),
    };
    match status {
        Ok(status) => after_interrupt(cx, &running, &status),
        Err(error) => {
            let what = format!(
                "interrupted: the outcome of revision `{}` cannot be seen yet",
                running.revision
            );
            CommandError::new(what)
                .note(error.summary())
                .help("look at `status`")
        }
    }
}

fn after_interrupt(cx: &Cx<'_>, running: &Running, status: &Status) -> CommandError {
    let Running {
        revision,
        direction,
        ..
    } = running;
    let what = format!("interrupted during the {direction} of revision `{revision}`");
    if let Some(unfinished) = &status.unfinished
        && unfinished.revision == *revision
    {
        let done = unfinished.statements_done;
        return CommandError::new(format!(
            "{what}, which runs outside a transaction: {done} of its statements are recorded"
        ))
        .help("run it again to continue after them");
    }
    let graph = cx.migrations.graph();
    let rows = graph.find_all(status.current.iter().map(String::as_str));
    let applied = graph.ancestors(&rows);
    let is_applied = graph.find(revision).is_some_and(|index| applied[index]);
    if is_applied == (*direction == Direction::Upgrade) {
        CommandError::new(format!("{what}, which was done and is recorded"))
            .help("run it again to continue")
    } else {
        CommandError::new(format!("{what}, which was rolled back")).help("run it again to continue")
    }
}
