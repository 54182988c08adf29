//! Several processes, one of which migrates: the others wait until the database is current and write nothing.
//!
//! A deployment often runs the migrations in a job of its own, with a role that may change the schema. Its workers have
//! a role that may not, and call `wait_until_current` at their start.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;
use std::time::Duration;

use embed_migrations::{Migrations, embed_migrations};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;

static MIGRATIONS: Migrations = embed_migrations!();

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let options = SqliteConnectOptions::new()
        .filename(folder.path().join("app.db"))
        .create_if_missing(true);
    let pool = SqlitePool::connect_with(options).await?;

    let workers: Vec<_> = (1..=3)
        .map(|number| tokio::spawn(worker(number, pool.clone())))
        .collect();

    let report = MIGRATIONS.upgrade(&pool).await?;
    println!("the job: {report}");

    for worker in workers {
        worker.await?;
    }
    Ok(())
}

async fn worker(number: u32, pool: SqlitePool) {
    // Without a migration in sight this ends with an error that lists what is missing.
    match MIGRATIONS
        .wait_until_current(&pool, Duration::from_secs(30))
        .await
    {
        Ok(()) => println!("worker {number}: the database is current, I can begin"),
        Err(error) => println!("worker {number}: {error}"),
    }
}
