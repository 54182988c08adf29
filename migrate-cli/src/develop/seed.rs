//! `cargo migrate seed`: rows for development, which no binary embeds.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use migrate_chain::Dialect;
use migrate_command::parts::{CommandError, Exit, Ui};
use migrate_diff::Connection;
use migrate_runtime::AnyPool;

use crate::author::{Result, comparison};
use crate::project::Project;

/// Run `seeds/*.sql` of the migration directory
#[derive(Args, Debug)]
#[command(
    long_about = "Run `seeds/*.sql` of the migration directory

The files run in the order of their names, each in a transaction. The database must be at the head. Seeds are for development
and tests: no binary embeds them.",
    after_help = "\
Examples:
  cargo migrate fresh --yes && cargo migrate seed"
)]
pub struct Seed {}

impl Seed {
    /// Runs each file.
    ///
    /// # Errors
    /// There is no file, the database is not at the head, or a file does not run; the files before it have run.
    pub async fn run(self, project: &Project, ui: &mut Ui) -> Result<Exit> {
        let migrations = project.load()?;
        let files = files(project)?;
        let url = project.globals().require_database_url()?;
        migrations.check(&AnyPool::existing(&url)?).await?;
        let mut connection = Connection::open(&url).await.map_err(comparison)?;
        for path in files {
            let shown = path.display();
            let sql = fs::read_to_string(&path)
                .map_err(|error| CommandError::new(format!("{shown} cannot be read: {error}")))?;
            run(&mut connection, &sql).await.map_err(|error| {
                comparison(error).note(format!("in {shown}, which was rolled back"))
            })?;
            ui.result(format!("ran {shown}"));
        }
        Ok(Exit::Done)
    }
}

/// The files in the order of their names.
fn files(project: &Project) -> Result<Vec<PathBuf>> {
    let folder = project.directory().join("seeds");
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "sql"))
        .collect();
    files.sort();
    if files.is_empty() {
        let summary = format!("there is no seed in {}", folder.display());
        return Err(CommandError::new(summary).help(
            "write SQL that fills a development database into a file there, such as `users.sql`",
        ));
    }
    Ok(files)
}

/// All of a file or nothing, as far as the database can roll back.
async fn run(connection: &mut Connection, sql: &str) -> Result<(), migrate_diff::Error> {
    let begin = match connection.dialect() {
        Dialect::MySql => "START TRANSACTION",
        _ => "BEGIN",
    };
    connection.execute(begin).await?;
    let done = connection.execute(sql).await;
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = connection.execute(end).await;
    done.and(ended)
}
