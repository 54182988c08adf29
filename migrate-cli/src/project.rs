//! The migration directory and the database that the commands work on.

use std::path::{Path, PathBuf};

use clap::Args;
use migrate_chain::{Diagnostic, Disk, load};
use migrate_command::parts::{CommandError, Globals};
use migrate_runtime::{LoadError, Migrations};

use crate::find;

/// The option for the migration directory.
#[derive(Args)]
#[command(next_help_heading = "Global options")]
pub struct Directory {
    /// The migration directory [default: `migrations`, here or in a folder above, or the one that Cargo.toml names]
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// A migration directory, and the options that name a database.
pub struct Project {
    directory: PathBuf,
    origin: DirectoryOrigin,
    globals: Globals,
}

/// How a directory is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DirectoryOrigin {
    /// The user named it.
    Named,
    /// It is here or in a folder above.
    Found,
    /// It is the usual one, and is not there.
    Usual,
}

impl Project {
    /// With the directory that is named, else the one that is found upwards.
    ///
    /// # Errors
    /// `Cargo.toml` names a directory that cannot be used.
    pub fn new(directory: Directory, globals: Globals) -> Result<Self, CommandError> {
        let (directory, origin) = match directory.dir {
            Some(named) => (named, DirectoryOrigin::Named),
            None => match find::upwards(&std::env::current_dir().unwrap_or_default())? {
                Some(found) => (found, DirectoryOrigin::Found),
                None => (find::USUAL.into(), DirectoryOrigin::Usual),
            },
        };
        Ok(Self {
            directory,
            origin,
            globals,
        })
    }

    pub fn origin(&self) -> DirectoryOrigin {
        self.origin
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    pub fn globals(&self) -> &Globals {
        &self.globals
    }

    /// Likely mistakes in the directory.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        let directory = self.directory();
        load::warnings(&Disk::new(directory, directory.to_string_lossy()))
    }

    /// The chain; it must be sound.
    pub fn load(&self) -> Result<Migrations, CommandError> {
        Ok(Migrations::load(self.directory())?)
    }

    /// The chain with any number of heads.
    pub fn load_unmerged(&self) -> Result<Migrations, LoadError> {
        Migrations::load_unmerged(self.directory())
    }
}
