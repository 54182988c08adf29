//! Many starters at once.

use embed_migrations::Migrations;

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
