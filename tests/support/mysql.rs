//! MySQL or MariaDB: a database of its own on a server that the tests of this process share.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use embed_migrations::{Database, Dialect, Migrations};
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions as _, MySqlConnection, MySqlPool, Row as _};
use test_servers::Server;

use super::Backend;

pub struct MySql {
    pub pool: MySqlPool,
    pub name: String,
    server: &'static Server,
}

impl MySql {
    /// Makes a database with this name.
    pub async fn named(name: &str) -> Self {
        Self::on(test_servers::mysql(), name).await
    }

    /// The same on another server.
    pub async fn on(server: &'static Server, name: &str) -> Self {
        admin(server, &format!("CREATE DATABASE {}", quoted(name))).await;
        let name = name.to_owned();
        let pool = pool(options(server).database(&name));
        Self { pool, name, server }
    }

    pub fn server(&self) -> &'static Server {
        self.server
    }

    /// Options for the same database.
    pub fn options(&self) -> MySqlConnectOptions {
        options(self.server).database(&self.name)
    }

    /// Another pool of the same database.
    pub fn another_pool(&self) -> MySqlPool {
        pool(self.options())
    }
}

/// Options for a user who may do everything.
pub fn options(server: &Server) -> MySqlConnectOptions {
    server.admin_url().parse().expect("a URL of sqlx")
}

/// A pool that opens no connection before it is used.
pub fn pool(options: MySqlConnectOptions) -> MySqlPool {
    MySqlPoolOptions::new()
        .max_connections(4)
        .connect_lazy_with(options)
}

/// Runs SQL as a user who may do everything.
pub async fn admin(server: &Server, sql: &str) {
    let mut connection = options(server).connect().await.expect("the server answers");
    let done = sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut connection)
        .await;
    done.unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// The settings of a session, without those that tell of its last statement.
const SESSION: &str = "SHOW SESSION VARIABLES WHERE Variable_name NOT IN ('timestamp', 'last_insert_id', 'identity', \
    'rand_seed1', 'rand_seed2', 'warning_count', 'error_count', 'last_gtid', 'gtid_current_pos', 'gtid_binlog_pos')";

fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

impl Backend for MySql {
    const DIALECT: Dialect = Dialect::MySql;
    const DDL_IS_TRANSACTIONAL: bool = false;

    type Handle<'a> = &'a MySqlPool;

    async fn fresh() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        Self::named(&format!("test_{}_{number}", std::process::id())).await
    }

    fn db(&self) -> &MySqlPool {
        &self.pool
    }

    type Connection = MySqlConnection;

    async fn connect(&self) -> MySqlConnection {
        self.options().connect().await.expect("the server answers")
    }

    fn pass(connection: &mut MySqlConnection) -> impl Database<'_> {
        connection
    }

    async fn session(connection: &mut MySqlConnection) -> Vec<String> {
        let rows = sqlx::raw_sql(SESSION).fetch_all(connection).await;
        let line = |row: &sqlx::mysql::MySqlRow| {
            let text = |column: usize| -> Option<String> { row.get_unchecked(column) };
            format!("{} {:?}", text(0).unwrap_or_default(), text(1))
        };
        rows.expect("it answers").iter().map(line).collect()
    }

    async fn read_by_upgrade(&self, migrations: &Migrations) -> u64 {
        const READ: &str = "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%' AND Variable_name <> \
                            'Handler_read_rnd_deleted'";
        let mut connection = self.connect().await;
        let flushed = sqlx::raw_sql("FLUSH STATUS").execute(&mut connection);
        flushed.await.expect("it may");
        assert!(
            migrations
                .upgrade(&mut connection)
                .await
                .unwrap()
                .is_empty()
        );
        let rows = sqlx::raw_sql(READ).fetch_all(&mut connection).await;
        let count = |row: &sqlx::mysql::MySqlRow| -> u64 {
            let count: String = row.get_unchecked(1);
            count.parse().expect("a number")
        };
        rows.expect("it answers").iter().map(count).sum()
    }

    async fn execute(&self, sql: &str) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&self.pool)
            .await
            .map(|_| ())
    }

    async fn column(&self, sql: &str) -> Vec<String> {
        // As text, whatever the type of the column.
        let rows = sqlx::raw_sql(AssertSqlSafe(sql))
            .fetch_all(&self.pool)
            .await;
        let rows = rows.unwrap_or_else(|error| panic!("{sql}: {error}"));
        rows.iter()
            .map(|row| sqlx::Row::get_unchecked(row, 0))
            .collect()
    }

    async fn schema(&self) -> Vec<String> {
        let mut schema = Vec::new();
        for table in self.tables().await {
            let sql = format!("SHOW CREATE TABLE {}", quoted(&table));
            let row = sqlx::raw_sql(AssertSqlSafe(sql))
                .fetch_one(&self.pool)
                .await;
            schema.push(sqlx::Row::get(&row.expect("the table is there"), 1));
        }
        schema
    }

    fn dump(&self) -> Command {
        let options = self.options();
        let mut command = Command::new("mariadb-dump");
        command
            .args(["--no-defaults", "--protocol=tcp", "--user=root"])
            .args(["--compact", "--skip-extended-insert"])
            .arg(format!("--host={}", options.get_host()))
            .arg(format!("--port={}", options.get_port()))
            .arg(&self.name);
        command
    }

    async fn tables(&self) -> Vec<String> {
        let sql =
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()";
        let mut tables = self.column(sql).await;
        tables.sort();
        tables
    }
}
