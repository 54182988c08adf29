//! Errors that the server gives to a statement of a revision, and the way out that is named: each on a real server.

use embed_migrations::Error;

use crate::support::Backend as _;
use crate::support::chain::Chain;
use crate::support::mysql::{MySql, admin, pool};

const BEFORE: &str = "CREATE TABLE parent (id INT PRIMARY KEY, name VARCHAR(20) NOT NULL);
CREATE TABLE child (id INT, parent INT, FOREIGN KEY (parent) REFERENCES parent (id));
INSERT INTO parent VALUES (1, 'one');
INSERT INTO child VALUES (1, 1)";

async fn failing(sql: &str) -> Error {
    let database = MySql::fresh().await;
    let chain = Chain::new()
        .revision("before", "none")
        .up(BEFORE)
        .revision("fails", "before")
        .up(sql);
    chain.load().upgrade(database.db()).await.unwrap_err()
}

#[tokio::test]
async fn each_error_names_the_way_out() {
    for (sql, help) in [
        ("CREATE TABLE parent (id INT)", "cargo migrate stamp"),
        (
            "CREATE TABLE x (id BIGINT, FOREIGN KEY (id) REFERENCES parent (id))",
            "need the same type",
        ),
        ("DELETE FROM parent", "other rows refer to it"),
        ("DROP TABLE parent", "other rows refer to it"),
        (
            "INSERT INTO child VALUES (2, 7)",
            "something that is not there",
        ),
        ("INSERT INTO parent VALUES (1, 'two')", "would be equal"),
        (
            "CREATE TABLE x (d DATE DEFAULT '0000-99-00')",
            "SET sql_mode",
        ),
        (
            "INSERT INTO parent VALUES (2, REPEAT('x', 99))",
            "SET sql_mode",
        ),
        ("INSERT INTO child VALUES ('x', 1)", "SET sql_mode"),
        ("INSERT INTO parent (id) VALUES (3)", "SET sql_mode"),
        (
            "CREATE TABLE x (a VARCHAR(9000) CHARACTER SET utf8mb4 PRIMARY KEY)",
            "index a prefix",
        ),
        (
            "CREATE TABLE x (a TEXT, PRIMARY KEY (a))",
            "how much of it is indexed",
        ),
        (
            "SET SESSION no_such_setting = 1",
            "does not have this setting",
        ),
        (
            "CREATE TABLE x (a TEXT) COLLATE utf8mb4_0900_ai_ci_x",
            "SHOW COLLATION",
        ),
        (
            "CREATE FUNCTION f() RETURNS INT BEGIN CREATE TABLE y (id INT); RETURN 1; END",
            "run it as a statement",
        ),
    ] {
        let error = failing(sql).await;
        let advice = error.advice().unwrap_or_default();
        assert!(advice.contains(help), "{sql}: {error}");
        assert_eq!(error.revision(), Some("fails"), "{error}");
    }
}

/// The error itself only says errno 150.
#[tokio::test]
async fn what_innodb_has_found_is_appended() {
    let error =
        failing("CREATE TABLE x (id INT, name INT, FOREIGN KEY (name) REFERENCES parent (name))")
            .await;
    let text = error.to_string();
    assert!(text.contains("errno: 150"), "{text}");
    assert!(
        text.contains("the server adds: ") || text.contains("InnoDB's latest foreign key error: "),
        "{text}"
    );
    assert!(
        text.contains("no index") || text.contains("index in the referenced table"),
        "{text}"
    );
}

#[tokio::test]
async fn a_right_that_is_missing_is_named_as_a_grant() {
    let database = MySql::fresh().await;
    let user = format!("narrow_{}", std::process::id());
    let grants = format!(
        "CREATE USER {user}; GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON `{}`.* TO {user}",
        database.name
    );
    admin(database.server(), &grants).await;
    let narrow = pool(database.options().username(&user));
    let chain = Chain::line(1).revision("fails", "r1").up("DROP TABLE t1");
    let error = chain.load().upgrade(&narrow).await.unwrap_err();
    let text = error.to_string();
    let grant = format!("GRANT DROP ON `{}`.`t1` TO '{user}'@", database.name);
    assert!(text.contains(&grant), "{text}");
    admin(database.server(), &format!("DROP USER {user}")).await;
}
