//! Migrates a SQLite database to the head of the chain in `migrations`, and shows what that did. Run it twice: the
//! second time nothing is left to do.
//!
//! The database is `target/quickstart.db`, or what `DATABASE_URL` names: `sqlite:some/file.db`.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;

use comfy_table::{Table, presets};
use embed_migrations::{Migrations, Report, embed_migrations};
use sqlx::SqlitePool;
use sqlx::sqlite::SqliteConnectOptions;

/// Read, checked and hashed when this file was compiled.
static MIGRATIONS: Migrations = embed_migrations!();

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let pool = SqlitePool::connect_with(database()?).await?;

    let report = MIGRATIONS.upgrade(&pool).await?;

    if !report.is_empty() {
        println!("{}", steps(&report));
    }
    println!("{report}");
    println!("\nthe tables and views that are there now:");
    for name in tables(&pool).await? {
        println!("  {name}");
    }
    Ok(())
}

fn database() -> Result<SqliteConnectOptions, Box<dyn Error>> {
    let url = env::var("DATABASE_URL");
    if url.is_err() {
        // A fresh clone that builds elsewhere has no such folder.
        fs::create_dir_all("target")?;
    }
    let url = url.unwrap_or_else(|_| "sqlite:target/quickstart.db".to_owned());
    Ok(url.parse::<SqliteConnectOptions>()?.create_if_missing(true))
}

fn steps(report: &Report) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_BORDERS_ONLY);
    table.set_header(["revision", "what it does", "statements", "time"]);
    for step in &report.steps {
        // A Rust revision runs as many as it likes.
        let statements = if Path::new(&step.file)
            .extension()
            .is_some_and(|extension| extension == "rs")
        {
            "Rust".to_owned()
        } else {
            step.statements.to_string()
        };
        let time = format!("{:.1} ms", step.duration.as_secs_f64() * 1e3);
        table.add_row([&step.revision, &step.message, &statements, &time]);
    }
    table
}

async fn tables(pool: &SqlitePool) -> Result<Vec<String>, sqlx::Error> {
    let sql = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name";
    sqlx::query_scalar(sql).fetch_all(pool).await
}
