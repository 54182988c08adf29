//! What the commands work on: the migration directory and the database.

use std::path::{Path, PathBuf};

use clap::Args;
use migrate_runtime::cli::{Failure, Globals};
use migrate_runtime::{LoadError, Migrations};

/// The option for the migration directory.
#[derive(Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Directory {
    /// The migration directory
    #[arg(long, global = true, value_name = "DIR", default_value = "migrations")]
    dir: PathBuf,
}

/// A migration directory, and the options that name a database.
pub(crate) struct Project {
    directory: PathBuf,
    globals: Globals,
}

impl Project {
    pub(crate) fn new(directory: Directory, globals: Globals) -> Self {
        Self {
            directory: directory.dir,
            globals,
        }
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn globals(&self) -> &Globals {
        &self.globals
    }

    /// The chain; it must be sound.
    pub(crate) fn load(&self) -> Result<Migrations, Failure> {
        Ok(Migrations::load(self.directory())?)
    }

    /// The chain with any number of heads.
    pub(crate) fn load_unmerged(&self) -> Result<Migrations, LoadError> {
        Migrations::load_unmerged(self.directory())
    }
}
