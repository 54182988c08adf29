//! The work of a child process, and how one is started.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use migrate_runtime::{AnyPool, Migrations};
use migrate_test::__test::{Test, run};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::suite::{MIGRATIONS, RUST, test};

/// The test that a child process runs.
const CASE: &str = "MIGRATE_TEST_CASE";
/// The chain of a child process: a folder, or `rust`.
const CHAIN: &str = "MIGRATE_TEST_CHAIN";

/// The work of a child process; does nothing in this one.
#[test]
fn child() {
    let Ok(case) = env::var(CASE) else { return };
    let chain: &'static Migrations = match env::var(CHAIN) {
        Ok(chain) if chain == "rust" => &RUST,
        Ok(path) => Box::leak(Box::new(Migrations::load(path).expect("a chain"))),
        Err(_) => &MIGRATIONS,
    };
    let one = |path| Test {
        migrations: Some(chain),
        ..test(path)
    };
    match &*case {
        "one" => run(&one("one"), async |pool: AnyPool| tell_name(&pool).await),
        "abort" => run(&one("one"), async |pool: AnyPool| {
            tell_name(&pool).await;
            std::process::abort();
        }),
        "wait" => run(&one("one"), async |pool: AnyPool| {
            tell_name(&pool).await;
            tokio::time::sleep(Duration::from_secs(3)).await;
            chain.check(&pool).await.expect("it is there");
        }),
        "many" => at_once(8, || run(&one("many"), busy)),
        "turns" => at_once(6, || {
            for _ in 0..20 {
                run(&one("many"), async |pool: AnyPool| tell_name(&pool).await);
            }
        }),
        "counted" => println!("messages: {}", messages(&one("counted"))),
        other => panic!("there is no case {other}"),
    }
}

fn at_once(threads: usize, work: impl Fn() + Sync) {
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(&work);
        }
    });
}

async fn tell_name(pool: &AnyPool) {
    let name: String = match pool {
        AnyPool::Postgres(pool) => {
            let name = sqlx::query_scalar("SELECT current_database()::text");
            name.fetch_one(pool).await.expect("a name")
        }
        AnyPool::MySql(pool) => {
            let name = sqlx::query_scalar("SELECT DATABASE()");
            name.fetch_one(pool).await.expect("a name")
        }
        _ => "a file".to_owned(),
    };
    println!("database: {name}");
}

/// Holds all connections that a test may have.
async fn busy(pool: AnyPool) {
    async fn hold<DB: sqlx::Database>(pool: sqlx::Pool<DB>) {
        let mut held = Vec::new();
        for _ in 0..pool.options().get_max_connections() {
            held.push(pool.acquire().await.expect("its own share of connections"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    match pool {
        AnyPool::Postgres(pool) => hold(pool).await,
        AnyPool::MySql(pool) => hold(pool).await,
        pool => panic!("{} has no limit", pool.dialect()),
    }
}

/// How many messages with SQL ten tests send that do nothing, once the template is there. On a slow machine a connection may
/// be closed meanwhile, so the lowest number counts.
fn messages(test: &Test) -> usize {
    tracing::subscriber::set_global_default(Count).expect("it is the first");
    let ten = || {
        for _ in 0..10 {
            run(test, async |_: AnyPool| ());
        }
        // Giving a database back may go on after its test.
        thread::sleep(Duration::from_millis(300));
        SENT.swap(0, Ordering::Relaxed)
    };
    ten();
    (0..3).map(|_| ten()).min().expect("there are three")
}

static SENT: AtomicUsize = AtomicUsize::new(0);

/// Counts what sqlx sends.
struct Count;

impl Subscriber for Count {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn event(&self, _: &Event<'_>) {
        SENT.fetch_add(1, Ordering::Relaxed);
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// The command for a child process on a server.
pub(crate) fn command(program: &Path, case: &str, url: &str) -> Command {
    let mut command = Command::new(program);
    command
        .args(["--exact", "child::child", "--nocapture"])
        .env(CASE, case)
        .env("DATABASE_URL", url)
        .env("RUST_BACKTRACE", "0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Starts one, with the chain in a folder.
pub(crate) fn spawn(case: &str, url: &str, chain: Option<&Path>) -> Child {
    let mut command = command(&this_program(), case, url);
    command.envs(chain.map(|chain| (CHAIN, chain)));
    command.spawn().expect("it starts")
}

/// Starts one of another program, with the chain that has a revision in Rust.
pub(crate) fn spawn_rust(program: &Path, url: &str) -> Child {
    let mut command = command(program, "one", url);
    command.env(CHAIN, "rust").spawn().expect("it starts")
}

pub(crate) fn this_program() -> std::path::PathBuf {
    env::current_exe().expect("a path")
}

/// How it ended, and what it printed.
pub(crate) fn end(child: Child) -> (Output, String) {
    let output = child.wait_with_output().expect("it ends");
    let text = [&*output.stdout, &*output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    (output, text)
}

pub(crate) fn passes(child: Child) -> String {
    let (output, text) = end(child);
    assert!(output.status.success(), "{text}");
    text
}

pub(crate) fn fails(child: Child) -> String {
    let (output, text) = end(child);
    assert!(!output.status.success(), "{text}");
    text
}

/// The database of a child process, as soon as it has one.
pub(crate) fn database_of(child: &mut Child) -> String {
    let mut output = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut line = String::new();
    while !line.contains("database: ") {
        let read = output.read_line(&mut line).expect("it is text");
        assert_ne!(read, 0, "it has no database");
    }
    // Closed, it would end the child.
    child.stdout = Some(output.into_inner());
    told(&line, "database: ")
}

/// The output of a child process.
pub(crate) fn told(text: &str, what: &str) -> String {
    let told = text.lines().find_map(|line| line.split_once(what));
    told.unwrap_or_else(|| panic!("{what} {text}"))
        .1
        .trim()
        .to_owned()
}

pub(crate) fn wait_until(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < Duration::from_secs(30), "{what}");
        thread::sleep(Duration::from_millis(50));
    }
}

/// A chain of one revision.
pub(crate) fn chain(upgrade: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let versions = folder.path().join("versions");
    std::fs::create_dir(&versions).expect("a folder");
    let text = format!(
        "-- Other\n--\n-- revision: c3\n-- down_revision: none\n\n-- migrate: upgrade\n{upgrade}\n"
    );
    std::fs::write(versions.join("c3.sql"), text).expect("a file");
    folder
}
