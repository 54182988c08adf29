//! A revision leaves no setting to the next one, and none on a connection that was passed.

use embed_migrations::{ErrorKind, Migrations, Runner, TransactionMode, embed_migrations};
use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::support::chain::Chain;
use crate::support::sqlite::Sqlite;
use crate::support::{Backend as _, Cut, cut};

static RUST: Migrations = embed_migrations!("tests/chains/rust-settings");

/// PRAGMAs that set up a connection, with a value that is not the one they begin with, and a query for it.
const PRAGMAS: [(&str, &str); 11] = [
    ("ignore_check_constraints", "1"),
    ("legacy_alter_table", "1"),
    ("recursive_triggers", "1"),
    ("reverse_unordered_selects", "1"),
    ("case_sensitive_like", "1"),
    ("automatic_index", "0"),
    ("cache_size", "77"),
    ("MAIN.cache_size", "78"),
    ("trusted_schema", "0"),
    ("defer_foreign_keys", "1"),
    ("locking_mode", "exclusive"),
];

fn value(pragma: &str) -> String {
    let name = pragma.trim_start_matches("MAIN.");
    match name {
        "case_sensitive_like" => "SELECT CAST('a' NOT LIKE 'A' AS TEXT)".to_owned(),
        _ => format!("SELECT CAST(\"{name}\" AS TEXT) FROM pragma_{name}"),
    }
}

async fn read(connection: &mut SqliteConnection, sql: &str) -> String {
    let read = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(connection);
    read.await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

/// The objects of a connection beyond its own database.
async fn extras(connection: &mut SqliteConnection) -> String {
    let sql = "SELECT coalesce((SELECT group_concat(name) FROM pragma_database_list WHERE name NOT IN ('main', 'temp')), '') || \
               '|' || coalesce((SELECT group_concat(name) FROM temp.sqlite_schema), '')";
    read(connection, sql).await
}

#[tokio::test]
async fn each_revision_starts_from_the_same_settings() {
    for (pragma, set) in PRAGMAS {
        for mode in [TransactionMode::PerRevision, TransactionMode::Single] {
            let seen = value(pragma);
            let migrations = Chain::new()
                .revision("set", "none")
                .up(&format!("CREATE TABLE a (a); PRAGMA {pragma} = {set}"))
                .revision("see", "set")
                .up(&format!("CREATE TABLE seen AS SELECT ({seen}) AS value"));
            let migrations = migrations.load();
            let database = Sqlite::fresh().await;
            let mut passed = database.connect().await;
            let before = read(&mut passed, &seen).await;
            assert_ne!(before, set, "{pragma}");
            let runner = migrations.runner(&mut passed).transaction_mode(mode);
            runner
                .upgrade()
                .await
                .unwrap_or_else(|error| panic!("{pragma}: {error}"));
            assert_eq!(
                read(&mut passed, "SELECT value FROM seen").await,
                before,
                "{pragma}"
            );
            assert_eq!(read(&mut passed, &seen).await, before, "{pragma}");
        }
    }
}

#[tokio::test]
async fn what_is_set_outside_a_transaction_lasts_as_long_as_its_revision() {
    let migrations = Chain::new()
        .revision("set", "none")
        .header("transaction: off")
        .up("PRAGMA synchronous = 0; ATTACH ':memory:' AS other; CREATE TEMP TABLE scratch (a);
             CREATE TABLE inside AS SELECT CAST(synchronous AS TEXT) AS value FROM pragma_synchronous")
        .revision("see", "set")
        .up("CREATE TABLE seen AS SELECT CAST(synchronous AS TEXT) AS value FROM pragma_synchronous");
    let migrations = migrations.load();
    let database = Sqlite::fresh().await;
    let mut passed = database.connect().await;
    migrations.upgrade(&mut passed).await.unwrap();
    assert_eq!(read(&mut passed, "SELECT value FROM inside").await, "0");
    assert_eq!(read(&mut passed, "SELECT value FROM seen").await, "2");
    assert_eq!(extras(&mut passed).await, "|");
}

#[tokio::test]
async fn what_is_attached_or_temporary_goes() {
    let scratch = "CREATE TEMP TABLE scratch (a); CREATE TEMPORARY VIEW v AS SELECT 1;
        CREATE TEMP TRIGGER g AFTER INSERT ON kept BEGIN SELECT 1; END";
    let chain = |attach: &str| {
        Chain::new()
            .revision("zero", "none")
            .up("CREATE TABLE kept (a)")
            .revision("one", "zero")
            .up(&format!("{attach} {scratch}"))
            .revision("two", "one")
            .up(&format!("{attach} {scratch}"))
    };
    let attach = "ATTACH ':memory:' AS \"the other\";";
    for (attach, mode) in [
        (attach, TransactionMode::PerRevision),
        ("", TransactionMode::Single),
    ] {
        let chain = chain(attach);
        let migrations = chain.load();
        let database = Sqlite::fresh().await;
        let mut passed = database.connect().await;
        sqlx::raw_sql("ATTACH ':memory:' AS own; CREATE TEMP TABLE mine (a)")
            .execute(&mut passed)
            .await
            .unwrap();
        let runner = migrations.runner(&mut passed).transaction_mode(mode);
        runner.upgrade().await.unwrap();
        assert_eq!(extras(&mut passed).await, "own|mine");
    }
    let chain = chain(attach);
    let migrations = chain.load();
    let database = Sqlite::fresh().await;
    let runner = migrations
        .runner(database.db())
        .transaction_mode(TransactionMode::Single);
    let error = runner.upgrade().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Revision, Some("one"))
    );
    assert!(error.summary().contains("attaches `the other`"), "{error}");
}

#[tokio::test]
async fn a_passed_connection_has_its_own_back_after_an_error() {
    let set = "PRAGMA recursive_triggers = ON; PRAGMA case_sensitive_like = ON; ATTACH ':memory:' AS other;
        CREATE TEMP TABLE scratch (a); SELECT * FROM missing";
    for line in ["transaction: on", "transaction: off"] {
        let chain = Chain::new().revision("set", "none").header(line).up(set);
        let migrations = chain.load();
        let database = Sqlite::fresh().await;
        let mut passed = database.connect().await;
        let error = migrations.upgrade(&mut passed).await.unwrap_err();
        assert!(
            error.to_string().contains("no such table: missing"),
            "{error}"
        );
        assert_eq!(
            read(&mut passed, &value("recursive_triggers")).await,
            "0",
            "{line}"
        );
        assert_eq!(
            read(&mut passed, &value("case_sensitive_like")).await,
            "0",
            "{line}"
        );
        assert_eq!(extras(&mut passed).await, "|", "{line}");
    }
}

#[tokio::test]
async fn a_passed_connection_has_its_own_back_after_a_cut() {
    let set = "PRAGMA recursive_triggers = ON; PRAGMA ignore_check_constraints = ON; ATTACH ':memory:' AS other;
        CREATE TEMP TABLE scratch (a); CREATE TABLE t (a)";
    let chain = Chain::new().revision("set", "none").up(set);
    let migrations = chain.load();
    for polls in 0.. {
        let database = Sqlite::fresh().await;
        let mut passed = database.connect().await;
        let runner = migrations.runner(&mut passed);
        let done = cut(Cut::Polls(polls), runner, Runner::upgrade).await;
        for pragma in ["recursive_triggers", "ignore_check_constraints"] {
            assert_eq!(read(&mut passed, &value(pragma)).await, "0", "{polls}");
        }
        assert_eq!(extras(&mut passed).await, "|", "{polls}");
        if done.is_some() {
            return;
        }
    }
}

#[tokio::test]
async fn a_rust_revision_leaves_nothing() {
    let database = Sqlite::fresh().await;
    let mut passed = database.connect().await;
    RUST.upgrade(&mut passed).await.unwrap();
    let seen = read(
        &mut passed,
        "SELECT alike || recursive || coalesce(attached, '-') FROM seen",
    )
    .await;
    assert_eq!(seen, "10-");
    assert_eq!(extras(&mut passed).await, "|");
}

#[tokio::test]
async fn connect_is_undone_on_a_passed_connection() {
    let connect =
        "[connect]\nsqlite = \"PRAGMA recursive_triggers = ON; ATTACH ':memory:' AS other\"\n";
    let chain = Chain::line(1).config(connect);
    let migrations = chain.load();
    let database = Sqlite::fresh().await;
    let mut passed = database.connect().await;
    migrations.upgrade(&mut passed).await.unwrap();
    assert_eq!(read(&mut passed, &value("recursive_triggers")).await, "0");
    assert_eq!(extras(&mut passed).await, "|");
}
