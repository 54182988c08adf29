//! An older binary, and what a newer version of the app has applied: it undoes that by the scripts in the journal.

use embed_migrations::{ErrorKind, Migrations, Resolution, Runner, TransactionMode};

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::{Backend, Events, cut, cuts, ran};

/// The older app has r1 and r2; this one has two more.
fn newer() -> Chain {
    Chain::line(2)
        .revision("x3", "r2")
        .up("CREATE TABLE x3 (id INTEGER)")
        .down("DROP TABLE x3")
        .revision("x4", "x3")
        .up("CREATE TABLE x4 (id INTEGER)")
        .down("INSERT INTO x3 VALUES (1);\nDROP TABLE x4")
}

fn older() -> Migrations {
    Chain::line(2).load()
}

pub async fn undone_from_the_journal<B: Backend>() {
    let database = B::fresh().await;
    let newer = newer().load();
    newer.upgrade(database.db()).await.unwrap();
    let older = older();

    let status = older.status(database.db()).await.unwrap();
    assert_eq!(status.unknown, ["x4"]);
    let expected = "the database is at x4\nunknown to this binary: x4\n\
                    the journal can undo: x4 Make x4\nthe journal can undo: x3 Make x3";
    assert_eq!(status.to_string(), expected);
    let error = older.upgrade(database.db()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Ahead);
    assert!(
        error
            .advice()
            .unwrap()
            .contains("`cargo migrate downgrade r2`"),
        "{error}"
    );
    let plan = older.runner(database.db()).to("r2");
    let plan = plan.plan_downgrade().await.unwrap();
    assert_eq!(
        plan.to_string(),
        "downgrade x4 Make x4\ndowngrade x3 Make x3"
    );

    let events = Events::default();
    let runner = events.of(&older, database.db()).to("r2");
    let report = runner.downgrade().await.unwrap();
    assert_eq!(
        (ran(&report), &report.current[..]),
        (vec!["x4", "x3"], &["r2".to_owned()][..])
    );
    assert_eq!(report.steps[0].message, "Make x4");
    let lines = events.lines();
    assert!(lines.contains(&"statement x4 2/2".to_owned()), "{lines:?}");
    assert_eq!(
        database.tables().await,
        ["alembic_version", "migrate_journal", "t1", "t2"]
    );
    assert_eq!(database.versions().await, ["r2"]);
    let journal = database.journal().await;
    let undone = |line: &&String| line.starts_with("finished downgrade");
    assert_eq!(
        journal.iter().filter(undone).collect::<Vec<_>>(),
        ["finished downgrade x4 2", "finished downgrade x3 1"]
    );
    assert_consistent(&database).await;

    assert!(older.upgrade(database.db()).await.unwrap().is_empty());
    assert_eq!(
        ran(&newer.upgrade(database.db()).await.unwrap()),
        ["x3", "x4"]
    );
    newer.check(database.db()).await.unwrap();
    let journaled = "SELECT COUNT(*) FROM (SELECT DISTINCT digest, checksum, down_revision, message, settings FROM \
                     migrate_journal WHERE revision = 'x3') one";
    let journaled = format!(
        "SELECT CONCAT_WS('', one.n) FROM ({}) one",
        journaled.replace("COUNT(*)", "COUNT(*) AS n")
    );
    assert_eq!(
        database.column(&journaled).await,
        ["1"],
        "all rows of it say the same about it"
    );
}

pub async fn undone_step_by_step<B: Backend>() {
    let database = B::fresh().await;
    newer().load().upgrade(database.db()).await.unwrap();
    let older = older();
    let down = async |target: &str| {
        older
            .downgrade(database.db(), target)
            .await
            .unwrap()
            .current
    };
    assert_eq!(
        down("-1").await,
        ["x3"],
        "a number of steps counts from what is applied"
    );
    let error = older.downgrade(database.db(), "x4").await.unwrap_err();
    assert!(error.kind() == ErrorKind::Target, "{error}");
    assert_eq!(down("-2").await, ["r1"], "and goes on into what it knows");
    assert_eq!(
        database.tables().await,
        ["alembic_version", "migrate_journal", "t1"]
    );

    newer().load().upgrade(database.db()).await.unwrap();
    assert_eq!(
        down("x3").await,
        ["x3"],
        "a target may be what only the journal knows"
    );
    let single = older.runner(database.db()).to("base");
    let single = single.transaction_mode(TransactionMode::Single);
    let current = if B::DDL_IS_TRANSACTIONAL {
        single.downgrade().await.unwrap().current
    } else {
        down("base").await
    };
    assert_eq!(current, [""; 0]);
    assert_eq!(
        database.tables().await,
        ["alembic_version", "migrate_journal"]
    );
    assert_consistent(&database).await;
}

/// Rows are the maximal applied revisions after each step, dependencies by a label included.
pub async fn branches_and_dependencies<B: Backend>() {
    let database = B::fresh().await;
    let chain = |newer: bool| {
        let chain = Chain::new()
            .config("heads = 'many'\nbases = 'many'\n")
            .revision("a1", "none")
            .up("CREATE TABLE a1 (id INTEGER)")
            .down("DROP TABLE a1");
        if !newer {
            return chain;
        }
        ["a2 a1", "a3 a1", "m4 a2, a3", "b1 none"]
            .iter()
            .fold(chain, |chain, line| {
                let (id, down) = line.split_once(' ').unwrap();
                let chain = chain.revision(id, down);
                let chain = match id {
                    "a2" => chain.header("branch_labels: left"),
                    "b1" => chain.header("depends_on: left"),
                    _ => chain,
                };
                chain
                    .up(&format!("CREATE TABLE {id} (id INTEGER)"))
                    .down(&format!("DROP TABLE {id}"))
            })
    };
    let newer = chain(true).load();
    newer.upgrade(database.db()).await.unwrap();
    assert_eq!(database.versions().await, ["b1", "m4"]);
    let depends_on = "SELECT DISTINCT depends_on FROM migrate_journal WHERE revision = 'b1'";
    assert_eq!(
        database.column(depends_on).await,
        ["a2"],
        "an id, and not the label"
    );

    let older = chain(false).load();
    let report = older.downgrade(database.db(), "a3").await.unwrap();
    let mut undone = ran(&report);
    undone.sort_unstable();
    assert_eq!(undone, ["m4"]);
    assert_eq!(database.versions().await, ["a3", "b1"], "a2 is under b1");
    let report = older.downgrade(database.db(), "a1").await.unwrap();
    assert_eq!(report.current, ["a1"]);
    assert_eq!(ran(&report).len(), 3);
    assert_eq!(
        database.tables().await,
        ["a1", "alembic_version", "migrate_journal"]
    );
    assert_consistent(&database).await;
}

pub async fn what_cannot_be_undone<B: Backend>() {
    let irreversible = |chain: Chain| chain.header("irreversible: the names are gone");
    let no_script = |chain: Chain| chain;
    for (make, says) in [
        (
            irreversible as fn(Chain) -> Chain,
            "its file says that it cannot be undone",
        ),
        (no_script, "it had no downgrade when it was applied"),
    ] {
        let database = B::fresh().await;
        let newer = make(Chain::line(2).revision("x3", "r2")).up("CREATE TABLE x3 (id INTEGER)");
        let newer = newer
            .revision("x4", "x3")
            .up("CREATE TABLE x4 (id INTEGER)")
            .down("DROP TABLE x4");
        newer.load().upgrade(database.db()).await.unwrap();
        refused(&database, says).await;
        let down = older().downgrade(database.db(), "x3").await.unwrap();
        assert_eq!(down.current, ["x3"], "what is above it can go");
    }
    for (settings, says) in [
        ("rust", "it is written in Rust"),
        (
            "transaction: off,gravity: off",
            "it says `gravity: off`, which a newer version of embed-migrations has written",
        ),
    ] {
        let database = B::fresh().await;
        newer().load().upgrade(database.db()).await.unwrap();
        let edit =
            format!("UPDATE migrate_journal SET settings = '{settings}' WHERE revision = 'x3'");
        database.execute(&edit).await.unwrap();
        refused(&database, says).await;
    }
}

async fn refused<B: Backend>(database: &B, says: &str) {
    let (tables, older) = (database.tables().await, older());
    for target in ["r2", "base", "-2"] {
        let error = older.downgrade(database.db(), target).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.revision()),
            (ErrorKind::Irreversible, Some("x3"))
        );
        let text = error.to_string();
        assert!(
            text.contains(says) && text.contains("nothing was changed"),
            "{text}"
        );
    }
    assert_eq!(database.versions().await, ["x4"]);
    assert_eq!(
        database.tables().await,
        tables,
        "not even what can be undone"
    );
    let status = older.status(database.db()).await.unwrap();
    let obstacle = format!("the journal cannot undo: x3 Make x3, since {says}");
    assert!(status.to_string().contains(&obstacle), "{status}");
    let error = older.upgrade(database.db()).await.unwrap_err();
    assert!(!error.advice().unwrap().contains("downgrade"), "{error}");
}

pub async fn what_the_journal_does_not_tell<B: Backend>() {
    let older = older();
    let database = B::fresh().await;
    newer().load().upgrade(database.db()).await.unwrap();
    let forget = "DELETE FROM migrate_journal WHERE revision = 'x3'";
    database.execute(forget).await.unwrap();
    let error = older.downgrade(database.db(), "r2").await.unwrap_err();
    assert!(error.kind() == ErrorKind::Ahead);
    assert!(
        error
            .to_string()
            .contains("the journal has no record of `x3`"),
        "{error}"
    );
    assert_eq!(older.status(database.db()).await.unwrap().ahead, []);
    assert_eq!(database.versions().await, ["x4"]);
}

/// A stamp counts as applied, so an older binary can undo what was stamped as well.
pub async fn stamped_and_undone<B: Backend>() {
    let database = B::fresh().await;
    let newer = newer().load();
    newer.upgrade(database.db()).await.unwrap();
    let force = newer.runner(database.db()).force();
    force.stamp(&["r2"]).await.unwrap();
    newer.stamp(database.db(), &["x3"]).await.unwrap();
    let report = older().downgrade(database.db(), "r2").await.unwrap();
    assert_eq!(ran(&report), ["x3"]);
    let tables = ["alembic_version", "migrate_journal", "t1", "t2", "x4"];
    assert_eq!(database.tables().await, tables);
    assert_eq!(database.versions().await, ["r2"]);
}

/// An edit of what stays is refused on the way down too, though no row is of this chain.
pub async fn edits_under_it<B: Backend>() {
    let database = B::fresh().await;
    newer().load().upgrade(database.db()).await.unwrap();
    let chain = Chain::line(2);
    chain.write();
    chain.edit("r1", "id INTEGER", "id BIGINT");
    let older = chain.reload();
    // Nothing of the edited file runs.
    older.downgrade(database.db(), "r2").await.unwrap();
    assert_eq!(database.versions().await, ["r2"]);
    older.downgrade(database.db(), "base").await.unwrap();
}

/// r1, and a revision outside a transaction whose downgrade fails as long as there is no table `later`.
fn outside() -> Chain {
    Chain::line(1)
        .revision("o", "r1")
        .header("transaction: off")
        .up("CREATE TABLE o1 (id INTEGER)")
        .down("CREATE TABLE o2 (id INTEGER);\nDELETE FROM later;\nDROP TABLE o1")
}

pub async fn outside_a_transaction<B: Backend>() {
    let database = B::fresh().await;
    outside().load().upgrade(database.db()).await.unwrap();
    let older = Chain::line(1).load();
    let error = older.downgrade(database.db(), "r1").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Statement, Some("o"))
    );
    let place = format!("migrate_journal/o:2:{}", B::column_of(13));
    let text = error.to_string();
    assert!(error.location().unwrap().ends_with(&place), "{text}");
    assert!(
        text.contains("DELETE FROM later") && text.contains("the script is the journal's"),
        "{text}"
    );
    let status = older.status(database.db()).await.unwrap();
    assert_eq!(status.unfinished.unwrap().statements_done, 1);

    database
        .execute("CREATE TABLE later (id INTEGER)")
        .await
        .unwrap();
    let again = older.downgrade(database.db(), "r1").await.unwrap();
    assert_eq!(ran(&again), ["o"]);
    let tables = ["alembic_version", "later", "migrate_journal", "o2", "t1"];
    assert_eq!(database.tables().await, tables);
    let journal = database.journal().await;
    let expected = [
        "started downgrade o 0",
        "statement downgrade o 1",
        "failed downgrade o 1",
        "started downgrade o 1",
        "statement downgrade o 2",
        "statement downgrade o 3",
        "finished downgrade o 3",
    ];
    assert_eq!(journal[journal.len() - 7..], expected);
    assert_consistent(&database).await;
}

/// A downgrade that an older binary left interrupted is finished by the next one, or resolved.
pub async fn interrupted<B: Backend>() {
    for newer_goes_on in [false, true] {
        let database = B::fresh().await;
        outside().load().upgrade(database.db()).await.unwrap();
        let older = Chain::line(1).load();
        older.downgrade(database.db(), "r1").await.unwrap_err();
        database
            .execute("CREATE TABLE later (id INTEGER)")
            .await
            .unwrap();
        if newer_goes_on {
            let report = outside().load().upgrade(database.db()).await.unwrap();
            assert_eq!(
                ran(&report),
                ["o", "o"],
                "undone to the end, and applied again"
            );
            assert_eq!(database.versions().await, ["o"]);
        } else {
            let report = older.upgrade(database.db()).await.unwrap();
            assert_eq!(
                (ran(&report), &report.current[..]),
                (vec!["o"], &["r1".to_owned()][..])
            );
        }
        assert_consistent(&database).await;
    }
    let database = B::fresh().await;
    outside().load().upgrade(database.db()).await.unwrap();
    let older = Chain::line(1).load();
    older.downgrade(database.db(), "r1").await.unwrap_err();
    let resolved = older
        .resolve(database.db(), "o", Resolution::NotApplied)
        .await
        .unwrap();
    assert_eq!(resolved.current, ["r1"]);
    older.check(database.db()).await.unwrap();
}

pub async fn cut_off_anywhere<B: Backend>() {
    let older = older();
    let events = Events::default();
    let database = B::fresh().await;
    newer().load().upgrade(database.db()).await.unwrap();
    let down = events.of(&older, database.db()).to("r1").downgrade();
    down.await.unwrap();
    for at in cuts(events.all().len()) {
        let database = B::fresh().await;
        newer().load().upgrade(database.db()).await.unwrap();
        let runner = older.runner(database.db()).to("r1");
        let _ = cut(at, runner, Runner::downgrade).await;
        if B::DDL_IS_TRANSACTIONAL {
            assert_consistent(&database).await;
        }
        if database.versions().await != ["r1"] {
            older.downgrade(database.db(), "r1").await.unwrap();
        }
        assert_eq!(database.versions().await, ["r1"], "{at:?}");
        assert_eq!(
            database.tables().await,
            ["alembic_version", "migrate_journal", "t1"],
            "{at:?}"
        );
        assert_consistent(&database).await;
    }
}

/// Two apps with nothing in common: neither touches what the other has.
pub async fn another_app<B: Backend>() {
    let database = B::fresh().await;
    newer().load().upgrade(database.db()).await.unwrap();
    let (tables, journal) = (database.tables().await, database.journal().await);
    let other = Chain::new()
        .revision("q1", "none")
        .up("CREATE TABLE q1 (id INTEGER)")
        .down("DROP TABLE q1");
    let other = other.load();
    for error in [
        other.upgrade(database.db()).await.unwrap_err(),
        other.downgrade(database.db(), "base").await.unwrap_err(),
        other.downgrade(database.db(), "x3").await.unwrap_err(),
        other.downgrade(database.db(), "-1").await.unwrap_err(),
        other.check(database.db()).await.unwrap_err(),
        other.plan(database.db(), "head").await.unwrap_err(),
    ] {
        assert!(error.kind() == ErrorKind::Ahead, "{error}");
        let text = error.to_string();
        assert!(
            text.contains("`x4`") && text.contains("`q1` of this binary is not applied"),
            "{text}"
        );
        assert!(text.contains("the right database"), "{text}");
    }
    other.stamp(database.db(), &["q1"]).await.unwrap_err();
    assert_eq!(
        (database.tables().await, database.journal().await),
        (tables, journal)
    );
    assert_eq!(database.versions().await, ["x4"]);
}
