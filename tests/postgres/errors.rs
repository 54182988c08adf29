//! The place an error points to, and its text.

use embed_migrations::{Error, ErrorKind};

use crate::support::Backend as _;
use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
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

/// The server points at the `;`, or after it into what the runtime sends next: never is that blamed on our tables.
#[tokio::test]
async fn a_statement_that_is_not_complete() {
    for (sql, place) in [
        ("INSERT INTO parent VALUES", "7:25"),
        ("SELECT 1;\nINSERT INTO parent VALUES;\nSELECT 2", "8:25"),
        ("SELECT (1", "7:9"),
        (
            "SELECT 1;\nCREATE FUNCTION a() RETURNS int BEGIN ATOMIC SELECT 1",
            "8:53",
        ),
        (
            "SELECT 1;\nCREATE RULE r AS ON INSERT TO parent DO (SELECT 1",
            "8:49",
        ),
    ] {
        let error = points_to(sql, place).await;
        let text = error.to_string();
        assert!(!text.contains("version_table"), "{text}");
        assert_eq!(
            (error.revision(), error.database_code()),
            (Some("bad"), Some("42601"))
        );
    }
    let many = "SELECT 1;\n".repeat(300);
    let place = format!("{}:25", 7 + 300);
    points_to(&format!("{many}INSERT INTO parent VALUES;\n{many}"), &place).await;
    // Larger than what is sent at once.
    let large = format!("SELECT '{}';\n", "x".repeat(1000)).repeat(600);
    let place = format!("{}:25", 7 + 600);
    points_to(
        &format!("{large}INSERT INTO parent VALUES;\n{large}"),
        &place,
    )
    .await;
    points_to(
        &format!("{large}SELECT 1 / 0;\n{large}"),
        &format!("{}:1", 7 + 600),
    )
    .await;
}

/// In one transaction the revision is named, too.
#[tokio::test]
async fn a_statement_that_is_not_complete_among_other_revisions() {
    let database = Postgres::fresh().await;
    let chain = Chain::line(2)
        .revision("bad", "r2")
        .up("SELECT 1;\nINSERT INTO t1 VALUES")
        .revision("next", "bad")
        .up("SELECT 2");
    let migrations = chain.load();
    let runner = migrations.runner(database.db());
    let single = runner.transaction_mode(embed_migrations::TransactionMode::Single);
    let error = single.upgrade().await.unwrap_err();
    assert_eq!(error.revision(), Some("bad"), "{error}");
    assert!(
        error.location().unwrap().ends_with("bad.sql:8:21"),
        "{error}"
    );
    assert_eq!(database.tables().await, [""; 0]);
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

/// The words of a transaction go before its first query, which must not be one of ours.
#[tokio::test]
async fn a_revision_that_sets_its_transaction() {
    let database = Postgres::fresh().await;
    let level = "current_setting('transaction_isolation')";
    let chain = Chain::line(1)
        .revision("own", "r1")
        .up(&format!(
            "-- Why\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE;\nSET LOCAL TRANSACTION READ WRITE;\nCREATE TABLE own AS SELECT {level}"
        ))
        .revision("off", "own")
        .header("transaction: off")
        .up(&format!(
            "VACUUM t1;\nBEGIN;\nSET TRANSACTION ISOLATION LEVEL REPEATABLE READ;\nCREATE TABLE off_1 AS SELECT {level};\nCREATE TABLE off_2 (id int);\nCOMMIT;\nVACUUM t1"
        ));
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    let levels = "SELECT * FROM own UNION ALL SELECT * FROM off_1";
    assert_eq!(
        database.column(levels).await,
        ["serializable", "repeatable read"]
    );
    assert_consistent(&database).await;

    let wrong = Chain::line(1)
        .revision("bad", "r1")
        .up("SELECT 1;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE");
    let fresh = Postgres::fresh().await;
    let error = wrong.load().upgrade(fresh.db()).await.unwrap_err();
    assert!(
        error.location().unwrap().ends_with("bad.sql:8:1"),
        "{error}"
    );
    let read_only = Chain::line(1)
        .revision("bad", "r1")
        .up("SET TRANSACTION READ ONLY;\nSELECT 1");
    let error = read_only.load().upgrade(fresh.db()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Revision, Some("bad")),
        "{error}"
    );
    assert!(error.summary().contains("read-only"), "{error}");
    assert_eq!(fresh.versions().await, ["r1"]);
}
