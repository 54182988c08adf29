//! SQLite: a file in a temporary folder.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use embed_migrations::{Database, Dialect, Migrations};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection, SqlitePool};
use tempfile::TempDir;

use super::Backend;

pub struct Sqlite {
    pub pool: SqlitePool,
    folder: TempDir,
}

impl Sqlite {
    /// The database file.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("test.db")
    }

    /// Options for the same file.
    pub fn options(&self) -> SqliteConnectOptions {
        SqliteConnectOptions::new()
            .filename(self.path())
            .create_if_missing(true)
    }

    /// Another pool of the same file.
    pub fn another_pool(&self) -> SqlitePool {
        pool(self.options())
    }
}

/// A pool that opens no connection before it is used.
pub fn pool(options: SqliteConnectOptions) -> SqlitePool {
    SqlitePoolOptions::new()
        .max_connections(4)
        .connect_lazy_with(options)
}

/// Settings of a connection that a revision may change.
const PRAGMAS: [&str; 7] = [
    "foreign_keys",
    "defer_foreign_keys",
    "ignore_check_constraints",
    "legacy_alter_table",
    "recursive_triggers",
    "busy_timeout",
    "cache_size",
];

impl Backend for Sqlite {
    const DIALECT: Dialect = Dialect::Sqlite;

    type Handle<'a> = &'a SqlitePool;

    async fn fresh() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let options = SqliteConnectOptions::new()
            .filename(folder.path().join("test.db"))
            .create_if_missing(true);
        Self {
            pool: pool(options),
            folder,
        }
    }

    fn db(&self) -> &SqlitePool {
        &self.pool
    }

    type Connection = SqliteConnection;

    async fn connect(&self) -> SqliteConnection {
        self.options().connect().await.expect("the file opens")
    }

    fn pass(connection: &mut SqliteConnection) -> impl Database<'_> {
        connection
    }

    async fn session(connection: &mut SqliteConnection) -> Vec<String> {
        let mut session = Vec::new();
        for pragma in PRAGMAS {
            let sql = AssertSqlSafe(format!("PRAGMA {pragma}"));
            let row = sqlx::query(sql).fetch_one(&mut *connection).await;
            let value: i64 = sqlx::Row::get(&row.expect("it answers"), 0);
            session.push(format!("{pragma} {value}"));
        }
        // Fails inside a transaction.
        let begun = sqlx::raw_sql("BEGIN; ROLLBACK").execute(connection).await;
        session.push(format!("inside a transaction {}", begun.is_err()));
        session
    }

    async fn read_by_upgrade(&self, migrations: &Migrations) -> u64 {
        let steps = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&steps);
        let mut connection = self.connect().await;
        let handle = connection.lock_handle().await;
        handle
            .expect("it is idle")
            .set_progress_handler(1, move || {
                counted.fetch_add(1, Ordering::Relaxed);
                true
            });
        assert!(
            migrations
                .upgrade(&mut connection)
                .await
                .unwrap()
                .is_empty()
        );
        steps.load(Ordering::Relaxed)
    }

    async fn execute(&self, sql: &str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&self.pool)
            .await
            .map(|_| ())
    }

    async fn column(&self, sql: &str) -> Vec<String> {
        let rows = sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_all(&self.pool)
            .await;
        rows.unwrap_or_else(|error| panic!("{sql}: {error}"))
    }

    async fn schema(&self) -> Vec<String> {
        self.column("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .await
    }

    fn dump(&self) -> Command {
        let mut command = Command::new("sqlite3");
        command.arg(self.path()).arg(".dump");
        command
    }

    async fn tables(&self) -> Vec<String> {
        self.column("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name").await
    }
}
