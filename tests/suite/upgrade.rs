//! Upgrades.

use embed_migrations::{
    Database, Dialect, ErrorKind, Migrations, TransactionMode, embed_migrations,
};

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::{Backend, Events, ran};

pub async fn to_the_head<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(3);
    let migrations = chain.load();
    let report = migrations.upgrade(database.db()).await.unwrap();
    assert_eq!(ran(&report), ["r1", "r2", "r3"]);
    assert_eq!(report.current, ["r3"]);
    assert_eq!(report.steps[0].statements, 1);
    assert_eq!(report.steps[0].file, "versions/r1.sql");
    assert_eq!(report.steps[0].message, "Make r1");
    assert_eq!(
        database.tables().await,
        ["alembic_version", "migrate_journal", "t1", "t2", "t3"]
    );
    let journal = database.journal().await;
    let finished = |line: &&String| line.starts_with("finished");
    assert_eq!(
        journal.iter().filter(finished).collect::<Vec<_>>(),
        [
            "finished upgrade r1 1",
            "finished upgrade r2 1",
            "finished upgrade r3 1"
        ]
    );
    if B::DDL_IS_TRANSACTIONAL {
        assert_eq!(journal.len(), 3, "{journal:#?}");
    }
    assert_consistent(&database).await;

    let again = migrations.upgrade(database.db()).await.unwrap();
    assert!(again.is_empty());
    assert_eq!(again.current, ["r3"]);
    assert_eq!(again.to_string(), "nothing to do, the database is at r3");
    assert_eq!(database.journal().await, journal);
}

pub async fn to_targets<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(6);
    let migrations = chain.load();
    for (target, expected) in [
        ("r1", "r1"),
        ("+1", "r2"),
        ("r2+1", "r3"),
        ("r1", "r3"),
        ("r4", "r4"),
        ("head-1", "r5"),
        ("heads", "r6"),
    ] {
        let report = migrations
            .runner(database.db())
            .to(target)
            .upgrade()
            .await
            .unwrap();
        assert_eq!(report.current, [expected], "to {target}");
        assert_eq!(database.versions().await, [expected], "to {target}");
        assert_consistent(&database).await;
    }
}

pub async fn in_one_transaction<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(3);
    let migrations = chain.load();
    let single = migrations
        .runner(database.db())
        .transaction_mode(TransactionMode::Single)
        .upgrade()
        .await;
    if !B::DDL_IS_TRANSACTIONAL {
        let error = single.unwrap_err();
        assert!(error.kind() == ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().contains("PerRevision"), "{error}");
        assert_eq!(database.tables().await, [""; 0]);
        return;
    }
    assert_eq!(ran(&single.unwrap()), ["r1", "r2", "r3"]);
    assert_consistent(&database).await;
}

pub async fn in_one_transaction_none_or_all<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(2)
        .revision("r3", "r2")
        .up("INSERT INTO missing VALUES (1)");
    let migrations = chain.load();
    if B::DDL_IS_TRANSACTIONAL {
        let single = migrations
            .runner(database.db())
            .transaction_mode(TransactionMode::Single)
            .upgrade()
            .await;
        assert_eq!(single.unwrap_err().revision(), Some("r3"));
        assert_eq!(database.tables().await, [""; 0]);
    }
    let each = migrations.upgrade(database.db()).await.unwrap_err();
    assert_eq!(each.kind(), ErrorKind::Statement);
    assert_eq!(database.versions().await, ["r2"]);
    assert_consistent(&database).await;
}

pub async fn single_mode_refuses_what_runs_outside<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(1)
        .revision("o", "r1")
        .header("transaction: off")
        .up("CREATE TABLE o (id INTEGER)");
    let migrations = chain.load();
    let error = migrations
        .runner(database.db())
        .transaction_mode(TransactionMode::Single)
        .upgrade()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.revision(), Some("o"));
    assert_eq!(database.tables().await, [""; 0]);
}

pub async fn failing_statement<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(1)
        .revision("bad", "r1")
        .up("CREATE TABLE \u{e4}\u{4e2d} (id INTEGER);\r\n\r\n-- what follows fails\r\n  INSERT INTO missing VALUES ('\u{fc}');\r\nCREATE TABLE never (id INTEGER)");
    let migrations = chain.load();
    let events = Events::default();
    let error = events
        .of(&migrations, database.db())
        .upgrade()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Statement);
    assert_eq!(error.revision(), Some("bad"));
    let place = format!("versions/bad.sql:10:{}", 2 + B::column_of(13));
    assert!(error.location().unwrap().ends_with(&place), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("INSERT INTO missing VALUES ('\u{fc}')"),
        "{text}"
    );
    assert!(text.contains("missing"), "{text}");
    assert!(error.advice().is_some());
    let (aftermath, tables) = if B::DDL_IS_TRANSACTIONAL {
        (
            "the revision was rolled back as a whole",
            &["alembic_version", "migrate_journal", "t1"][..],
        )
    } else {
        (
            "commits each schema change by itself: statements 1 to 1 of 3 are done",
            &["alembic_version", "migrate_journal", "t1", "\u{e4}\u{4e2d}"][..],
        )
    };
    assert!(text.contains(aftermath), "{text}");
    assert_eq!(database.tables().await, tables);
    assert_eq!(database.versions().await, ["r1"]);
    assert!(events.lines().contains(&"statement bad 1/3".to_owned()));
    assert!(!events.lines().contains(&"statement bad 2/3".to_owned()));
    if B::DDL_IS_TRANSACTIONAL {
        assert_consistent(&database).await;
    }

    // With the revision corrected the same database goes on.
    chain.edit("bad", "INSERT INTO missing VALUES ('\u{fc}')", "SELECT 1");
    let report = chain.reload().upgrade(database.db()).await.unwrap();
    assert_eq!(ran(&report), ["bad"]);
    assert_consistent(&database).await;
}

pub async fn events_come_in_order<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(1)
        .revision("two", "r1")
        .up("CREATE TABLE a (id INTEGER); CREATE TABLE b (id INTEGER)");
    let migrations = chain.load();
    let events = Events::default();
    events
        .of(&migrations, database.db())
        .upgrade()
        .await
        .unwrap();
    let expected = [
        "planned 2",
        "started upgrade r1 1/2 with 1",
        "statement r1 1/1",
        "finished upgrade r1",
        "started upgrade two 2/2 with 2",
        "statement two 1/2",
        "statement two 2/2",
        "finished upgrade two",
    ];
    assert_eq!(events.lines(), expected);

    let quiet = Events::default();
    quiet
        .of(&migrations, database.db())
        .upgrade()
        .await
        .unwrap();
    assert_eq!(quiet.lines(), [""; 0]);
}

/// ```text
/// base ── a1 ── a2
///    └─── b1
/// ```
pub async fn several_heads<B: Backend>() {
    let database = B::fresh().await;
    let chain = two_branches();
    let migrations = chain.load();
    assert_eq!(
        migrations.upgrade(database.db()).await.unwrap().current,
        ["a2", "b1"]
    );
    assert_eq!(database.versions().await, ["a2", "b1"]);
    assert_consistent(&database).await;

    let other = B::fresh().await;
    assert_eq!(
        migrations
            .runner(other.db())
            .to("left@head")
            .upgrade()
            .await
            .unwrap()
            .current,
        ["a2"]
    );
    assert!(
        migrations
            .runner(other.db())
            .to("head")
            .upgrade()
            .await
            .unwrap_err()
            .kind()
            == ErrorKind::Target
    );
    assert_eq!(
        migrations.upgrade(other.db()).await.unwrap().current,
        ["a2", "b1"]
    );
    assert_consistent(&other).await;
}

pub fn two_branches() -> Chain {
    Chain::new()
        .config("heads = 'many'\nbases = 'many'\n")
        .revision("a1", "none")
        .header("branch_labels: left")
        .up("CREATE TABLE a1 (id INTEGER)")
        .down("DROP TABLE a1")
        .revision("a2", "a1")
        .up("CREATE TABLE a2 (id INTEGER)")
        .down("DROP TABLE a2")
        .revision("b1", "none")
        .header("branch_labels: right")
        .up("CREATE TABLE b1 (id INTEGER)")
        .down("DROP TABLE b1")
}

pub async fn one_head_is_demanded<B: Backend>() {
    let chain = Chain::line(1)
        .revision("x", "r1")
        .up("SELECT 1")
        .revision("y", "r1")
        .up("SELECT 1");
    chain.write();
    let error = Migrations::load(chain.path()).unwrap_err();
    assert!(!error.diagnostics().is_empty());
}

/// ```text
/// base ── a1
///    └─── b1 ╌╌depends on╌╌ a1
/// ```
pub async fn dependencies_come_first<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::new()
        .config("heads = 'many'\nbases = 'many'\n")
        .revision("b1", "none")
        .header("depends_on: z1")
        .up("CREATE TABLE b1 AS SELECT * FROM z1")
        .revision("z1", "none")
        .up("CREATE TABLE z1 (id INTEGER)")
        .down("DROP TABLE z1");
    let migrations = chain.load();
    let report = migrations.upgrade(database.db()).await.unwrap();
    assert_eq!(ran(&report), ["z1", "b1"]);
    assert_eq!(database.versions().await, ["b1"]);
    assert_consistent(&database).await;
    let error = migrations
        .downgrade(database.db(), "base")
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Irreversible, Some("b1"))
    );
}

pub async fn an_empty_chain<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::new();
    let migrations = chain.load();
    assert_eq!(migrations.heads().len(), 0);
    assert!(migrations.upgrade(database.db()).await.unwrap().is_empty());
    migrations.check(database.db()).await.unwrap();
    assert!(migrations.status(database.db()).await.unwrap().is_current());
    assert!(
        migrations
            .runner(database.db())
            .to("heads")
            .upgrade()
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(database.tables().await, [""; 0]);
    assert!(
        migrations
            .runner(database.db())
            .purge()
            .stamp(&["base"])
            .await
            .unwrap()
            .is_empty()
    );
}

pub static EMBEDDED: Migrations = embed_migrations!();

pub async fn the_embedded_chain<B: Backend>() {
    let database = B::fresh().await;
    let report = EMBEDDED.upgrade(database.db()).await.unwrap();
    assert_eq!(report.steps.len(), 13);
    assert_eq!(database.versions().await, ["98d55ca98fe9"]);
    assert_eq!(
        database
            .column("SELECT name FROM labels ORDER BY name")
            .await
            .len(),
        6
    );
    assert_consistent(&database).await;
    EMBEDDED.check(database.db()).await.unwrap();
    let back = EMBEDDED.downgrade(database.db(), "base").await.unwrap();
    assert_eq!(back.steps.len(), 13);
    assert_eq!(
        database.tables().await,
        ["alembic_version", "migrate_journal"]
    );
    assert_consistent(&database).await;
    EMBEDDED.upgrade(database.db()).await.unwrap();
    assert_consistent(&database).await;
}

pub async fn names_that_need_quotes<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(2)
        .config("version_table = \"my \\\"version` 'table'\"\njournal_table = \"select\"\n");
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    migrations.check(database.db()).await.unwrap();
    migrations.downgrade(database.db(), "-1").await.unwrap();
    assert_eq!(
        database.tables().await,
        ["my \"version` 'table'", "select", "t1"]
    );
    assert_eq!(
        migrations.status(database.db()).await.unwrap().current,
        ["r1"]
    );
}

/// As a request handler does it: a borrowed chain in `'static` tasks, the futures sent between threads.
pub async fn borrowed_chain_from_spawned_tasks<B: Backend>() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    fn assert_sync<T: Send + Sync>(_: &T) {}
    async fn handler<'a, D: Database<'a>>(db: D) -> Vec<String> {
        assert_send(EMBEDDED.upgrade(db)).await.unwrap().current
    }
    assert_sync(&EMBEDDED);
    let database: &'static B = Box::leak(Box::new(B::fresh().await));
    let tasks: Vec<_> = (0..4)
        .map(|_| tokio::spawn(handler(database.db())))
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), ["98d55ca98fe9"]);
    }
    assert_consistent(database).await;
    assert_send(EMBEDDED.status(database.db())).await.unwrap();
    assert_send(EMBEDDED.plan(database.db(), "head"))
        .await
        .unwrap();
    assert_send(EMBEDDED.stamp(database.db(), &["head"]))
        .await
        .unwrap();
    assert_send(EMBEDDED.downgrade(database.db(), "-1"))
        .await
        .unwrap();
    assert!(assert_send(EMBEDDED.check(database.db())).await.is_err());
}

pub async fn bad_targets<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::line(3);
    let migrations = chain.load();
    for target in ["nowhere", "r1+9", "r1+1x", "", "base+", "none@head"] {
        let error = migrations
            .runner(database.db())
            .to(target)
            .upgrade()
            .await
            .unwrap_err();
        assert!(error.kind() == ErrorKind::Target, "{target}: {error}");
        assert!(!error.summary().is_empty(), "{target}");
    }
    let error = migrations
        .runner(database.db())
        .to("r")
        .upgrade()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("r1"), "{error}");
    assert_eq!(database.tables().await, [""; 0]);
}

/// A dump of today begins and ends with a line that only psql reads.
pub async fn what_a_dump_says_to_psql<B: Backend>() {
    let database = B::fresh().await;
    let chain = Chain::new()
        .revision("dump", "none")
        .up("\\restrict aB3\n\nCREATE TABLE t1 (id INTEGER);\nCREATE TABLE t2 (id INTEGER);\n\n\\unrestrict aB3")
        .down("\\restrict aB3\nDROP TABLE t1;\nDROP TABLE t2;");
    let migrations = chain.load();
    let report = migrations.upgrade(database.db()).await.unwrap();
    assert_eq!(report.steps[0].statements, 2);
    assert_consistent(&database).await;
    migrations.downgrade(database.db(), "base").await.unwrap();
    assert_eq!(
        database.tables().await,
        ["alembic_version", "migrate_journal"]
    );
}

pub async fn missing_sql<B: Backend>() {
    let database = B::fresh().await;
    let other = if B::DIALECT == Dialect::Postgres {
        "sqlite"
    } else {
        "postgres"
    };
    let chain = Chain::line(1)
        .revision("x", "r1")
        .section(&format!("upgrade {other}"), "SELECT 1");
    let migrations = chain.load();
    let error = migrations.upgrade(database.db()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::MissingSql, Some("x"))
    );
    assert!(error.location().unwrap().ends_with("x.sql:1:1"));
    assert!(
        error
            .to_string()
            .contains(&format!("-- migrate: upgrade {}", B::DIALECT)),
        "{error}"
    );
    assert_eq!(
        database.tables().await,
        [""; 0],
        "refused before anything runs"
    );
}
