use clap::Args;
use migrate_chain::target::Range;

use super::offline::ScriptOptions;
use super::run;
use super::{CommandError, Cx, Exit};

/// `stamp`: says where the database is, without running anything.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cargo migrate stamp head                  the database is at the head already
  cargo migrate stamp --purge ae10          replace all rows with ae10
  cargo migrate stamp ae10:head --sql       a script")]
pub struct Stamp {
    /// The revisions to record as current: `head`, `heads`, `base`, or a revision for each branch
    #[arg(required = true, num_args = 1..)]
    revisions: Vec<String>,
    /// Print a script instead of changing anything; the first revision may be a range `A:B`
    #[arg(long)]
    sql: bool,
    #[command(flatten)]
    script: ScriptOptions,
    /// Remove all rows first, those of unknown revisions too
    #[arg(long)]
    purge: bool,
    /// Set the rows even if a revision that is applied is forgotten: back, or to another branch
    #[arg(long)]
    force: bool,
}

impl Stamp {
    pub async fn run(self, cx: &mut Cx<'_>) -> Result<Exit, CommandError> {
        let revisions: Vec<&str> = self.revisions.iter().map(String::as_str).collect();
        if self.sql {
            for range in &revisions {
                Range::of_script(range)?;
            }
            let dialect = self.script.dialect(cx)?;
            let script = cx.migrations.sql_stamp(dialect, &revisions, self.purge)?;
            cx.ui.exact(script.trim_end());
            return Ok(Exit::Done);
        }
        for revision in &revisions {
            super::arguments::target(revision)?;
        }
        let pool = cx.database_to_write()?;
        let mut runner = cx.runner(&pool);
        if self.purge {
            runner = runner.purge();
        }
        if self.force {
            runner = runner.force();
        }
        let report = runner.stamp(&revisions).await?;
        run::report(cx.ui, &report);
        Ok(Exit::Done)
    }
}
