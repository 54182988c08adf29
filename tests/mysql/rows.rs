//! Revisions that only change rows, and what they may rely on.

use embed_migrations::ErrorKind;

use crate::support::Backend as _;
use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::mysql::MySql;

fn chain(engine: &str) -> Chain {
    Chain::new()
        .revision("a", "none")
        .up(&format!(
            "CREATE TABLE t (id INT PRIMARY KEY) ENGINE = {engine}"
        ))
        .revision("b", "a")
        .up("INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\nINSERT INTO t VALUES (1)")
}

#[tokio::test]
async fn are_rolled_back_as_a_whole() {
    let database = MySql::fresh().await;
    let chain = chain("InnoDB");
    let error = chain.load().upgrade(database.db()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Statement, Some("b"))
    );
    assert_eq!(error.database_code(), Some("23000"));
    assert!(error.location().unwrap().ends_with("b.sql:9:1"), "{error}");
    assert!(
        error.to_string().contains("rolled back as a whole"),
        "{error}"
    );
    assert_eq!(database.column("SELECT id FROM t").await, [""; 0]);
    assert_consistent(&database).await;
    chain.edit(
        "b",
        "INSERT INTO t VALUES (1)",
        "DELETE FROM t WHERE id > 5",
    );
    chain.reload().upgrade(database.db()).await.unwrap();
    assert_eq!(database.column("SELECT id FROM t").await, ["2"]);
    assert!(
        database
            .journal()
            .await
            .contains(&"finished upgrade b 3".to_owned())
    );
}

/// Tables without transactions keep what was done, and what a failure left there is for its owner to look at.
#[tokio::test]
async fn of_tables_without_transactions_run_one_by_one() {
    let database = MySql::fresh().await;
    let migrations = chain("MyISAM");
    let migrations = migrations.load();
    let error = migrations.upgrade(database.db()).await.unwrap_err();
    let text = error.to_string();
    assert!(text.contains("statements 1 to 2 of 3 are done"), "{text}");
    assert!(text.contains("resolve b"), "{text}");
    assert_eq!(database.column("SELECT id FROM t").await, ["1", "2"]);
    assert!(migrations.upgrade(database.db()).await.unwrap_err().kind() == ErrorKind::InDoubt);
}

/// The journal has a counter of its own, which the revision does not notice.
#[tokio::test]
async fn the_last_insert_id_outlives_the_record() {
    let database = MySql::fresh().await;
    let chain = Chain::new().revision("a", "none").up(
        "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, of INT) AUTO_INCREMENT = 70;\n\
         INSERT INTO t (of) VALUES (NULL);\nINSERT INTO t (of) VALUES (LAST_INSERT_ID())",
    );
    chain.load().upgrade(database.db()).await.unwrap();
    assert_eq!(
        database
            .column("SELECT of FROM t ORDER BY id DESC LIMIT 1")
            .await,
        ["70"]
    );
}

#[tokio::test]
async fn stored_programs_and_text_in_any_mode() {
    let database = MySql::fresh().await;
    let chain = Chain::new().revision("a", "none").up(
        "DELIMITER //\nCREATE PROCEDURE p(n INT)\nBEGIN\n  IF n > 0 THEN INSERT INTO t VALUES ('a;b'); END IF;\n  SELECT 1; SELECT 2;\nEND//\n\
         DELIMITER ;\nCREATE TABLE t (x VARCHAR(40) CHARACTER SET utf8mb4);\nCALL p(1);\nSET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES';\n\
         INSERT INTO \"t\" VALUES ('c:\\temp'), ('\u{1f980}');\n# a comment\nCALL p(0)",
    ).down("DROP TABLE t;\nDROP PROCEDURE p;\nSELECT '\\\\'");
    let migrations = chain.load();
    let report = migrations.upgrade(database.db()).await.unwrap();
    assert_eq!(report.steps[0].statements, 6);
    assert_eq!(
        database.column("SELECT x FROM t").await,
        ["a;b", "c:\\temp", "\u{1f980}"]
    );
    assert_consistent(&database).await;
    migrations.downgrade(database.db(), "base").await.unwrap();
}

/// The build cannot tell: to PostgreSQL this is an ordinary statement, and the chain does not say which database it is for.
#[tokio::test]
async fn a_lock_on_tables_that_the_build_lets_through_is_refused_before_it_is_sent() {
    let database = MySql::fresh().await;
    let lock = "LOCK TABLE t WRITE";
    let chain = Chain::new()
        .revision("a", "none")
        .up(&format!("CREATE TABLE t (id INT);\n{lock}"));
    let error = chain.load().upgrade(database.db()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Revision);
    assert!(error.to_string().contains("locks tables"), "{error}");
    assert!(error.location().unwrap().ends_with("a.sql:8:1"), "{error}");
    let status = chain.load().status(database.db()).await.unwrap();
    assert!(
        status.unfinished.unwrap().error.is_some(),
        "nothing is in doubt"
    );
    chain.edit("a", lock, "SELECT 1");
    chain.reload().upgrade(database.db()).await.unwrap();
    assert_consistent(&database).await;
}

/// Nobody is kept out any more, and a plan that is made again would release it again.
#[tokio::test]
async fn one_that_releases_the_lock_is_not_recorded() {
    for sql in [
        "DO RELEASE_ALL_LOCKS()",
        "CREATE TABLE t (id INT);\nDO RELEASE_ALL_LOCKS()",
    ] {
        let database = MySql::fresh().await;
        let chain = Chain::new().revision("a", "none").up(sql);
        let error = chain.load().upgrade(database.db()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Revision, "{error}");
        assert!(error.to_string().contains("released the lock"), "{error}");
        chain.edit("a", "RELEASE_ALL_LOCKS()", "1");
        chain.reload().upgrade(database.db()).await.unwrap();
        assert_consistent(&database).await;
    }
}

#[tokio::test]
async fn one_that_changes_the_version_table_is_not_recorded() {
    let database = MySql::fresh().await;
    let chain = Chain::line(1)
        .revision("a", "r1")
        .up("DELETE FROM alembic_version");
    let error = chain.load().upgrade(database.db()).await.unwrap_err();
    assert!(
        error.to_string().contains("changed the version table"),
        "{error}"
    );
    assert_eq!(database.versions().await, ["r1"]);
}

/// The server takes more than `max_allowed_packet` for a broken connection.
#[tokio::test]
async fn a_statement_that_is_too_large_names_the_limit() {
    let database = MySql::fresh().await;
    let limit: usize = database.column("SELECT @@max_allowed_packet").await[0]
        .parse()
        .unwrap();
    let chain = Chain::line(1).revision("large", "r1").up(&format!(
        "SELECT 1;\nSELECT LENGTH('{}')",
        "x".repeat(limit)
    ));
    let error = chain.load().upgrade(database.db()).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains(&format!("max_allowed_packet of the server is {limit}")),
        "{}",
        &text[..200]
    );
    assert!(error.location().unwrap().ends_with("large.sql:8:1"));
    assert_eq!(database.versions().await, ["r1"]);
}

/// All of them together are larger than the server takes.
#[tokio::test]
async fn many_statements_are_sent_in_slices_and_committed_at_once() {
    let database = MySql::fresh().await;
    let limit: usize = database.column("SELECT @@max_allowed_packet").await[0]
        .parse()
        .unwrap();
    let row = format!(
        "INSERT INTO t1 VALUES (LENGTH('{}'));\n",
        "x".repeat(200_000)
    );
    let count = limit / 200_000 + 2;
    let chain = Chain::line(1)
        .revision("large", "r1")
        .up(&row.repeat(count));
    let migrations = chain.load();
    let report = migrations.upgrade(database.db()).await.unwrap();
    assert_eq!(report.steps[1].statements, count);
    assert_eq!(
        database.column("SELECT COUNT(*) FROM t1").await,
        [count.to_string()]
    );
    assert_eq!(database.journal().await.len(), 3 + 1, "one record");
}
