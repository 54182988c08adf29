//! An app with its migrations in its own command line: one binary to deploy, without files and without another tool.
//!
//! ```text
//! own_cli migrate upgrade     what a job runs before the new version starts
//! own_cli migrate status      where the database is
//! own_cli serve               what each replica runs: it waits until the database is current
//! ```
//!
//! The database is the one that `DATABASE_URL` names; `--features cli,postgres` or `cli,mysql` adds another
//! kind than SQLite.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "an example shows what it does"
)]

use std::env;
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use clap::Parser;
use embed_migrations::cli::Migrate;
use embed_migrations::{AnyPool, Migrations, embed_migrations};
use tokio::net::TcpListener;

static MIGRATIONS: Migrations = embed_migrations!();

/// A service.
#[derive(Parser)]
enum App {
    /// Answer requests
    Serve {
        /// The port; 0 takes a free one
        #[arg(long, default_value_t = 8080)]
        port: u16,
        /// How many seconds to wait for the job that migrates
        #[arg(long, default_value_t = 60)]
        patience: u64,
    },
    /// Migrate the database
    Migrate(Migrate),
}

#[tokio::main]
async fn main() -> ExitCode {
    match App::parse() {
        App::Migrate(migrate) => migrate.run(&MIGRATIONS).await,
        App::Serve { port, patience } => match serve(port, Duration::from_secs(patience)).await {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("error: {error}");
                ExitCode::FAILURE
            }
        },
    }
}

async fn serve(port: u16, patience: Duration) -> Result<(), Box<dyn Error>> {
    let pool = AnyPool::existing(&env::var("DATABASE_URL")?)?;
    // Nothing is written here: the role of a replica need not be allowed to change the schema.
    MIGRATIONS.wait_until_current(&pool, patience).await?;

    let app = Router::new().route("/health", get(async || "current"));
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on http://{}", listener.local_addr()?);
    axum::serve(listener, app).await?;
    Ok(())
}
