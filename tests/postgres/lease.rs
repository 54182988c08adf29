//! A lease instead of a lock of the server.

use std::time::Duration;

use embed_migrations::ErrorKind;
use sqlx::PgConnection;

use crate::support::chain::Chain;
use crate::support::postgres::{Postgres, column};
use crate::support::{Backend as _, ran};

const LEASE: &str = "database_lock = 'lease'\n";

const HELD: &str = "CREATE TABLE migrate_journal_lease (id INT NOT NULL PRIMARY KEY, token BIGINT NOT NULL, holder VARCHAR(255) \
                    NOT NULL, expires_at TIMESTAMPTZ NOT NULL); INSERT INTO migrate_journal_lease VALUES (1, 7, 'somebody', \
                    now() + INTERVAL '1 hour')";

async fn one(connection: &mut PgConnection, sql: &str) -> String {
    column(connection, sql).await.join(" ")
}

#[tokio::test]
async fn a_run_takes_it_and_gives_it_back() {
    let database = Postgres::fresh().await;
    let chain = Chain::line(3).config(LEASE);
    let report = chain.load().upgrade(database.db()).await.unwrap();
    assert_eq!(ran(&report), ["r1", "r2", "r3"]);
    let mut connection = database.connection().await;
    let lease =
        "SELECT token::text || ' ' || (expires_at < now())::text FROM migrate_journal_lease";
    assert_eq!(one(&mut connection, lease).await, "1 true");
    assert!(
        chain
            .load()
            .upgrade(database.db())
            .await
            .unwrap()
            .is_empty()
    );
    let down = chain.load().downgrade(database.db(), "base").await.unwrap();
    assert_eq!(down.steps.len(), 3);
    assert_eq!(one(&mut connection, lease).await, "2 true");
}

#[tokio::test]
async fn no_lock_of_the_server_is_taken() {
    let database = Postgres::fresh().await;
    // By the first revision: it runs while the lease is held.
    let chain = Chain::new().config(LEASE).revision("a", "none").up(
        "CREATE TABLE locks AS SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()",
    );
    chain.load().upgrade(database.db()).await.unwrap();
    let mut connection = database.connection().await;
    assert_eq!(one(&mut connection, "SELECT n::text FROM locks").await, "0");
}

#[tokio::test]
async fn who_has_it_is_waited_for_and_named() {
    let database = Postgres::fresh().await;
    database.execute(HELD).await.unwrap();
    let chain = Chain::line(1).config(LEASE);
    let migrations = chain.load();
    let runner = migrations.runner(database.db());
    let error = runner
        .lock_deadline(Duration::from_millis(200))
        .upgrade()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(error.summary().contains("held by somebody"), "{error}");
    assert_eq!(database.tables().await, ["migrate_journal_lease"]);
}

/// Its owner may be asleep for longer than the lease, and another run has it meanwhile.
#[tokio::test]
async fn a_revision_whose_run_has_lost_it_is_rolled_back() {
    let database = Postgres::fresh().await;
    let chain = Chain::line(1).config(LEASE).revision("late", "r1").up(
        "CREATE TABLE late (id integer);\nUPDATE migrate_journal_lease SET token = token + 1, holder = 'a later run', expires_at \
         = now() + INTERVAL '1 hour'",
    );
    let migrations = chain.load();
    let runner = migrations.runner(database.db());
    // The revision's own change of the lease is rolled back with it, so the run has the lease again, and tries until it ends.
    let error = runner
        .lock_deadline(Duration::from_millis(200))
        .upgrade()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked, "{error}");
    let mut connection = database.connection().await;
    let rows = "SELECT version_num FROM alembic_version";
    assert_eq!(one(&mut connection, rows).await, "r1");
    let late = "SELECT (to_regclass('late') IS NULL)::text";
    assert_eq!(one(&mut connection, late).await, "true");
}

#[tokio::test]
async fn outside_a_transaction_each_record_is_fenced() {
    let database = Postgres::fresh().await;
    let chain = Chain::line(1)
        .config(LEASE)
        .revision("index", "r1")
        .header("transaction: off")
        .up("CREATE INDEX CONCURRENTLY by_id ON t1 (id);\nVACUUM t1");
    chain.load().upgrade(database.db()).await.unwrap();
    let mut connection = database.connection().await;
    let rows = "SELECT version_num FROM alembic_version";
    assert_eq!(one(&mut connection, rows).await, "index");
}

#[tokio::test]
async fn a_function_is_fenced_too() {
    let database = Postgres::fresh().await;
    let chain = Chain::line(2).config(LEASE);
    let migrations = chain.load();
    let single = migrations.runner(database.db());
    let single = single.transaction_mode(embed_migrations::TransactionMode::Single);
    let report = single.upgrade().await.unwrap();
    assert_eq!(ran(&report), ["r1", "r2"]);
}

#[tokio::test]
async fn many_starters_on_an_empty_database_all_end_well() {
    let database = Postgres::fresh().await;
    let chain = Chain::line(5).config(LEASE);
    let start = |_| {
        let (pool, migrations) = (database.pool_of("postgres"), chain.load());
        tokio::spawn(async move { migrations.upgrade(&pool).await })
    };
    let starts: Vec<_> = (0..8).map(start).collect();
    let mut ran = 0;
    for start in starts {
        ran += start.await.unwrap().unwrap().steps.len();
    }
    assert_eq!(ran, 5);
}

#[tokio::test]
async fn a_connection_that_is_passed_cannot_renew_it() {
    let database = Postgres::fresh().await;
    let chain = Chain::line(1).config(LEASE);
    let mut connection = database.connection().await;
    let error = chain.load().upgrade(&mut connection).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("pass a pool"), "{error}");
}
