//! The tools whose migrations can be imported.

use std::path::Path;

use migrate_chain::adopt;

use super::super::failure::{CommandError, Result};
use super::migration::Imported;
use super::{dbmate, diesel, flyway, golang_migrate, goose, prisma, refinery, sqlx};

/// A tool.
pub struct ImportTool {
    /// Its name on the command line.
    pub name: &'static str,
    /// Its history, where that is not our own table.
    pub adopts: Option<adopt::Tool>,
    pub read: ImportReader,
    /// Whether it takes every folder among its migrations for one of them.
    pub owns_its_folder: bool,
}

/// How its migrations are read.
pub enum ImportReader {
    /// From the files of a folder; the other path is that of the crate.
    Files(fn(&Path, &Path) -> Result<Imported>),
    /// They are Rust: the schema of the database is the first revision.
    Baseline,
    /// By the project's own Alembic.
    Alembic,
}

/// Every tool.
pub static TOOLS: [ImportTool; 10] = [
    of(adopt::Tool::Sqlx, sqlx::read, false),
    of(adopt::Tool::Diesel, diesel::read, true),
    of(adopt::Tool::Refinery, refinery::read, false),
    ImportTool {
        name: adopt::Tool::SeaOrm.name(),
        adopts: Some(adopt::Tool::SeaOrm),
        read: ImportReader::Baseline,
        owns_its_folder: true,
    },
    of(adopt::Tool::Goose, goose::read, false),
    of(adopt::Tool::Dbmate, dbmate::read, false),
    of(adopt::Tool::GolangMigrate, golang_migrate::read, false),
    of(adopt::Tool::Flyway, flyway::read, false),
    of(adopt::Tool::Prisma, prisma::read, true),
    ImportTool {
        name: "alembic",
        adopts: None,
        read: ImportReader::Alembic,
        owns_its_folder: true,
    },
];

const fn of(
    tool: adopt::Tool,
    read: fn(&Path, &Path) -> Result<Imported>,
    owns_its_folder: bool,
) -> ImportTool {
    ImportTool {
        name: tool.name(),
        adopts: Some(tool),
        read: ImportReader::Files(read),
        owns_its_folder,
    }
}

/// The tool with this name.
///
/// # Errors
/// There is none.
pub fn named(name: &str) -> Result<&'static ImportTool> {
    let found = TOOLS
        .iter()
        .find(|tool| tool.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let names: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
        CommandError::usage(format!("the migrations of `{name}` cannot be imported")).help(format!(
            "the tools are {}; `cargo migrate revision --sql-file` takes SQL from any file",
            names.join(", ")
        ))
    })
}
