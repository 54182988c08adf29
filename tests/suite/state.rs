//! States of the two tables that no run leaves: each is an error that names the table, and says how to repair it.

use std::time::Duration;

use embed_migrations::{Database, Error, ErrorKind, Migrations, Report};

use crate::support::chain::Chain;
use crate::support::{Backend, ran};

/// An upgrade that must come to an end.
async fn upgrade<'a>(migrations: &'a Migrations, db: impl Database<'a>) -> Result<Report, Error> {
    let runner = migrations.runner(db).lock_deadline(Duration::from_secs(1));
    let upgrade = tokio::time::timeout(Duration::from_mins(1), runner.upgrade());
    upgrade.await.expect("it ends")
}

fn assert_tables(error: &Error, parts: &[&str]) {
    let text = error.to_string();
    assert_eq!(error.kind(), ErrorKind::Tables, "{text}");
    for part in ["`alembic_version`"].iter().chain(parts) {
        assert!(text.contains(part), "{part}: {text}");
    }
}

pub async fn rows_that_contradict_each_other<B: Backend>() {
    let database = B::fresh().await;
    let migrations = Chain::line(3).load();
    let to = migrations.runner(database.db()).to("r2");
    to.upgrade().await.unwrap();
    let insert = "INSERT INTO alembic_version VALUES ('r1')";
    database.execute(insert).await.unwrap();
    let error = upgrade(&migrations, database.db()).await.unwrap_err();
    assert_tables(&error, &["`r1` and `r2`", "cargo migrate stamp r2"]);
    let error = migrations.check(database.db()).await.unwrap_err();
    assert_tables(&error, &[]);
    migrations.stamp(database.db(), &["r2"]).await.unwrap();
    assert_eq!(database.versions().await, ["r2"]);
    let report = upgrade(&migrations, database.db()).await.unwrap();
    assert_eq!(ran(&report), ["r3"]);
}

pub async fn rows_that_were_deleted<B: Backend>() {
    let database = B::fresh().await;
    let data = |chain: Chain, n| {
        chain
            .up(&format!("INSERT INTO t VALUES ({n})"))
            .down("DELETE FROM t")
    };
    let chain = Chain::new()
        .revision("t1", "none")
        .up("CREATE TABLE t (id INTEGER)")
        .down("DROP TABLE t")
        .then("r", "t1", 2, data);
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    let delete = "DELETE FROM alembic_version";
    database.execute(delete).await.unwrap();
    let error = upgrade(&migrations, database.db()).await.unwrap_err();
    assert_tables(&error, &["`migrate_journal`", "stamp r2`", "stamp base`"]);
    let error = migrations.status(database.db()).await.unwrap_err();
    assert_tables(&error, &[]);
    assert_eq!(
        database
            .column("SELECT CONCAT(id) FROM t ORDER BY id")
            .await,
        ["1", "2"]
    );

    migrations.stamp(database.db(), &["r2"]).await.unwrap();
    migrations.check(database.db()).await.unwrap();
    migrations.downgrade(database.db(), "-1").await.unwrap();
    database.execute(delete).await.unwrap();
    let error = upgrade(&migrations, database.db()).await.unwrap_err();
    assert_tables(&error, &["stamp r1`"]);

    migrations.stamp(database.db(), &["base"]).await.unwrap();
    let status = migrations.status(database.db()).await.unwrap();
    assert_eq!(status.pending.len(), 3);
    database.execute("DROP TABLE t").await.unwrap();
    upgrade(&migrations, database.db()).await.unwrap();
}

pub async fn a_stamp_under_way<B: Backend>() {
    let database = B::fresh().await;
    let migrations = Chain::line(2).load();
    let to = migrations.runner(database.db()).to("r1");
    to.upgrade().await.unwrap();
    let insert = "INSERT INTO migrate_journal (event, direction, revision, down_revision, depends_on, message, settings, \
                  started_at, statements, tool_version) SELECT 'started', 'stamp', 'r1', '', '', '', '', started_at, 0, '' \
                  FROM migrate_journal";
    database.execute(insert).await.unwrap();
    let error = upgrade(&migrations, database.db()).await.unwrap_err();
    let text = error.to_string();
    assert_eq!(error.kind(), ErrorKind::Tables, "{text}");
    assert!(
        text.contains("`migrate_journal`") && text.contains("`started`"),
        "{text}"
    );
    migrations.stamp(database.db(), &["r2"]).await.unwrap_err();
}
