//! Tables without transactions: a revision that reaches one runs statement by statement, and no other does.

use crate::support::Backend as _;
use crate::support::chain::Chain;
use crate::support::mysql::{MySql, admin};

/// Whether a revision with this SQL ran in one transaction with its record.
async fn is_held(database: &MySql, sql: &str) -> bool {
    let chain = Chain::new().revision("a", "none").up(sql);
    chain.load().upgrade(database.db()).await.unwrap();
    database.journal().await.len() == 1
}

async fn with_tables() -> MySql {
    let database = MySql::fresh().await;
    for sql in [
        "CREATE TABLE t (id INT)",
        "CREATE TABLE u (id INT)",
        "CREATE TABLE `plain one` (id INT) ENGINE = MyISAM",
        "CREATE VIEW near AS SELECT * FROM `plain one`",
        "CREATE VIEW far AS SELECT * FROM near",
        "CREATE TRIGGER r AFTER INSERT ON u FOR EACH ROW INSERT INTO `plain one` VALUES (1)",
        "CREATE FUNCTION f() RETURNS INT BEGIN INSERT INTO `plain one` VALUES (1); RETURN 1; END",
    ] {
        database.execute(sql).await.unwrap();
    }
    database
}

#[tokio::test]
async fn a_statement_that_names_none_is_held_beside_them() {
    let database = with_tables().await;
    assert!(
        is_held(
            &database,
            "INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2)"
        )
        .await
    );
}

#[tokio::test]
async fn one_that_leads_to_one_is_not() {
    for sql in [
        "INSERT INTO `plain one` VALUES (1)",
        "UPDATE near SET id = 1",
        "UPDATE far SET id = 1",
        "INSERT INTO u VALUES (1)",
        "INSERT INTO t VALUES (F())",
    ] {
        let database = with_tables().await;
        assert!(!is_held(&database, sql).await, "{sql}");
    }
}

/// A database whose name occurs in the text is none that the statement names.
#[tokio::test]
async fn another_database_counts_if_a_statement_names_its_table() {
    let name = format!("e{}", std::process::id());
    let database = MySql::fresh().await;
    let others = format!(
        "CREATE DATABASE {name}; CREATE TABLE {name}.plain (id INT) ENGINE = MyISAM; CREATE TABLE {name}.sound (id INT)"
    );
    admin(database.server(), &others).await;
    let held = format!("INSERT INTO {name}.sound VALUES (1);\nSELECT '{name}.plain'");
    assert!(is_held(&database, &held).await);
    let database = MySql::fresh().await;
    assert!(
        !is_held(
            &database,
            &format!("INSERT INTO {name} . `plain` VALUES (1)")
        )
        .await
    );
    admin(database.server(), &format!("DROP DATABASE {name}")).await;
}

/// It came with the revision before.
#[tokio::test]
async fn a_change_of_definitions_is_noticed() {
    let database = MySql::fresh().await;
    let chain = Chain::new()
        .revision("a", "none")
        .up("CREATE TABLE t (id INT)")
        .revision("b", "a")
        .up("INSERT INTO t VALUES (1)")
        .revision("c", "b")
        .up("ALTER TABLE t ENGINE = MyISAM")
        .revision("d", "c")
        .up("INSERT INTO t VALUES (2)");
    chain.load().upgrade(database.db()).await.unwrap();
    let journal = database.journal().await;
    assert!(
        journal.contains(&"started upgrade d 0".to_owned()),
        "{journal:#?}"
    );
    assert!(
        !journal.contains(&"started upgrade b 0".to_owned()),
        "{journal:#?}"
    );
}
