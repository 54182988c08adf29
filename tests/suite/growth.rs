//! A startup with nothing to do reads the same amount whatever has grown.

use crate::support::chain::Chain;
use crate::support::{Backend, at};

/// Two heads: `x` was recorded first, and nothing of it since.
fn chain(revisions: usize) -> Chain {
    let chain = Chain::new()
        .config("heads = \"many\"\nbases = \"many\"\n")
        .revision("x", "none")
        .up("SELECT 1");
    chain.then("r", "none", revisions, |chain, _| chain.up("SELECT 1"))
}

pub async fn with_the_journal<B: Backend>() {
    let chain = chain(2);
    let migrations = chain.load();
    let database = at::<B>(&migrations, "x").await;
    migrations.upgrade(database.db()).await.unwrap();
    let before = database.read_by_upgrade(&migrations).await;
    // Those of other revisions, as years of upgrades and downgrades leave them; the last one is r2's.
    let columns = "down_revision, depends_on, message, settings, checksum, digest, started_at, \
                   finished_at, duration_ms, statements, statements_hash, downgrade, tool_version, error";
    let double = format!(
        "INSERT INTO migrate_journal (event, direction, revision, {columns}) SELECT event, direction, CONCAT('o', sequence), \
         {columns} FROM migrate_journal"
    );
    for _ in 0..11 {
        database.execute(&double).await.unwrap();
    }
    let rows = database
        .column("SELECT CONCAT(COUNT(*)) FROM migrate_journal")
        .await;
    assert_eq!(rows, ["6144"]);
    let after = database.read_by_upgrade(&migrations).await;
    assert!(after <= before + 4, "{before} became {after}");
}

pub async fn with_the_chain<B: Backend>() {
    let mut read = Vec::new();
    for revisions in [2, 100] {
        let database = B::fresh().await;
        let chain = chain(revisions);
        let migrations = chain.load();
        migrations.upgrade(database.db()).await.unwrap();
        read.push(database.read_by_upgrade(&migrations).await);
    }
    assert!(read[1] <= read[0] + 4, "{read:?}");
}
