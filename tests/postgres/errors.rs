//! Where an error points, and what it says.

use embed_migrations::{Error, ErrorKind};

use crate::support::Backend as _;
use crate::support::chain::Chain;
use crate::support::postgres::Postgres;

/// Upgrades to a revision `bad`, on which `r1` stands under: its SQL begins in line 7.
async fn error_of(sql: &str) -> Error {
    let database = Postgres::fresh().await;
    database
        .execute(
            "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int REFERENCES parent DEFERRABLE \
             INITIALLY DEFERRED); INSERT INTO parent VALUES (1); CREATE FUNCTION f(n int) RETURNS int LANGUAGE plpgsql \
             AS $$BEGIN\n  RETURN 1 / (SELECT n FROM parent);\nEND$$",
        )
        .await
        .unwrap();
    let before = database.tables().await;
    let chain = Chain::new().revision("bad", "none").up(sql);
    let migrations = chain.load();
    let error = migrations.upgrade(database.db()).await.unwrap_err();
    assert_eq!(database.tables().await, before, "{error}");
    error
}

async fn points_to(sql: &str, place: &str) -> Error {
    let error = error_of(sql).await;
    assert_eq!(error.kind(), ErrorKind::Statement, "{error}");
    let location = error.location().unwrap();
    assert!(location.ends_with(&format!("bad.sql:{place}")), "{error}");
    error
}

#[tokio::test]
async fn characters_are_no_bytes() {
    let sql = "SELECT '\u{4e2d}\u{6587}\u{1f600}';\nSELECT '\u{fc}\u{4e2d}', absent FROM parent";
    let error = points_to(sql, "8:14").await;
    assert_eq!(error.database_code(), Some("42703"));
    assert!(error.to_string().contains("^^^^^^"), "{error}");
}

#[tokio::test]
async fn a_fault_of_syntax_is_found_before_anything_runs() {
    points_to(
        "CREATE TABLE a (id int);\nCREATE TABLE b (id int,,);",
        "8:24",
    )
    .await;
    let error = points_to("CREATE TABLE a (id int);\nCREATE TABLE b (id", "8:18").await;
    assert!(error.to_string().contains("rolled back"), "{error}");
}

#[tokio::test]
async fn behind_other_statements_and_in_long_scripts() {
    for count in [1, 3, 200] {
        let sql = format!(
            "{}SELECT 1,\n  '\u{4e2d}', absent",
            "SELECT '\u{e4};'; -- x\n".repeat(count)
        );
        points_to(&sql, &format!("{}:8", 8 + count)).await;
        let sql = format!("{}SELECT 1 / 0", "SELECT 1;\n".repeat(count));
        points_to(&sql, &format!("{}:1", 7 + count)).await;
    }
}

#[tokio::test]
async fn values_point_at_the_statement() {
    let error = points_to("SELECT 1;\n  INSERT INTO parent VALUES (1)", "8:3").await;
    assert_eq!(error.database_code(), Some("23505"));
    let text = error.to_string();
    assert!(
        text.contains("detail: Key (id)=(1) already exists."),
        "{text}"
    );
}

#[tokio::test]
async fn inside_a_block() {
    let sql = "SELECT 1;\nDO $x$\nBEGIN\n  PERFORM '\u{fc}', absent FROM parent;\nEND $x$";
    let error = points_to(sql, "10:16").await;
    assert!(
        error.to_string().contains("inline_code_block line 3"),
        "{error}"
    );
    let sql = "DO $$\nDECLARE\n  n int := 0;\nBEGIN\n  n := n + 1;\n  RAISE EXCEPTION 'stop at %', n USING HINT = 'go on';\nEND $$";
    let error = points_to(sql, "12:3").await;
    let text = error.to_string();
    assert!(
        text.contains("stop at 1") && text.contains("hint: go on"),
        "{text}"
    );
    points_to("DO $$BEGIN\n  SELEC 1;\nEND$$", "8:3").await;
}

#[tokio::test]
async fn inside_a_function() {
    let error = points_to("SELECT f(1);\nSELECT f(0)", "8:1").await;
    let text = error.to_string();
    assert!(
        text.contains("called by PL/pgSQL function f(integer) line 2 at RETURN"),
        "{text}"
    );
    let sql = "CREATE FUNCTION g() RETURNS int LANGUAGE sql AS $$\n  SELECT absent FROM parent\n$$";
    points_to(sql, "8:10").await;
}

#[tokio::test]
async fn a_constraint_that_is_checked_at_the_end() {
    let error = points_to("INSERT INTO child VALUES (7);\nSELECT 1", "8:1").await;
    assert_eq!(error.database_code(), Some("23503"));
    assert!(
        error.to_string().contains("is not present in table"),
        "{error}"
    );
}

#[tokio::test]
async fn a_revision_that_ends_its_transaction() {
    let sql =
        "-- migrate: statement\nCREATE TABLE left_over (id int); COMMIT; BEGIN\n-- migrate: end\n";
    let database = Postgres::fresh().await;
    let chain = Chain::line(1).revision("bad", "r1").up(sql);
    let migrations = chain.load();
    let error = migrations.upgrade(database.db()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Revision, Some("bad"))
    );
    assert!(error.summary().contains("ended the transaction"), "{error}");
    assert_eq!(database.versions().await, ["r1"]);
}

#[tokio::test]
async fn a_revision_that_changes_the_version_table() {
    let database = Postgres::fresh().await;
    let chain = Chain::line(1)
        .revision("bad", "r1")
        .up("DELETE FROM alembic_version");
    let migrations = chain.load();
    let error = migrations.upgrade(database.db()).await.unwrap_err();
    assert!(
        error.summary().contains("changed the version table"),
        "{error}"
    );
    assert_eq!(database.versions().await, ["r1"], "rolled back");
}
