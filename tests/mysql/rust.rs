//! Rust revisions, whose changes of rows are one transaction, and whose changes of the schema commit by themselves.

use embed_migrations::{ErrorKind, Migrations, Resolution, embed_migrations};

use crate::support::checker::assert_consistent;
use crate::support::mysql::MySql;
use crate::support::point::cut_at;
use crate::support::{Backend as _, ran};

static RUST: Migrations = embed_migrations!("tests/chains/rust-mysql");

async fn in_a_mood(mood: &str) -> MySql {
    let database = MySql::fresh().await;
    RUST.runner(database.db())
        .to("start")
        .upgrade()
        .await
        .unwrap();
    database
        .execute(&format!("INSERT INTO mood VALUES ('{mood}')"))
        .await
        .unwrap();
    database
}

async fn notes(database: &MySql) -> Vec<String> {
    database.column("SELECT text FROM notes").await
}

#[tokio::test]
async fn there_and_back() {
    for mood in ["good", "change"] {
        let database = in_a_mood(mood).await;
        assert_eq!(ran(&RUST.upgrade(database.db()).await.unwrap()), ["act"]);
        assert_eq!(notes(&database).await, ["begun"]);
        assert_consistent(&database).await;
        RUST.downgrade(database.db(), "-1").await.unwrap();
        assert_eq!(notes(&database).await, [""; 0]);
        assert_consistent(&database).await;
    }
}

#[tokio::test]
async fn an_error_undoes_the_rows() {
    let database = in_a_mood("fail").await;
    for _ in 0..2 {
        let error = RUST.upgrade(database.db()).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.revision()),
            (ErrorKind::Revision, Some("act")),
            "{error}"
        );
        assert!(
            error.to_string().contains("rolled back as a whole"),
            "{error}"
        );
        assert_eq!(notes(&database).await, [""; 0]);
    }
    database.execute("DELETE FROM mood").await.unwrap();
    RUST.upgrade(database.db()).await.unwrap();
    assert_eq!(notes(&database).await, ["begun"]);
    assert_consistent(&database).await;
}

#[tokio::test]
async fn an_error_behind_a_schema_change_is_in_doubt() {
    let database = in_a_mood("change and fail").await;
    let error = RUST.upgrade(database.db()).await.unwrap_err();
    assert!(error.to_string().contains("resolve act"), "{error}");
    assert_eq!(
        notes(&database).await,
        ["begun"],
        "the schema change has committed it"
    );
    assert!(RUST.upgrade(database.db()).await.unwrap_err().kind() == ErrorKind::InDoubt);
    RUST.resolve(database.db(), "act", Resolution::Applied)
        .await
        .unwrap();
    RUST.check(database.db()).await.unwrap();
}

/// Its work is committed or lost, and nobody can tell which: it is not recorded as done.
#[tokio::test]
async fn one_that_ends_its_transaction_is_not_recorded() {
    for mood in ["commit", "begin"] {
        let database = in_a_mood(mood).await;
        let error = RUST.upgrade(database.db()).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("ended the transaction"), "{mood}: {text}");
        assert_eq!(database.versions().await, ["start"], "{mood}");
        let error = RUST.upgrade(database.db()).await.unwrap_err();
        assert!(error.kind() == ErrorKind::InDoubt, "{mood}: {error}");
    }
}

#[tokio::test]
async fn transactions_of_sqlx_inside_it_are_savepoints() {
    let database = in_a_mood("nest").await;
    assert_eq!(ran(&RUST.upgrade(database.db()).await.unwrap()), ["act"]);
    assert_eq!(notes(&database).await, ["begun", "kept"]);
    assert_consistent(&database).await;
}

#[tokio::test]
async fn cut_off_it_is_in_doubt() {
    let database = in_a_mood("good").await;
    assert!(
        cut_at("before-record", 0, RUST.upgrade(database.db()))
            .await
            .is_none()
    );
    let error = RUST.upgrade(database.db()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::InDoubt, "{error}");
    RUST.resolve(database.db(), "act", Resolution::Retry)
        .await
        .unwrap();
    RUST.upgrade(database.db()).await.unwrap();
    assert_eq!(notes(&database).await, ["begun"]);
}
