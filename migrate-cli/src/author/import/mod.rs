//! `cargo migrate import`: a chain from the migrations of another tool.

mod alembic;
mod dbmate;
mod diesel;
mod flyway;
mod frame;
mod golang_migrate;
mod goose;
mod locate;
mod migration;
mod prisma;
mod refinery;
mod sea_orm;
mod settings;
mod sqlx;
mod tools;
mod write;
mod written;

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use migrate_chain::Diagnostic;
use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

use super::directory::Directory;
use super::failure::{self, CommandError, Result};
use super::init::{Init, Initialized};
use super::show::Show;
use super::touch;
use crate::project::Project;
use locate::Located;
use migration::Imported;
use tools::ImportTool;
use written::Written;

/// Make a chain from the migrations of another tool
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo migrate import                      the tool is known by its files
  cargo migrate import sqlx --dry-run
  cargo migrate import diesel --dir db/migrations")]
pub struct Import {
    /// The tool: sqlx, diesel, refinery, sea-orm, goose, dbmate, golang-migrate, flyway, prisma or alembic
    tool: Option<String>,

    /// The folder with the migrations [default: where the tool has them]
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,

    /// Show what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Remove the files of the other tool once the revisions are written
    #[arg(long)]
    remove: bool,
}

/// The result of `import`.
#[derive(Debug)]
pub struct ImportOutcome {
    tool: &'static str,
    from: PathBuf,
    initialized: Option<Initialized>,
    written: Vec<Written>,
    removed: Vec<PathBuf>,
    /// Parts that were read in a special way.
    notes: Vec<String>,
    /// Parts that could not be carried over.
    left: Vec<String>,
    /// Faults that the build will report.
    pub faults: Vec<Diagnostic>,
    /// Whether the history of the tool has to be taken over: Alembic's table is ours.
    adopts: bool,
}

impl Import {
    /// Reads the migrations, and writes a revision for each.
    ///
    /// # Errors
    /// Nothing was found, or something cannot be read; nothing is written then.
    pub async fn run(&self, project: &Project) -> Result<ImportOutcome> {
        let tool = self.tool.as_deref().map(tools::named).transpose()?;
        let Located { tool, folder, root } = locate::find(tool, self.from.as_deref())?;
        let mut imported = self.read(tool, &folder, &root, project).await?;
        if imported.migrations.is_empty() {
            return Err(CommandError::new(format!(
                "{} has no migrations of {}",
                folder.display(),
                tool.name
            ))
            .help("name the folder with `--from`"));
        }
        if self.dry_run {
            let scratch = tempfile::tempdir()
                .map_err(|error| failure::file("make", &std::env::temp_dir(), &error))?;
            let directory = if crate::find::is_chain(project.directory()) {
                Directory::open(project.directory())?
            } else {
                settings::make(scratch.path(), &root)?;
                Directory::open(scratch.path())?
            };
            let plan = write::plan(&directory, tool, &mut imported)?;
            return Ok(Self::outcome(tool, folder, plan, imported, None));
        }
        let target = self.target(tool, &folder, project)?;
        let mut initialized = Init::beside(target).run(project)?;
        settings::name(&mut initialized)?;
        let directory = Directory::open(&initialized.directory)?;
        let plan = write::plan(&directory, tool, &mut imported)?;
        plan.write(&directory)?;
        write::objects(&directory, &imported)?;
        settings::adopt(&directory, tool, &imported)?;
        touch::touch(&directory);
        let removed = if self.remove {
            write::remove(&imported)?
        } else {
            Vec::new()
        };
        let mut outcome = Self::outcome(tool, folder, plan, imported, Some(initialized));
        outcome.removed = removed;
        Ok(outcome)
    }

    async fn read(
        &self,
        tool: &'static ImportTool,
        folder: &std::path::Path,
        root: &std::path::Path,
        project: &Project,
    ) -> Result<Imported> {
        match tool.read {
            tools::ImportReader::Files(read) => read(folder, root),
            tools::ImportReader::Baseline => sea_orm::read(folder, project).await,
            tools::ImportReader::Alembic => alembic::read(folder, root),
        }
    }

    /// The directory of the new chain. A tool that takes every folder among its migrations for one of them keeps its
    /// own folder.
    fn target(
        &self,
        tool: &ImportTool,
        folder: &std::path::Path,
        project: &Project,
    ) -> Result<Option<PathBuf>> {
        let usual = super::init::default(project)?;
        if self.remove || !tool.owns_its_folder || !locate::is_same(&usual, folder) {
            return Ok(Some(usual));
        }
        let up = usual.parent().map(PathBuf::from).unwrap_or_default();
        Ok(Some(up.join("db").join("migrations")))
    }

    fn outcome(
        tool: &'static ImportTool,
        from: PathBuf,
        plan: write::NewFiles,
        imported: Imported,
        initialized: Option<Initialized>,
    ) -> ImportOutcome {
        let (written, faults) = plan.shown();
        ImportOutcome {
            tool: tool.name,
            from,
            initialized,
            written,
            removed: Vec::new(),
            notes: imported.notes,
            left: imported.left,
            faults,
            adopts: tool.adopts.is_some(),
        }
    }
}

impl Serialize for ImportOutcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("ImportOutcome", 8)?;
        object.serialize_field("tool", self.tool)?;
        object.serialize_field("from", &self.from)?;
        object.serialize_field("written", &self.initialized.is_some())?;
        object.serialize_field("revisions", &self.written)?;
        object.serialize_field("removed", &self.removed)?;
        object.serialize_field("notes", &self.notes)?;
        object.serialize_field("not_carried_over", &self.left)?;
        object.serialize_field("faults", &self.faults.len())?;
        object.end()
    }
}

impl Show for ImportOutcome {
    fn text(&self) -> String {
        let mut text = String::new();
        let count = self.written.len();
        let plural = if count == 1 { "" } else { "s" };
        let _ = writeln!(
            text,
            "Read {} migrations of {} in {}",
            self.read(),
            self.tool,
            self.from.display()
        );
        let Some(initialized) = &self.initialized else {
            let _ = writeln!(text, "Would create {count} revision{plural}:");
            for one in &self.written {
                let _ = writeln!(text, "  {}  {}", one.revision, one.message);
            }
            return text.trim_end().to_owned();
        };
        let folder = self.written.first().and_then(|one| one.path.parent());
        let folder = folder.unwrap_or(&initialized.directory).display();
        let _ = match count {
            0 => writeln!(
                text,
                "Every one of them was imported before; nothing was written"
            ),
            _ => writeln!(text, "Created {count} revision{plural} in {folder}"),
        };
        for path in &self.removed {
            let _ = writeln!(text, "Removed {}", path.display());
        }
        let _ = write!(text, "{}", initialized.text_for_import());
        if self.adopts {
            let _ = write!(
                text,
                "\nThe next upgrade takes over the history of {} before it runs anything; `cargo migrate status` shows what.",
                self.tool
            );
        }
        text.trim_end().to_owned()
    }
}

impl ImportOutcome {
    /// How many migrations were read.
    fn read(&self) -> usize {
        self.written.len()
    }

    /// Warnings for a person to look at, a line each.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let notes = self.notes.iter().map(|note| format!("note: {note}"));
        let left = self
            .left
            .iter()
            .map(|left| format!("not carried over: {left}"));
        notes.chain(left)
    }
}
