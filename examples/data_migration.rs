//! A chain of its own, in `examples/data_migration/migrations`, with a revision written in Rust: it fills a table from a
//! CSV file that is part of the binary, and rewrites old rows by what it finds there.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use embed_migrations::{Migrations, embed_migrations};
use sqlx::SqlitePool;

/// The path is relative to the Cargo.toml of this package.
static MIGRATIONS: Migrations = embed_migrations!("examples/data_migration/migrations");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let pool = SqlitePool::connect("sqlite::memory:").await?;

    // The addresses as an older version of the app left them.
    MIGRATIONS
        .runner(&pool)
        .to("3c0f6a1be2d7")
        .upgrade()
        .await?;
    let old = "INSERT INTO addresses (city, country) VALUES ('Bern', 'switzerland'), ('Oslo', 'Norway'), ('Atlantis', '?')";
    sqlx::query(old).execute(&pool).await?;

    let report = MIGRATIONS.upgrade(&pool).await?;
    println!("{report}");

    let sql = "SELECT city, countries.name FROM addresses LEFT JOIN countries ON countries.code = country_code ORDER BY city";
    let rows: Vec<(String, Option<String>)> = sqlx::query_as(sql).fetch_all(&pool).await?;
    for (city, country) in rows {
        println!("{city}: {}", country.as_deref().unwrap_or("unknown"));
    }
    Ok(())
}
