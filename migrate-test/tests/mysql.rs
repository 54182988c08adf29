//! Test databases of MySQL and MariaDB, on the private server that is there without a `DATABASE_URL`.
#![cfg(feature = "mysql")]

mod suite;

use sqlx::mysql::MySqlConnectOptions;

suite::suite!(
    sqlx::MySql,
    sqlx::MySqlPool,
    sqlx::MySqlConnection,
    MySqlConnectOptions,
    "mysql"
);

fn existing(options: MySqlConnectOptions) -> MySqlConnectOptions {
    options
}

/// It is used again.
fn is_dropped(_: &MySqlConnectOptions) -> bool {
    true
}

fn is_gone_after_another_process(options: &MySqlConnectOptions, _: &str) -> bool {
    is_gone_soon(options)
}
