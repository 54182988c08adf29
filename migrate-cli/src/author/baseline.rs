//! A first revision with the schema that a database has, which is at it then.

use migrate_command::parts::Globals;
use migrate_diff::{Filter, dump};
use migrate_runtime::{AnyPool, Migrations};

use super::directory::Directory;
use super::dump::of_database;
use super::failure::{CommandError, Result};
use super::new_revision::{NewRevision, Revisions};
use super::revision_file::sql_body;

/// Writes the revision and schema.sql, and stamps the database.
///
/// # Errors
/// The chain has revisions, the database cannot be read, or it has a history.
pub async fn write(directory: &Directory, globals: &Globals) -> Result<Revisions> {
    if !directory.chain.revisions.is_empty() {
        return Err(CommandError::new(
            "the chain has revisions; the schema of the database was not written",
        )
        .help("compare the two: `cargo migrate check --live`"));
    }
    let schema = of_database(globals, &Filter::new(&directory.chain.config)).await?;
    let sql = dump(&schema);
    let written = NewRevision {
        id: None,
        message: "The schema of the database",
        parents: Vec::new(),
        depends_on: Vec::new(),
        branch_labels: &[],
        location: None,
        keys: Vec::new(),
        body: sql_body(&sql, None),
        is_rust: false,
        may_split: false,
    }
    .write(directory)?;
    let desired = directory.path("schema.sql");
    if !desired.exists() {
        super::files::create(&desired, &sql)
            .map_err(|error| super::failure::file("write", &desired, &error))?;
    }
    stamp(directory, globals, &written.id).await?;
    let mut revisions = Revisions::from(written);
    revisions.notes = vec![format!(
        "{} has the same schema; the database was stamped",
        desired.display()
    )];
    Ok(revisions)
}

async fn stamp(directory: &Directory, globals: &Globals, id: &str) -> Result<()> {
    let Some(url) = globals.database_url()? else {
        return Ok(());
    };
    let migrations = Migrations::load(directory.root())?;
    let pool = AnyPool::new(&url)?;
    migrations.stamp(&pool, &[id]).await?;
    Ok(())
}
