use clap::Args;

use super::offline::{self, ScriptOptions};
use super::run::{self, RunOptions};
use super::{CommandError, Cx, Exit, empty};
use migrate_runtime::{Direction, Plan};

/// `downgrade`: undoes what is applied.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cargo migrate downgrade -1                the last revision
  cargo migrate downgrade ae10              everything after ae10
  cargo migrate downgrade base --yes        everything, without a question
  cargo migrate downgrade head:ae10 --sql   a script")]
pub struct Downgrade {
    /// The target: `-1`, `base`, `ae10`, `ae10-2`, `shop@base` …
    #[arg(allow_negative_numbers = true, required_unless_present = "sql")]
    target: Option<String>,
    /// Print a script instead of running anything, for a range from `A` down to `B`
    #[arg(long, value_name = "A:B", num_args = 0..=1)]
    #[allow(
        clippy::option_option,
        reason = "as clap has an option whose value may be left out"
    )]
    sql: Option<Option<String>>,
    #[command(flatten)]
    script: ScriptOptions,
    /// Show what would be undone in the database as it is now, and stop
    #[arg(long, conflicts_with = "sql")]
    dry_run: bool,
    /// Do not ask first
    #[arg(short, long)]
    yes: bool,
    #[command(flatten)]
    options: RunOptions,
}

impl Downgrade {
    pub async fn run(self, cx: &mut Cx<'_>) -> Result<Exit, CommandError> {
        if let Some(sql) = self.sql {
            let range = offline::range(self.target, sql)?.filter(|range| range.contains(':'));
            let range = range.ok_or_else(no_range)?;
            let dialect = self.script.dialect(cx)?;
            let script = cx.migrations.sql_downgrade(dialect, &range)?;
            cx.ui.exact(script.trim_end());
            return Ok(Exit::Done);
        }
        let target =
            super::arguments::target(self.target.as_deref().unwrap_or_default())?.to_string();
        let pool = cx.database()?;
        let plan = || cx.runner(&pool).to(&target).plan_downgrade();
        if self.dry_run {
            let plan = plan().await?;
            run::plan(cx.ui, &plan);
            return Ok(Exit::Done);
        }
        let asks = !self.yes && cx.ui.is_interactive();
        if asks || empty::may_run(cx.migrations, pool.dialect(), Direction::Downgrade) {
            let plan = plan().await?;
            empty::tell(cx, &plan, pool.dialect());
            if asks && !agrees(cx, &plan)? {
                return Err(CommandError::new("nothing was undone"));
            }
        }
        let runner = self.options.apply(cx.runner(&pool)).to(&target);
        run::run(cx, &pool, runner, Direction::Downgrade).await
    }
}

/// Asks, since data may be lost. With nothing to undo there is nothing to ask.
fn agrees(cx: &mut Cx<'_>, plan: &Plan) -> Result<bool, CommandError> {
    if plan.steps.is_empty() {
        return Ok(true);
    }
    for step in &plan.steps {
        cx.ui.note(run::planned(step));
    }
    let what = match plan.steps.len() {
        1 => "this revision".to_owned(),
        many => format!("these {many} revisions"),
    };
    let database = cx.shown();
    cx.ui.confirm(&format!("Undo {what} in {database}?"))
}

fn no_range() -> CommandError {
    CommandError::usage("a script for a downgrade needs to know where it starts and where it ends")
        .help("write both: `downgrade --sql head:base`")
}
