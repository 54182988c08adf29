//! A migrated database for each test: what it costs until the test begins, and to remove it.

use std::env;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use sqlx::migrate::Migrator;
use sqlx::testing::{TestArgs, TestFn};
use sqlx::{MySqlPool, PgPool, SqlitePool};

use super::chain::Chain;
use super::database::{Databases, Durability, Engine};
use crate::Result;
use crate::measure::{median, timed};

/// The argument with which this program runs one test of sqlx: that takes the server from the environment.
pub(crate) const ONE_TEST: &str = "one-test-of-sqlx";

/// How long a test that does nothing takes, from asking for its database until that is gone.
pub(super) struct TestDatabases {
    pub(super) engine: Engine,
    pub(super) mechanism: &'static str,
    pub(super) time: Duration,
}

/// Each mechanism with the same chain.
pub(super) fn measure(
    databases: &Databases,
    folder: &Path,
    chain: &Chain,
    rounds: usize,
) -> Result<Vec<TestDatabases>> {
    let mut measured = Vec::new();
    for engine in Engine::ALL {
        let times: Result<Vec<Duration>> = (0..rounds)
            .map(|_| sqlx_in_a_process(databases, folder, chain, engine))
            .collect();
        measured.push(TestDatabases {
            engine,
            mechanism: "`#[sqlx::test]`",
            time: median(times?),
        });
    }
    Ok(measured)
}

fn sqlx_in_a_process(
    databases: &Databases,
    folder: &Path,
    chain: &Chain,
    engine: Engine,
) -> Result<Duration> {
    let url = match engine {
        Engine::Sqlite => String::new(),
        _ => databases.admin_url(engine, Durability::None),
    };
    let output = Command::new(env::current_exe()?)
        .args([ONE_TEST, &engine.to_string()])
        .arg(chain.sqlx_folder())
        .env("DATABASE_URL", url)
        .current_dir(folder)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let micros = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(Duration::from_micros(micros))
}

/// Runs in that process: one test, and prints how many microseconds it took.
pub(crate) fn one_test(engine: &str, migrations: &str) -> Result {
    let runtime = tokio::runtime::Runtime::new()?;
    let migrator = runtime.block_on(Migrator::new(Path::new(migrations)))?;
    let mut arguments = TestArgs::new("bench::one_test");
    arguments.migrator(Box::leak(Box::new(migrator)));
    let ((), time) = timed(|| {
        match engine {
            "PostgreSQL" => (postgres as fn(PgPool) -> _).run_test(arguments),
            "MariaDB" => (mariadb as fn(MySqlPool) -> _).run_test(arguments),
            _ => (sqlite as fn(SqlitePool) -> _).run_test(arguments),
        }
        Ok(())
    })?;
    println!("{}", time.as_micros());
    Ok(())
}

async fn postgres(_: PgPool) {}
async fn mariadb(_: MySqlPool) {}
async fn sqlite(_: SqlitePool) {}
