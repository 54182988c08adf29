//! Revisions outside a transaction, and what became of a statement that was cut off.

use std::time::{Duration, Instant};

use embed_migrations::{Error, ErrorKind, Report, Resolution};
use sqlx::Connection as _;
use tokio::task::JoinHandle;

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::postgres::{Postgres, column};
use crate::support::{Backend as _, ran};

/// `r1`, and on it `o`, which runs outside a transaction.
fn chain(sql: &str) -> Chain {
    Chain::line(1)
        .revision("o", "r1")
        .header("transaction: off")
        .up(sql)
}

const INDEXES: &str = "SELECT c.relname || ' ' || i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
                       WHERE i.indrelid = 't1'::regclass ORDER BY 1";

#[tokio::test]
async fn an_index_that_a_failure_left_invalid_is_built_again() {
    let database = Postgres::fresh().await;
    let chain = chain("CREATE UNIQUE INDEX CONCURRENTLY i ON t1 (id)");
    let migrations = chain.load();
    let first = migrations.runner(database.db()).to("r1").upgrade();
    first.await.unwrap();
    let twice = "INSERT INTO t1 VALUES (1), (1)";
    database.execute(twice).await.unwrap();
    for _ in 0..2 {
        let error = migrations.upgrade(database.db()).await.unwrap_err();
        assert_eq!(error.database_code(), Some("23505"), "{error}");
        assert_eq!(database.column(INDEXES).await, ["i false"]);
    }
    database.execute("DELETE FROM t1").await.unwrap();
    assert_eq!(
        ran(&migrations.upgrade(database.db()).await.unwrap()),
        ["o"]
    );
    assert_eq!(database.column(INDEXES).await, ["i true"]);
    assert_consistent(&database).await;
}

async fn until(database: &Postgres, condition: &str) {
    let mut connection = database.connection().await;
    let deadline = Instant::now() + Duration::from_secs(30);
    while column(&mut connection, condition).await != ["t"] {
        assert!(Instant::now() < deadline, "it never came: {condition}");
        tokio::task::yield_now().await;
    }
    connection.close().await.unwrap();
}

/// Runs `o` until its statement waits for another transaction, and terminates it there.
async fn terminated(database: &Postgres, chain: &Chain, hold: &str) -> Error {
    let migrations = chain.load();
    let first = migrations.runner(database.db()).to("r1").upgrade();
    first.await.unwrap();
    let mut holder = database.connection().await;
    let hold = format!("BEGIN; {hold}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(hold))
        .execute(&mut holder)
        .await
        .unwrap();
    let pool = database.pool_of("postgres");
    let run: JoinHandle<Result<Report, Error>> =
        tokio::spawn(async move { migrations.upgrade(&pool).await });
    until(
        database,
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    )
    .await;
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'embed-migrations' AND \
                datname = current_database()";
    database.column(kill).await;
    let error = run.await.unwrap().unwrap_err();
    holder.close().await.unwrap();
    error
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_was_cut_off_is_built_again() {
    let database = Postgres::fresh().await;
    let chain = chain("CREATE INDEX CONCURRENTLY \"My i\" ON public.t1 (id)");
    let error = terminated(&database, &chain, "INSERT INTO t1 VALUES (7)").await;
    assert!(error.kind() == ErrorKind::Connect, "{error}");
    assert_eq!(database.column(INDEXES).await, ["My i false"]);
    let migrations = chain.load();
    assert_eq!(
        ran(&migrations.upgrade(database.db()).await.unwrap()),
        ["o"]
    );
    assert_eq!(database.column(INDEXES).await, ["My i true"]);
    assert_consistent(&database).await;
}

/// A procedure that commits by itself: nobody can tell how far it came.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_known_is_in_doubt() {
    let database = Postgres::fresh().await;
    let procedure = "CREATE TABLE a (id int); CREATE TABLE b (id int); CREATE PROCEDURE p() LANGUAGE plpgsql AS $$BEGIN \
                     INSERT INTO a VALUES (1); COMMIT; LOCK TABLE b; END$$";
    database.execute(procedure).await.unwrap();
    let chain = chain("SELECT 1;\n  CALL p();\nCREATE TABLE c (id int)");
    terminated(&database, &chain, "SELECT count(*) FROM b").await;
    let migrations = chain.load();
    for _ in 0..2 {
        let error = migrations.upgrade(database.db()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.revision()),
            (ErrorKind::InDoubt, Some("o"))
        );
        assert!(error.location().unwrap().ends_with("o.sql:9:3"), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("statement 2 of 3") && text.contains("resolve o"),
            "{text}"
        );
        assert!(text.contains("seen in the data"), "{text}");
    }
    assert_eq!(database.versions().await, ["r1"]);
    let retry = migrations.resolve(database.db(), "o", Resolution::Retry);
    retry.await.unwrap();
    assert_eq!(
        ran(&migrations.upgrade(database.db()).await.unwrap()),
        ["o"]
    );
    assert_eq!(database.column("SELECT count(*) FROM a").await, ["2"]);
    assert_consistent(&database).await;
}

/// Takes the records away that a process would have written behind the last statement of `o`.
async fn as_if_cut_off_behind_the_statement(database: &Postgres) {
    let sql = "DELETE FROM migrate_journal WHERE revision = 'o' AND sequence > (SELECT min(sequence) FROM migrate_journal \
               WHERE revision = 'o'); UPDATE alembic_version SET version_num = 'r1'";
    database.execute(sql).await.unwrap();
}

#[tokio::test]
async fn what_is_done_is_found_done() {
    let name = format!("made_{}", std::process::id());
    for sql in [
        "CREATE INDEX CONCURRENTLY i ON t1 (id)".to_owned(),
        "DROP INDEX CONCURRENTLY before".to_owned(),
        format!("CREATE DATABASE {name}"),
        format!("DROP DATABASE {name}"),
        "ALTER TABLE parts DETACH PARTITION part CONCURRENTLY".to_owned(),
        "VACUUM t1".to_owned(),
        "REINDEX INDEX CONCURRENTLY before".to_owned(),
    ] {
        let database = Postgres::fresh().await;
        let chain = chain(&sql);
        let migrations = chain.load();
        let first = migrations.runner(database.db()).to("r1").upgrade();
        first.await.unwrap();
        let before = "CREATE INDEX before ON t1 (id); CREATE TABLE parts (id int) PARTITION BY LIST (id); CREATE TABLE part \
                      PARTITION OF parts FOR VALUES IN (1)";
        database.execute(before).await.unwrap();
        migrations
            .upgrade(database.db())
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error}"));
        as_if_cut_off_behind_the_statement(&database).await;
        let again = migrations.upgrade(database.db()).await;
        let report = again.unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert_eq!(ran(&report), ["o"], "{sql}");
        assert_consistent(&database).await;
    }
}

#[tokio::test]
async fn what_commits_with_its_record_is_never_in_doubt() {
    let database = Postgres::fresh().await;
    let chain = chain(
        "INSERT INTO t1 VALUES (1);\nDO $$BEGIN INSERT INTO t1 VALUES (2); END$$;\nINSERT INTO absent VALUES (1)",
    );
    let migrations = chain.load();
    let error = migrations.upgrade(database.db()).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("statements 1 to 2 of 3 are done"),
        "{error}"
    );
    database
        .execute("CREATE TABLE absent (id int)")
        .await
        .unwrap();
    migrations.upgrade(database.db()).await.unwrap();
    assert_eq!(
        database.column("SELECT id FROM t1 ORDER BY id").await,
        ["1", "2"]
    );
    assert_consistent(&database).await;
}

/// A setting of a statement holds for the statements after it, also in the next run; and not for the next revision.
#[tokio::test]
async fn the_connection_is_set_up_again() {
    let database = Postgres::fresh().await;
    database.execute("CREATE SCHEMA other").await.unwrap();
    let chain = chain("SET search_path = other;\nINSERT INTO public.later VALUES (1);\nCREATE TABLE here (id int);\nCREATE INDEX CONCURRENTLY i ON here (id)")
        .revision("z", "o")
        .up("CREATE TABLE z (id int)");
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap_err();
    database
        .execute("CREATE TABLE later (id int)")
        .await
        .unwrap();
    migrations.upgrade(database.db()).await.unwrap();
    let sql = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE tablename IN ('here', 'z') ORDER BY 1";
    assert_eq!(database.column(sql).await, ["other.here", "public.z"]);
    assert_consistent(&database).await;
}

#[tokio::test]
async fn a_transaction_of_its_own() {
    let database = Postgres::fresh().await;
    let chain = chain(
        "BEGIN;\nINSERT INTO t1 VALUES (1);\nINSERT INTO later VALUES (1);\nCOMMIT;\nVACUUM t1",
    );
    let migrations = chain.load();
    let error = migrations.upgrade(database.db()).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("no statement of it is known to be done"),
        "{error}"
    );
    assert_eq!(database.column("SELECT count(*) FROM t1").await, ["0"]);
    database
        .execute("CREATE TABLE later (id int)")
        .await
        .unwrap();
    migrations.upgrade(database.db()).await.unwrap();
    assert_eq!(database.column("SELECT count(*) FROM t1").await, ["1"]);
    assert_consistent(&database).await;
}
