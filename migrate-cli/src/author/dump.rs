//! `cargo migrate dump`: a schema as SQL.

use clap::Args;
use migrate_command::parts::{Format, Globals, Ui};
use migrate_diff::{Connection, Filter, Schema, diagram, introspect_whole};
use migrate_runtime::Migrations;

use super::directory::Directory;
use super::failure::{CommandError, Result, comparison};
use super::scratch::{ScratchDatabase, Servers, until_interrupted};

/// Print the schema that the chain builds, or that of the database
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo migrate dump                            the schema that the chain builds, on a scratch database
  cargo migrate dump --database > schema.sql    that of the connected database
  cargo migrate dump --format mermaid           its tables and their foreign keys")]
pub struct Dump {
    /// Print the schema of the connected database
    #[arg(long)]
    database: bool,

    /// A server for the scratch database: a URL, `docker://IMAGE` or `same-server` [default: a private server]
    #[arg(long, value_name = "URL", conflicts_with = "database")]
    dev_url: Option<String>,
}

impl Dump {
    /// Prints it.
    ///
    /// # Errors
    /// There is no database or no server, or the chain cannot run there.
    pub async fn run(&self, directory: &Directory, globals: &Globals, ui: &mut Ui) -> Result<()> {
        let schema = if self.database {
            of_database(globals, &Filter::new(&directory.chain.config)).await?
        } else {
            until_interrupted(Box::pin(self.of_chain(directory, globals))).await?
        };
        match ui.format() {
            Format::Text => ui.exact(migrate_diff::dump(&schema).trim_end()),
            Format::Mermaid => ui.exact(diagram(&schema).trim_end()),
            Format::Json => ui.json(&Json {
                sql: migrate_diff::dump(&schema),
            }),
            _ => {
                return Err(CommandError::usage(
                    "a schema is printed as text, JSON or Mermaid",
                ));
            }
        }
        Ok(())
    }

    async fn of_chain(&self, directory: &Directory, globals: &Globals) -> Result<Schema> {
        let servers = Servers::of(directory, globals, self.dev_url.as_slice())?;
        let server = servers.one().await?;
        let migrations = Migrations::from(directory.chain.clone());
        let mut bench = ScratchDatabase::new(&migrations, &directory.chain.config, &server).await?;
        let schema = bench.whole().await;
        bench.finish().await?;
        schema
    }
}

/// The schema of the connected database.
///
/// # Errors
/// None is named, or it cannot be read.
pub async fn of_database(globals: &Globals, filter: &Filter) -> Result<Schema> {
    let Some(url) = globals.database_url()? else {
        return Err(CommandError::usage("no database is named")
            .help("set DATABASE_URL, or pass --database-url"));
    };
    let mut connection = Connection::open(&url).await.map_err(comparison)?;
    introspect_whole(&mut connection, filter)
        .await
        .map_err(comparison)
}

#[derive(serde::Serialize)]
struct Json {
    sql: String,
}
