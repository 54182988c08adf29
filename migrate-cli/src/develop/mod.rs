//! The daily commands of developers: they create, drop and fill whole databases, and exist in `cargo migrate` alone.

mod agree;
mod database;
mod fresh;
mod location;
mod redo;
mod scratch;
mod seed;

use clap::Subcommand;
use migrate_command::parts::{Exit, Ui};

use crate::author::Result;
use crate::project::Project;

/// The commands for databases that may be lost.
#[derive(Subcommand)]
pub enum Develop {
    Fresh(fresh::Fresh),
    Redo(redo::Redo),
    Seed(seed::Seed),
    Scratch(scratch::Scratch),
    #[command(subcommand)]
    Database(database::Database),
}

impl Develop {
    /// Runs the command, and tells what it has done.
    ///
    /// # Errors
    /// Why it was refused or failed.
    pub async fn run(self, project: &Project, ui: &mut Ui) -> Result<Exit> {
        match self {
            Self::Fresh(command) => command.run(project, ui).await,
            Self::Redo(command) => command.run(project, ui).await,
            Self::Seed(command) => command.run(project, ui).await,
            Self::Scratch(command) => command.run(project, ui).await,
            Self::Database(command) => command.run(project, ui).await,
        }
    }
}
