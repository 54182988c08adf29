//! The commands that write files: they work on a migration directory, and exist in `cargo migrate` alone.

mod accept;
mod autogenerate;
mod baseline;
pub mod desired;
mod dialect_names;
mod directory;
mod dump;
mod edit;
mod failure;
mod file_name;
mod files;
mod header_edit;
mod hooks;
mod id;
mod import;
mod init;
mod lint;
mod list_templates;
mod lock;
mod merge;
mod models;
mod new_revision;
mod overlay;
mod package;
mod program;
mod rebase;
mod revision;
mod revision_file;
mod scratch;
mod show;
mod sql_files;
mod squash;
#[cfg(test)]
mod testing;
mod touch;
mod verify;
pub mod version_rows;

use std::path::PathBuf;

use clap::Subcommand;
use migrate_command::parts::{Exit, Ui};

use crate::project::Project;
pub use directory::Directory;
pub use failure::{Result, comparison};
use migrate_runtime::render::{self, Style};
pub use program::{app, by_the_app};
pub use scratch::{Servers, until_interrupted};
use show::Show;

/// The commands that write files, or look at them alone.
#[derive(Subcommand)]
pub enum Author {
    Init(init::Init),
    Import(import::Import),
    #[command(aliases = ["new", "add"])]
    Revision(revision::Revision),
    Merge(merge::Merge),
    Edit(edit::Edit),
    Rebase(rebase::Rebase),
    Squash(squash::Squash),
    Verify(verify::Verify),
    Accept(accept::Accept),
    Dump(dump::Dump),
    Lock(lock::Lock),
    Lint(lint::Lint),
    Models(models::Models),
    #[command(alias = "list_templates")]
    ListTemplates(list_templates::ListTemplates),
}

impl Author {
    /// Runs the command, and tells what it has done.
    ///
    /// # Errors
    /// Why it was refused or failed.
    pub async fn run(&self, project: &Project, ui: &mut Ui) -> Result<Exit> {
        let exit = self.run_alone(project, ui).await?;
        if self.writes_revisions() {
            let directory = Directory::open(project.directory())?;
            let work = Box::pin(lock::refresh_after(&directory, project.globals()));
            if let Some(warning) = until_interrupted(work).await? {
                ui.note(format!("warning: {warning}"));
            }
        }
        Ok(exit)
    }

    /// Whether the schema that the chain builds can be another afterwards.
    fn writes_revisions(&self) -> bool {
        if let Self::Lint(lint) = self {
            return lint.fixes();
        }
        matches!(
            self,
            Self::Revision(_) | Self::Merge(_) | Self::Edit(_) | Self::Rebase(_) | Self::Squash(_)
        )
    }

    async fn run_alone(&self, project: &Project, ui: &mut Ui) -> Result<Exit> {
        let directory = || Directory::open(project.directory());
        let url = || project.globals().database_url();
        match self {
            Self::Init(command) => {
                let initialized = command.run(project)?;
                tell(ui, &initialized);
                if command.from_database {
                    let directory = Directory::open(&initialized.directory)?;
                    tell(ui, &baseline::write(&directory, project.globals()).await?);
                }
            }
            Self::Import(command) => {
                let outcome = command.run(project).await?;
                for warning in outcome.warnings() {
                    ui.note(warning);
                }
                for fault in &outcome.faults {
                    ui.note(render::text(fault, Style::Plain));
                }
                tell(ui, &outcome);
            }
            Self::Revision(command) => {
                let revisions = command.run(&directory()?, project.globals()).await?;
                tell(ui, &revisions);
                if command.edit {
                    let paths: Vec<PathBuf> = revisions
                        .written
                        .iter()
                        .map(|new| new.path.clone())
                        .collect();
                    edit::open_and_check(&directory()?, &paths)?;
                }
                for note in &revisions.notes {
                    ui.note(format!("note: {note}"));
                }
                for warning in revisions.warnings.iter().chain(&revisions.hazards) {
                    ui.note(format!("warning: {warning}"));
                }
            }
            Self::Merge(command) => tell(ui, &command.run(&directory()?)?),
            Self::Edit(command) => {
                let paths = command.run(&directory()?, url()?.as_deref()).await?;
                tell(ui, &show::Edited { paths });
            }
            Self::Rebase(command) => {
                let (rebased, asked) = command.run(&directory()?, url()?.as_deref()).await?;
                tell(ui, &rebased);
                if !asked {
                    ui.note("no database was asked whether it has applied the branch");
                }
            }
            Self::Squash(command) => {
                let directory = directory()?;
                let work = Box::pin(command.run(&directory, project.globals()));
                tell(ui, &until_interrupted(work).await?);
            }
            Self::Verify(command) => {
                let directory = directory()?;
                let work = Box::pin(command.run(&directory, project.globals()));
                let verified = until_interrupted(work).await?;
                if ui.is_verbose() {
                    verified.times().for_each(|line| ui.note(line));
                }
                tell(ui, &verified);
            }
            Self::Lock(command) => {
                let directory = directory()?;
                let work = Box::pin(command.run(&directory, project.globals()));
                tell(ui, &until_interrupted(work).await?);
            }
            Self::Lint(command) => {
                let directory = directory()?;
                let work = Box::pin(command.run(&directory, project.globals(), ui));
                return until_interrupted(work).await;
            }
            Self::Accept(command) => {
                tell(ui, &command.run(&directory()?, project.globals()).await?);
            }
            Self::Dump(command) => {
                command.run(&directory()?, project.globals(), ui).await?;
            }
            Self::Models(command) => {
                let directory = directory()?;
                let work = Box::pin(command.run(&directory, project.globals()));
                tell(ui, &until_interrupted(work).await?);
            }
            Self::ListTemplates(_) => {
                let templates = &list_templates::TEMPLATES;
                tell(ui, &show::Templates { templates });
            }
        }
        Ok(Exit::Done)
    }
}

/// Writes what was done in the form that the user asked for.
fn tell(ui: &mut Ui, done: &impl Show) {
    if ui.is_json() {
        ui.json(done);
    } else {
        ui.result(done.text());
    }
}
