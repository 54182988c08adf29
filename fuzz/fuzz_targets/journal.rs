//! Any rows in the version table and the journal of a database: reading them ends, with an answer or an error, and says the
//! same again.
//!
//! A line is a row: `v` and a version row, or the columns of the journal below with tabs between them.
#![no_main]

use std::sync::LazyLock;
use std::time::Duration;

use embed_migrations::{Dialect, Migrations};
use embed_migrations_fuzz::Files;
use libfuzzer_sys::fuzz_target;
use sqlx::{Connection as _, SqliteConnection};
use tokio::runtime::{Builder, Runtime};

const COLUMNS: [&str; 13] = [
    "event",
    "direction",
    "revision",
    "down_revision",
    "depends_on",
    "message",
    "settings",
    "checksum",
    "digest",
    "statements",
    "statements_hash",
    "downgrade",
    "error",
];

static MIGRATIONS: LazyLock<Migrations> = LazyLock::new(|| {
    let revision = |id: &str, down: &str, more: &str| {
        format!(
            "-- {id}\n--\n-- revision: {id}\n-- down_revision: {down}\n{more}\n-- migrate: upgrade\nCREATE TABLE {id} (id INTEGER);\nINSERT INTO {id} VALUES (1);\n\n-- migrate: downgrade\nDROP TABLE {id};\n"
        )
    };
    let files = Files::default()
        .with("versions/a1.sql", revision("a1", "none", ""))
        .with("versions/b2.sql", revision("b2", "a1", "-- transaction: off\n"))
        .with("versions/c3.sql", revision("c3", "b2", ""));
    Migrations::from_tree(&files).expect("a sound chain")
});

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = Builder::new_current_thread();
    builder.enable_time().build().expect("a runtime")
});

fuzz_target!(|text: &str| RUNTIME.block_on(all(text)));

async fn all(text: &str) {
    let mut database = SqliteConnection::connect("sqlite::memory:").await.expect("it opens");
    let tables = MIGRATIONS.sql_ensure_version(Dialect::Sqlite);
    let tables = tables.lines().filter(|line| !line.starts_with('.'));
    let tables: String = tables.collect::<Vec<_>>().join("\n");
    run(&mut database, &tables).await;
    for line in text.lines().take(20) {
        row(&mut database, line).await;
    }

    let status = MIGRATIONS.status(&mut database).await;
    let again = MIGRATIONS.status(&mut database).await;
    assert_eq!(format!("{status:?}"), format!("{again:?}"));
    let _ = MIGRATIONS.check(&mut database).await;
    let _ = MIGRATIONS.plan(&mut database, "base").await;
    for target in ["base", "heads"] {
        let runner = MIGRATIONS.runner(&mut database).to(target);
        let runner = runner.lock_deadline(Duration::from_millis(100));
        let _ = match target {
            "base" => runner.downgrade().await,
            _ => runner.upgrade().await,
        };
        let _ = MIGRATIONS.status(&mut database).await;
    }
}

async fn run(database: &mut SqliteConnection, sql: &str) {
    let done = sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(database).await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// A row that a column refuses is left out.
async fn row(database: &mut SqliteConnection, line: &str) {
    let mut fields = line.split('\t');
    let first = fields.next().unwrap_or_default();
    if first == "v" {
        let insert = sqlx::query("INSERT INTO alembic_version VALUES (?)");
        let _ = insert.bind(fields.next()).execute(database).await;
        return;
    }
    let places = vec!["?"; COLUMNS.len()].join(", ");
    let sql = format!(
        "INSERT INTO migrate_journal ({}, started_at, tool_version) VALUES ({places}, '2026-11-22 08:00:00', 'fuzz')",
        COLUMNS.join(", ")
    );
    let mut insert = sqlx::query(sqlx::AssertSqlSafe(sql)).bind(first);
    for n in 1..COLUMNS.len() {
        let field = fields.next().unwrap_or_default();
        insert = match (COLUMNS[n], field.parse::<i64>()) {
            ("statements", Ok(number)) => insert.bind(number),
            _ => insert.bind((field != "NULL").then_some(field)),
        };
    }
    let _ = insert.execute(database).await;
}
