//! Many revisions in one transaction: what stands in a row is sent together, and nobody can tell.

use embed_migrations::{Error, ErrorKind, Migrations, Report, TransactionMode};

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::sqlite::Sqlite;
use crate::support::{Backend as _, Events, ran};

const MODES: [TransactionMode; 2] = [TransactionMode::PerRevision, TransactionMode::Single];

/// ```text
/// base ── make ── left ─────── merge ── ended ── trigger ── rows ── long1 … long40
///           └──── right1 ── right2 ┘
/// ```
fn chain() -> Chain {
    Chain::new()
        .revision("make", "none")
        .up("CREATE TABLE a (id INTEGER); CREATE TABLE b (id INTEGER)")
        .down("DROP TABLE a; DROP TABLE b")
        .revision("left", "make")
        .up("CREATE TABLE l (id INTEGER) -- the last line is a comment")
        .down("DROP TABLE l")
        .revision("right1", "make")
        .up("CREATE TABLE r (id INTEGER)\n/* and so is this */")
        .down("DROP TABLE r")
        .revision("right2", "right1")
        .up("INSERT INTO r VALUES (1), (2), (3)")
        .down("DELETE FROM r")
        .revision("merge", "left, right2")
        .up("")
        .down("")
        .revision("ended", "merge")
        .up("UPDATE r SET id = CASE id WHEN 1 THEN 10 ELSE id END")
        .down("UPDATE r SET id = 1 WHERE id = 10")
        .revision("trigger", "ended")
        .up("CREATE TRIGGER copy AFTER INSERT ON a BEGIN INSERT INTO b VALUES (new.id); SELECT 1; END; INSERT INTO a VALUES (1)")
        .down("DROP TRIGGER copy")
        .revision("rows", "trigger")
        .up("SELECT id FROM r; SELECT 'a;b' FROM r WHERE id = 0; INSERT INTO r SELECT id + 20 FROM r")
        .down("DELETE FROM r WHERE id > 20")
        .then("long", "rows", 40, |chain, n| {
            chain
                .up(&format!(
                    "CREATE TABLE long{n} (id INTEGER); INSERT INTO long{n} VALUES ({n}) /* {} */",
                    "-".repeat(1000)
                ))
                .down(&format!("DROP TABLE long{n}"))
        })
}

async fn upgrade(
    migrations: &Migrations,
    database: &Sqlite,
    mode: TransactionMode,
    events: &Events,
) -> Result<Report, Error> {
    events
        .of(migrations, database.db())
        .transaction_mode(mode)
        .upgrade()
        .await
}

async fn upgrade_in_one(migrations: &Migrations, database: &Sqlite) -> Result<Report, Error> {
    upgrade(
        migrations,
        database,
        TransactionMode::Single,
        &Events::default(),
    )
    .await
}

#[tokio::test]
async fn looks_like_one_transaction_each() {
    let chain = chain();
    let migrations = chain.load();
    let mut seen = Vec::new();
    for mode in MODES {
        let database = Sqlite::fresh().await;
        let events = Events::default();
        let report = upgrade(&migrations, &database, mode, &events).await;
        let up = (database.schema().await, database.journal().await);
        assert_consistent(&database).await;
        let times = "SELECT CAST(started_at <= finished_at AND abs((julianday(finished_at) - julianday(started_at)) * \
                     86400000 - duration_ms) < 2 AND coalesce(julianday(lag(finished_at) OVER (ORDER BY sequence)) - \
                     julianday(started_at), 0) * 86400000 < 2 AND finished_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', \
                     '-60 seconds') AS TEXT) FROM migrate_journal";
        let times = database.column(times).await;
        assert_eq!(times, vec!["1"; 48], "{mode:?}");
        let down = events.of(&migrations, database.db()).to("base");
        down.transaction_mode(mode).downgrade().await.unwrap();
        assert_consistent(&database).await;
        assert_eq!(database.versions().await, [""; 0]);
        let steps = ran(&report.unwrap()).join(" ");
        let journal = database.journal().await;
        seen.push((up, steps, journal, events.lines()));
    }
    assert!(seen[0] == seen[1], "{seen:#?}");
    assert_eq!(seen[0].2.len(), 96);
}

/// Whichever revision fails, and at whichever statement, the error is the same.
#[tokio::test]
async fn a_failure_names_the_revision_and_the_statement() {
    for (revision, statement) in [
        ("make", "CREATE TABLE b (id INTEGER)"),
        ("right2", "INSERT INTO r VALUES (1), (2), (3)"),
        ("rows", "INSERT INTO r SELECT id + 20 FROM r"),
        ("long7", "CREATE TABLE long7 (id INTEGER)"),
        ("long40", "INSERT INTO long40 VALUES (40)"),
    ] {
        let chain = chain();
        chain.load();
        chain.edit(revision, statement, "INSERT INTO missing VALUES (1)");
        let migrations = chain.reload();
        let mut errors = Vec::new();
        for mode in MODES {
            let database = Sqlite::fresh().await;
            let events = Events::default();
            let error = upgrade(&migrations, &database, mode, &events).await;
            let error = error.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Statement);
            assert_eq!(error.revision(), Some(revision), "{mode:?}");
            let lines = events.lines();
            let last = lines.last().cloned();
            errors.push((error.location(), last));
            if matches!(mode, TransactionMode::Single) {
                assert_eq!(database.tables().await, [""; 0], "nothing is left of it");
            }
        }
        assert_eq!(errors[0], errors[1]);
        assert!(errors[0].0.is_some());
    }
}

#[tokio::test]
async fn who_changes_the_version_table_is_named() {
    for meddling in [
        "DELETE FROM alembic_version",
        "UPDATE \"Alembic_Version\" SET version_num = 'x'",
    ] {
        let database = Sqlite::fresh().await;
        let chain = Chain::line(6);
        chain.load();
        chain.edit("r3", "CREATE TABLE t3 (id INTEGER)", meddling);
        let migrations = chain.reload();
        let error = upgrade_in_one(&migrations, &database).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.revision()),
            (ErrorKind::Revision, Some("r3")),
            "{error}"
        );
        assert_eq!(database.tables().await, [""; 0]);
    }
}

#[tokio::test]
async fn a_file_may_end_in_a_comment() {
    let chain = Chain::line(3);
    chain.load();
    let rest = "t1 (id INTEGER);\n\n-- migrate: downgrade\nDROP TABLE t1;\n";
    chain.edit("r1", rest, "t1 (id INTEGER) -- without a line break");
    let migrations = chain.reload();
    let database = Sqlite::fresh().await;
    let report = upgrade_in_one(&migrations, &database).await;
    assert_eq!(ran(&report.unwrap()), ["r1", "r2", "r3"]);
    let tables = database.tables().await;
    assert_eq!(tables[2..], ["t1", "t2", "t3"]);
}

#[tokio::test]
async fn a_revision_finds_the_records_of_those_before_it() {
    let chain = Chain::line(5);
    chain.load();
    for (revision, table) in [("r3", "alembic_version"), ("r5", "migrate_journal")] {
        let own = format!("CREATE TABLE t{} (id INTEGER)", &revision[1..]);
        chain.edit(
            revision,
            &own,
            &format!("CREATE TABLE seen_{revision} AS SELECT * FROM {table}"),
        );
    }
    let migrations = chain.reload();
    let database = Sqlite::fresh().await;
    let report = upgrade_in_one(&migrations, &database).await;
    report.unwrap();
    let rows = database.column("SELECT version_num FROM seen_r3").await;
    assert_eq!(rows, ["r2"]);
    let rows = database.column("SELECT revision FROM seen_r5").await;
    assert_eq!(rows, ["r1", "r2", "r3", "r4"]);
}
