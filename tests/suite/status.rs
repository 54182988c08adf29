//! Reading a database: where it is, and what is wrong with it.

use std::time::Duration;

use embed_migrations::{Ahead, ErrorKind};

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::{Backend, Events, at, ran};

pub async fn of_each_state<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(3);
    let migrations = chain.load();
    let pending = |status: &embed_migrations::Status| {
        status
            .pending
            .iter()
            .map(|step| step.revision.clone())
            .collect::<Vec<_>>()
    };

    let empty = migrations.status(database.db()).await.unwrap();
    assert_eq!(
        (&empty.current[..], pending(&empty)),
        (&[][..], vec!["r1".into(), "r2".into(), "r3".into()])
    );
    assert!(!empty.is_current());
    assert!(
        empty
            .to_string()
            .starts_with("the database is at base\npending: r1 Make r1"),
        "{empty}"
    );

    migrations
        .runner(database.db())
        .to("r2")
        .upgrade()
        .await
        .unwrap();
    let partial = migrations.status(database.db()).await.unwrap();
    assert_eq!(
        (&partial.current[..], pending(&partial)),
        (&["r2".to_owned()][..], vec!["r3".into()])
    );

    migrations.upgrade(database.db()).await.unwrap();
    let full = migrations.status(database.db()).await.unwrap();
    assert!(full.is_current());
    assert_eq!(full.to_string(), "the database is at r3, the head");
}

pub async fn check_names_what_is_missing<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(2);
    let migrations = chain.load();
    let error = migrations.check(database.db()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::NotCurrent);
    assert!(
        error.to_string().contains("2 revisions are pending"),
        "{error}"
    );
    migrations
        .runner(database.db())
        .to("r1")
        .upgrade()
        .await
        .unwrap();
    let error = migrations.check(database.db()).await.unwrap_err();
    assert!(error.to_string().contains("pending: r2 Make r2"), "{error}");
    migrations.upgrade(database.db()).await.unwrap();
    migrations.check(database.db()).await.unwrap();
}

pub async fn plans<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(3);
    let migrations = chain.load();
    let plan = migrations.plan(database.db(), "r2").await.unwrap();
    assert_eq!(plan.to_string(), "upgrade r1 Make r1\nupgrade r2 Make r2");
    assert!(plan.steps[0].is_transactional);
    migrations.upgrade(database.db()).await.unwrap();
    assert_eq!(
        migrations
            .plan(database.db(), "head")
            .await
            .unwrap()
            .to_string(),
        "nothing to do"
    );
    let down = migrations
        .runner(database.db())
        .to("r1")
        .plan_downgrade()
        .await
        .unwrap();
    assert_eq!(
        down.to_string(),
        "downgrade r3 Make r3\ndowngrade r2 Make r2"
    );
    assert_eq!(database.versions().await, ["r3"]);
}

pub async fn reading_creates_nothing<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(2);
    let migrations = chain.load();
    migrations.status(database.db()).await.unwrap();
    migrations.check(database.db()).await.unwrap_err();
    migrations.plan(database.db(), "head").await.unwrap();
    migrations
        .wait_until_current(database.db(), Duration::ZERO)
        .await
        .unwrap_err();
    migrations
        .runner(database.db())
        .to("base")
        .plan_downgrade()
        .await
        .unwrap();
    migrations
        .resolve(database.db(), "r1", embed_migrations::Resolution::Retry)
        .await
        .unwrap_err();
    assert_eq!(database.tables().await, [""; 0]);
}

pub async fn waits_for_another_task<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(3);
    let migrations = chain.load();
    let events = Events::default();
    let (asked, has_asked) = tokio::sync::oneshot::channel();
    let asked = std::sync::Mutex::new(Some(asked));
    let waiting = migrations
        .runner(database.db())
        .on_event(move |_| {
            asked.lock().unwrap().take().map(|asked| asked.send(()));
        })
        .wait_until_current(Duration::from_mins(1));
    let migrate = async {
        has_asked.await.unwrap();
        events
            .of(&migrations, database.db())
            .upgrade()
            .await
            .unwrap();
    };
    let (waited, ()) = tokio::join!(waiting, migrate);
    waited.unwrap();
    assert_eq!(events.lines()[0], "planned 3");
}

pub async fn waits_no_longer_than_told<B: Backend>() {
    let chain = Chain::line(2);
    let migrations = chain.load();
    let database = at::<B>(&migrations, "r1").await;
    let error = migrations
        .wait_until_current(database.db(), Duration::from_millis(60))
        .await
        .unwrap_err();
    assert!(error.kind() == ErrorKind::NotCurrent);
    let text = error.to_string();
    assert!(
        text.contains("r2") && text.contains("waited 0.06 s"),
        "{text}"
    );
}

pub async fn waits_without_end<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(1);
    let migrations = chain.load();
    let forever = Duration::MAX;
    let runner = migrations.runner(database.db()).lock_deadline(forever);
    runner.statement_timeout(forever).upgrade().await.unwrap();
    let current = migrations.wait_until_current(database.db(), forever);
    current.await.unwrap();
}

pub async fn an_edited_revision<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(3);
    chain
        .load()
        .runner(database.db())
        .to("r2")
        .upgrade()
        .await
        .unwrap();
    chain.edit(
        "r1",
        "CREATE TABLE t1 (id INTEGER)",
        "CREATE TABLE t1 (id INTEGER, name TEXT)",
    );
    let migrations = chain.reload();
    for error in [
        migrations.upgrade(database.db()).await.unwrap_err(),
        migrations.check(database.db()).await.unwrap_err(),
        migrations.plan(database.db(), "head").await.unwrap_err(),
        migrations
            .wait_until_current(database.db(), Duration::from_mins(1))
            .await
            .unwrap_err(),
    ] {
        assert!(error.kind() == ErrorKind::Edited, "{error}");
        assert_eq!(error.revision(), Some("r1"));
        assert!(
            error.location().unwrap().ends_with("versions/r1.sql:7:1"),
            "{error}"
        );
        assert!(error.to_string().contains("stamp r2"), "{error}");
    }
    let status = migrations.status(database.db()).await.unwrap();
    assert_eq!(status.edited, ["r1"]);
    assert!(
        status
            .to_string()
            .contains("edited since it was applied: r1"),
        "{status}"
    );
    assert_eq!(database.versions().await, ["r2"], "nothing ran");
}

pub async fn what_is_no_edit<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(2);
    chain.load().upgrade(database.db()).await.unwrap();
    chain.edit("r1", "-- Make r1", "-- Say it in other words");
    chain.edit("r1", "DROP TABLE t1", "DROP TABLE IF EXISTS t1");
    chain.edit(
        "r2",
        "CREATE TABLE t2 (",
        "-- The second.\nCREATE  TABLE t2 /* of two */\n(",
    );
    chain.edit("r2", "\n", "\r\n");
    let migrations = chain.reload();
    migrations.check(database.db()).await.unwrap();
    assert!(migrations.upgrade(database.db()).await.unwrap().is_empty());
    migrations.downgrade(database.db(), "base").await.unwrap();
    assert_consistent(&database).await;
}

pub async fn an_unknown_row<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(2);
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    database
        .execute("UPDATE alembic_version SET version_num = 'feedbeef'")
        .await
        .unwrap();
    let error = migrations.upgrade(database.db()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Ahead, "{error}");
    assert!(error.to_string().contains("`feedbeef`"), "{error}");
    assert!(
        error
            .to_string()
            .contains("`r2` of this binary is not applied"),
        "{error}"
    );
    assert_eq!(
        migrations.status(database.db()).await.unwrap().unknown,
        ["feedbeef"]
    );
    assert!(
        migrations
            .runner(database.db())
            .ahead(Ahead::Allow)
            .upgrade()
            .await
            .unwrap_err()
            .kind()
            == ErrorKind::Ahead,
        "it diverged"
    );
    assert!(
        migrations
            .downgrade(database.db(), "base")
            .await
            .unwrap_err()
            .kind()
            == ErrorKind::Ahead
    );
    assert_eq!(database.versions().await, ["feedbeef"]);
}

pub async fn ahead<B: Backend>() {
    let database = B::fresh().await;
    let (older, newer) = (Chain::line(2), Chain::line(4));
    newer.load().upgrade(database.db()).await.unwrap();
    let older = older.load();
    let error = older.upgrade(database.db()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Ahead);
    assert!(error.to_string().contains("Ahead::Allow"), "{error}");
    let report = older
        .runner(database.db())
        .ahead(Ahead::Allow)
        .upgrade()
        .await
        .unwrap();
    assert!(report.is_empty());
    assert_eq!(report.current, ["r4"]);
    older
        .runner(database.db())
        .ahead(Ahead::Allow)
        .check()
        .await
        .unwrap();
    older
        .runner(database.db())
        .ahead(Ahead::Allow)
        .wait_until_current(Duration::ZERO)
        .await
        .unwrap();
    assert!(older.check(database.db()).await.unwrap_err().kind() == ErrorKind::Ahead);
}

/// The newer binary does not have what the older one has added.
pub async fn ahead_and_diverged<B: Backend>() {
    let database = B::fresh().await;
    Chain::line(3).load().upgrade(database.db()).await.unwrap();
    let other = Chain::line(2)
        .revision("x", "r2")
        .up("CREATE TABLE x (id INTEGER)");
    let error = other
        .load()
        .runner(database.db())
        .ahead(Ahead::Allow)
        .upgrade()
        .await
        .unwrap_err();
    assert!(error.kind() == ErrorKind::Ahead);
    assert!(
        error
            .to_string()
            .contains("`x` of this binary is not applied there"),
        "{error}"
    );
}

/// r1 … r3 squashed into r3.
fn squash(digest: &str) -> Chain {
    Chain::new()
        .revision("r3", "none")
        .header("replaces: r1, r2, r3")
        .header(&format!("replaced_digest: {digest}"))
        .up("CREATE TABLE t1 (id INTEGER); CREATE TABLE t2 (id INTEGER); CREATE TABLE t3 (id INTEGER)")
        .revision("r4", "r3")
        .up("CREATE TABLE t4 (id INTEGER)")
}

fn digest_of_head<B: Backend>(chain: &Chain) -> String {
    let migrations = chain.load();
    let head = migrations.heads()[0].clone();
    let revision = migrations
        .revisions()
        .iter()
        .find(|revision| revision.id() == head)
        .unwrap();
    revision.digest(B::DIALECT).to_string()
}

pub async fn squashed<B: Backend>() {
    let database = B::fresh().await;
    let before = Chain::line(3);
    before.load().upgrade(database.db()).await.unwrap();
    let after = squash(&digest_of_head::<B>(&before)).load();
    assert_eq!(ran(&after.upgrade(database.db()).await.unwrap()), ["r4"]);
    after.check(database.db()).await.unwrap();

    let fresh = B::fresh().await;
    assert_eq!(ran(&after.upgrade(fresh.db()).await.unwrap()), ["r3", "r4"]);
    assert_consistent(&fresh).await;
}

pub async fn squashed_in_the_middle<B: Backend>() {
    let database = B::fresh().await;
    let before = Chain::line(3);
    before
        .load()
        .runner(database.db())
        .to("r2")
        .upgrade()
        .await
        .unwrap();
    let after = squash(&digest_of_head::<B>(&before)).load();
    for error in [
        after.upgrade(database.db()).await.unwrap_err(),
        after.check(database.db()).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Replaced, "{error}");
        assert!(
            error.summary().contains("`r2`") && error.summary().contains("`r3`"),
            "{error}"
        );
        assert!(error.to_string().contains("before the squash"), "{error}");
    }

    let edited = squash(&"0".repeat(64)).load();
    let at_head = B::fresh().await;
    before.load().upgrade(at_head.db()).await.unwrap();
    assert!(edited.upgrade(at_head.db()).await.unwrap_err().kind() == ErrorKind::Edited);
}

/// It says that something is applied and not what: nothing runs, and nobody waits for it to change.
pub async fn a_row_that_is_null<B: Backend>() {
    for rows in ["(NULL)", "(NULL), ('r1')"] {
        let database = B::fresh().await;
        let make = format!(
            "CREATE TABLE alembic_version (version_num VARCHAR(32)); INSERT INTO alembic_version VALUES {rows}"
        );
        database.execute(&make).await.unwrap();
        let chain = Chain::line(2);
        let migrations = chain.load();
        let runner = migrations.runner(database.db());
        let runner = runner.lock_deadline(Duration::from_secs(5));
        for error in [
            runner.upgrade().await.unwrap_err(),
            migrations.status(database.db()).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Tables, "{error}");
            let text = error.to_string();
            assert!(
                text.contains("`alembic_version` has a row that is NULL"),
                "{error}"
            );
            assert!(text.contains("stamp"), "{error}");
        }
        assert!(!database.tables().await.contains(&"t1".to_owned()));
    }
}
