//! The databases that are measured, and the servers that they are on.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use sqlx::mysql::MySqlConnection;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, Row as _};
use test_servers::{Kind, Server};
use tokio::runtime::Runtime;

use crate::Result;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    Postgres,
    MariaDb,
    Sqlite,
}

impl Engine {
    pub(super) const ALL: [Self; 3] = [Self::Postgres, Self::MariaDb, Self::Sqlite];
    pub(super) const SERVERS: [Self; 2] = [Self::Postgres, Self::MariaDb];
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Postgres => "PostgreSQL",
            Self::MariaDb => "MariaDB",
            Self::Sqlite => "SQLite",
        })
    }
}

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durability {
    /// As the database is delivered: it does.
    Default,
    None,
}

impl Durability {
    pub(super) const ALL: [Self; 2] = [Self::Default, Self::None];
}

/// The statements are counted only where a database asks for it, and no checkpoint or vacuum runs in between.
const POSTGRES: [&str; 12] = [
    "-c",
    "shared_preload_libraries=pg_stat_statements",
    "-c",
    "pg_stat_statements.track=none",
    "-c",
    "pg_stat_statements.max=50000",
    "-c",
    "autovacuum=off",
    "-c",
    "checkpoint_timeout=1h",
    "-c",
    "max_wal_size=8GB",
];
const MARIADB: [&str; 1] = ["--innodb-monitor-enable=trx_rw_commits"];

/// The arguments by which a commit waits for the disk or does not, whatever the tests have as their default.
fn arguments(engine: Engine, durability: Durability) -> Vec<&'static str> {
    let (common, own): (&[&str], &[&str]) = match (engine, durability) {
        (Engine::Postgres, Durability::Default) => (&POSTGRES, &["-c", "fsync=on"]),
        (Engine::Postgres, Durability::None) => (&POSTGRES, &["-c", "fsync=off"]),
        (_, Durability::Default) => (&MARIADB, &["--innodb-flush-log-at-trx-commit=1"]),
        (_, Durability::None) => (
            &MARIADB,
            &[
                "--innodb-flush-log-at-trx-commit=0",
                "--innodb-flush-method=nosync",
                "--debug-no-sync=1",
            ],
        ),
    };
    [common, own].concat()
}

/// A file system in memory. Servers without durability are there if the machine has it: on a disk, what is measured is how
/// fast its file system creates the files of tables. Some ext4 needs 0.6 ms for one after many others were removed.
const MEMORY: &str = "/dev/shm";

/// A server, and a connection for those who measure.
struct Running {
    engine: Engine,
    durability: Durability,
    server: Server,
    admin: RefCell<Admin>,
}

enum Admin {
    Postgres(PgConnection),
    MariaDb(MySqlConnection),
}

/// The table that each fresh database has: one-row revisions write to it.
const ITEM: &str =
    "CREATE TABLE item (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(100) NOT NULL)";
/// A database of PostgreSQL that fresh ones are copied from.
const TEMPLATE: &str = "bench_template";

pub(super) struct Databases {
    pub(super) runtime: Runtime,
    folder: PathBuf,
    servers: Vec<Running>,
    made: Cell<u32>,
}

impl Databases {
    /// Starts a server for each engine and durability.
    pub(super) fn start(folder: &Path) -> Result<Self> {
        let runtime = Runtime::new()?;
        let mut servers = Vec::new();
        for engine in Engine::SERVERS {
            for durability in Durability::ALL {
                servers.push(runtime.block_on(Running::start(engine, durability))?);
            }
        }
        let databases = Self {
            runtime,
            folder: folder.to_owned(),
            servers,
            made: Cell::new(0),
        };
        for durability in Durability::ALL {
            let name = format!("{TEMPLATE}.db");
            databases.admin(
                Engine::Postgres,
                durability,
                &format!("CREATE DATABASE {TEMPLATE}"),
            )?;
            let url = databases
                .server(Engine::Postgres, durability)
                .server
                .url(TEMPLATE);
            databases.execute_at(&url, ITEM)?;
            let url = format!("sqlite://{}?mode=rwc", folder.join(name).display());
            databases.execute_at(&url, &ITEM.replace("TABLE", "TABLE IF NOT EXISTS"))?;
        }
        Ok(databases)
    }

    /// A database that has the table `item` and nothing else.
    pub(super) fn fresh(&self, engine: Engine, durability: Durability) -> Result<Database<'_>> {
        let number = self.made.get();
        self.made.set(number + 1);
        let name = format!("bench_{number}");
        let url = match engine {
            Engine::Sqlite => {
                let file = self.folder.join(format!("{name}.db"));
                fs::copy(self.folder.join(format!("{TEMPLATE}.db")), &file)?;
                format!("sqlite://{}", file.display())
            }
            _ => self.server(engine, durability).server.url(&name),
        };
        match engine {
            Engine::Postgres => self.admin(
                engine,
                durability,
                &format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE}"),
            )?,
            Engine::MariaDb => {
                self.admin(engine, durability, &format!("CREATE DATABASE {name}"))?;
                let item = ITEM.replace("item", &format!("{name}.item"));
                self.admin(engine, durability, &item)?;
            }
            Engine::Sqlite => {}
        }
        Ok(Database {
            databases: self,
            engine,
            durability,
            name,
            url,
        })
    }

    /// Runs SQL on a server, outside every database that is measured.
    pub(super) fn admin(&self, engine: Engine, durability: Durability, sql: &str) -> Result {
        let mut admin = self.server(engine, durability).admin.borrow_mut();
        self.runtime.block_on(admin.execute(sql))
    }

    /// The number that a query gives.
    pub(super) fn number(&self, engine: Engine, durability: Durability, sql: &str) -> Result<u64> {
        let mut admin = self.server(engine, durability).admin.borrow_mut();
        Ok(self.runtime.block_on(admin.text(sql))?.parse()?)
    }

    /// The version that each server and library of a database says it has.
    pub(super) fn versions(&self) -> Result<Vec<String>> {
        let version = |engine: Engine, sql: &str| -> Result<String> {
            let mut admin = self.server(engine, Durability::None).admin.borrow_mut();
            let version = self.runtime.block_on(admin.text(sql))?;
            let word = version.split([' ', '-']).next().unwrap_or_default();
            Ok(format!("{engine} {word}"))
        };
        Ok(vec![
            version(Engine::Postgres, "SHOW server_version")?,
            version(Engine::MariaDb, "SELECT version()")?,
            format!("{} {}", Engine::Sqlite, rusqlite::version()),
        ])
    }

    /// The database that is always there on a server.
    pub(super) fn admin_url(&self, engine: Engine, durability: Durability) -> String {
        self.server(engine, durability).server.admin_url()
    }

    fn server(&self, engine: Engine, durability: Durability) -> &Running {
        self.servers
            .iter()
            .find(|running| running.engine == engine && running.durability == durability)
            .expect("each engine that has a server has one for each durability")
    }

    fn execute_at(&self, url: &str, sql: &str) -> Result {
        self.runtime.block_on(async {
            let mut connection = migrate_diff::Connection::open(url).await?;
            Ok(connection.execute(sql).await?)
        })
    }
}

impl Running {
    async fn start(engine: Engine, durability: Durability) -> Result<Self> {
        let kind = match engine {
            Engine::Postgres => Kind::Postgres,
            _ => Kind::MySql,
        };
        let memory = Path::new(MEMORY);
        let parent = (durability == Durability::None && memory.is_dir()).then_some(memory);
        let server = Server::start_in(parent, kind, &arguments(engine, durability));
        let url = server.admin_url();
        let admin = match engine {
            Engine::Postgres => {
                let mut connection = PgConnection::connect(&url).await?;
                sqlx::raw_sql("CREATE EXTENSION pg_stat_statements")
                    .execute(&mut connection)
                    .await?;
                Admin::Postgres(connection)
            }
            _ => Admin::MariaDb(MySqlConnection::connect(&url).await?),
        };
        Ok(Self {
            engine,
            durability,
            server,
            admin: RefCell::new(admin),
        })
    }
}

impl Admin {
    async fn execute(&mut self, sql: &str) -> Result {
        let query = sqlx::raw_sql(AssertSqlSafe(sql));
        match self {
            Self::Postgres(connection) => query.execute(connection).await.map(drop)?,
            Self::MariaDb(connection) => query.execute(connection).await.map(drop)?,
        }
        Ok(())
    }

    /// The last column of the first row, which travels as text in whatever type it is.
    async fn text(&mut self, sql: &str) -> Result<String> {
        let query = sqlx::raw_sql(AssertSqlSafe(sql));
        Ok(match self {
            Self::Postgres(connection) => {
                let row = query.fetch_one(connection).await?;
                row.try_get_unchecked(row.len() - 1)?
            }
            Self::MariaDb(connection) => {
                let row = query.fetch_one(connection).await?;
                row.try_get_unchecked(row.len() - 1)?
            }
        })
    }
}

/// A database that goes when it is dropped.
pub(super) struct Database<'d> {
    databases: &'d Databases,
    pub(super) engine: Engine,
    pub(super) durability: Durability,
    pub(super) name: String,
    pub(super) url: String,
}

impl Database<'_> {
    pub(super) fn execute(&self, sql: &str) -> Result {
        self.databases.execute_at(&self.url, sql)
    }
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        let name = &self.name;
        let dropped = match self.engine {
            Engine::Postgres => self.databases.admin(
                self.engine,
                self.durability,
                &format!("DROP DATABASE {name} WITH (FORCE)"),
            ),
            Engine::MariaDb => self.databases.admin(
                self.engine,
                self.durability,
                &format!("DROP DATABASE {name}"),
            ),
            Engine::Sqlite => {
                let file = self.url.trim_start_matches("sqlite://");
                fs::remove_file(file).map_err(Into::into)
            }
        };
        if let Err(error) = dropped {
            eprintln!("{name} is still there: {error}");
        }
    }
}
