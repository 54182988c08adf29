//! A call that is cancelled anywhere: its future is dropped after each number of polls. The next run finishes the work, and
//! nothing is left of the first: no lock, no transaction, no setting.

use std::time::Duration;

use embed_migrations::{Migrations, Runner};

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::{Backend, Cut, cut};

/// A schema change, rows, and both in one revision.
fn chain() -> Chain {
    Chain::new()
        .revision("a", "none")
        .up("CREATE TABLE log (line VARCHAR(9))")
        .down("DROP TABLE log")
        .revision("b", "a")
        .up("INSERT INTO log VALUES ('b1');\nINSERT INTO log VALUES ('b2')")
        .down("DELETE FROM log")
        .revision("c", "b")
        .up("CREATE TABLE c (id INTEGER);\nINSERT INTO log VALUES ('c')")
        .down("DROP TABLE c")
}

pub async fn on_a_pool<B: Backend>() {
    let chain = chain();
    let migrations = chain.load();
    for polls in 0.. {
        let database = B::fresh().await;
        let at = Cut::Polls(polls);
        let done = cut(at, migrations.runner(database.db()), Runner::upgrade).await;
        let again = migrations.upgrade(database.db()).await;
        again.unwrap_or_else(|error| panic!("{at:?}: {error}"));
        assert_done(&database, &migrations, at).await;
        if done.is_some() {
            return;
        }
    }
}

pub async fn on_a_passed_connection<B: Backend>() {
    let chain = chain();
    let migrations = chain.load();
    for polls in 0.. {
        let database = B::fresh().await;
        let mut passed = database.connect().await;
        let before = B::session(&mut passed).await;
        let at = Cut::Polls(polls);
        let runner = migrations.runner(B::pass(&mut passed));
        let done = cut(at, runner, Runner::upgrade).await;
        let again = migrations.upgrade(B::pass(&mut passed));
        let again = tokio::time::timeout(Duration::from_secs(30), again).await;
        let again = again.unwrap_or_else(|_| panic!("{at:?}: the next run hangs"));
        again.unwrap_or_else(|error| panic!("{at:?}: {error}"));
        assert_eq!(B::session(&mut passed).await, before, "{at:?}");
        assert_done(&database, &migrations, at).await;
        if done.is_some() {
            return;
        }
    }
}

/// Each revision was applied once, and another run can have the lock at once.
async fn assert_done<B: Backend>(database: &B, migrations: &Migrations, at: Cut) {
    assert_consistent(database).await;
    let lines = database.column("SELECT line FROM log ORDER BY line").await;
    assert_eq!(lines, ["b1", "b2", "c"], "{at:?}");
    let other = migrations.runner(database.db());
    let other = other.to("a").lock_deadline(Duration::ZERO).downgrade();
    other
        .await
        .unwrap_or_else(|error| panic!("{at:?}: {error}"));
}
