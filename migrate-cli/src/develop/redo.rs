//! `cargo migrate redo`: down and up again.

use clap::Args;
use migrate_command::parts::{CommandError, Exit, Ui};
use migrate_runtime::AnyPool;

use super::agree::agree;
use crate::author::Result;
use crate::project::Project;

/// Undo the last revisions and apply them again
#[derive(Args, Debug)]
#[command(
    long_about = "Undo the last revisions and apply them again

An edited revision is undone by the script that the database has recorded, and applied as it is now.",
    after_help = "\
Examples:
  cargo migrate redo           the last revision
  cargo migrate redo 3 --yes   the last three, without a question"
)]
pub struct Redo {
    /// How many revisions
    #[arg(value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    revisions: u32,
    /// Do not ask first
    #[arg(short, long)]
    yes: bool,
}

impl Redo {
    /// Goes down and up again, to where the database was.
    ///
    /// # Errors
    /// A revision cannot be undone or applied.
    pub async fn run(self, project: &Project, ui: &mut Ui) -> Result<Exit> {
        let migrations = project.load()?;
        let pool = AnyPool::existing(&project.globals().require_database_url()?)?;
        let before = migrations.status(&pool).await?.current;
        if before.is_empty() {
            return Err(
                CommandError::new("no revision is applied").help("run `cargo migrate upgrade`")
            );
        }
        let target = format!("-{}", self.revisions);
        // A plan that is refused is refused before anybody is asked.
        let runner = migrations.runner(&pool).to(&target);
        let plan = runner.plan_downgrade().await?;
        for step in &plan.steps {
            ui.note(format!("down and up again: {}", step.revision));
        }
        agree(
            ui,
            self.yes,
            "Their rows may be lost. Undo them and apply them again?",
        )?;
        ui.result(migrations.downgrade(&pool, &target).await?);
        let runner = migrations.runner(&pool);
        let runner = match &*before {
            [one] => runner.to(one),
            _ => runner,
        };
        ui.result(runner.upgrade().await?);
        Ok(Exit::Done)
    }
}
