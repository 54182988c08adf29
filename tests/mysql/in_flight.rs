//! A run that ends around a statement that commits by itself: the next one knows whether that was done.

use embed_migrations::{ErrorKind, Migrations, Resolution};

use crate::support::Backend as _;
use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::mysql::MySql;
use crate::support::point::cut_at;

/// The schema before the statement.
const BEFORE: &str =
    "CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY, x INT, y INT, KEY ky (y)) \
    PARTITION BY HASH (id) PARTITIONS 2;
CREATE TABLE b (id INT);
CREATE TABLE c (id INT);
CREATE VIEW v AS SELECT 1 AS one;
CREATE PROCEDURE p() INSERT INTO b VALUES (1);
CREATE TRIGGER tr BEFORE INSERT ON c FOR EACH ROW SET NEW.id = 7";

/// A statement stands between two others.
fn chain(statement: &str) -> Chain {
    Chain::new()
        .revision("before", "none")
        .up(BEFORE)
        .revision("act", "before")
        .up(&format!(
            "CREATE TABLE first (id INT);\n{statement};\nCREATE TABLE last (id INT)"
        ))
}

async fn before(chain: &Chain) -> (MySql, Migrations) {
    let database = MySql::fresh().await;
    let migrations = chain.load();
    let runner = migrations.runner(database.db()).to("before");
    runner.upgrade().await.unwrap();
    (database, migrations)
}

/// Everything that a statement of these tests changes.
async fn contents(database: &MySql) -> Vec<String> {
    let mut contents = Vec::new();
    for table in database.schema().await {
        if !table.contains("migrate_journal") {
            contents.push(table);
        }
    }
    for rows in [
        "routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()",
        "trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()",
    ] {
        contents.extend(database.column(&format!("SELECT {rows} ORDER BY 1")).await);
    }
    contents
}

#[tokio::test]
async fn a_change_of_definitions_is_found_out() {
    for statement in [
        "CREATE TABLE n (id INT)",
        "CREATE TABLE n AS SELECT * FROM b",
        "CREATE INDEX kx ON a (x)",
        "DROP INDEX ky ON a",
        "ALTER TABLE a ADD COLUMN z INT, DROP COLUMN x",
        "ALTER TABLE a RENAME TO n",
        "ALTER TABLE a AUTO_INCREMENT = 100",
        "ALTER TABLE b ADD CONSTRAINT positive CHECK (id > 0)",
        "RENAME TABLE a TO n, b TO m",
        "DROP TABLE a",
        "DROP TABLE a, b",
        "CREATE VIEW w AS SELECT 2 AS two",
        "CREATE OR REPLACE VIEW v AS SELECT 2 AS two",
        "DROP VIEW v",
        "CREATE PROCEDURE q() BEGIN SELECT 1; SELECT 2; END",
        "DROP PROCEDURE p",
        "CREATE TRIGGER ts BEFORE INSERT ON b FOR EACH ROW SET NEW.id = 8",
        "DROP TRIGGER tr",
        "INSERT INTO first VALUES (1)",
        "ANALYZE TABLE a",
        "SET @x = 1",
    ] {
        let chain = chain(statement);
        let (whole, migrations) = before(&chain).await;
        migrations.upgrade(whole.db()).await.unwrap();
        let expected = contents(&whole).await;
        for (point, what) in [("before-statement", "not done"), ("before-record", "done")] {
            let (database, migrations) = before(&chain).await;
            let cut = cut_at(point, 1, migrations.upgrade(database.db())).await;
            assert!(cut.is_none(), "{statement}, {what}: it was not cut off");
            let again = migrations.upgrade(database.db()).await;
            if let Err(error) = again {
                panic!(
                    "{statement}, {what}: {error}\n{:?}",
                    database.journal().await
                );
            }
            assert_eq!(contents(&database).await, expected, "{statement}, {what}");
            assert_consistent(&database).await;
        }
    }
}

#[tokio::test]
async fn rows_are_changed_once() {
    let chain = Chain::new().revision("a", "none").up(
        "CREATE TABLE t (id INT);\nINSERT INTO t VALUES (1);\nINSERT INTO t SELECT id + 1 FROM t",
    );
    let migrations = chain.load();
    for point in ["before-statement", "before-record", "after-commit"] {
        for nth in 0..3 {
            let database = MySql::fresh().await;
            let _ = cut_at(point, nth, migrations.upgrade(database.db())).await;
            migrations.upgrade(database.db()).await.unwrap();
            assert_eq!(
                database.column("SELECT id FROM t ORDER BY id").await,
                ["1", "2"],
                "{point} {nth}"
            );
            assert_consistent(&database).await;
        }
    }
}

#[tokio::test]
async fn what_nobody_can_know_is_in_doubt() {
    for statement in [
        "CALL p()",
        "TRUNCATE TABLE b",
        "INSERT INTO plain VALUES (1)",
        "RENAME TABLE b TO x, c TO b, x TO c",
    ] {
        let chain = chain(statement);
        let (database, migrations) = before(&chain).await;
        let plain = "CREATE TABLE plain (id INT) ENGINE = MyISAM";
        database.execute(plain).await.unwrap();
        assert!(
            cut_at("before-record", 1, migrations.upgrade(database.db()))
                .await
                .is_none()
        );
        for _ in 0..2 {
            let error = migrations.upgrade(database.db()).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.revision()),
                (ErrorKind::InDoubt, Some("act")),
                "{error}"
            );
            assert!(
                error.location().unwrap().ends_with("act.sql:8:1"),
                "{error}"
            );
            let text = error.to_string();
            assert!(
                text.contains("statement 2 of 3") && text.contains("resolve act"),
                "{text}"
            );
        }
        migrations
            .resolve(database.db(), "act", Resolution::Retry)
            .await
            .unwrap();
        migrations.upgrade(database.db()).await.unwrap();
        assert_consistent(&database).await;
    }
}

/// A statement that was edited after it was cut off is not the one that the evidence is about.
#[tokio::test]
async fn an_edit_of_the_statement_in_flight() {
    let chain = chain("CREATE TABLE n (id INT)");
    let (database, migrations) = before(&chain).await;
    assert!(
        cut_at("before-record", 1, migrations.upgrade(database.db()))
            .await
            .is_none()
    );
    chain.edit("act", "CREATE TABLE n (id INT)", "CREATE TABLE m (id INT)");
    let error = chain.reload().upgrade(database.db()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::InDoubt, "{error}");
    assert!(error.to_string().contains("edited since"), "{error}");
}

/// MariaDB drops the first table, and then says that there is no second.
#[tokio::test]
async fn a_failure_that_left_something() {
    let chain = chain("DROP TABLE b, missing");
    let (database, migrations) = before(&chain).await;
    let error = migrations.upgrade(database.db()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Statement, "{error}");
    assert!(error.to_string().contains("resolve act"), "{error}");
    assert!(!database.tables().await.contains(&"b".to_owned()));
    let error = migrations.upgrade(database.db()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::InDoubt, "{error}");
}

/// Statements that set up the connection run again for those after them.
#[tokio::test]
async fn variables_and_prepared_statements_come_back() {
    let chain = Chain::new().revision("a", "none").up(
        "CREATE TABLE t (id INT);\nSELECT 5 INTO @n;\nSET @q = CONCAT('INSERT INTO t VALUES (', @n, ')');\n\
         PREPARE s FROM @q;\nCREATE TABLE u (id INT);\nEXECUTE s",
    );
    let migrations = chain.load();
    let database = MySql::fresh().await;
    assert!(
        cut_at("before-record", 4, migrations.upgrade(database.db()))
            .await
            .is_none()
    );
    migrations.upgrade(database.db()).await.unwrap();
    assert_eq!(database.column("SELECT id FROM t").await, ["5"]);
    assert_consistent(&database).await;
}
