//! `revision --autogenerate`: the SQL between what the chain builds and the schema that is wanted.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use migrate_command::parts::Globals;
use migrate_diff::{Filter, Generated, Rename, Request};
use migrate_runtime::Migrations;

use super::desired;
use super::directory::Directory;
use super::failure::{self, CommandError, Result};
use super::scratch::{Servers, until_interrupted};

/// The options of `--autogenerate`.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Autogenerate")]
#[allow(clippy::struct_field_names, reason = "each is an option's name")]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a switch of the command line"
)]
pub struct Autogenerate {
    /// Write the SQL that leads from what the chain builds to schema.sql, once it has proved itself
    #[arg(long, conflicts_with_all = ["rust", "sql_file"])]
    pub autogenerate: bool,

    /// The desired schema, a file or a directory of .sql files [default: what `[schema]` in migrate.toml names, else schema.sql]
    #[arg(long, value_name = "PATH", requires = "autogenerate")]
    schema_file: Option<PathBuf>,

    /// A server for scratch databases: a URL, `docker://IMAGE` or `same-server` [default: a private server]
    #[arg(long, value_name = "URL", requires = "autogenerate")]
    dev_url: Option<String>,

    /// Compare the connected database, and not what the chain builds
    #[arg(long, requires = "autogenerate")]
    live: bool,

    /// A rename in the desired schema: `old=new` for a table, `table.old=new` for a column
    #[arg(long, value_name = "OLD=NEW", requires = "autogenerate")]
    rename: Vec<String>,

    /// Build indexes and check constraints without keeping others out, in revisions of their own; PostgreSQL only
    #[arg(long, requires = "autogenerate")]
    online: bool,

    /// Refuse what loses data: `destructive`
    #[arg(
        long,
        value_name = "WHAT",
        requires = "autogenerate",
        hide_possible_values = true
    )]
    deny: Option<Deny>,

    /// Write the revision also if its proof fails, marked as unproven: a starting point to finish by hand
    #[arg(long, requires = "autogenerate")]
    write_anyway: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Dropping tables and columns, and making types narrower.
    Destructive,
}

impl Autogenerate {
    /// The database that is compared instead of what the chain builds.
    fn live_url<'u>(&self, database_url: Option<&'u str>) -> Result<Option<&'u str>> {
        if self.live && database_url.is_none() {
            let summary = "--live compares the connected database, and none is named";
            return Err(
                CommandError::usage(summary).help("set DATABASE_URL, or pass --database-url")
            );
        }
        Ok(database_url.filter(|_| self.live))
    }

    /// Compares, and proves what is generated; none where there is nothing to do.
    ///
    /// # Errors
    /// There is no server or no schema, a statement is refused, or the proof fails.
    pub async fn run(&self, directory: &Directory, globals: &Globals) -> Result<Option<Generated>> {
        let config = &directory.chain.config;
        let database_url = globals.database_url()?;
        let live = self.live_url(database_url.as_deref())?;
        let servers = Servers::of(directory, globals, self.dev_url.as_slice())?;
        let server = until_interrupted(servers.one()).await?;
        let migrations = Migrations::from(directory.chain.clone());
        let renames = self
            .rename
            .iter()
            .map(|rename| rename.parse())
            .collect::<Result<Vec<Rename>, _>>();
        let wanted = desired::wanted(directory, server.dialect(), self.schema_file.as_deref());
        let wanted = wanted.await?;
        let request = Request::new(&migrations, &wanted.desired, &server)
            .filter(Filter::new(config))
            .keep_unknown(wanted.keep_unknown)
            .renames(renames.map_err(failure::comparison)?)
            .online(self.online)
            .deny_destructive(self.deny == Some(Deny::Destructive))
            .write_anyway(self.write_anyway);
        let request = match live {
            Some(url) => request.live(url),
            None => request,
        };
        migrate_diff::autogenerate(&request)
            .await
            .map_err(failure::comparison)
    }
}
