//! Downgrades.

use embed_migrations::{ErrorKind, Resolution};

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
    assert!(error.kind() == ErrorKind::Target);
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
    assert!(error.kind() == ErrorKind::Target, "{error}");
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

/// Every file is another one than was applied: what undoes it is in the journal.
pub async fn replaced_files<B: Backend>() {
    for (target, left) in [("-1", vec!["t1", "t2"]), ("base", vec![])] {
        let database = B::fresh().await;
        Chain::line(3).load().upgrade(database.db()).await.unwrap();
        let replaced = Chain::new().then("r", "none", 3, |chain, n| {
            chain
                .up(&format!("CREATE TABLE other{n} (id INTEGER)"))
                .down(&format!("DROP TABLE other{n}"))
        });
        let replaced = replaced.load();
        replaced.downgrade(database.db(), target).await.unwrap();
        let tables = database.tables().await;
        let tables = tables.iter().filter(|table| table.starts_with('t'));
        assert_eq!(tables.collect::<Vec<_>>(), left, "{target}");
    }
}

pub async fn replaced_files_without_a_script<B: Backend>() {
    let database = B::fresh().await;
    let line = |down: &str| {
        Chain::new().then("r", "none", 2, |chain, n| {
            let chain = chain.up(&format!("CREATE TABLE t{n} (id INTEGER){down}"));
            if down.is_empty() {
                chain
            } else {
                chain.down("SELECT 1")
            }
        })
    };
    line("").load().upgrade(database.db()).await.unwrap();
    let replaced = line(";SELECT 1").load();
    for target in ["-1", "base"] {
        let error = replaced.downgrade(database.db(), target).await.unwrap_err();
        let text = error.to_string();
        assert!(
            error.kind() == ErrorKind::Edited && error.revision() == Some("r2"),
            "{text}"
        );
        assert!(
            text.contains("had no downgrade when it was applied"),
            "{text}"
        );
    }
    assert_eq!(database.versions().await, ["r2"]);
}

/// A downgrade past a revision that cannot be finished says how to go on.
pub async fn waits_for_what_is_interrupted<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(1)
        .revision("r2", "r1")
        .header("transaction: off")
        .up("CREATE TABLE t2 (id INTEGER);\nDELETE FROM missing");
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap_err();
    let error = migrations
        .downgrade(database.db(), "base")
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("cargo migrate resolve r2 --not-applied"),
        "{text}"
    );
    database.execute("DROP TABLE t2").await.unwrap();
    let resolved = migrations.resolve(database.db(), "r2", Resolution::NotApplied);
    resolved.await.unwrap();
    migrations.downgrade(database.db(), "base").await.unwrap();
}
