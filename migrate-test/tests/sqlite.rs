//! Test databases of SQLite.
#![cfg(feature = "sqlite")]

mod suite;

use sqlx::sqlite::SqliteConnectOptions;

suite::suite!(
    sqlx::Sqlite,
    sqlx::SqlitePool,
    sqlx::SqliteConnection,
    SqliteConnectOptions,
    "sqlite"
);

fn existing(options: SqliteConnectOptions) -> SqliteConnectOptions {
    options.create_if_missing(false)
}

fn is_dropped(options: &SqliteConnectOptions) -> bool {
    !is_there(options)
}

/// The same process has removed it when the test ran again.
fn is_gone_after_another_process(options: &SqliteConnectOptions, _: &str) -> bool {
    is_gone_soon(options)
}
