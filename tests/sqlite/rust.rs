//! Rust revisions.

use std::time::Duration;

use embed_migrations::{ErrorKind, Migrations, Resolution, embed_migrations};
use sqlx::Connection as _;

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::sqlite::Sqlite;
use crate::support::{Backend as _, ran};

static RUST: Migrations = embed_migrations!("tests/chains/rust");

async fn in_a_mood(mood: &str) -> Sqlite {
    let database = Sqlite::fresh().await;
    RUST.runner(database.db())
        .to("mood")
        .upgrade()
        .await
        .unwrap();
    database
        .execute(&format!("INSERT INTO mood VALUES ('{mood}')"))
        .await
        .unwrap();
    database
}

async fn notes(database: &Sqlite) -> Vec<String> {
    database.column("SELECT text FROM notes ORDER BY id").await
}

#[tokio::test]
async fn arguments_and_nested_transactions() {
    let database = in_a_mood("good").await;
    assert_eq!(
        ran(&RUST.upgrade(database.db()).await.unwrap()),
        ["act", "free"]
    );
    assert_eq!(notes(&database).await, ["begun", "it's kept", "free"]);
    assert_consistent(&database).await;
    assert_eq!(
        RUST.downgrade(database.db(), "mood").await.unwrap().current,
        ["mood"]
    );
    assert_eq!(notes(&database).await, [""; 0]);
    assert_consistent(&database).await;
}

#[tokio::test]
async fn an_error_rolls_back() {
    let database = in_a_mood("fail").await;
    let error = RUST.upgrade(database.db()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Revision, Some("act"))
    );
    assert_eq!(
        error.location().unwrap(),
        "tests/chains/rust/versions/2_act.rs:1:1"
    );
    assert!(error.to_string().contains("not in the mood"), "{error}");
    assert_eq!(notes(&database).await, [""; 0]);
    assert_consistent(&database).await;
}

#[tokio::test]
async fn a_panic_rolls_back() {
    let database = in_a_mood("panic").await;
    let pool = database.pool.clone();
    let run = tokio::spawn(async move { RUST.upgrade(&pool).await });
    assert!(run.await.unwrap_err().is_panic());
    assert_eq!(notes(&database).await, [""; 0]);
    database.execute("DELETE FROM mood").await.unwrap();
    assert_eq!(
        ran(&RUST.upgrade(database.db()).await.unwrap()),
        ["act", "free"]
    );
    assert_consistent(&database).await;
}

#[tokio::test]
async fn ending_the_transaction_is_refused() {
    let database = in_a_mood("commit").await;
    let mut connection = database.pool.acquire().await.unwrap();
    let error = RUST.upgrade(&mut *connection).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Revision);
    assert!(error.summary().contains("ended the transaction"), "{error}");
    assert_eq!(database.versions().await, ["mood"], "it is not recorded");
    connection.begin().await.unwrap().rollback().await.unwrap();
}

#[tokio::test]
async fn changing_the_version_table_is_refused() {
    let database = in_a_mood("rows").await;
    let error = RUST.upgrade(database.db()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Revision);
    assert!(
        error.summary().contains("changed the version table"),
        "{error}"
    );
    assert_eq!(database.versions().await, ["mood"]);
    assert_consistent(&database).await;
}

#[tokio::test]
async fn dropped_while_it_hangs() {
    let database = in_a_mood("hang").await;
    let mut connection = database.pool.acquire().await.unwrap();
    crate::support::cut_when_pending(RUST.upgrade(&mut *connection), async || {
        // The revision hangs inside its transaction: the file is locked for writing.
        database
            .execute("PRAGMA busy_timeout = 0; INSERT INTO mood VALUES ('x')")
            .await
            .is_err()
    })
    .await;
    assert_eq!(notes(&database).await, [""; 0]);
    connection.begin().await.unwrap().rollback().await.unwrap();
    database.execute("DELETE FROM mood").await.unwrap();
    RUST.upgrade(database.db()).await.unwrap();
    assert_consistent(&database).await;
}

#[tokio::test]
async fn what_fails_outside_a_transaction_is_in_doubt() {
    let database = in_a_mood("fail freely").await;
    let error = RUST.upgrade(database.db()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Revision, Some("free"))
    );
    assert!(error.to_string().contains("resolve free"), "{error}");
    database.execute("DELETE FROM mood").await.unwrap();
    let doubt = RUST.upgrade(database.db()).await.unwrap_err();
    assert!(doubt.kind() == ErrorKind::InDoubt, "{doubt}");
    assert!(doubt.to_string().contains("--retry"), "{doubt}");
    RUST.resolve(database.db(), "free", Resolution::Retry)
        .await
        .unwrap();
    assert_eq!(ran(&RUST.upgrade(database.db()).await.unwrap()), ["free"]);
    assert_eq!(
        notes(&database).await,
        ["begun", "it's kept", "free", "free"],
        "it ran twice, as told"
    );
    assert_consistent(&database).await;
}

#[tokio::test]
async fn only_the_binary_that_embeds_it_runs_it() {
    let database = Sqlite::fresh().await;
    let loaded = Migrations::load("tests/chains/rust").unwrap();
    assert_eq!(loaded, RUST);
    let error = loaded.upgrade(database.db()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotEmbedded);
    assert!(
        error.to_string().contains("the app's own binary"),
        "{error}"
    );
    assert_eq!(database.tables().await, [""; 0]);
    RUST.upgrade(database.db()).await.unwrap();
    loaded.check(database.db()).await.unwrap();
}

/// SQLite stops at it, and sqlx asks for the next statement for ever, with the file locked for writing.
#[tokio::test]
async fn a_nul_byte_is_refused_and_does_not_hang() {
    let database = in_a_mood("nul").await;
    let upgrade = RUST.upgrade(database.db());
    let error = tokio::time::timeout(Duration::from_secs(20), upgrade).await;
    let error = error.expect("it ends").unwrap_err();
    assert!(error.to_string().contains("NUL byte"), "{error}");
    database.execute("DELETE FROM mood").await.unwrap();
    RUST.upgrade(database.db()).await.unwrap();
}

#[tokio::test]
async fn a_nul_byte_in_the_journal_is_refused_and_does_not_hang() {
    let database = Sqlite::fresh().await;
    let chain = Chain::line(2);
    chain.load().upgrade(database.db()).await.unwrap();
    let nul = "UPDATE migrate_journal SET downgrade = 'DROP TABLE t2;' || char(0) || 'SELECT 1' WHERE revision = 'r2'";
    database.execute(nul).await.unwrap();
    let older = Chain::line(1);
    let older = older.load();
    let downgrade = older.downgrade(database.db(), "r1");
    let error = tokio::time::timeout(Duration::from_secs(20), downgrade).await;
    let error = error.expect("it ends").unwrap_err();
    assert!(error.to_string().contains("NUL byte"), "{error}");
    assert_eq!(database.versions().await, ["r2"]);
}
