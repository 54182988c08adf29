//! Many starters at once, in tasks and in processes, and processes that are killed.

use std::process::{Child, Command, Stdio};

use embed_migrations::{Event, Migrations, Runner};
use sqlx::sqlite::SqliteJournalMode;

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::sqlite::{Sqlite, pool};
use crate::support::{Backend as _, Cut, cut};

/// Twelve revisions, every third of them outside a transaction.
fn chain() -> Chain {
    Chain::new().then("r", "none", 12, |chain, n| {
        let chain = if n % 3 == 0 { chain.header("transaction: off") } else { chain };
        chain.up(&format!("CREATE TABLE t{n} (id INTEGER);\nINSERT INTO t{n} VALUES ({n});\nCREATE INDEX i{n} ON t{n} (id)"))
    })
}

async fn assert_complete(database: &Sqlite) {
    assert_consistent(database).await;
    assert_eq!(database.versions().await, ["r12"]);
    for n in 1..=12 {
        assert_eq!(
            database
                .column(&format!("SELECT CAST(id AS TEXT) FROM t{n}"))
                .await,
            [n.to_string()]
        );
    }
    assert_eq!(
        database
            .column("SELECT integrity_check FROM pragma_integrity_check")
            .await,
        ["ok"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_with_pools_of_their_own() {
    for (starters, mode) in [
        (2, None),
        (8, None),
        (32, None),
        (8, Some(SqliteJournalMode::Wal)),
        (32, Some(SqliteJournalMode::Wal)),
    ] {
        let database = Sqlite::fresh().await;
        let chain = chain();
        let migrations: &'static Migrations = Box::leak(Box::new(chain.load()));
        let tasks: Vec<_> = (0..starters)
            .map(|_| {
                let options = database.options();
                let pool = pool(match mode {
                    Some(mode) => options.journal_mode(mode),
                    None => options,
                });
                tokio::spawn(async move { migrations.upgrade(&pool).await })
            })
            .collect();
        let mut steps = 0;
        for task in tasks {
            let report = task
                .await
                .unwrap()
                .unwrap_or_else(|error| panic!("{starters} starters, {mode:?}: {error}"));
            assert_eq!(report.current, ["r12"]);
            steps += report.steps.len();
        }
        assert_eq!(steps, 12, "each revision in exactly one report");
        assert_complete(&database).await;
    }
}

/// Not a test by itself: what the other process does when this binary is run again with the variables set.
#[tokio::test]
async fn a_process_of_its_own() {
    let (Ok(folder), Ok(file)) = (
        std::env::var("STARTER_CHAIN"),
        std::env::var("STARTER_DATABASE"),
    ) else {
        return;
    };
    let abort_at: usize =
        std::env::var("STARTER_ABORTS_AT").map_or(usize::MAX, |at| at.parse().unwrap());
    let migrations = Migrations::load(folder).unwrap();
    let pool = pool(
        sqlx::sqlite::SqliteConnectOptions::new()
            .filename(file)
            .create_if_missing(true),
    );
    let events = std::sync::atomic::AtomicUsize::new(0);
    let run = migrations.runner(&pool).on_event(move |event| {
        let is_counted = !matches!(event, Event::Waiting { .. });
        if is_counted && events.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == abort_at {
            std::process::abort();
        }
    });
    run.upgrade().await.unwrap();
}

fn start(chain: &Chain, database: &Sqlite, aborts_at: Option<usize>) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "sqlite::starters::a_process_of_its_own",
            "--nocapture",
        ])
        .env("STARTER_CHAIN", chain.path())
        .env("STARTER_DATABASE", database.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    if let Some(at) = aborts_at {
        command.env("STARTER_ABORTS_AT", at.to_string());
    }
    command.spawn().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes() {
    for starters in [2, 8, 32] {
        let database = Sqlite::fresh().await;
        let chain = chain();
        chain.write();
        let children: Vec<Child> = (0..starters)
            .map(|_| start(&chain, &database, None))
            .collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert!(
                output.status.success(),
                "{starters} starters: {}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        assert_complete(&database).await;
    }
}

/// A process that is gone at any event: before a revision, between statements, and just before its record.
#[tokio::test]
async fn a_process_aborts_at_each_event() {
    let chain = chain();
    let migrations = chain.load();
    for at in 0.. {
        let database = Sqlite::fresh().await;
        let output = start(&chain, &database, Some(at))
            .wait_with_output()
            .unwrap();
        let was_last = output.status.success();
        migrations
            .upgrade(database.db())
            .await
            .unwrap_or_else(|error| panic!("aborted at event {at}: {error}"));
        assert_complete(&database).await;
        if was_last {
            assert!(at > 40, "{at}");
            return;
        }
    }
}

/// SIGKILL at times that vary by themselves; others start meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_are_killed() {
    let chain = chain();
    let migrations = chain.load();
    for round in 0..10_u64 {
        let database = Sqlite::fresh().await;
        let mut doomed = start(&chain, &database, None);
        let survivor = start(&chain, &database, None);
        // No synchronisation: the moment is meant to be anywhere in the run.
        tokio::time::sleep(std::time::Duration::from_millis(4 * round)).await;
        doomed.kill().unwrap();
        doomed.wait().unwrap();
        let output = survivor.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        migrations.upgrade(database.db()).await.unwrap();
        assert_complete(&database).await;
    }
}

/// Futures that are dropped at random, several at once on one pool, which works all the same afterwards.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_at_random() {
    let chain = chain();
    let migrations: &'static Migrations = Box::leak(Box::new(chain.load()));
    for seed in 0..40_usize {
        let database = Sqlite::fresh().await;
        let tasks: Vec<_> = (0..3)
            .map(|n| {
                let pool = database.pool.clone();
                let polls = (seed * 7919 + n * 104_729) % 150;
                tokio::spawn(async move {
                    cut(Cut::Polls(polls), migrations.runner(&pool), Runner::upgrade)
                        .await
                        .map(|_| ())
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        migrations
            .upgrade(database.db())
            .await
            .unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_complete(&database).await;
    }
}
