//! `cargo migrate fresh`: the database of the chain, and nothing else.

use clap::Args;
use migrate_command::parts::{Exit, Ui};
use migrate_runtime::AnyPool;

use super::agree::agree;
use super::location::Location;
use crate::author::Result;
use crate::project::Project;

/// Drop everything in the database, and upgrade it from the start
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo migrate fresh          asks first
  cargo migrate fresh --yes && cargo migrate seed")]
pub struct Fresh {
    /// Do not ask first
    #[arg(short, long)]
    yes: bool,
}

impl Fresh {
    /// Recreates the database and runs the chain. A faulty chain is reported before anything is dropped.
    ///
    /// # Errors
    /// The chain has faults or fails, or the database cannot be recreated.
    pub async fn run(self, project: &Project, ui: &mut Ui) -> Result<Exit> {
        let migrations = project.load()?;
        let url = project.globals().require_database_url()?;
        let location = Location::of(&url)?;
        let question = format!("Drop everything in {}?", location.shown());
        if location.exists().await {
            agree(ui, self.yes, &question)?;
        }
        location.recreate().await?;
        let pool = AnyPool::new(&url)?;
        let report = migrations.upgrade(&pool).await?;
        ui.result(report);
        Ok(Exit::Done)
    }
}
