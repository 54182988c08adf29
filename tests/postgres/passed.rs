//! A connection that is passed: it comes back as it was.

use std::time::Duration;

use embed_migrations::{ErrorKind, Runner};
use sqlx::PgConnection;

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::postgres::{Postgres, column};
use crate::support::{Backend as _, Cut, cut, cut_when_pending};

const SETTINGS: &str = "SELECT concat_ws(' ', current_setting('lock_timeout'), current_setting('statement_timeout'), \
                        current_setting('idle_in_transaction_session_timeout'), current_setting('search_path'), \
                        (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()))";

async fn with_settings_of_its_own(database: &Postgres) -> PgConnection {
    let mut connection = database.connection().await;
    let sql =
        "SET lock_timeout = '7s'; SET statement_timeout = '8s'; SET search_path = public, nowhere";
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
    connection
}

fn chain() -> Chain {
    Chain::line(2)
        .revision("o", "r2")
        .header("transaction: off")
        .up("CREATE INDEX CONCURRENTLY i ON t1 (id);\nVACUUM t1")
        .revision("path", "o")
        .up("SELECT pg_catalog.set_config('search_path', '', false); CREATE TABLE public.p (id int)")
        .revision("z", "path")
        .up("CREATE TABLE z (id int)")
}

#[tokio::test]
async fn settings_and_locks_are_as_before() {
    let database = Postgres::fresh().await;
    let mut connection = with_settings_of_its_own(&database).await;
    let before = column(&mut connection, SETTINGS).await;
    assert_eq!(before, ["7s 8s 0 public, nowhere 0"]);
    let chain = chain();
    let migrations = chain.load();
    migrations.upgrade(&mut connection).await.unwrap();
    assert_eq!(column(&mut connection, SETTINGS).await, before);
    assert_consistent(&database).await;

    let bad = chain
        .revision("bad", "z")
        .header("transaction: off")
        .up("VACUUM t1;\nVACUUM absent");
    bad.load().upgrade(&mut connection).await.unwrap_err();
    assert_eq!(column(&mut connection, SETTINGS).await, before);
}

#[tokio::test]
async fn inside_a_transaction_is_refused() {
    let database = Postgres::fresh().await;
    let mut connection = database.connection().await;
    sqlx::raw_sql("BEGIN")
        .execute(&mut connection)
        .await
        .unwrap();
    let chain = Chain::line(1);
    let error = chain.load().upgrade(&mut connection).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.summary().contains("inside a transaction"), "{error}");
    sqlx::raw_sql("COMMIT")
        .execute(&mut connection)
        .await
        .unwrap();
    assert_eq!(database.tables().await, [""; 0]);
}

/// The future is dropped while a statement runs: what undoes it goes before whatever the app sends next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_future_leaves_it_usable() {
    for (to, held) in [("r2", "t1"), ("o", "t1")] {
        let database = Postgres::fresh().await;
        let chain = Chain::line(1)
            .revision("r2", "r1")
            .up("ALTER TABLE t1 ADD COLUMN a int")
            .revision("o", "r2")
            .header("transaction: off")
            .up("VACUUM FULL t1");
        let migrations = chain.load();
        let under = if to == "r2" { "r1" } else { "r2" };
        let first = migrations.runner(database.db()).to(under).upgrade();
        first.await.unwrap();
        let mut reader = database.connection().await;
        let read = format!("BEGIN; SELECT count(*) FROM {held}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(read))
            .execute(&mut reader)
            .await
            .unwrap();
        let mut connection = with_settings_of_its_own(&database).await;
        let before = column(&mut connection, SETTINGS).await;
        let runner = migrations.runner(&mut connection).to(to);
        let run = runner.ddl_lock_timeout(Duration::from_secs(3), 0).upgrade();
        cut_when_pending(Box::pin(run), async || {
            let sql =
                "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
            database.column(sql).await == ["t"]
        })
        .await;
        sqlx::raw_sql("COMMIT").execute(&mut reader).await.unwrap();
        assert_eq!(column(&mut connection, SETTINGS).await, before, "to {to}");
        migrations.upgrade(&mut connection).await.unwrap();
        assert_consistent(&database).await;
    }
}

/// At every await: the lock of a session is for good if nobody gives it back.
#[tokio::test]
async fn a_future_that_is_dropped_anywhere_leaves_nothing() {
    let chain = Chain::line(1)
        .revision("o", "r1")
        .header("transaction: off")
        .up("CREATE INDEX CONCURRENTLY i ON t1 (id);\nVACUUM t1");
    let migrations = chain.load();
    for polls in 0.. {
        let database = Postgres::fresh().await;
        let mut connection = with_settings_of_its_own(&database).await;
        let before = column(&mut connection, SETTINGS).await;
        let runner = migrations.runner(&mut connection);
        let ran = cut(Cut::Polls(polls), runner, Runner::upgrade).await;
        assert_eq!(column(&mut connection, SETTINGS).await, before, "{polls}");
        migrations.upgrade(&mut connection).await.unwrap();
        assert_eq!(column(&mut connection, SETTINGS).await, before, "{polls}");
        assert_eq!(database.versions().await, ["o"]);
        assert_consistent(&database).await;
        if ran.is_some() {
            // Under load, answers are there before they are waited for.
            assert!(polls > 1, "it was cut off at some await");
            return;
        }
    }
}
