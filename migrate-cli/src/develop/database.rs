//! `cargo migrate database`: creates and drops the database that the URL names.

use clap::{Args, Subcommand};
use migrate_command::parts::{CommandError, Exit, Ui};

use super::agree::agree;
use super::location::Location;
use crate::author::Result;
use crate::project::Project;

/// Create or drop the database that the URL names
#[derive(Subcommand, Debug)]
pub enum Database {
    /// Create the database; one that is there already stays as it is
    Create,
    /// Drop the database with everything in it
    Drop(Drop),
}

/// The options of `database drop`.
#[derive(Args, Debug)]
pub struct Drop {
    /// Do not ask first
    #[arg(short, long)]
    yes: bool,
}

impl Database {
    /// Runs the command.
    ///
    /// # Errors
    /// The server refuses it, or the user does.
    pub async fn run(self, project: &Project, ui: &mut Ui) -> Result<Exit> {
        let location = Location::of(&project.globals().require_database_url()?)?;
        let (shown, exists) = (location.shown(), location.exists().await);
        match self {
            Self::Create if exists => ui.result(format!("{shown} is there already")),
            Self::Create => {
                location.create("").await?;
                ui.result(format!("created {shown}"));
            }
            Self::Drop(_) if !exists => {
                return Err(CommandError::new(format!(
                    "{shown} is not there, or cannot be connected"
                )));
            }
            Self::Drop(Drop { yes }) => {
                agree(ui, yes, &format!("Drop {shown} with everything in it?"))?;
                location.drop().await?;
                ui.result(format!("dropped {shown}"));
            }
        }
        Ok(Exit::Done)
    }
}
