//! All who apply a chain: ours, the peers as their READMEs tell, and the shells.

use std::fs::File;
use std::process::{Command, Stdio};

use diesel::connection::SimpleConnection as _;
use diesel::migration::MigrationConnection;
use diesel::{Connection as _, MysqlConnection, PgConnection, SqliteConnection};
use diesel_migrations::MigrationHarness;
use embed_migrations::{Database, Migrations, Runner, TransactionMode};
use sea_orm_migration::MigratorTraitSelf as _;
use sea_orm_migration::sea_orm;
use sqlx::mysql::MySqlPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{MySqlPool, PgPool, SqlitePool};
use tokio::runtime::Handle;

use super::cell::Work;
use super::chain::{Chain, Script};
use super::database::{Durability, Engine};
use super::proxy::authority;
use crate::Result;

/// How a contender groups revisions into transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grouping {
    EachRevision,
    AllInOne,
    /// A shell, which records nothing and reads nothing: the limit.
    Limit,
    /// A connection, and nothing on it: the limit where there is nothing to do.
    Connecting,
}

/// Someone who applies a chain.
pub(super) struct Contender {
    pub(super) name: &'static str,
    pub(super) grouping: Grouping,
    engines: &'static [Engine],
    /// Opens a connection, applies what is pending, and closes the connection.
    upgrade: fn(&Chain, &Access<'_>) -> Result,
}

/// The way to the database.
pub(super) struct Access<'a> {
    pub(super) runtime: Handle,
    pub(super) engine: Engine,
    pub(super) durability: Durability,
    pub(super) url: &'a str,
}

impl Contender {
    pub(super) fn runs_on(&self, engine: Engine) -> bool {
        self.engines.contains(&engine)
    }

    pub(super) fn is_ours(&self) -> bool {
        self.name.starts_with(OURS)
    }

    /// Whether nobody can be faster.
    pub(super) fn is_limit(&self) -> bool {
        matches!(self.grouping, Grouping::Limit | Grouping::Connecting)
    }

    /// Whether it can do the work: a shell does not know what was applied before.
    pub(super) fn can(&self, work: Work) -> bool {
        match self.grouping {
            Grouping::EachRevision | Grouping::AllInOne => true,
            Grouping::Limit => work != Work::Nothing,
            Grouping::Connecting => work == Work::Nothing,
        }
    }

    pub(super) fn upgrade(&self, chain: &Chain, access: &Access<'_>) -> Result {
        (self.upgrade)(chain, access)
            .map_err(|error| format!("{} on {}: {error}", self.name, access.engine).into())
    }
}

pub(super) const OURS: &str = "embed-migrations";
pub(super) const OURS_SINGLE: &str = "embed-migrations, Single";
pub(super) const SQLX: &str = "sqlx";
pub(super) const REFINERY_GROUPED: &str = "refinery, grouped";
pub(super) const SHELL_WITH_JOURNAL: &str = "sqlite3, with our journal";

const TRANSACTIONAL: &[Engine] = &[Engine::Postgres, Engine::Sqlite];

pub(super) const ALL: [Contender; 12] = [
    contender(
        OURS,
        Grouping::EachRevision,
        &Engine::ALL,
        |chain, access| ours(chain, access, TransactionMode::PerRevision),
    ),
    contender(
        OURS_SINGLE,
        Grouping::AllInOne,
        TRANSACTIONAL,
        |chain, access| ours(chain, access, TransactionMode::Single),
    ),
    contender(SQLX, Grouping::EachRevision, &Engine::ALL, sqlx),
    contender(
        "refinery",
        Grouping::EachRevision,
        &Engine::ALL,
        |chain, access| refinery(chain, access, false),
    ),
    contender(
        REFINERY_GROUPED,
        Grouping::AllInOne,
        TRANSACTIONAL,
        |chain, access| refinery(chain, access, true),
    ),
    contender(
        "diesel_migrations",
        Grouping::EachRevision,
        &Engine::ALL,
        diesel,
    ),
    contender(
        "sea-orm-migration",
        Grouping::EachRevision,
        &Engine::ALL,
        sea_orm,
    ),
    contender(
        "rusqlite_migration",
        Grouping::AllInOne,
        &[Engine::Sqlite],
        rusqlite_migration,
    ),
    contender(
        "connecting, as sqlx does it",
        Grouping::Connecting,
        &Engine::ALL,
        |_, access| connect(access),
    ),
    contender("shell", Grouping::Limit, &Engine::ALL, |chain, access| {
        shell(chain, access, Script::Each)
    }),
    contender(
        "shell, one transaction",
        Grouping::Limit,
        TRANSACTIONAL,
        |chain, access| shell(chain, access, Script::Single),
    ),
    contender(
        SHELL_WITH_JOURNAL,
        Grouping::Limit,
        &[Engine::Sqlite],
        |chain, access| shell(chain, access, Script::Journal),
    ),
];

const fn contender(
    name: &'static str,
    grouping: Grouping,
    engines: &'static [Engine],
    upgrade: fn(&Chain, &Access<'_>) -> Result,
) -> Contender {
    Contender {
        name,
        grouping,
        engines,
        upgrade,
    }
}

fn ours(chain: &Chain, access: &Access<'_>, mode: TransactionMode) -> Result {
    access
        .runtime
        .block_on(upgrade(chain.ours, access, mode, None))
}

/// Upgrades with ours, to a target or to all heads.
pub(super) async fn upgrade(
    migrations: &Migrations,
    access: &Access<'_>,
    mode: TransactionMode,
    target: Option<&str>,
) -> Result {
    match access.engine {
        Engine::Postgres => run(migrations.runner(&postgres(access)?), mode, target).await,
        Engine::MariaDb => run(migrations.runner(&mariadb(access)?), mode, target).await,
        Engine::Sqlite => run(migrations.runner(&sqlite(access)?), mode, target).await,
    }
}

async fn run<'d>(
    runner: Runner<'d, impl Database<'d>>,
    mode: TransactionMode,
    target: Option<&str>,
) -> Result {
    let runner = runner.transaction_mode(mode);
    let runner = match target {
        Some(target) => runner.to(target),
        None => runner,
    };
    runner.upgrade().await?;
    Ok(())
}

fn sqlx(chain: &Chain, access: &Access<'_>) -> Result {
    access.runtime.block_on(async {
        match access.engine {
            Engine::Postgres => chain.sqlx.run(&postgres(access)?).await?,
            Engine::MariaDb => chain.sqlx.run(&mariadb(access)?).await?,
            Engine::Sqlite => chain.sqlx.run(&sqlite(access)?).await?,
        }
        Ok(())
    })
}

fn connect(access: &Access<'_>) -> Result {
    access.runtime.block_on(async {
        match access.engine {
            Engine::Postgres => drop(postgres(access)?.acquire().await?),
            Engine::MariaDb => drop(mariadb(access)?.acquire().await?),
            Engine::Sqlite => drop(sqlite(access)?.acquire().await?),
        }
        Ok(())
    })
}

/// Pools that open a connection when one is needed: one for sqlx, and one of its own for a run of ours.
pub(super) fn postgres(access: &Access<'_>) -> Result<PgPool> {
    Ok(PgPoolOptions::new().connect_lazy(access.url)?)
}

pub(super) fn mariadb(access: &Access<'_>) -> Result<MySqlPool> {
    Ok(MySqlPoolOptions::new().connect_lazy(access.url)?)
}

pub(super) fn sqlite(access: &Access<'_>) -> Result<SqlitePool> {
    let options: SqliteConnectOptions = access.url.parse()?;
    let options = match access.durability {
        Durability::Default => options,
        Durability::None => options.synchronous(SqliteSynchronous::Off),
    };
    Ok(SqlitePoolOptions::new().connect_lazy_with(options))
}

fn refinery(chain: &Chain, access: &Access<'_>, grouped: bool) -> Result {
    let runner = refinery::Runner::new(&chain.refinery).set_grouped(grouped);
    if access.engine == Engine::Sqlite {
        runner.run(&mut rusqlite(access)?)?;
        return Ok(());
    }
    access.runtime.block_on(async {
        if access.engine == Engine::Postgres {
            let (mut client, connection) =
                tokio_postgres::connect(access.url, tokio_postgres::NoTls).await?;
            tokio::spawn(connection);
            runner.run_async(&mut client).await?;
        } else {
            let mut pool = mysql_async::Pool::new(access.url);
            runner.run_async(&mut pool).await?;
            pool.disconnect().await?;
        }
        Ok(())
    })
}

fn rusqlite(access: &Access<'_>) -> Result<rusqlite::Connection> {
    let connection = rusqlite::Connection::open(file(access))?;
    if access.durability == Durability::None {
        connection.execute_batch(WITHOUT_DURABILITY)?;
    }
    Ok(connection)
}

const WITHOUT_DURABILITY: &str = "PRAGMA synchronous = OFF;";

/// The file of an SQLite database.
fn file<'a>(access: &Access<'a>) -> &'a str {
    access.url.trim_start_matches("sqlite://")
}

fn diesel(chain: &Chain, access: &Access<'_>) -> Result {
    match access.engine {
        Engine::Postgres => run_pending(chain, PgConnection::establish(access.url)?),
        Engine::MariaDb => run_pending(chain, MysqlConnection::establish(access.url)?),
        Engine::Sqlite => {
            let mut connection = SqliteConnection::establish(file(access))?;
            if access.durability == Durability::None {
                connection.batch_execute(WITHOUT_DURABILITY)?;
            }
            run_pending(chain, connection)
        }
    }
}

fn run_pending<C>(chain: &Chain, mut connection: C) -> Result
where
    C: MigrationConnection + MigrationHarness<C::Backend>,
{
    let done = connection.run_pending_migrations(chain.diesel());
    done.map(drop).map_err(|error| error.to_string().into())
}

fn sea_orm(chain: &Chain, access: &Access<'_>) -> Result {
    let mut options = sea_orm::ConnectOptions::new(access.url);
    options.sqlx_logging(false);
    if access.durability == Durability::None {
        options.map_sqlx_sqlite_opts(|options| options.synchronous(SqliteSynchronous::Off));
    }
    access.runtime.block_on(async {
        let connection = sea_orm::Database::connect(options).await?;
        chain.sea_orm.up(&connection, None).await?;
        Ok(connection.close().await?)
    })
}

fn rusqlite_migration(chain: &Chain, access: &Access<'_>) -> Result {
    Ok(chain.rusqlite.to_latest(&mut rusqlite(access)?)?)
}

fn shell(chain: &Chain, access: &Access<'_>, script: Script) -> Result {
    let mut command = match access.engine {
        Engine::Postgres => psql(access),
        Engine::MariaDb => mariadb_shell(access),
        Engine::Sqlite => sqlite3(access),
    };
    let script = File::open(chain.script(script))?;
    let status = command.stdin(Stdio::from(script)).status()?;
    if status.success() {
        Ok(())
    } else {
        Err(status.to_string().into())
    }
}

fn psql(access: &Access<'_>) -> Command {
    let mut command = Command::new("psql");
    command.args([
        "--no-psqlrc",
        "--quiet",
        "--set=ON_ERROR_STOP=1",
        access.url,
    ]);
    command
}

fn mariadb_shell(access: &Access<'_>) -> Command {
    let (host, port) = authority(access.url).split_once(':').unwrap_or_default();
    let database = access.url.rsplit('/').next().unwrap_or_default();
    let mut command = Command::new("mariadb");
    command.args(["--no-defaults", "--protocol=tcp", "--user=root"]);
    command.args(["--host", host, "--port", port, database]);
    command
}

fn sqlite3(access: &Access<'_>) -> Command {
    let mut command = Command::new("sqlite3");
    command.args(["-batch", "-bail", file(access)]);
    if access.durability == Durability::None {
        command.args(["-cmd", WITHOUT_DURABILITY]);
    }
    command
}
