//! Databases and tables that are not as they should be.

use std::time::Duration;

use embed_migrations::{Error, ErrorKind, Migrations};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode};
use sqlx::{Connection as _, SqliteConnection, SqlitePool};

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::sqlite::{Sqlite, pool};
use crate::support::{Backend as _, Events, at, ran};

async fn connection(database: &Sqlite) -> SqliteConnection {
    SqliteConnection::connect_with(&database.options())
        .await
        .unwrap()
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

#[tokio::test]
async fn a_locked_file_is_waited_for() {
    let database = Sqlite::fresh().await;
    let mut other = connection(&database).await;
    run(
        &mut other,
        "BEGIN IMMEDIATE; CREATE TABLE theirs (id INTEGER)",
    )
    .await;
    let chain = Chain::line(2);
    let migrations = chain.load();
    let (told, mut is_told) = tokio::sync::mpsc::unbounded_channel();
    let upgrade = migrations
        .runner(database.db())
        .on_event(move |event| told.send(event.clone()).unwrap())
        .upgrade();
    let release = async {
        assert!(format!("{:?}", is_told.recv().await).contains("Planned"));
        assert!(format!("{:?}", is_told.recv().await).contains("Waiting"));
        run(&mut other, "COMMIT").await;
        is_told
    };
    let (report, _is_told) = tokio::join!(upgrade, release);
    let report = report.unwrap();
    assert_eq!(ran(&report), ["r1", "r2"]);
    assert!(report.waited > Duration::ZERO && report.duration >= report.waited);
    assert_consistent(&database).await;
}

#[tokio::test]
async fn a_locked_file_is_given_up_at_the_deadline() {
    let database = Sqlite::fresh().await;
    let mut other = connection(&database).await;
    run(&mut other, "BEGIN IMMEDIATE").await;
    let chain = Chain::line(1);
    let migrations = chain.load();
    let events = Events::default();
    let error = events
        .of(&migrations, database.db())
        .lock_deadline(Duration::from_millis(150))
        .upgrade()
        .await
        .unwrap_err();
    assert!(error.kind() == ErrorKind::Locked, "{error}");
    assert!(error.summary().contains("gave up after 0.15 s"), "{error}");
    assert!(
        error
            .summary()
            .contains("another connection, which writes to the database"),
        "{error}"
    );
    assert!(
        events
            .lines()
            .iter()
            .any(|line| line.starts_with("waiting for another connection"))
    );
    assert!(
        migrations
            .runner(database.db())
            .lock_deadline(Duration::ZERO)
            .stamp(&["head"])
            .await
            .unwrap_err()
            .kind()
            == ErrorKind::Locked
    );
    run(&mut other, "ROLLBACK").await;
    migrations.upgrade(database.db()).await.unwrap();
}

/// An exclusive lock keeps readers out too: `status` waits for it as well.
#[tokio::test]
async fn a_file_that_cannot_even_be_read_is_waited_for() {
    let database = Sqlite::fresh().await;
    let chain = Chain::line(1);
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    let mut other = connection(&database).await;
    run(&mut other, "BEGIN EXCLUSIVE").await;
    let short = Duration::from_millis(100);
    for error in [
        migrations
            .runner(database.db())
            .lock_deadline(short)
            .upgrade()
            .await
            .unwrap_err(),
        migrations
            .runner(database.db())
            .lock_deadline(short)
            .status()
            .await
            .unwrap_err(),
        migrations
            .wait_until_current(database.db(), short)
            .await
            .unwrap_err(),
    ] {
        assert!(error.kind() == ErrorKind::Locked, "{error}");
    }
    let (told, is_told) = tokio::sync::oneshot::channel();
    let told = std::sync::Mutex::new(Some(told));
    let status = migrations.runner(database.db()).on_event(move |_| {
        told.lock().unwrap().take().map(|told| told.send(()));
    });
    let release = async {
        is_told.await.unwrap();
        run(&mut other, "COMMIT").await;
    };
    let (status, ()) = tokio::join!(status.status(), release);
    assert!(status.unwrap().is_current());
}

/// In rollback-journal mode a commit waits for readers, and does not throw the work away.
#[tokio::test]
async fn a_long_reader_delays_the_commit() {
    let chain = Chain::line(2);
    let migrations = chain.load();
    let database = at::<Sqlite>(&migrations, "r1").await;
    let mut reader = connection(&database).await;
    run(&mut reader, "BEGIN; SELECT * FROM t1").await;
    let (told, is_told) = tokio::sync::oneshot::channel();
    let told = std::sync::Mutex::new(Some(told));
    let starts = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let started = std::sync::Arc::clone(&starts);
    let upgrade = migrations.runner(database.db()).on_event(move |event| {
        if matches!(event, embed_migrations::Event::Started { .. }) {
            started.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        if matches!(event, embed_migrations::Event::Statement { .. }) {
            told.lock().unwrap().take().map(|told| told.send(()));
        }
    });
    let release = async {
        is_told.await.unwrap();
        // A commit that waits for readers keeps new ones out.
        let mut probe =
            SqliteConnection::connect_with(&database.options().busy_timeout(Duration::ZERO))
                .await
                .unwrap();
        while sqlx::raw_sql("SELECT * FROM t1")
            .execute(&mut probe)
            .await
            .is_ok()
        {}
        run(&mut reader, "COMMIT").await;
    };
    let (report, ()) = tokio::join!(upgrade.upgrade(), release);
    assert_eq!(ran(&report.unwrap()), ["r2"]);
    assert_eq!(
        starts.load(std::sync::atomic::Ordering::Relaxed),
        1,
        "the work was not done twice"
    );
    assert_consistent(&database).await;

    run(&mut reader, "BEGIN; SELECT * FROM t1").await;
    let error = migrations
        .runner(database.db())
        .to("r1")
        .lock_deadline(Duration::from_millis(100))
        .downgrade()
        .await
        .unwrap_err();
    assert!(error.kind() == ErrorKind::Locked, "{error}");
    assert_eq!(database.versions().await, ["r2"]);
}

async fn read_only_error(pool: &SqlitePool, migrations: &Migrations) -> Error {
    let status = migrations.status(pool).await.unwrap();
    assert_eq!(
        (&status.current[..], status.pending.len()),
        (&["r1".to_owned()][..], 1)
    );
    migrations.plan(pool, "head").await.unwrap();
    migrations.check(pool).await.unwrap_err();
    migrations.upgrade(pool).await.unwrap_err()
}

#[tokio::test]
async fn a_read_only_database_is_read() {
    let chain = Chain::line(2);
    let migrations = chain.load();
    let database = at::<Sqlite>(&migrations, "r1").await;
    for options in [
        database.options().read_only(true),
        database.options().immutable(true),
    ] {
        let pool = pool(options);
        let error = read_only_error(&pool, &migrations).await;
        assert_eq!(error.kind(), ErrorKind::ReadOnly, "{error}");
        assert!(error.to_string().contains("writable"), "{error}");
    }
    migrations.upgrade(database.db()).await.unwrap();
    let read_only = pool(database.options().read_only(true));
    assert!(migrations.upgrade(&read_only).await.unwrap().is_empty());
    assert!(
        migrations
            .runner(&read_only)
            .to("head")
            .upgrade()
            .await
            .unwrap()
            .is_empty()
    );
    migrations.check(&read_only).await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database() {
    let database = Sqlite::fresh().await;
    std::fs::write(
        database.path(),
        "this is no database, only a text that is long enough to be one".repeat(99),
    )
    .unwrap();
    let error = Chain::line(1)
        .load()
        .upgrade(database.db())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    assert!(
        error.to_string().contains("not a SQLite database"),
        "{error}"
    );
}

#[tokio::test]
async fn a_path_that_does_not_exist() {
    for path in ["no/such/folder/app.db", "missing.db"] {
        let pool = pool(SqliteConnectOptions::new().filename(path));
        let error = Chain::line(1).load().upgrade(&pool).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
        assert!(error.summary().contains(path), "{error}");
        assert!(error.to_string().contains("create_if_missing"), "{error}");
    }
}

/// The file is for another process to make.
#[tokio::test]
async fn a_file_that_is_not_there_yet_is_waited_for() {
    let database = Sqlite::fresh().await;
    let chain = Chain::line(1);
    let migrations = chain.load();
    let absent = pool(database.options().create_if_missing(false));
    let patience = Duration::from_millis(100);
    let given_up = migrations.wait_until_current(&absent, patience).await;
    assert_eq!(given_up.unwrap_err().kind(), ErrorKind::Connect);
    let wait = migrations.wait_until_current(&absent, Duration::from_mins(1));
    let mut wait = std::pin::pin!(wait);
    let early = tokio::time::timeout(patience, &mut wait).await;
    assert!(early.is_err(), "{early:?}");
    migrations.upgrade(database.db()).await.unwrap();
    wait.await.unwrap();
}

/// Another process keeps even the opening of the file waiting.
#[tokio::test]
async fn a_wait_is_no_longer_than_told_when_the_file_cannot_be_opened() {
    let database = Sqlite::fresh().await;
    let chain = Chain::line(1);
    let migrations = chain.load();
    let mut holder = connection(&database).await;
    run(&mut holder, "CREATE TABLE x (id INTEGER); BEGIN EXCLUSIVE").await;
    let wal = database.options().journal_mode(SqliteJournalMode::Wal);
    let pool = pool(wal);
    let wait = migrations.wait_until_current(&pool, Duration::from_millis(100));
    let ended = tokio::time::timeout(Duration::from_secs(20), wait).await;
    assert!(ended.expect("it ends in time").unwrap_err().kind() == ErrorKind::Locked);
}

#[tokio::test]
async fn a_full_disk() {
    let database = Sqlite::fresh().await;
    let chain = Chain::line(1).revision("big", "r1").up(
        "CREATE TABLE big (id INTEGER PRIMARY KEY, filling BLOB);
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 999) INSERT INTO big SELECT n, randomblob(999) FROM n",
    );
    let migrations = chain.load();
    let mut connection = connection(&database).await;
    run(&mut connection, "PRAGMA max_page_count = 20").await;
    let error = migrations.upgrade(&mut connection).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Statement, Some("big")),
        "{error}"
    );
    assert!(error.to_string().contains("make room"), "{error}");
    assert_eq!(database.versions().await, ["r1"]);
    // SQLite has rolled back by itself; the connection can be used all the same.
    run(&mut connection, "PRAGMA max_page_count = 20000").await;
    connection.begin().await.unwrap().rollback().await.unwrap();
    migrations.upgrade(&mut connection).await.unwrap();
    assert_consistent(&database).await;
}

/// SQLite ends the transaction by itself, of which sqlx does not know.
#[tokio::test]
async fn a_statement_that_rolls_back() {
    let database = Sqlite::fresh().await;
    let chain = Chain::line(1)
        .revision("x", "r1")
        .up("CREATE TABLE x (id INTEGER PRIMARY KEY);\nINSERT INTO x VALUES (1);\nINSERT OR ROLLBACK INTO x VALUES (1)");
    let migrations = chain.load();
    let mut connection = connection(&database).await;
    let error = migrations.upgrade(&mut connection).await.unwrap_err();
    assert!(error.location().unwrap().ends_with("x.sql:9:1"), "{error}");
    assert_eq!(database.versions().await, ["r1"]);
    connection.begin().await.unwrap().rollback().await.unwrap();
    assert!(
        migrations
            .upgrade(&mut connection)
            .await
            .unwrap_err()
            .revision()
            == Some("x")
    );
}

#[tokio::test]
async fn a_statement_that_takes_too_long() {
    let database = Sqlite::fresh().await;
    let endless = "CREATE TABLE x AS WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT n FROM n";
    let chain = Chain::line(1).revision("slow", "r1").up(endless);
    let migrations = chain.load();
    let mut connection = connection(&database).await;
    let error = migrations
        .runner(&mut connection)
        .statement_timeout(Duration::from_millis(50))
        .upgrade()
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Statement, Some("slow")),
        "{error}"
    );
    assert!(error.to_string().contains("statement timeout"), "{error}");
    assert_eq!(database.versions().await, ["r1"]);
    connection.begin().await.unwrap().rollback().await.unwrap();
    // The timeout is gone with the run.
    run(&mut connection, "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 3000000) SELECT max(n) FROM n").await;
}

#[tokio::test]
async fn tables_of_another_shape() {
    let chain = Chain::line(1);
    let migrations = chain.load();
    for sql in [
        "CREATE TABLE alembic_version (id INTEGER)",
        "CREATE TABLE alembic_version (version_num TEXT); CREATE TABLE migrate_journal (id INTEGER)",
        "CREATE TABLE alembic_version (version_num); INSERT INTO alembic_version VALUES (7)",
    ] {
        let database = Sqlite::fresh().await;
        database.execute(sql).await.unwrap();
        let before = database.schema().await;
        for error in [
            migrations.upgrade(database.db()).await.unwrap_err(),
            migrations.status(database.db()).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Tables, "{sql}: {error}");
            assert!(error.to_string().contains("migrate.toml"), "{sql}: {error}");
        }
        assert_eq!(database.schema().await, before);
    }
}

#[tokio::test]
async fn a_journal_of_a_newer_version() {
    let chain = Chain::line(2);
    let migrations = chain.load();
    let database = at::<Sqlite>(&migrations, "r1").await;
    database
        .execute("UPDATE migrate_journal SET event = 'teleported'")
        .await
        .unwrap();
    let error = migrations.upgrade(database.db()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tables, "{error}");
    assert!(
        error.to_string().contains("`teleported`") && error.to_string().contains("newer"),
        "{error}"
    );
    assert_eq!(database.versions().await, ["r1"]);
}

#[tokio::test]
async fn a_connection_inside_a_transaction() {
    let database = Sqlite::fresh().await;
    let chain = Chain::line(1);
    let migrations = chain.load();
    let mut connection = connection(&database).await;
    let mut transaction = connection.begin().await.unwrap();
    let error = migrations.upgrade(&mut *transaction).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(
        error.to_string().contains("inside a transaction"),
        "{error}"
    );
}

#[tokio::test]
async fn each_journal_mode() {
    for mode in [
        SqliteJournalMode::Wal,
        SqliteJournalMode::Truncate,
        SqliteJournalMode::Memory,
    ] {
        let database = Sqlite::fresh().await;
        let pool = pool(database.options().journal_mode(mode));
        let chain = Chain::line(2);
        let migrations = chain.load();
        migrations.upgrade(&pool).await.unwrap();
        migrations.downgrade(&pool, "-1").await.unwrap();
        assert_consistent(&database).await;
    }
}

/// The schema of SQLite is an attached database.
#[tokio::test]
async fn tables_in_an_attached_database() {
    let (database, other) = (Sqlite::fresh().await, Sqlite::fresh().await);
    let chain = Chain::line(2).config("version_table_schema = \"other one\"\n");
    let migrations = chain.load();
    let mut connection = connection(&database).await;
    let attach = format!("ATTACH '{}' AS \"other one\"", other.path().display());
    sqlx::raw_sql(sqlx::AssertSqlSafe(attach))
        .execute(&mut connection)
        .await
        .unwrap();
    migrations.upgrade(&mut connection).await.unwrap();
    migrations.check(&mut connection).await.unwrap();
    assert_eq!(database.tables().await, ["t1", "t2"]);
    assert_eq!(other.tables().await, ["alembic_version", "migrate_journal"]);
    assert_consistent(&other).await;
}

/// Each connection to `:memory:` would be a database of its own: the pool's is used.
#[tokio::test]
async fn a_database_in_memory() {
    let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
    let chain = Chain::line(2);
    let migrations = chain.load();
    migrations.upgrade(&pool).await.unwrap();
    migrations.check(&pool).await.unwrap();
    let rows: Vec<String> = sqlx::query_scalar("SELECT version_num FROM alembic_version")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(rows, ["r2"]);
}

/// The build check lets it pass where a section serves MySQL too, whose routines may commit.
#[tokio::test]
async fn a_commit_in_a_marked_statement() {
    let marked = |behind: &str| {
        format!(
            "CREATE TABLE before (id INTEGER);\n-- migrate: statement\nCREATE TABLE a (id INTEGER); COMMIT; {behind};\n-- migrate: end\n"
        )
    };
    for (behind, says) in [
        ("SELECT 1", "ended the transaction"),
        ("INSERT INTO missing VALUES (1)", "no such table: missing"),
    ] {
        let database = Sqlite::fresh().await;
        let chain = Chain::line(1).revision("c", "r1").up(&marked(behind));
        let migrations = chain.load();
        let mut connection = SqliteConnection::connect_with(&database.options())
            .await
            .unwrap();
        let error = migrations.upgrade(&mut connection).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.revision()),
            (ErrorKind::Revision, Some("c")),
            "{error}"
        );
        assert!(error.summary().contains(says), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("what it committed by itself stays") && !text.contains("rolled back"),
            "{error}"
        );
        assert_eq!(database.versions().await, ["r1"]);
        assert!(database.tables().await.contains(&"before".to_owned()));
        sqlx::raw_sql("BEGIN; ROLLBACK")
            .execute(&mut connection)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_schema_of_its_own() {
    let database = Sqlite::fresh().await;
    let chain = Chain::line(1);
    let migrations = chain.load();
    let runner = migrations.runner(database.db()).schema("tenant_7");
    let error = runner.upgrade().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let text = error.to_string();
    assert!(
        text.contains("tenant_7") && text.contains("a database file of its own"),
        "{text}"
    );
    assert_eq!(database.tables().await, [""; 0]);
}
