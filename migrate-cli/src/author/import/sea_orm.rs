//! `SeaORM`: its migrations are Rust. The schema of the database becomes the first revision, which adopts all of them.

use std::path::Path;

use migrate_chain::adopt::{Adopt, Tool};
use migrate_chain::config::Config;
use migrate_diff::{Filter, dump};

use super::super::dump::of_database;
use super::super::failure::Result;
use super::migration::{Imported, Migration, files};
use crate::project::Project;

pub async fn read(folder: &Path, project: &Project) -> Result<Imported> {
    let source = folder.join("src");
    let source = if source.is_dir() {
        source
    } else {
        folder.to_owned()
    };
    let mut migration = Migration {
        id: "baseline".to_owned(),
        message: "The schema that SeaORM has made".to_owned(),
        ..Migration::default()
    };
    for (name, path) in files(&source)? {
        let Some(stem) = name.strip_suffix(".rs") else {
            continue;
        };
        if stem.starts_with('m') && stem.contains('_') {
            migration.adopts.push(stem.to_owned());
            migration.files.push(path);
        }
    }
    if migration.adopts.is_empty() {
        return Ok(Imported::default());
    }
    migration.upgrade = Some(baseline(project).await?);
    Ok(Imported {
        notes: vec![format!(
            "the migrations of SeaORM are Rust: the schema of the database became one revision, which stands for all {} of them",
            migration.adopts.len()
        )],
        migrations: vec![migration],
        ..Imported::default()
    })
}

/// The schema of the connected database, without the history of `SeaORM`.
async fn baseline(project: &Project) -> Result<String> {
    let mut config = Config::default();
    config.adopt = Some(Adopt::History {
        tool: Tool::SeaOrm,
        table: Tool::SeaOrm.table().to_owned(),
    });
    let schema = of_database(project.globals(), &Filter::new(&config)).await;
    let schema = schema.map_err(|failure| failure.note("the migrations of SeaORM are Rust, and their schema is read from a database that has all of them"))?;
    Ok(dump(&schema))
}
