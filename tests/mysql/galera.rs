//! A real Galera cluster, whose servers do not share locks: a lease keeps the runs apart.

use std::time::Duration;

use embed_migrations::ErrorKind;
use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection as _, MySqlPool};
use test_servers::{Server, cluster};

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::mysql::{MySql, options, pool};
use crate::support::point::cut_at;
use crate::support::{Backend as _, ran};

/// `r1` … `r4`, and one that counts how often it ran.
fn chain() -> Chain {
    Chain::line(4)
        .revision("count", "r4")
        .up("CREATE TABLE runs (n INT PRIMARY KEY);\nINSERT INTO runs VALUES (0)")
        .revision("up", "count")
        .up("UPDATE runs SET n = n + 1")
        .down("UPDATE runs SET n = n - 1")
}

fn pool_of(server: &Server, database: &str) -> MySqlPool {
    pool(options(server).database(database))
}

/// A database that all servers have.
async fn fresh(nodes: &'static [Server], name: &str) -> MySql {
    let database = MySql::on(&nodes[0], name).await;
    for node in nodes {
        let synced = "SET SESSION wsrep_sync_wait = 15; SELECT 1";
        let mut connection = MySqlConnection::connect_with(&options(node)).await.unwrap();
        sqlx::raw_sql(synced)
            .execute(&mut connection)
            .await
            .unwrap();
    }
    database
}

async fn column(pool: &MySqlPool, sql: &str) -> Vec<String> {
    let mut connection = pool.acquire().await.unwrap();
    sqlx::raw_sql("SET SESSION wsrep_sync_wait = 15")
        .execute(&mut *connection)
        .await
        .unwrap();
    let rows = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    rows.iter()
        .map(|row| sqlx::Row::get_unchecked(row, 0))
        .collect()
}

#[tokio::test]
async fn starters_on_different_servers() {
    let nodes: &'static [Server] = Box::leak(cluster(2).into_boxed_slice());
    each_revision_once(nodes).await;
    a_lease_that_runs_out(nodes).await;
    a_run_that_lost_its_lease(nodes).await;
    a_connection_cannot_renew_it(nodes).await;
    for node in nodes {
        node.kill();
    }
}

async fn each_revision_once(nodes: &'static [Server]) {
    for round in 0..3 {
        let name = format!("many_{round}");
        let database = fresh(nodes, &name).await;
        let runs = (0..6).map(|n| {
            let pool = pool_of(&nodes[n % nodes.len()], &name);
            tokio::spawn(async move {
                let chain = chain();
                let migrations = chain.load();
                let report = migrations.upgrade(&pool).await;
                report.unwrap_or_else(|error| panic!("{error}")).steps.len()
            })
        });
        let mut steps = 0;
        for run in runs.collect::<Vec<_>>() {
            steps += run.await.unwrap();
        }
        assert_eq!(steps, 6, "each revision once, by one of them");
        column(database.db(), "SELECT 1").await;
        assert_consistent(&database).await;
        for node in nodes {
            assert_eq!(
                column(&pool_of(node, &name), "SELECT n FROM runs").await,
                ["1"]
            );
        }
    }
}

/// A run that is cut off keeps the lease until it runs out; then another server takes it, and goes on.
async fn a_lease_that_runs_out(nodes: &'static [Server]) {
    let database = fresh(nodes, "gone").await;
    let chain = chain();
    let migrations = chain.load();
    let cut = cut_at("before-record", 1, migrations.upgrade(database.db()));
    assert!(cut.await.is_none());
    let other = pool_of(&nodes[1], "gone");
    let runner = migrations
        .runner(&other)
        .lock_deadline(Duration::from_millis(200));
    let error = runner.upgrade().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(
        error.to_string().contains("whose lease runs until"),
        "{error}"
    );

    database
        .execute("UPDATE migrate_journal_lease SET expires_at = UTC_TIMESTAMP()")
        .await
        .unwrap();
    migrations.upgrade(&other).await.unwrap();
    column(database.db(), "SELECT 1").await;
    assert_consistent(&database).await;
    assert_eq!(column(&other, "SELECT n FROM runs").await, ["1"]);
}

/// Two runs that both think that they have the lease: the one that has lost it writes nothing any more.
async fn a_run_that_lost_its_lease(nodes: &'static [Server]) {
    let database = fresh(nodes, "lost").await;
    let chain = Chain::line(1)
        .revision("slow", "r1")
        .up("CREATE TABLE done (id INT);\nINSERT INTO done SELECT SLEEP(3)")
        .revision("last", "slow")
        .up("CREATE TABLE last (id INT)");
    let migrations: &'static _ = Box::leak(Box::new(chain.load()));
    let first: MySqlPool = database.another_pool();
    let sleeper = tokio::spawn(async move { migrations.upgrade(&first).await });
    let is_asleep =
        "SELECT COUNT(*) FROM information_schema.processlist WHERE state = 'User sleep'";
    while column(database.db(), is_asleep).await == ["0"] {
        tokio::task::yield_now().await;
    }
    database
        .execute("UPDATE migrate_journal_lease SET expires_at = UTC_TIMESTAMP()")
        .await
        .unwrap();
    let other = pool_of(&nodes[1], "lost");
    let (one, two) = tokio::join!(sleeper, migrations.upgrade(&other));
    let (one, two) = (one.unwrap().unwrap(), two.unwrap());
    assert_eq!(ran(&one).len() + ran(&two).len(), 2 + 1, "{one} / {two}");
    column(database.db(), "SELECT 1").await;
    assert_consistent(&database).await;
    assert_eq!(column(&other, "SELECT id FROM done").await, ["0"], "once");
}

async fn a_connection_cannot_renew_it(nodes: &'static [Server]) {
    let database = fresh(nodes, "passed").await;
    let mut passed = MySqlConnection::connect_with(&database.options())
        .await
        .unwrap();
    let chain = chain();
    let error = chain.load().upgrade(&mut passed).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Unsupported, "{error}");
    assert!(error.to_string().contains("pass a pool"), "{error}");
    assert_eq!(database.tables().await, [""; 0]);
}
