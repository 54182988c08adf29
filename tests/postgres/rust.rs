//! Rust revisions.

use embed_migrations::{ErrorKind, Migrations, Resolution, TransactionMode, embed_migrations};

use crate::support::checker::assert_consistent;
use crate::support::postgres::Postgres;
use crate::support::{Backend as _, ran};

static RUST: Migrations = embed_migrations!("tests/chains/rust-postgres");

async fn in_a_mood(mood: &str) -> Postgres {
    let database = Postgres::fresh().await;
    let first = RUST.runner(database.db()).to("mood").upgrade();
    first.await.unwrap();
    let sql = format!("INSERT INTO mood VALUES ('{mood}')");
    database.execute(&sql).await.unwrap();
    database
}

async fn notes(database: &Postgres) -> Vec<String> {
    database.column("SELECT text FROM notes ORDER BY id").await
}

#[tokio::test]
async fn arguments_and_nested_transactions() {
    let database = in_a_mood("good").await;
    let report = RUST.upgrade(database.db()).await.unwrap();
    assert_eq!(ran(&report), ["act", "free"]);
    assert_eq!(notes(&database).await, ["begun", "it's kept", "free"]);
    assert_consistent(&database).await;
    let report = RUST.downgrade(database.db(), "mood").await.unwrap();
    assert_eq!(report.current, ["mood"]);
    assert_eq!(notes(&database).await, [""; 0]);
    assert_consistent(&database).await;
}

#[tokio::test]
async fn sql_and_functions_share_a_transaction() {
    let database = Postgres::fresh().await;
    let runner = RUST.runner(database.db()).to("act");
    let single = runner.transaction_mode(TransactionMode::Single).upgrade();
    assert_eq!(ran(&single.await.unwrap()), ["mood", "act"]);
    assert_eq!(notes(&database).await, ["begun", "it's kept"]);
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
    assert!(error.to_string().contains("not in the mood"), "{error}");
    assert_eq!(notes(&database).await, [""; 0]);
    assert_consistent(&database).await;
}

#[tokio::test]
async fn what_only_the_runtime_may_do_is_refused() {
    for (mood, said, left) in [
        (
            "commit",
            "ended the transaction that it runs in",
            &["begun"][..],
        ),
        ("rows", "changed the version table", &[]),
        ("swallow", "went on after an error of the database", &[]),
    ] {
        let database = in_a_mood(mood).await;
        let error = RUST.upgrade(database.db()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.revision()),
            (ErrorKind::Revision, Some("act")),
            "{error}"
        );
        assert!(error.to_string().contains(said), "{error}");
        assert_eq!(database.versions().await, ["mood"], "{mood}");
        assert_eq!(notes(&database).await, left, "{mood}");
        assert_consistent(&database).await;
    }
}

#[tokio::test]
async fn what_fails_outside_a_transaction_is_in_doubt() {
    let database = in_a_mood("fail freely").await;
    let error = RUST.upgrade(database.db()).await.unwrap_err();
    assert_eq!(error.revision(), Some("free"));
    let error = RUST.upgrade(database.db()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::InDoubt, "{error}");
    database.execute("DELETE FROM mood").await.unwrap();
    let retry = RUST.resolve(database.db(), "free", Resolution::Retry);
    retry.await.unwrap();
    assert_eq!(ran(&RUST.upgrade(database.db()).await.unwrap()), ["free"]);
    assert_consistent(&database).await;
}
