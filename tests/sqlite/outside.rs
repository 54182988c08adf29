//! `transaction: off` on SQLite.

use embed_migrations::{Migrations, Runner};
use sqlx::{Connection as _, SqliteConnection};

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::sqlite::Sqlite;
use crate::support::{Backend as _, Events, cut, cuts, ran};

#[tokio::test]
async fn what_no_transaction_can_hold() {
    let database = Sqlite::fresh().await;
    let chain = Chain::line(1)
        .revision("wal", "r1")
        .header("transaction: off")
        .up("PRAGMA journal_mode = WAL;\nVACUUM;\n-- comment\nPRAGMA wal_checkpoint(TRUNCATE)")
        .down("PRAGMA journal_mode = DELETE");
    let migrations = chain.load();
    assert_eq!(
        ran(&migrations.upgrade(database.db()).await.unwrap()),
        ["r1", "wal"]
    );
    assert_eq!(database.column("PRAGMA journal_mode").await, ["wal"]);
    assert_consistent(&database).await;
    database.pool.close().await;
    migrations
        .downgrade(&database.another_pool(), "-1")
        .await
        .unwrap();
    let reopened: String = sqlx::query_scalar("PRAGMA journal_mode")
        .fetch_one(&database.another_pool())
        .await
        .unwrap();
    assert_eq!(reopened, "delete");
}

fn with_a_transaction_of_its_own() -> Chain {
    Chain::line(1)
        .revision("own", "r1")
        .header("transaction: off")
        .up("CREATE TABLE a (id INTEGER);\nBEGIN;\nINSERT INTO a VALUES (1);\nINSERT INTO later VALUES (1);\nCOMMIT;\nCREATE TABLE b (id INTEGER)")
}

/// A failure inside a transaction of the revision's own is rolled back to its BEGIN, and the revision continues from
/// there.
#[tokio::test]
async fn a_transaction_of_its_own_fails_and_goes_on() {
    let database = Sqlite::fresh().await;
    let chain = with_a_transaction_of_its_own();
    let migrations = chain.load();
    let mut connection = database.pool.acquire().await.unwrap();
    let error = migrations.upgrade(&mut *connection).await.unwrap_err();
    assert!(
        error.location().unwrap().ends_with("own.sql:11:1"),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains("statements 1 to 1 of 6 are done"),
        "{error}"
    );
    connection.begin().await.unwrap().rollback().await.unwrap();
    drop(connection);
    assert_eq!(
        database.journal().await[1..],
        [
            "started upgrade own 0",
            "statement upgrade own 1",
            "failed upgrade own 1"
        ]
    );
    assert_eq!(
        database.column("SELECT CAST(id AS TEXT) FROM a").await,
        [""; 0]
    );
    database
        .execute("CREATE TABLE later (id INTEGER)")
        .await
        .unwrap();
    migrations.upgrade(database.db()).await.unwrap();
    assert_eq!(
        database.column("SELECT CAST(id AS TEXT) FROM a").await,
        ["1"]
    );
    assert_consistent(&database).await;
}

#[tokio::test]
async fn a_transaction_of_its_own_is_cut_off_anywhere() {
    let chain = with_a_transaction_of_its_own();
    let migrations = chain.load();
    for at in cuts(12) {
        let database = Sqlite::fresh().await;
        database
            .execute("CREATE TABLE later (id INTEGER)")
            .await
            .unwrap();
        let mut connection = SqliteConnection::connect_with(&database.options())
            .await
            .unwrap();
        cut(at, migrations.runner(&mut connection), Runner::upgrade).await;
        let free = sqlx::raw_sql("BEGIN; ROLLBACK")
            .execute(&mut connection)
            .await;
        free.unwrap_or_else(|error| panic!("{at:?}: {error}"));
        let again = migrations.upgrade(&mut connection).await;
        again.unwrap_or_else(|error| panic!("{at:?}: {error}"));
        for table in ["a", "later"] {
            let rows = database
                .column(&format!("SELECT CAST(id AS TEXT) FROM {table}"))
                .await;
            assert_eq!(rows, ["1"], "{table}, {at:?}");
        }
        assert_consistent(&database).await;
    }
}

/// Gone between the COMMIT of the revision's own transaction and its record: COMMIT must not run again.
#[tokio::test]
async fn gone_behind_its_own_commit() {
    let database = Sqlite::fresh().await;
    database
        .execute("CREATE TABLE later (id INTEGER)")
        .await
        .unwrap();
    let chain = with_a_transaction_of_its_own();
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    let as_it_was = "DELETE FROM migrate_journal WHERE sequence > (SELECT sequence FROM migrate_journal WHERE event = 'statement' AND statements = 4);
         UPDATE alembic_version SET version_num = 'r1';
         DROP TABLE b";
    database.execute(as_it_was).await.unwrap();
    migrations.upgrade(database.db()).await.unwrap();
    assert_eq!(
        database.column("SELECT CAST(id AS TEXT) FROM a").await,
        ["1"]
    );
    assert_consistent(&database).await;
}

/// A connection's settings are set again before what depends on them.
#[tokio::test]
async fn settings_are_set_again() {
    let database = Sqlite::fresh().await;
    let chain = Chain::line(1)
        .revision("x", "r1")
        .header("transaction: off")
        .up("PRAGMA recursive_triggers = ON;\nINSERT INTO later VALUES (1);\nCREATE TABLE seen AS SELECT * FROM pragma_recursive_triggers");
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap_err();
    database
        .execute("CREATE TABLE later (id INTEGER)")
        .await
        .unwrap();
    migrations.upgrade(database.db()).await.unwrap();
    assert_eq!(
        database
            .column("SELECT CAST(recursive_triggers AS TEXT) FROM seen")
            .await,
        ["1"]
    );
    assert_consistent(&database).await;
}

/// Temporary tables are a connection's own too; on the connection from before they are still there.
#[tokio::test]
async fn temporary_tables_are_made_again() {
    let chain = Chain::line(1)
        .revision("x", "r1")
        .header("transaction: off")
        .up("CREATE TEMP TABLE kept AS SELECT 7 AS id;\n/* a view */ create temporary view seen AS SELECT id FROM kept;\nINSERT INTO later SELECT id FROM seen");
    let migrations = chain.load();
    for is_another in [true, false] {
        let database = Sqlite::fresh().await;
        let mut connection = SqliteConnection::connect_with(&database.options())
            .await
            .unwrap();
        migrations.upgrade(&mut connection).await.unwrap_err();
        database
            .execute("CREATE TABLE later (id INTEGER)")
            .await
            .unwrap();
        if is_another {
            migrations.upgrade(database.db()).await.unwrap();
        } else {
            migrations.upgrade(&mut connection).await.unwrap();
        }
        assert_eq!(
            database.column("SELECT CAST(id AS TEXT) FROM later").await,
            ["7"]
        );
    }
}

/// Two at once: one runs the statements, the other waits for its file, or takes over where it was cut off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_once() {
    let database = Sqlite::fresh().await;
    let tables: Vec<String> = (0..30)
        .map(|n| format!("CREATE TABLE o{n} (id INTEGER)"))
        .collect();
    let tables = tables.join(";\n");
    let chain = Chain::new()
        .revision("o", "none")
        .header("transaction: off")
        .up(&tables);
    let migrations: &'static Migrations = Box::leak(Box::new(chain.load()));
    let events = Events::default();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let (pool, events) = (database.another_pool(), events.clone());
            tokio::spawn(async move { events.of(migrations, &pool).upgrade().await })
        })
        .collect();
    let mut steps = 0;
    for task in tasks {
        steps += task.await.unwrap().unwrap().steps.len();
    }
    assert_eq!(steps, 1);
    assert_consistent(&database).await;
    assert_eq!(
        database.journal().await.len(),
        32,
        "intent, 30 statements, and the record: each once"
    );
}

/// No file to lock in memory: the tasks on one pool lock each other out all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_at_once_in_memory() {
    let tables: Vec<String> = (0..30)
        .map(|n| format!("CREATE TABLE o{n} (id INTEGER)"))
        .collect();
    let chain = Chain::new()
        .revision("o", "none")
        .header("transaction: off")
        .up(&tables.join(";\n"));
    let migrations: &'static Migrations = Box::leak(Box::new(chain.load()));
    let pool = sqlx::SqlitePool::connect("sqlite::memory:").await.unwrap();
    let tasks: Vec<_> = (0..4)
        .map(|_| {
            let pool = pool.clone();
            tokio::spawn(async move { migrations.upgrade(&pool).await })
        })
        .collect();
    let mut steps = 0;
    for task in tasks {
        steps += task.await.unwrap().unwrap().steps.len();
    }
    assert_eq!(steps, 1);
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM migrate_journal")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(rows, 32, "intent, 30 statements, and the record: each once");
}

/// A FIFO takes no writer until it has a reader: to open it would wait beyond every signal.
#[cfg(unix)]
#[tokio::test]
async fn what_cannot_be_locked_is_named() {
    let chain = Chain::line(1)
        .revision("vacuum", "r1")
        .header("transaction: off")
        .up("VACUUM");
    for make in ["mkfifo", "mkdir"] {
        let database = Sqlite::fresh().await;
        let migrations = chain.load();
        migrations
            .runner(database.db())
            .to("r1")
            .upgrade()
            .await
            .unwrap();
        let lock = format!("{}-migrate-lock", database.path().display());
        let made = std::process::Command::new(make)
            .arg(&lock)
            .status()
            .unwrap();
        assert!(made.success());
        let error = migrations.upgrade(database.db()).await.unwrap_err();
        assert!(error.summary().contains(&lock), "{error}");
        assert!(error.summary().contains("not a regular file"), "{error}");
        assert!(!error.to_string().contains("server"), "{error}");
    }
}
