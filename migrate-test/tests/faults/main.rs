//! Faults on a server: each case has a server of its own, and processes that run tests on it.
#![cfg(feature = "postgres")]
#![allow(clippy::print_stdout, reason = "a child process tells what it sees")]

mod suite;

use std::env;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use migrate_runtime::Migrations;
use migrate_test::__test::{Test, run};
use sqlx::{AssertSqlSafe, PgPool};
use suite::test;
use test_servers::{Kind, Server};

/// The test that a child process runs.
const CASE: &str = "MIGRATE_TEST_CASE";
/// The chain of a child process.
const CHAIN: &str = "MIGRATE_TEST_CHAIN";

/// The work of a child process; does nothing in this one.
#[test]
fn child() {
    let Ok(case) = env::var(CASE) else { return };
    let chain: &'static Migrations = match env::var(CHAIN) {
        Ok(path) => Box::leak(Box::new(Migrations::load(path).expect("a chain"))),
        Err(_) => &suite::MIGRATIONS,
    };
    let one = |path| Test {
        migrations: Some(chain),
        ..test(path)
    };
    match &*case {
        "one" => run(&one("one"), async |pool: PgPool| tell_name(&pool).await),
        "abort" => run(&one("one"), async |pool: PgPool| {
            tell_name(&pool).await;
            std::process::abort();
        }),
        "wait" => run(&one("one"), async |pool: PgPool| {
            tell_name(&pool).await;
            tokio::time::sleep(Duration::from_secs(3)).await;
            let sql = "SELECT COUNT(*) FROM alembic_version";
            let rows: i64 = sqlx::query_scalar(sql)
                .fetch_one(&pool)
                .await
                .expect("it is there");
            assert_eq!(rows, 1);
        }),
        "many" => {
            let threads = (0..8).map(|_| thread::spawn(move || run(&one("many"), busy)));
            for thread in threads.collect::<Vec<_>>() {
                thread.join().expect("the test passes");
            }
        }
        "three" => {
            for path in ["first", "second", "third"] {
                run(&one(path), async |_: PgPool| ());
            }
        }
        #[cfg(feature = "mysql")]
        "three on mysql" => {
            for path in ["first", "second", "third"] {
                run(&one(path), async |_: sqlx::MySqlPool| ());
            }
        }
        #[cfg(feature = "mysql")]
        "many on mysql" => {
            let threads = (0..6).map(|_| {
                thread::spawn(move || {
                    for _ in 0..20 {
                        run(&one("many"), async |pool: sqlx::MySqlPool| {
                            pool.acquire().await.expect("a connection");
                        });
                    }
                })
            });
            for thread in threads.collect::<Vec<_>>() {
                thread.join().expect("the tests pass");
            }
        }
        #[cfg(feature = "mysql")]
        "one on mysql" => run(&one("one"), async |_: sqlx::MySqlPool| ()),
        other => panic!("there is no case {other}"),
    }
}

async fn tell_name(pool: &PgPool) {
    let name = sqlx::query_scalar("SELECT current_database()::text");
    let name: String = name.fetch_one(pool).await.expect("a name");
    println!("database: {name}");
}

/// Holds all connections that a test may have.
async fn busy(pool: PgPool) {
    let mut held = Vec::new();
    for _ in 0..pool.options().get_max_connections() {
        held.push(pool.acquire().await.expect("its own share of connections"));
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
}

fn spawn(case: &str, url: &str, chain: Option<&Path>) -> Child {
    let mut command = Command::new(env::current_exe().expect("a path"));
    command
        .args(["--exact", "child", "--nocapture"])
        .env(CASE, case)
        .env("DATABASE_URL", url)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some(chain) = chain {
        command.env(CHAIN, chain);
    }
    command.spawn().expect("it starts")
}

fn end(child: Child) -> (Output, String) {
    let output = child.wait_with_output().expect("it ends");
    let text = [&*output.stdout, &*output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output, text)
}

fn passes(child: Child) -> String {
    let (output, text) = end(child);
    assert!(output.status.success(), "{text}");
    text
}

/// Runs SQL in the maintenance database.
fn sql(server: &Server, sql: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let pool = PgPool::connect(&server.admin_url())
            .await
            .expect("it connects");
        let rows = sqlx::query_scalar(AssertSqlSafe(sql.to_owned()))
            .fetch_all(&pool)
            .await;
        pool.close().await;
        rows.expect(sql)
    })
}

/// The names of our databases, each without what differs from run to run.
fn databases(server: &Server) -> Vec<String> {
    let query =
        "SELECT datname::text FROM pg_database WHERE datname LIKE 'migrate\\_test\\_%' ORDER BY 1";
    sql(server, query)
}

fn templates(server: &Server) -> usize {
    let names = databases(server);
    names
        .iter()
        .filter(|name| name.starts_with("migrate_test_template_"))
        .count()
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// A chain of one revision.
fn chain(upgrade: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let versions = folder.path().join("versions");
    std::fs::create_dir(&versions).expect("a folder");
    let text = format!(
        "-- Other\n--\n-- revision: c3\n-- down_revision: none\n\n-- migrate: upgrade\n{upgrade}\n"
    );
    std::fs::write(versions.join("c3.sql"), text).expect("a file");
    folder
}

#[test]
fn a_role_that_may_not_create_a_database_is_told_which_right_is_missing() {
    let server = Server::start(Kind::Postgres);
    sql(&server, "CREATE ROLE plain LOGIN");
    let url = server.admin_url().replace("postgres@", "plain@");
    let (output, text) = end(spawn("one", &url, None));
    assert!(!output.status.success());
    for part in [
        "permission denied to create database",
        "ALTER ROLE \"plain\" CREATEDB",
    ] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn processes_that_start_at_once_build_one_template_and_leave_nothing_else() {
    let server = Server::start(Kind::Postgres);
    let slow = chain("SELECT pg_sleep(1); CREATE TABLE t (id integer);");
    let url = server.admin_url();
    let children: Vec<Child> = (0..4)
        .map(|_| spawn("one", &url, Some(slow.path())))
        .collect();
    for child in children {
        passes(child);
    }
    wait_until("only the template is left", || {
        databases(&server).len() == 1
    });
    assert_eq!(templates(&server), 1);
}

#[test]
fn a_killed_builder_is_cleaned_up_after() {
    let server = Server::start(Kind::Postgres);
    let slow = chain("SELECT pg_sleep(20);");
    let url = server.admin_url();
    let mut child = spawn("one", &url, Some(slow.path()));
    let is_built = || {
        databases(&server)
            .iter()
            .any(|name| name.starts_with("migrate_test_build_"))
    };
    wait_until("a template is being built", is_built);
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let other = chain("CREATE TABLE t (id integer);");
    wait_until("the next process drops it", || {
        passes(spawn("one", &url, Some(other.path())));
        !is_built()
    });
    assert_eq!(templates(&server), 1, "nobody takes it for a template");
}

#[test]
fn two_branches_with_different_chains_share_a_server() {
    let server = Server::start(Kind::Postgres);
    let (one, other) = (
        chain("CREATE TABLE one (id integer);"),
        chain("CREATE TABLE other (id integer);"),
    );
    let url = server.admin_url();
    let children = [one.path(), other.path(), one.path(), other.path()]
        .map(|chain| spawn("one", &url, Some(chain)));
    for child in children {
        passes(child);
    }
    assert_eq!(templates(&server), 2);
}

#[test]
fn what_a_killed_test_leaves_goes_when_the_test_runs_again_and_what_is_used_stays() {
    let server = Server::start(Kind::Postgres);
    let url = server.admin_url();
    let (output, text) = end(spawn("abort", &url, None));
    assert!(!output.status.success());
    let name = text
        .lines()
        .find_map(|line| line.split_once("database: "))
        .expect("a name")
        .1
        .to_owned();
    assert!(databases(&server).contains(&name));
    let used = spawn("wait", &url, None);
    wait_until("it has its database", || databases(&server).len() >= 2);
    passes(spawn("one", &url, None));
    passes(used);
    wait_until("all are dropped", || databases(&server).len() == 1);
}

#[test]
fn more_tests_than_connections_wait_for_each_other() {
    let server = Server::start_with(Kind::Postgres, &["-c", "max_connections=20"]);
    let url = server.admin_url();
    let children: Vec<Child> = (0..4).map(|_| spawn("many", &url, None)).collect();
    for child in children {
        passes(child);
    }
    wait_until("only the template is left", || {
        databases(&server).len() == 1
    });
}

#[test]
fn the_number_of_statements_of_a_test_is_known() {
    let server = Server::start_with(Kind::Postgres, &["-c", "log_statement=all"]);
    let url = server.admin_url();
    let sent = || {
        let log = server.log();
        let statements = log
            .lines()
            .filter_map(|line| line.split_once("statement: "));
        let ours = statements.filter(|(_, sql)| {
            ["migrate_test_", "pg_advisory", "pg_try_advisory"]
                .iter()
                .any(|part| sql.contains(part))
        });
        ours.count()
    };
    passes(spawn("one", &url, None));
    wait_until("the template alone is left", || {
        databases(&server).len() == 1
    });
    let before = sent();
    passes(spawn("one", &url, None));
    wait_until("the template alone is left", || {
        databases(&server).len() == 1
    });
    let one = sent() - before;
    passes(spawn("three", &url, None));
    wait_until("the template alone is left", || {
        databases(&server).len() == 1
    });
    let three = sent() - before - one;
    // A share of the connections is asked for, the database created and dropped, the share given back. The last is not
    // waited for: it may be cut off by the end of the process.
    let each = (three - one).div_ceil(2);
    assert_eq!(each, 4, "one process sends {one}, with three tests {three}");
}

#[cfg(feature = "mysql")]
#[test]
fn a_database_of_mysql_is_reset_by_few_statements() {
    let server = Server::start(Kind::MySql);
    let url = server.admin_url();
    let asked = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let pool = sqlx::MySqlPool::connect(&url).await.expect("it connects");
            let query = "SELECT CAST(variable_value AS CHAR) FROM information_schema.global_status WHERE variable_name = 'Com_create_db'";
            let created: String = sqlx::query_scalar(query).fetch_one(&pool).await.expect("a counter");
            pool.close().await;
            created.parse::<u32>().expect("a number")
        })
    };
    passes(spawn("one on mysql", &url, None));
    assert_eq!(asked(), 2, "a template and a database");
    for _ in 0..3 {
        passes(spawn("three on mysql", &url, None));
    }
    assert_eq!(
        asked(),
        2,
        "the database is used again, also by other processes"
    );
}

/// The connections that reset databases must not be taken for leaked ones.
#[cfg(feature = "mysql")]
#[test]
fn tests_on_mysql_that_take_turns_do_not_end_each_others_connections() {
    let server = Server::start(Kind::MySql);
    let url = server.admin_url();
    passes(spawn("one on mysql", &url, None));
    let children = [(); 2].map(|()| spawn("many on mysql", &url, None));
    for child in children {
        passes(child);
    }
}
