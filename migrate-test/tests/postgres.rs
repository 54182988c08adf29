//! Test databases of PostgreSQL, on the private server that is there without a `DATABASE_URL`.
#![cfg(feature = "postgres")]

mod suite;

use sqlx::postgres::PgConnectOptions;

suite::suite!(
    sqlx::Postgres,
    sqlx::PgPool,
    sqlx::PgConnection,
    PgConnectOptions,
    "postgres"
);

fn existing(options: PgConnectOptions) -> PgConnectOptions {
    options
}

fn is_dropped(options: &PgConnectOptions) -> bool {
    is_gone_soon(options)
}

fn is_gone_after_another_process(options: &PgConnectOptions, _: &str) -> bool {
    is_gone_soon(options)
}
