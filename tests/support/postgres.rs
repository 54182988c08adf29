//! PostgreSQL: a database of its own on the server that the tests share.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use embed_migrations::{Database, Dialect, Migrations};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool, Row as _};
use test_servers::Server;

use super::Backend;

pub struct Postgres {
    pub pool: PgPool,
    pub name: String,
}

impl Postgres {
    /// The server that it is on.
    pub fn server() -> &'static Server {
        test_servers::postgres()
    }

    pub fn url(&self) -> String {
        Self::server().url(&self.name)
    }

    /// Options for the same database.
    pub fn options(&self) -> PgConnectOptions {
        options(&self.url())
    }

    /// Another pool of the same database, for another role.
    pub fn pool_of(&self, role: &str) -> PgPool {
        pool(self.options().username(role))
    }

    /// A connection of its own.
    pub async fn connection(&self) -> PgConnection {
        PgConnection::connect_with(&self.options()).await.unwrap()
    }

    /// Makes a database with a name that has to be quoted.
    pub async fn named(name: &str) -> Self {
        let mut admin = PgConnection::connect(&Self::server().admin_url())
            .await
            .unwrap();
        let quoted = name.replace('"', "\"\"");
        let sql = format!("CREATE DATABASE \"{quoted}\" TEMPLATE template0");
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut admin)
            .await
            .unwrap();
        admin.close().await.unwrap();
        let options = options(&Self::server().admin_url()).database(name);
        Self {
            pool: pool(options),
            name: name.to_owned(),
        }
    }
}

pub fn options(url: &str) -> PgConnectOptions {
    url.parse().unwrap()
}

/// A pool that opens no connection before it is used.
pub fn pool(options: PgConnectOptions) -> PgPool {
    PgPoolOptions::new()
        .max_connections(4)
        .connect_lazy_with(options)
}

/// The first column of the rows, whatever its type is: a simple query is answered in text.
pub async fn column(connection: &mut PgConnection, sql: &str) -> Vec<String> {
    let rows = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_all(connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let text = |row: &sqlx::postgres::PgRow| row.try_get_unchecked(0).unwrap();
    rows.iter().map(text).collect()
}

impl Backend for Postgres {
    const DIALECT: Dialect = Dialect::Postgres;

    type Handle<'a> = &'a PgPool;

    async fn fresh() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        Self::named(&format!("test_{}_{number}", std::process::id())).await
    }

    fn db(&self) -> &PgPool {
        &self.pool
    }

    type Connection = PgConnection;

    async fn connect(&self) -> PgConnection {
        self.connection().await
    }

    fn pass(connection: &mut PgConnection) -> impl Database<'_> {
        connection
    }

    async fn session(connection: &mut PgConnection) -> Vec<String> {
        // PL/pgSQL has settings once it is loaded, which cannot be undone.
        let sql = "SELECT concat_ws(' ', name, setting) FROM pg_settings WHERE name NOT LIKE 'plpgsql.%' UNION ALL SELECT 'inside a transaction ' || (now() <> \
                   statement_timestamp())";
        column(connection, sql).await
    }

    async fn read_by_upgrade(&self, migrations: &Migrations) -> u64 {
        const READ: &str = "SELECT sum(coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::bigint FROM \
                            pg_stat_user_tables";
        let mut connection = self.connect().await;
        // Reads of this transaction are counted when the next one begins.
        let read = async |connection: &mut PgConnection| -> i64 {
            let flush = "SELECT pg_stat_force_next_flush()";
            for sql in [flush, flush, "SELECT pg_stat_clear_snapshot()"] {
                sqlx::raw_sql(sql).execute(&mut *connection).await.unwrap();
            }
            sqlx::query_scalar(READ)
                .fetch_one(connection)
                .await
                .unwrap()
        };
        let before = read(&mut connection).await;
        assert!(
            migrations
                .upgrade(&mut connection)
                .await
                .unwrap()
                .is_empty()
        );
        let rows = read(&mut connection).await - before;
        rows.unsigned_abs()
    }

    async fn execute(&self, sql: &str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&self.pool)
            .await
            .map(|_| ())
    }

    async fn column(&self, sql: &str) -> Vec<String> {
        let mut column = column(&mut self.pool.acquire().await.unwrap(), sql).await;
        for text in &mut column {
            // CHAR(9), to which the suite casts numbers, is filled up here.
            text.truncate(text.trim_end_matches(' ').len());
        }
        column
    }

    async fn schema(&self) -> Vec<String> {
        self.column(
            "SELECT concat_ws(' ', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull) FROM \
             pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace AND \
             c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped UNION ALL SELECT concat_ws(' ', \
             conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE connamespace = \
             'public'::regnamespace ORDER BY 1",
        )
        .await
    }

    fn dump(&self) -> Command {
        let mut command = Command::new("pg_dump");
        command.args(["--inserts", "--no-owner", "--no-privileges", &self.url()]);
        command
    }

    async fn tables(&self) -> Vec<String> {
        self.column(
            "SELECT tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY \
             tablename COLLATE \"C\"",
        )
        .await
    }
}
