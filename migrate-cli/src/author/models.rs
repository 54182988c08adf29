//! `cargo migrate models`: a struct for each table that the chain builds, or a database has.

use clap::Args;
use migrate_chain::Digest;
use migrate_chain::lock::{Lock, Locked, Of};
use migrate_command::parts::Globals;
use migrate_diff::{Connection, Filter, dialect_of};
use migrate_models::source;
use serde::Serialize;

use super::directory::Directory;
use super::failure::{self, CommandError, Result};
use super::lock;
use super::scratch::Servers;

/// Print a struct for each table
#[derive(Args, Debug)]
#[command(
    long_about = "Print a struct for each table

Each derives `sqlx::FromRow` and `embed_migrations::Table`, and is in step with what the chain builds on each database that
it serves: what is printed compiles as it is.",
    after_help = "\
Examples:
  cargo migrate models > src/models.rs
  cargo migrate models --table users
  cargo migrate models --live --database-url postgres://localhost/app"
)]
pub struct Models {
    /// Print the struct of this table or view alone
    #[arg(long, value_name = "NAME")]
    table: Option<String>,

    /// Read the connected database, and not what the chain builds
    #[arg(long)]
    live: bool,

    /// A server for scratch databases, once for each kind of database: a URL, `docker://IMAGE` or `same-server` [default: a private server]
    #[arg(long, value_name = "URL")]
    dev_url: Vec<String>,
}

/// The structs.
#[derive(Debug, Serialize)]
pub struct Printed {
    /// Rust, formatted.
    pub models: String,
}

impl Models {
    /// Reads the schema, and writes it as structs.
    ///
    /// # Errors
    /// There is no server or no such table, the chain cannot be replayed, or a column has no Rust type.
    pub async fn run(&self, directory: &Directory, globals: &Globals) -> Result<Printed> {
        let lock = if self.live {
            live(directory, globals).await?
        } else if let Some(lock) = lock::of_chain(directory) {
            lock
        } else {
            let servers = Servers::of(directory, globals, &self.dev_url)?;
            lock::built(directory, &servers).await?
        };
        let models = source::print(&lock, self.table.as_deref()).map_err(CommandError::new)?;
        Ok(Printed { models })
    }
}

/// The schema of the connected database.
async fn live(directory: &Directory, globals: &Globals) -> Result<Lock> {
    let Some(url) = globals.database_url()? else {
        return Err(
            CommandError::usage("--live reads the connected database, and none is named")
                .help("set DATABASE_URL, or pass --database-url"),
        );
    };
    let mut connection = Connection::open(&url).await.map_err(failure::comparison)?;
    let filter = Filter::new(&directory.chain.config);
    let built = migrate_diff::built(&mut connection, &filter)
        .await
        .map_err(failure::comparison)?;
    let of = Of {
        dialect: dialect_of(&url).map_err(failure::comparison)?,
        digest: Digest::default(),
        server: String::new(),
    };
    Ok(Lock {
        databases: vec![Locked { of, built }],
        ..Lock::default()
    })
}
