//! Offline scripts, run by the shell of SQLite and compared with a live run.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use embed_migrations::{Dialect, ErrorKind};

use crate::suite::upgrade::EMBEDDED;
use crate::support::Backend as _;
use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::sqlite::Sqlite;

/// Runs a script in `sqlite3`.
fn shell(file: &Path, script: &str) {
    let shell = Command::new("sqlite3")
        .arg(file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut shell = shell.expect("the SQLite shell `sqlite3` is needed: `apt install sqlite3`");
    shell
        .stdin
        .take()
        .unwrap()
        .write_all(script.as_bytes())
        .unwrap();
    let output = shell.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && errors.is_empty(),
        "{errors}\n{script}"
    );
}

/// Everything but times.
async fn dump(database: &Sqlite) -> Vec<String> {
    let mut dump = database.schema().await;
    dump.extend(database.versions().await);
    let columns = "event, direction, revision, down_revision, depends_on, checksum, digest, finished_at IS NOT NULL, \
                   statements, statements_hash, downgrade, tool_version, error";
    dump.extend(
        database
            .column(&format!(
                "SELECT CONCAT_WS('|', {columns}) FROM migrate_journal ORDER BY sequence"
            ))
            .await,
    );
    dump
}

fn chain() -> Chain {
    Chain::line(2)
        .revision("hard", "r2")
        .header("foreign_keys: off")
        .up("CREATE TABLE a (id INTEGER PRIMARY KEY, \"odd;name\" TEXT DEFAULT 'it''s; -- no comment');\n\
             CREATE TRIGGER tr AFTER INSERT ON a BEGIN UPDATE a SET \"odd;name\" = 'x;y'; DELETE FROM t1; END;\n\
             INSERT INTO a (id) VALUES (1) -- ends in a comment")
        .down("DROP TABLE a")
        .revision("last", "hard")
        .up("CREATE TABLE last (id INTEGER) /* so does this */")
        .down("DROP TABLE last")
}

#[tokio::test]
async fn a_script_does_what_a_run_does() {
    let chain = chain();
    let migrations = chain.load();
    let (live, offline) = (Sqlite::fresh().await, Sqlite::fresh().await);
    migrations.upgrade(live.db()).await.unwrap();
    shell(
        &offline.path(),
        &migrations.sql(Dialect::Sqlite, "r1").unwrap(),
    );
    shell(
        &offline.path(),
        &migrations.sql(Dialect::Sqlite, "r1:head").unwrap(),
    );
    assert_eq!(dump(&offline).await, dump(&live).await);
    assert_consistent(&offline).await;
    assert!(migrations.upgrade(offline.db()).await.unwrap().is_empty());

    migrations.downgrade(live.db(), "r1").await.unwrap();
    shell(
        &offline.path(),
        &migrations
            .sql_downgrade(Dialect::Sqlite, "last:r1")
            .unwrap(),
    );
    assert_eq!(dump(&offline).await, dump(&live).await);
    assert_consistent(&offline).await;
}

#[tokio::test]
async fn what_runs_outside_a_transaction() {
    let chain = Chain::line(1)
        .revision("v", "r1")
        .header("transaction: off")
        .up("VACUUM;\nCREATE TABLE v (id INTEGER)")
        .down("DROP TABLE v;\nVACUUM");
    let migrations = chain.load();
    let database = Sqlite::fresh().await;
    shell(
        &database.path(),
        &migrations.sql(Dialect::Sqlite, "head").unwrap(),
    );
    assert_consistent(&database).await;
    migrations.check(database.db()).await.unwrap();
    shell(
        &database.path(),
        &migrations.sql_downgrade(Dialect::Sqlite, "v:base").unwrap(),
    );
    assert_eq!(
        database.tables().await,
        ["alembic_version", "migrate_journal"]
    );
}

/// The shell stops at the first error, and what was under way is rolled back.
#[tokio::test]
async fn a_script_that_fails_changes_nothing_more() {
    let chain = Chain::line(1)
        .revision("bad", "r1")
        .up("CREATE TABLE half (id INTEGER);\nINSERT INTO missing VALUES (1)")
        .revision("after", "bad")
        .up("CREATE TABLE after (id INTEGER)");
    let script = chain.load().sql(Dialect::Sqlite, "head").unwrap();
    let database = Sqlite::fresh().await;
    let failed = std::panic::catch_unwind({
        let path = database.path();
        move || shell(&path, &script)
    });
    assert!(failed.is_err());
    assert_eq!(
        database.tables().await,
        ["alembic_version", "migrate_journal", "t1"]
    );
    assert_eq!(database.versions().await, ["r1"]);
}

#[test]
fn what_no_script_can_hold() {
    let error = EMBEDDED.sql(Dialect::Sqlite, "head").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(
        error
            .summary()
            .contains("`40106820d641` is written in Rust"),
        "{error}"
    );
    EMBEDDED.sql(Dialect::Sqlite, "57d6a263185a:head").unwrap();

    let chain = Chain::line(1)
        .revision("gone", "r1")
        .header("irreversible: no way back")
        .up("SELECT 1")
        .revision("pg", "gone")
        .section("upgrade postgres", "SELECT 1");
    let migrations = chain.load();
    assert_eq!(
        migrations
            .sql_downgrade(Dialect::Sqlite, "gone:base")
            .unwrap_err()
            .kind(),
        ErrorKind::Irreversible
    );
    assert_eq!(
        migrations.sql(Dialect::Sqlite, "head").unwrap_err().kind(),
        ErrorKind::MissingSql
    );
    for range in ["nowhere", "r1:nowhere", "", "gone:r1", "a:b:c"] {
        let error = migrations
            .sql(Dialect::Postgres, range)
            .map(|script| panic!("{range}: {script}"))
            .unwrap_err();
        assert!(error.kind() == ErrorKind::Target, "{range}: {error}");
    }
}

#[test]
fn for_the_other_databases() {
    let body = "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $body$ SELECT 1; SELECT 2; $body$;\nSELECT 3 -- ends in a comment\n";
    let stored = "-- migrate: statement\nCREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END;\n-- migrate: end\nSELECT 3 # ends in a comment\n";
    let chain = Chain::new()
        .revision("f", "none")
        .section("upgrade postgres", body)
        .section("upgrade mysql", stored);
    let migrations = chain.load();
    let postgres = migrations.sql(Dialect::Postgres, "head").unwrap();
    assert!(
        postgres.contains("$body$ SELECT 1; SELECT 2; $body$;\n"),
        "{postgres}"
    );
    assert!(postgres.contains("\nSELECT 3;\n"), "{postgres}");
    assert!(
        postgres.starts_with("\\set ON_ERROR_STOP on\n"),
        "psql goes on otherwise: {postgres}"
    );
    assert_eq!(
        (
            postgres.matches("\nBEGIN;").count(),
            postgres.matches("\nCOMMIT;").count()
        ),
        (1, 1),
        "{postgres}"
    );
    assert!(
        postgres.contains("INSERT INTO \"alembic_version\" (version_num) VALUES ('f');"),
        "{postgres}"
    );

    let mysql = migrations.sql(Dialect::MySql, "head").unwrap();
    assert!(
        mysql.contains(
            "DELIMITER $$$\nCREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END;\n$$$\nDELIMITER ;\n"
        ),
        "{mysql}"
    );
    assert!(mysql.contains("\nSELECT 3;\n"), "{mysql}");
    assert!(mysql.contains("INSERT INTO `alembic_version`"), "{mysql}");
}

/// Rows that refer to nothing stop a script before they are committed; those from before do not.
#[tokio::test]
async fn a_violation_stops_a_script() {
    let chain = |rebuild: &str| {
        Chain::new()
            .revision("make", "none")
            .up("CREATE TABLE parent (id INTEGER PRIMARY KEY);
                 CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent (id));
                 INSERT INTO parent VALUES (1), (2);
                 INSERT INTO child VALUES (10, 1), (20, 2)")
            .revision("rebuild", "make")
            .header("foreign_keys: off")
            .up(rebuild)
            .revision("after", "rebuild")
            .up("CREATE TABLE after (id INTEGER)")
    };
    let script = |rebuild: &str| {
        let migrations = chain(rebuild).load();
        ["make", "make:head"].map(|range| migrations.sql(Dialect::Sqlite, range).unwrap())
    };
    let orphan = "PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (30, 99)";

    let [make, rest] = script("DELETE FROM parent WHERE id = 2");
    let database = Sqlite::fresh().await;
    shell(&database.path(), &make);
    shell(&database.path(), orphan);
    let failed = std::panic::catch_unwind({
        let path = database.path();
        move || shell(&path, &rest)
    });
    let said = failed.unwrap_err();
    let said = said.downcast_ref::<String>().unwrap();
    assert!(
        said.contains("CHECK constraint failed: rows that refer to nothing"),
        "{said}"
    );
    assert_eq!(database.versions().await, ["make"]);
    assert_eq!(
        database.column("SELECT CAST(id AS TEXT) FROM parent").await,
        ["1", "2"]
    );

    let [make, rest] = script("UPDATE child SET parent = 1 WHERE parent = 2");
    let database = Sqlite::fresh().await;
    shell(&database.path(), &make);
    shell(&database.path(), orphan);
    shell(&database.path(), &rest);
    assert_eq!(database.versions().await, ["after"]);
}
