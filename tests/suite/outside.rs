//! Revisions outside a transaction: `transaction: off`.

use embed_migrations::{ErrorKind, Migrations, Resolution, Runner};

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::{Backend, Events, cut, cuts, ran};

/// `o` has three statements outside a transaction, between two revisions inside.
fn chain() -> Chain {
    Chain::line(1)
        .revision("o", "r1")
        .header("transaction: off")
        .up("CREATE TABLE o1 (id INTEGER);\nINSERT INTO o1 VALUES (1);\nCREATE TABLE o2 (id INTEGER)")
        .down("DROP TABLE o2;\nDELETE FROM o1;\nDROP TABLE o1")
        .revision("z", "o")
        .up("CREATE TABLE z (id INTEGER)")
        .down("DROP TABLE z")
}

/// The same, and its second statement fails as long as there is no table `later`.
fn failing() -> Chain {
    Chain::line(1)
        .revision("o", "r1")
        .header("transaction: off")
        .up("CREATE TABLE o1 (id INTEGER);\nINSERT INTO later VALUES (1);\nCREATE TABLE o2 (id INTEGER)")
        .down("DROP TABLE o2;\nDELETE FROM later;\nDROP TABLE o1")
}

pub async fn runs_statement_by_statement<B: Backend>() {
    let database = B::fresh().await;
    let chain = chain();
    let migrations = chain.load();
    let events = Events::default();
    let report = events
        .of(&migrations, database.db())
        .upgrade()
        .await
        .unwrap();
    assert_eq!(ran(&report), ["r1", "o", "z"]);
    let journal = [
        "finished upgrade r1 1",
        "started upgrade o 0",
        "statement upgrade o 1",
        "statement upgrade o 2",
        "statement upgrade o 3",
        "finished upgrade o 3",
        "finished upgrade z 1",
    ];
    let written = database.journal().await;
    let is_of_o = |line: &&String| line.contains(" o ") || line.starts_with("finished");
    assert_eq!(written.iter().filter(is_of_o).collect::<Vec<_>>(), journal);
    let expected = [
        "started upgrade o 2/3 with 3",
        "statement o 1/3",
        "statement o 2/3",
        "statement o 3/3",
        "finished upgrade o",
    ];
    assert_eq!(events.lines()[4..9], expected);
    assert_consistent(&database).await;

    let back = Events::default();
    back.of(&migrations, database.db())
        .to("r1")
        .downgrade()
        .await
        .unwrap();
    assert_eq!(
        database.tables().await,
        ["alembic_version", "migrate_journal", "t1"]
    );
    assert_consistent(&database).await;
}

pub async fn fails_and_goes_on<B: Backend>() {
    let database = B::fresh().await;
    let chain = failing();
    let migrations = chain.load();
    let error = migrations.upgrade(database.db()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Statement, Some("o"))
    );
    let place = format!("o.sql:9:{}", B::column_of(13));
    assert!(error.location().unwrap().ends_with(&place), "{error}");
    assert!(
        error
            .to_string()
            .contains("statements 1 to 1 of 3 are done"),
        "{error}"
    );
    let written = [
        "started upgrade o 0",
        "statement upgrade o 1",
        "failed upgrade o 1",
    ];
    let journal = database.journal().await;
    assert_eq!(journal[journal.len() - 3..], written, "{journal:#?}");
    let unfinished = migrations
        .status(database.db())
        .await
        .unwrap()
        .unfinished
        .unwrap();
    assert_eq!(
        (&*unfinished.revision, unfinished.statements_done),
        ("o", 1)
    );
    assert!(unfinished.error.unwrap().contains("later"));
    let error = migrations.check(database.db()).await.unwrap_err();
    assert!(error.to_string().contains("`o` was interrupted"), "{error}");

    assert!(
        migrations.upgrade(database.db()).await.is_err(),
        "it fails as before"
    );
    database
        .execute("CREATE TABLE later (id INTEGER)")
        .await
        .unwrap();
    let events = Events::default();
    let report = events
        .of(&migrations, database.db())
        .upgrade()
        .await
        .unwrap();
    assert_eq!(ran(&report), ["o"]);
    assert!(
        !events.lines().contains(&"fenced".to_owned()),
        "{:?}",
        events.lines()
    );
    assert_eq!(
        database
            .column("SELECT CAST(id AS CHAR(9)) FROM later")
            .await,
        ["1"],
        "each statement once"
    );
    assert_consistent(&database).await;
}

pub async fn refuses_edits_behind_the_resume_point<B: Backend>() {
    let database = B::fresh().await;
    let chain = failing();
    chain.load().upgrade(database.db()).await.unwrap_err();
    chain.edit(
        "o",
        "CREATE TABLE o1 (id INTEGER)",
        "CREATE TABLE o1 (id INTEGER, x INTEGER)",
    );
    database
        .execute("CREATE TABLE later (id INTEGER)")
        .await
        .unwrap();
    let error = chain.reload().upgrade(database.db()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Edited, "{error}");
    assert!(
        error.to_string().contains("stopped after 1 statements"),
        "{error}"
    );
    assert_eq!(database.versions().await, ["r1"]);
}

pub async fn goes_on_after_an_edit_of_a_comment<B: Backend>() {
    let database = B::fresh().await;
    let chain = failing();
    chain.load().upgrade(database.db()).await.unwrap_err();
    chain.edit(
        "o",
        "CREATE TABLE o1 (id INTEGER)",
        "-- The first.\nCREATE TABLE o1\n    /* of two */\n    (id INTEGER)",
    );
    database
        .execute("CREATE TABLE later (id INTEGER)")
        .await
        .unwrap();
    let migrations = chain.reload();
    let report = migrations.upgrade(database.db()).await.unwrap();
    assert_eq!(ran(&report), ["o"]);
    migrations.check(database.db()).await.unwrap();
    assert_consistent(&database).await;
}

pub async fn edits_ahead_of_it<B: Backend>() {
    let database = B::fresh().await;
    let chain = failing();
    chain.load().upgrade(database.db()).await.unwrap_err();
    chain.edit(
        "o",
        "INSERT INTO later VALUES (1)",
        "INSERT INTO o1 VALUES (7)",
    );
    let migrations = chain.reload();
    assert_eq!(
        ran(&migrations.upgrade(database.db()).await.unwrap()),
        ["o"]
    );
    assert_eq!(
        database.column("SELECT CAST(id AS CHAR(9)) FROM o1").await,
        ["7"]
    );
    migrations.check(database.db()).await.unwrap();
    assert_consistent(&database).await;
}

pub async fn undone_and_resumed<B: Backend>() {
    let database = B::fresh().await;
    let chain = failing();
    let migrations = chain.load();
    database
        .execute("CREATE TABLE later (id INTEGER)")
        .await
        .unwrap();
    migrations.upgrade(database.db()).await.unwrap();
    database.execute("DROP TABLE later").await.unwrap();
    let error = migrations.downgrade(database.db(), "r1").await.unwrap_err();
    assert_eq!(
        error.direction(),
        Some(embed_migrations::Direction::Downgrade)
    );
    let place = format!("o.sql:14:{}", B::column_of(13));
    assert!(error.location().unwrap().ends_with(&place), "{error}");
    assert_eq!(database.versions().await, ["o"]);
    database
        .execute("CREATE TABLE later (id INTEGER)")
        .await
        .unwrap();
    let report = migrations.downgrade(database.db(), "r1").await.unwrap();
    assert_eq!(ran(&report), ["o"]);
    assert_eq!(database.versions().await, ["r1"]);
    assert_eq!(
        database.tables().await,
        ["alembic_version", "later", "migrate_journal", "t1"]
    );
    assert_consistent(&database).await;
}

/// The row that a revision is done has the hash of its statements, as the row of its last statement has.
pub async fn the_hash_of_its_statements<B: Backend>() {
    let database = B::fresh().await;
    let chain = chain();
    chain.load().upgrade(database.db()).await.unwrap();
    let sql = "SELECT statements_hash FROM migrate_journal WHERE revision = 'o' AND statements = 3";
    let hashes = database.column(sql).await;
    assert_eq!(hashes.len(), 2);
    assert_eq!(hashes[0], hashes[1]);
}

/// A revision that is finished first is one of the steps that a relative target counts.
pub async fn what_is_interrupted_counts<B: Backend>() {
    let database = B::fresh().await;
    let chain = failing()
        .revision("z", "o")
        .up("CREATE TABLE z (id INTEGER)")
        .down("DROP TABLE z");
    let migrations = chain.load();
    let create = "CREATE TABLE later (id INTEGER)";
    migrations
        .runner(database.db())
        .to("o")
        .upgrade()
        .await
        .unwrap_err();
    database.execute(create).await.unwrap();
    let one = migrations.runner(database.db()).to("+1").upgrade();
    assert_eq!(ran(&one.await.unwrap()), ["o"]);

    database.execute("DROP TABLE later").await.unwrap();
    migrations.downgrade(database.db(), "-1").await.unwrap_err();
    database.execute(create).await.unwrap();
    let report = migrations.downgrade(database.db(), "-1").await.unwrap();
    assert_eq!(ran(&report), ["o"]);
    assert_eq!(database.versions().await, ["r1"]);

    // Finished first, and then undone: the way up is no step of the way down.
    database.execute("DROP TABLE later").await.unwrap();
    migrations.upgrade(database.db()).await.unwrap_err();
    database.execute(create).await.unwrap();
    let report = migrations.downgrade(database.db(), "-1").await.unwrap();
    assert_eq!(ran(&report), ["o", "o"]);
    assert_eq!(database.versions().await, ["r1"]);
}

async fn interrupted<B: Backend>() -> (B, Chain, Migrations) {
    let database = B::fresh().await;
    let chain = failing();
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap_err();
    (database, chain, migrations)
}

pub async fn resolved_as_applied<B: Backend>() {
    let (database, _chain, migrations) = interrupted::<B>().await;
    let report = migrations
        .resolve(database.db(), "o", Resolution::Applied)
        .await
        .unwrap();
    assert_eq!(report.current, ["o"]);
    assert_eq!(database.versions().await, ["o"]);
    migrations.check(database.db()).await.unwrap();
    assert_consistent(&database).await;
}

pub async fn resolved_as_not_applied<B: Backend>() {
    let (database, _chain, migrations) = interrupted::<B>().await;
    let report = migrations
        .resolve(database.db(), "o", Resolution::NotApplied)
        .await
        .unwrap();
    assert_eq!(report.current, ["r1"]);
    assert_eq!(report.to_string(), "resolved, now at r1");
    let status = migrations.status(database.db()).await.unwrap();
    assert_eq!((status.unfinished, status.pending.len()), (None, 1));
    database.execute("DROP TABLE o1").await.unwrap();
    database
        .execute("CREATE TABLE later (id INTEGER)")
        .await
        .unwrap();
    assert_eq!(
        ran(&migrations.upgrade(database.db()).await.unwrap()),
        ["o"]
    );
    assert_consistent(&database).await;
}

pub async fn resolved_by_retry<B: Backend>() {
    let (database, _chain, migrations) = interrupted::<B>().await;
    migrations
        .resolve(database.db(), "o", Resolution::Retry)
        .await
        .unwrap();
    assert!(
        migrations
            .status(database.db())
            .await
            .unwrap()
            .unfinished
            .is_some()
    );
    database
        .execute("CREATE TABLE later (id INTEGER)")
        .await
        .unwrap();
    assert_eq!(
        ran(&migrations.upgrade(database.db()).await.unwrap()),
        ["o"]
    );
    assert_consistent(&database).await;
}

pub async fn resolve_needs_a_reason<B: Backend>() {
    let (database, _chain, migrations) = interrupted::<B>().await;
    let error = migrations
        .resolve(database.db(), "r1", Resolution::Applied)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(
        error.to_string().contains("`r1` is not interrupted"),
        "{error}"
    );
}

pub async fn a_stamp_does_not_forget_it<B: Backend>() {
    let (database, _chain, migrations) = interrupted::<B>().await;
    let before = database.journal().await;
    for purge in [false, true] {
        let runner = migrations.runner(database.db());
        let runner = if purge { runner.purge() } else { runner };
        let error = runner.stamp(&["r1"]).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.revision()),
            (ErrorKind::InDoubt, Some("o"))
        );
        assert!(error.to_string().contains("resolve o"), "{error}");
    }
    assert_eq!(database.journal().await, before);
    migrations
        .resolve(database.db(), "o", Resolution::NotApplied)
        .await
        .unwrap();
    let report = migrations.stamp(database.db(), &["o"]).await.unwrap();
    assert_eq!(report.current, ["o"]);
}

/// A run that is cut off anywhere leaves a database that the next run completes; on the way down as well.
pub async fn cut_off_anywhere<B: Backend>() {
    let chain = chain();
    let migrations = chain.load();
    for at in cuts(13) {
        let database = B::fresh().await;
        cut(at, migrations.runner(database.db()), Runner::upgrade).await;
        let again = migrations.upgrade(database.db()).await;
        again.unwrap_or_else(|error| panic!("{at:?}: {error}"));
        assert_consistent(&database).await;
        assert_eq!(
            database.column("SELECT CAST(id AS CHAR(9)) FROM o1").await,
            ["1"],
            "{at:?}"
        );

        let down = migrations.runner(database.db()).to("r1");
        if cut(at, down, Runner::downgrade).await.is_none() {
            // A downgrade that was done just before the cut has nothing left to do, which is no error either.
            let again = migrations.downgrade(database.db(), "r1").await;
            again.unwrap_or_else(|error| panic!("{at:?}: {error}"));
        }
        assert_consistent(&database).await;
        assert_eq!(
            database.tables().await,
            ["alembic_version", "migrate_journal", "t1"],
            "{at:?}"
        );
    }
}

/// The file is replaced between a downgrade that fails and the next one.
pub async fn undone_and_resumed_as_it_began<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(1)
        .revision("o", "r1")
        .header("transaction: off")
        .up("CREATE TABLE o1 (id INTEGER)")
        .down("CREATE TABLE o2 (id INTEGER);\nDELETE FROM later;\nDROP TABLE o1");
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    chain.edit(
        "o",
        "CREATE TABLE o1 (id INTEGER)",
        "CREATE TABLE o9 (id INTEGER)",
    );
    chain.edit("o", "DROP TABLE o1", "DROP TABLE o9");
    let edited = chain.reload();
    edited.downgrade(database.db(), "r1").await.unwrap_err();
    chain.edit("o", "CREATE TABLE o2 (id INTEGER);", "");
    let edited = chain.reload();
    database
        .execute("CREATE TABLE later (id INTEGER)")
        .await
        .unwrap();
    edited.downgrade(database.db(), "r1").await.unwrap();
    let tables = database.tables().await;
    assert!(!tables.contains(&"o1".to_owned()), "{tables:?}");
    assert_eq!(database.versions().await, ["r1"]);
}
