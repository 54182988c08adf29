//! The desired schema of a migration directory: models, SQL files and what a program prints, in this order.

use std::path::{Path, PathBuf};

use migrate_chain::lock::Declarations;
use migrate_chain::{Dialect, load};
use migrate_diff::Desired;
use migrate_models::source::{self, FileFault, Models};

use super::directory::Directory;
use super::failure::{self, CommandError, Result};
use super::package::package;
use super::program;

/// The desired schema, and what messages call it.
pub struct Wanted {
    pub desired: Desired,
    pub name: String,
    /// Whether what it does not name stays as it is.
    pub keep_unknown: bool,
}

/// The file of the desired schema where `[schema]` names none.
const USUAL: &str = "schema.sql";

/// Whether the directory has a desired schema.
pub fn is_there(directory: &Directory) -> bool {
    let schema = &directory.chain.config.schema;
    let has_source =
        !schema.models.is_empty() || !schema.files.is_empty() || !schema.program.is_empty();
    has_source || directory.path(USUAL).exists()
}

/// The desired schema for a kind of database: what is named, else what the settings name, else `schema.sql`.
///
/// # Errors
/// A source is not there, makes no sense, or fails.
pub async fn wanted(
    directory: &Directory,
    dialect: Dialect,
    named: Option<&Path>,
) -> Result<Wanted> {
    if let Some(path) = named {
        return Ok(Wanted {
            desired: read(path)?,
            name: path.display().to_string(),
            keep_unknown: false,
        });
    }
    let config = &directory.chain.config.schema;
    let mut sources = Sources::default();
    if let Some(models) = models(directory)? {
        let sql = source::create(&models, dialect).map_err(|faults| faulty(&faults))?;
        sources.add(
            "the models",
            Desired::default().with("the SQL of the models", sql),
        );
    }
    for file in files(directory) {
        sources.add(
            &directory.path(&file).display().to_string(),
            read(&directory.path(&file))?,
        );
    }
    if !config.program.is_empty() {
        let name = config.program.join(" ");
        let sql = program::output(directory, &config.program).await?;
        sources.add(
            &format!("`{name}`"),
            Desired::default().with(format!("the output of `{name}`"), sql),
        );
    }
    if sources.names.is_empty() {
        let usual = directory.path(USUAL);
        return Ok(Wanted {
            name: usual.display().to_string(),
            desired: read(&usual)?,
            keep_unknown: !config.drops_unknown(),
        });
    }
    Ok(Wanted {
        desired: sources.desired,
        name: sources.names.join(" and "),
        keep_unknown: !config.drops_unknown(),
    })
}

#[derive(Default)]
struct Sources {
    desired: Desired,
    names: Vec<String>,
}

impl Sources {
    fn add(&mut self, name: &str, more: Desired) {
        self.desired = std::mem::take(&mut self.desired).and(more);
        self.names.push(name.to_owned());
    }
}

/// The SQL files of the desired schema.
fn files(directory: &Directory) -> Vec<String> {
    let patterns = &directory.chain.config.schema.files;
    if patterns.is_empty() && directory.path(USUAL).exists() {
        return vec![USUAL.to_owned()];
    }
    load::schema_files(&directory.overlay(), patterns)
}

fn read(path: &Path) -> Result<Desired> {
    Desired::read(path).map_err(failure::comparison)
}

/// The models, if they are a source of the schema.
///
/// # Errors
/// Everything that is wrong with them, with its file and its line.
pub fn models(directory: &Directory) -> Result<Option<Models>> {
    let paths = &directory.chain.config.schema.models;
    if paths.is_empty() {
        return Ok(None);
    }
    let package = package(directory);
    let here = Path::new(".");
    let path = |path: &String| {
        if package == here {
            PathBuf::from(path)
        } else {
            package.join(path)
        }
    };
    let paths: Vec<PathBuf> = paths.iter().map(path).collect();
    source::read(&paths)
        .map(Some)
        .map_err(|faults| faulty(&faults))
}

/// The declarations of the models, as the lock holds them.
///
/// # Errors
/// As [`models`].
pub fn declared(directory: &Directory) -> Result<Option<Declarations>> {
    let dialects = directory.chain.served();
    let has_comments = dialects.iter().any(|dialect| *dialect != Dialect::Sqlite);
    Ok(models(directory)?.map(|models| models.declared(has_comments)))
}

fn faulty(faults: &[FileFault]) -> CommandError {
    match faults {
        [only] => CommandError::new(only.to_string()),
        several => {
            let summary = format!("{} things are wrong with the models", several.len());
            several
                .iter()
                .fold(CommandError::new(summary), |failure, fault| {
                    failure.note(fault.to_string())
                })
        }
    }
}
