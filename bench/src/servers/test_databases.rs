//! A migrated database for each test: what it costs until the test begins, and to remove it.

use std::env;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use embed_migrations::__test::{Flavor, Test, run};
use embed_migrations::Migrations;
use sqlx::migrate::Migrator;
use sqlx::testing::{TestArgs, TestFn};
use sqlx::{MySqlPool, PgPool, SqlitePool};

use super::chain::Chain;
use super::database::{Databases, Durability, Engine};
use crate::Result;
use crate::measure::{Row, side_by_side, timed};

/// The argument with which this program runs one test: the attribute takes the server from the environment.
pub(crate) const ONE_TEST: &str = "one-test";

const SQLX: &str = "`#[sqlx::test]`";

/// How long a test that does nothing takes, from asking for its database until that is gone.
pub(super) struct TestDatabases {
    pub(super) engine: Engine,
    pub(super) ours: Duration,
    pub(super) sqlx: Duration,
}

impl TestDatabases {
    /// The time, and how many times faster than sqlx it has to be.
    pub(super) fn row(&self) -> Row {
        let goal = match self.engine {
            Engine::Postgres => 1.0 / 5.0,
            Engine::MariaDb => 1.0 / 10.0,
            Engine::Sqlite => 1.0 / 20.0,
        };
        let what = format!("{}, a test that does nothing", self.engine);
        Row::ratio(what, (self.ours, self.sqlx), SQLX, goal)
    }
}

/// Both in turn, with the same chain.
pub(super) fn measure(
    databases: &Databases,
    folder: &Path,
    chain: &Chain,
    rounds: usize,
) -> Result<Vec<TestDatabases>> {
    let measured = Engine::ALL.map(|engine| {
        let (ours, sqlx) = side_by_side(
            rounds,
            || in_a_process(databases, folder, engine, &chain.our_folder()),
            || in_a_process(databases, folder, engine, &chain.sqlx_folder()),
        )?;
        Ok(TestDatabases { engine, ours, sqlx })
    });
    measured.into_iter().collect()
}

fn in_a_process(
    databases: &Databases,
    folder: &Path,
    engine: Engine,
    migrations: &Path,
) -> Result<Duration> {
    let url = match engine {
        Engine::Sqlite => String::new(),
        _ => databases.admin_url(engine, Durability::None),
    };
    let output = Command::new(env::current_exe()?)
        .args([ONE_TEST, &engine.to_string()])
        .arg(migrations)
        .env("DATABASE_URL", url)
        .current_dir(folder)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    let micros = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(Duration::from_micros(micros))
}

/// Runs in that process: a test with the migrations in a folder of ours or of sqlx, and prints how many microseconds it took.
/// It is the second one: the first connects to the server and, with ours, builds the template.
pub(crate) fn one_test(engine: &str, migrations: &str) -> Result {
    let test: Box<dyn Fn()> = if Path::new(migrations).join("versions").is_dir() {
        let migrations: &'static Migrations = Box::leak(Box::new(Migrations::load(migrations)?));
        let engine = engine.to_owned();
        Box::new(move || ours(&engine, migrations))
    } else {
        let runtime = tokio::runtime::Runtime::new()?;
        let migrator = runtime.block_on(Migrator::new(Path::new(migrations)))?;
        let migrator: &'static Migrator = Box::leak(Box::new(migrator));
        let engine = engine.to_owned();
        Box::new(move || of_sqlx(&engine, migrator))
    };
    test();
    let ((), time) = timed(|| {
        test();
        Ok(())
    })?;
    println!("{}", time.as_micros());
    Ok(())
}

fn ours(engine: &str, migrations: &'static Migrations) {
    let test = Test {
        path: "bench::one_test",
        migrations: Some(migrations),
        fixtures: &[],
        flavor: Flavor::CurrentThread,
        should_panic: false,
    };
    match engine {
        "PostgreSQL" => run(&test, postgres),
        "MariaDB" => run(&test, mariadb),
        _ => run(&test, sqlite),
    }
}

fn of_sqlx(engine: &str, migrator: &'static Migrator) {
    let mut arguments = TestArgs::new("bench::one_test");
    arguments.migrator(migrator);
    match engine {
        "PostgreSQL" => (postgres as fn(PgPool) -> _).run_test(arguments),
        "MariaDB" => (mariadb as fn(MySqlPool) -> _).run_test(arguments),
        _ => (sqlite as fn(SqlitePool) -> _).run_test(arguments),
    }
}

async fn postgres(_: PgPool) {}
async fn mariadb(_: MySqlPool) {}
async fn sqlite(_: SqlitePool) {}
