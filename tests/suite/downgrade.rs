//! Downgrades.

use embed_migrations::ErrorKind;

use super::upgrade::two_branches;
use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::{Backend, Events, ran};

pub async fn by_targets<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(5);
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    let report = migrations.downgrade(database.db(), "-1").await.unwrap();
    assert_eq!(
        (ran(&report), &report.current[..]),
        (vec!["r5"], &["r4".to_owned()][..])
    );
    let report = migrations.downgrade(database.db(), "r2").await.unwrap();
    assert_eq!(ran(&report), ["r4", "r3"]);
    assert_eq!(
        database.tables().await,
        ["alembic_version", "migrate_journal", "t1", "t2"]
    );
    assert!(
        report.to_string().starts_with("downgraded 2 revisions"),
        "{report}"
    );
    assert_consistent(&database).await;

    let events = Events::default();
    let report = events
        .of(&migrations, database.db())
        .to("base")
        .downgrade()
        .await
        .unwrap();
    assert_eq!(report.current, [""; 0]);
    assert_eq!(events.lines()[1], "started downgrade r2 1/2 with 1");
    assert_eq!(
        database.tables().await,
        ["alembic_version", "migrate_journal"]
    );
    assert_eq!(database.versions().await, [""; 0]);
    assert_consistent(&database).await;
    migrations.upgrade(database.db()).await.unwrap();
    assert_consistent(&database).await;
}

pub async fn needs_a_target<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(1);
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    let error = migrations
        .runner(database.db())
        .downgrade()
        .await
        .unwrap_err();
    assert!(error.is_target());
    assert!(error.to_string().contains("`-1`"), "{error}");
    assert_eq!(database.versions().await, ["r1"]);
}

pub async fn refuses_the_irreversible<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(1)
        .revision("gone", "r1")
        .header("irreversible: the old names are gone")
        .up("CREATE TABLE gone (id INTEGER)")
        .revision("top", "gone")
        .up("CREATE TABLE top (id INTEGER)")
        .down("DROP TABLE top");
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    let error = migrations
        .downgrade(database.db(), "base")
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Irreversible, Some("gone"))
    );
    assert!(
        error.location().unwrap().ends_with("gone.sql:5:18"),
        "{error}"
    );
    assert!(
        error.to_string().contains("the old names are gone"),
        "{error}"
    );
    assert_eq!(
        database.versions().await,
        ["top"],
        "nothing was undone, not even what can be"
    );
    assert_eq!(
        migrations
            .downgrade(database.db(), "gone")
            .await
            .unwrap()
            .current,
        ["gone"]
    );
}

pub async fn refuses_without_a_section<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(1)
        .revision("x", "r1")
        .up("CREATE TABLE x (id INTEGER)");
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    let error = migrations.downgrade(database.db(), "-1").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Irreversible, Some("x"))
    );
    assert!(
        error.to_string().contains("-- migrate: downgrade"),
        "{error}"
    );
    assert_eq!(database.versions().await, ["x"]);
}

pub async fn a_branch_alone<B: Backend>() {
    let database = B::fresh().await;
    let chain = two_branches();
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    let error = migrations.downgrade(database.db(), "-1").await.unwrap_err();
    assert!(error.is_target(), "{error}");
    assert!(
        error.to_string().contains("a2") && error.to_string().contains("b1"),
        "{error}"
    );
    assert_eq!(
        migrations
            .downgrade(database.db(), "left@base")
            .await
            .unwrap()
            .current,
        ["b1"]
    );
    assert_consistent(&database).await;
}
