//! Many starters at once.

use embed_migrations::{Migrations, TransactionMode};

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::postgres::Postgres;
use crate::support::{Backend as _, Cut, cut};
use embed_migrations::Runner;

/// Twelve revisions, every third of them outside a transaction.
pub fn chain() -> Chain {
    Chain::new().then("r", "none", 12, |chain, n| {
        if n % 3 == 0 {
            chain.header("transaction: off").up(&format!(
                "CREATE TABLE t{n} (id int);\nINSERT INTO t{n} VALUES ({n});\nCREATE INDEX CONCURRENTLY i{n} ON t{n} (id)"
            ))
        } else {
            chain.up(&format!(
                "CREATE TABLE t{n} (id int);\nINSERT INTO t{n} VALUES ({n});\nCREATE INDEX i{n} ON t{n} (id)"
            ))
        }
    })
}

pub async fn assert_complete(database: &Postgres) {
    assert_consistent(database).await;
    assert_eq!(database.versions().await, ["r12"]);
    for n in 1..=12 {
        let sql = format!("SELECT id FROM t{n}");
        assert_eq!(database.column(&sql).await, [n.to_string()]);
    }
    let sql = "SELECT count(*) FROM pg_index WHERE NOT indisvalid";
    assert_eq!(database.column(sql).await, ["0"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_an_empty_database() {
    for starters in [2, 8, 32] {
        let database = Postgres::fresh().await;
        let chain = chain();
        let migrations: &'static Migrations = Box::leak(Box::new(chain.load()));
        let tasks: Vec<_> = (0..starters)
            .map(|_| {
                let pool = database.pool_of("postgres");
                tokio::spawn(async move { migrations.upgrade(&pool).await })
            })
            .collect();
        let mut steps = 0;
        for task in tasks {
            let report = task.await.unwrap();
            let report = report.unwrap_or_else(|error| panic!("{starters} starters: {error}"));
            assert_eq!(report.current, ["r12"]);
            steps += report.steps.len();
        }
        assert_eq!(steps, 12, "each revision in exactly one report");
        assert_complete(&database).await;
    }
}

/// Futures that are dropped at random, several at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_at_random() {
    let chain = chain();
    let migrations: &'static Migrations = Box::leak(Box::new(chain.load()));
    for seed in 0..8_usize {
        let database = Postgres::fresh().await;
        let tasks: Vec<_> = (0..3)
            .map(|n| {
                let pool = database.pool_of("postgres");
                let polls = (seed * 7919 + n * 104_729) % 100;
                tokio::spawn(async move {
                    let run = migrations.runner(&pool);
                    cut(Cut::Polls(polls), run, Runner::upgrade)
                        .await
                        .map(|_| ())
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let done = migrations.upgrade(database.db()).await;
        done.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        assert_complete(&database).await;
    }
}

/// The bookkeeping is prepared from the third transaction on, and again when a revision has taken it away: by its words, or
/// hidden in a function.
#[tokio::test]
async fn revisions_that_take_prepared_statements_away() {
    for mode in [TransactionMode::PerRevision, TransactionMode::Single] {
        let database = Postgres::fresh().await;
        let function = "CREATE FUNCTION gone() RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE ''DEALL'' || ''OCATE ALL''; END'";
        database.execute(function).await.unwrap();
        let chain = Chain::line(5)
            .revision("words", "r5")
            .up("DEALLOCATE ALL;\nCREATE TABLE words (id int)")
            .then("a", "words", 4, |chain, n| {
                chain.up(&format!("CREATE TABLE a{n} (id int)"))
            })
            .revision("hidden", "a4")
            .up("CREATE TABLE hidden (id int);\nSELECT gone()")
            .then("b", "hidden", 4, |chain, n| {
                chain.up(&format!("CREATE TABLE b{n} (id int)"))
            });
        let migrations = chain.load();
        let runner = migrations.runner(database.db()).transaction_mode(mode);
        assert_eq!(runner.upgrade().await.unwrap().steps.len(), 15);
        assert_consistent(&database).await;
    }
}

/// The lock of the run goes with those of the revision; whoever comes now is kept from harm by the compare-and-set.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revisions_that_give_back_all_locks() {
    let database = Postgres::fresh().await;
    // The build refuses what it can see.
    let hidden = "CREATE FUNCTION give_back() RETURNS void LANGUAGE plpgsql AS 'BEGIN EXECUTE ''SELECT pg_advisory_'' || \
                  ''unlock_all()''; END'";
    database.execute(hidden).await.unwrap();
    let chain = Chain::new().then("r", "none", 12, |chain, n| match n % 4 {
        1 => chain.up(&format!("SELECT give_back();\nCREATE TABLE t{n} (id int)")),
        2 => chain.header("transaction: off").up(&format!(
            "CREATE TABLE t{n} (id int);\nSELECT give_back();\nCREATE INDEX CONCURRENTLY i{n} ON t{n} (id)"
        )),
        _ => chain.up(&format!("CREATE TABLE t{n} (id int)")),
    });
    let migrations: &'static Migrations = Box::leak(Box::new(chain.load()));
    let starters: Vec<_> = (0..4)
        .map(|_| {
            let pool = database.pool_of("postgres");
            tokio::spawn(async move { migrations.upgrade(&pool).await })
        })
        .collect();
    for starter in starters {
        let report = starter.await.unwrap();
        let report = report.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(report.current, ["r12"]);
    }
    assert_consistent(&database).await;
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE \
                 datname = current_database())";
    assert_eq!(database.column(locks).await, ["0"]);
}
