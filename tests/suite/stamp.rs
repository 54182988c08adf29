//! Setting rows without running, and sharing a database with Alembic.

use embed_migrations::{ErrorKind, Migrations};

use super::upgrade::two_branches;
use crate::support::Backend;
use crate::support::chain::Chain;
use crate::support::ran;

pub async fn sets_rows<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(3);
    let migrations = chain.load();
    let report = migrations.stamp(database.db(), &["r2"]).await.unwrap();
    assert_eq!(report.current, ["r2"]);
    assert_eq!(report.to_string(), "stamped, now at r2");
    assert!(!report.is_empty());
    let again = migrations.stamp(database.db(), &["r2"]).await.unwrap();
    assert_eq!(again.to_string(), "nothing to do, the database is at r2");
    assert!(again.is_empty());
    assert_eq!(database.versions().await, ["r2"]);
    assert_eq!(
        database.tables().await,
        ["alembic_version", "migrate_journal"]
    );
    assert_eq!(database.journal().await, ["stamped stamp r2 0"]);
    assert_eq!(
        ran(&migrations.upgrade(database.db()).await.unwrap()),
        ["r3"]
    );
    let force = migrations.runner(database.db()).force();
    assert_eq!(force.stamp(&["base"]).await.unwrap().current, [""; 0]);
    assert_eq!(database.versions().await, [""; 0]);

    let branches = two_branches();
    let branches = branches.load();
    let other = B::fresh().await;
    assert_eq!(
        branches
            .stamp(other.db(), &["heads"])
            .await
            .unwrap()
            .current,
        ["a2", "b1"]
    );
    assert_eq!(other.versions().await, ["a2", "b1"]);
    assert!(
        branches
            .stamp(other.db(), &["nowhere"])
            .await
            .unwrap_err()
            .kind()
            == ErrorKind::Target
    );
}

/// It says that it created something only if both tables are there afterwards.
pub async fn ensure_version_creates_the_tables<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(2);
    let migrations = chain.load();
    let tables = ["alembic_version", "migrate_journal"];
    for drop in [None, Some("migrate_journal"), Some("alembic_version")] {
        if let Some(table) = drop {
            let sql = format!("DROP TABLE {table}");
            database.execute(&sql).await.unwrap();
        }
        let ensure = || migrations.runner(database.db()).ensure_version();
        assert!(ensure().await.unwrap(), "without {drop:?}");
        assert_eq!(database.tables().await, tables, "without {drop:?}");
        assert!(!ensure().await.unwrap(), "both were there");
    }
    migrations.upgrade(database.db()).await.unwrap();
    assert_eq!(database.versions().await, ["r2"]);
}

pub async fn replaces_all_with_purge<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(2);
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    database
        .execute("UPDATE alembic_version SET version_num = 'feedbeef'")
        .await
        .unwrap();
    migrations.stamp(database.db(), &["r2"]).await.unwrap_err();
    assert_eq!(
        migrations
            .runner(database.db())
            .purge()
            .stamp(&["r2"])
            .await
            .unwrap()
            .current,
        ["r2"]
    );
    assert_eq!(database.versions().await, ["r2"]);
    migrations.check(database.db()).await.unwrap();

    database
        .execute("UPDATE alembic_version SET version_num = 'feedbeef'")
        .await
        .unwrap();
    assert_eq!(
        migrations
            .runner(database.db())
            .purge()
            .stamp(&["base"])
            .await
            .unwrap()
            .current,
        [""; 0]
    );
    assert_eq!(database.versions().await, [""; 0]);
    let journal = database.journal().await;
    assert_eq!(journal.last().unwrap(), "stamped downgrade feedbeef 0");
}

pub async fn accepts_edits<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(3);
    chain.load().upgrade(database.db()).await.unwrap();
    chain.edit("r1", "id INTEGER", "id BIGINT");
    let migrations = chain.reload();
    assert!(migrations.check(database.db()).await.unwrap_err().kind() == ErrorKind::Edited);
    migrations.stamp(database.db(), &["r3"]).await.unwrap();
    migrations.check(database.db()).await.unwrap();
    assert!(migrations.upgrade(database.db()).await.unwrap().is_empty());
    assert_eq!(
        migrations.status(database.db()).await.unwrap().edited,
        [""; 0]
    );
}

const ALEMBIC_TABLE: &str = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, \
                             CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))";

pub async fn adopts_from_alembic<B: Backend>() {
    let database = B::fresh().await;
    database.execute(ALEMBIC_TABLE).await.unwrap();
    database
        .execute("INSERT INTO alembic_version VALUES ('r2')")
        .await
        .unwrap();
    let chain = Chain::line(4);
    let migrations = chain.load();
    let status = migrations.status(database.db()).await.unwrap();
    assert_eq!(
        (&status.current[..], status.pending.len()),
        (&["r2".to_owned()][..], 2)
    );
    assert_eq!(database.tables().await, ["alembic_version"]);
    assert_eq!(
        ran(&migrations.upgrade(database.db()).await.unwrap()),
        ["r3", "r4"]
    );
    assert_eq!(database.versions().await, ["r4"]);
    migrations.check(database.db()).await.unwrap();

    let at_head = B::fresh().await;
    at_head.execute(ALEMBIC_TABLE).await.unwrap();
    at_head
        .execute("INSERT INTO alembic_version VALUES ('r4')")
        .await
        .unwrap();
    assert!(migrations.upgrade(at_head.db()).await.unwrap().is_empty());
    assert_eq!(
        at_head.tables().await,
        ["alembic_version"],
        "nothing to record, nothing to create"
    );
}

/// Alembic reads the table that we make, changes it, and we go on from there.
pub async fn leaves_what_alembic_reads<B: Backend>() {
    let (ours, theirs) = (B::fresh().await, B::fresh().await);
    let chain = Chain::line(3);
    let migrations = chain.load();
    migrations
        .runner(ours.db())
        .to("r1")
        .upgrade()
        .await
        .unwrap();
    theirs.execute(ALEMBIC_TABLE).await.unwrap();
    let unquoted = |text: &String| text.replace(['"', '`'], "");
    let schema: Vec<String> = ours.schema().await.iter().map(unquoted).collect();
    for definition in theirs.schema().await {
        assert!(schema.contains(&unquoted(&definition)), "{schema:#?}");
    }

    ours.execute("CREATE TABLE t2 (id INTEGER)").await.unwrap();
    ours.execute("UPDATE alembic_version SET version_num = 'r2' WHERE version_num = 'r1'")
        .await
        .unwrap();
    assert_eq!(ran(&migrations.upgrade(ours.db()).await.unwrap()), ["r3"]);
}

pub async fn replaces_unknown_rows_with_purge_alone<B: Backend>() {
    let database = B::fresh().await;
    let migrations = Chain::line(2).load();
    migrations.upgrade(database.db()).await.unwrap();
    let update = "UPDATE alembic_version SET version_num = 'lost'";
    database.execute(update).await.unwrap();
    let error = migrations
        .stamp(database.db(), &["heads"])
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("`lost`") && text.contains("stamp --purge"),
        "{text}"
    );
    let purge = migrations.runner(database.db()).purge();
    purge.stamp(&["heads"]).await.unwrap();
    migrations.check(database.db()).await.unwrap();
}

/// Whatever is applied stays applied, unless the user insists.
pub async fn moves_forward_only<B: Backend>() {
    let database = B::fresh().await;
    let branches = two_branches();
    let migrations = branches.load();
    migrations
        .runner(database.db())
        .to("a2")
        .upgrade()
        .await
        .unwrap();
    for target in ["a1", "base"] {
        let error = migrations
            .stamp(database.db(), &[target])
            .await
            .unwrap_err();
        let text = error.to_string();
        assert!(
            error.kind() == ErrorKind::Target && text.contains("`a2`"),
            "{text}"
        );
        assert!(text.contains("stamp --force"), "{text}");
        assert_eq!(database.versions().await, ["a2"]);
    }
    migrations.stamp(database.db(), &["b1"]).await.unwrap();
    assert_eq!(database.versions().await, ["a2", "b1"]);
    let force = migrations.runner(database.db()).force();
    force.stamp(&["a1"]).await.unwrap();
    assert_eq!(database.versions().await, ["a1", "b1"]);
}

/// Eight at once, to different places: whoever comes later sees what the earlier ones did, and none moves it back.
pub async fn several_at_once<B: Backend>() {
    let database: &'static B = Box::leak(Box::new(B::fresh().await));
    let migrations: &'static Migrations = Box::leak(Box::new(Chain::line(8).load()));
    let stamp = |n: usize| async move {
        let target = format!("r{n}");
        let stamped = migrations.stamp(database.db(), &[&target]).await;
        let is_refused = stamped.is_err_and(|error| {
            assert!(error.kind() == ErrorKind::Target, "{error}");
            true
        });
        (n, is_refused)
    };
    let stamps: Vec<_> = (1..=8).map(|n| tokio::spawn(stamp(n))).collect();
    for stamp in stamps {
        let (n, is_refused) = stamp.await.unwrap();
        assert!(n < 8 || !is_refused, "nothing is ahead of the head");
    }
    assert_eq!(database.versions().await, ["r8"]);
    assert!(migrations.upgrade(database.db()).await.unwrap().is_empty());
}
