//! A database for each tenant, all migrated at the start: several at a time, and one that fails stops no other.
//!
//! With a schema for each tenant in one PostgreSQL database the pool is the same for all, and the name is the schema:
//!
//! ```text
//! MIGRATIONS
//!     .for_each(tenants.iter().map(|tenant| (tenant, &pool)))
//!     .configure(|tenant, runner| runner.schema(tenant))
//!     .upgrade()
//! ```

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::path::Path;

use embed_migrations::{Event, Migrations, embed_migrations};
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

static MIGRATIONS: Migrations = embed_migrations!();

const TENANTS: [&str; 4] = ["ada", "edsger", "grace", "kurt"];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    somebody_was_here(folder.path()).await?;

    let databases = TENANTS.map(|tenant| (tenant, database(folder.path(), tenant)));
    let fleet = MIGRATIONS
        .for_each(databases)
        .concurrency(2)
        .on_event(|tenant, event| {
            if let Event::Planned { revisions } = event {
                println!("{tenant}: {revisions} revisions to run");
            }
        })
        .upgrade()
        .await;

    println!("\n{fleet}\n");
    let failed: Vec<&str> = fleet.failed().map(|(tenant, _)| tenant).collect();
    println!(
        "{} of {} are ready; not {}",
        TENANTS.len() - failed.len(),
        TENANTS.len(),
        failed.join(", ")
    );
    Ok(())
}

fn database(folder: &Path, tenant: &str) -> SqliteConnectOptions {
    let file = folder.join(format!("{tenant}.db"));
    SqliteConnectOptions::new()
        .filename(file)
        .create_if_missing(true)
}

/// Makes a table by hand that a revision is going to make, so that one tenant fails.
async fn somebody_was_here(folder: &Path) -> Result<(), sqlx::Error> {
    let options = database(folder, "grace");
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::query("CREATE TABLE users (name TEXT)")
        .execute(&mut connection)
        .await?;
    connection.close().await
}
