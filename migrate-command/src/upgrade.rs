use clap::Args;

use super::offline::{self, ScriptOptions};
use super::run::{self, RunOptions};
use super::{CommandError, Cx, Exit, empty};
use migrate_runtime::{Ahead, Direction};

/// `upgrade`: applies what is pending.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cargo migrate upgrade                     to the head
  cargo migrate upgrade +1                  one revision further
  cargo migrate upgrade shop@head           the branch `shop` only
  cargo migrate upgrade --dry-run           what would run
  cargo migrate upgrade --sql > up.sql      a script, from an empty database
  cargo migrate upgrade ae10:head --sql     a script, from revision ae10")]
pub struct Upgrade {
    /// The target: `head`, `+1`, `ae10`, `ae10+2`, `shop@head` … [default: the head, or all heads]
    #[arg(allow_negative_numbers = true)]
    target: Option<String>,
    /// Print a script instead of running anything, for a range `A:B` or from an empty database
    #[arg(long, value_name = "A:B", num_args = 0..=1)]
    #[allow(
        clippy::option_option,
        reason = "as clap has an option whose value may be left out"
    )]
    sql: Option<Option<String>>,
    #[command(flatten)]
    script: ScriptOptions,
    /// Show what would run on the database as it is now, and stop
    #[arg(long, conflicts_with = "sql")]
    dry_run: bool,
    /// Go on when the database holds revisions that this chain does not have
    #[arg(long)]
    allow_ahead: bool,
    #[command(flatten)]
    options: RunOptions,
}

impl Upgrade {
    pub async fn run(self, cx: &mut Cx<'_>) -> Result<Exit, CommandError> {
        if let Some(sql) = self.sql {
            let range = offline::range(self.target, sql)?;
            let dialect = self.script.dialect(cx)?;
            let script = cx
                .migrations
                .sql(dialect, range.as_deref().unwrap_or("heads"))?;
            cx.ui.exact(script.trim_end());
            return Ok(Exit::Done);
        }
        let target = self
            .target
            .as_deref()
            .map(super::arguments::target)
            .transpose()?;
        let pool = if self.dry_run {
            cx.database()?
        } else {
            cx.database_to_write()?
        };
        let dialect = pool.dialect();
        if !self.dry_run && empty::may_run(cx.migrations, dialect, Direction::Upgrade) {
            let mut runner = cx.runner(&pool);
            if self.allow_ahead {
                runner = runner.ahead(Ahead::Allow);
            }
            if let Some(target) = &target {
                runner = runner.to(target.to_string());
            }
            let plan = runner.plan_upgrade().await?;
            empty::ask(cx, &plan, dialect)?;
        }
        let mut runner = self.options.apply(cx.runner(&pool));
        if self.allow_ahead {
            runner = runner.ahead(Ahead::Allow);
        }
        if let Some(target) = target {
            runner = runner.to(target.to_string());
        }
        if self.dry_run {
            let plan = runner.plan_upgrade().await?;
            run::plan(cx.ui, &plan);
            return Ok(Exit::Done);
        }
        run::run(cx, &pool, runner, Direction::Upgrade).await
    }
}
