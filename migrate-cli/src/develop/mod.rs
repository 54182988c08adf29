//! The daily commands of developers: they create, drop and fill whole databases, and exist in `cargo migrate` alone.

mod database;
mod fresh;
mod place;
mod redo;
mod scratch;
mod seed;

use clap::Subcommand;
use migrate_command::parts::{Exit, Failure, Ui};

use crate::author::Result;
use crate::project::Project;

/// The commands for databases that may be lost.
#[derive(Subcommand)]
pub(crate) enum Develop {
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
    pub(crate) async fn run(self, project: &Project, ui: &mut Ui) -> Result<Exit> {
        match self {
            Self::Fresh(command) => command.run(project, ui).await,
            Self::Redo(command) => command.run(project, ui).await,
            Self::Seed(command) => command.run(project, ui).await,
            Self::Scratch(command) => command.run(project, ui).await,
            Self::Database(command) => command.run(project, ui).await,
        }
    }
}

/// Asks before something is lost. If nobody can be asked, `--yes` has to say it.
fn agree(ui: &mut Ui, yes: bool, question: &str) -> Result<()> {
    if yes {
        return Ok(());
    }
    if !ui.is_interactive() {
        return Err(
            Failure::new("this loses data, and nobody is there to be asked")
                .help("pass --yes if you mean it"),
        );
    }
    if ui.confirm(question)? {
        Ok(())
    } else {
        Err(Failure::new("nothing was changed"))
    }
}
