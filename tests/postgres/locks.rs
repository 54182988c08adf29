//! Locks: the runtime's own, and those of the tables that a schema change waits for.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use embed_migrations::{Error, ErrorKind, Event, Report};
use sqlx::{Connection as _, PgConnection};
use tokio::task::JoinHandle;

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::postgres::{Postgres, column};
use crate::support::{Backend as _, Events, cut_when_pending};

/// Two revisions, of which the second needs a table for itself.
fn chain() -> Chain {
    Chain::line(1)
        .revision("wide", "r1")
        .up("ALTER TABLE t1 ADD COLUMN wide integer")
}

/// A connection that reads `t1` in a transaction, and so keeps a schema change out.
async fn reader(database: &Postgres) -> PgConnection {
    let mut reader = database.connection().await;
    let sql = "BEGIN; SELECT count(*) FROM t1";
    sqlx::raw_sql(sql).execute(&mut reader).await.unwrap();
    reader
}

/// Waits until something in the database waits for a lock on a table.
async fn until_somebody_waits(database: &Postgres) {
    until(
        database,
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()",
    )
    .await;
}

async fn until(database: &Postgres, condition: &str) {
    let mut connection = database.connection().await;
    let deadline = Instant::now() + Duration::from_secs(30);
    while column(&mut connection, condition).await != ["t"] {
        assert!(Instant::now() < deadline, "it never came: {condition}");
        tokio::task::yield_now().await;
    }
    connection.close().await.unwrap();
}

const NO_LOCK: &str = "SELECT count(*) = 0 FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM \
                       pg_database WHERE datname = current_database())";

fn run(database: &Postgres, chain: &Chain) -> JoinHandle<Result<Report, Error>> {
    let (pool, migrations) = (database.pool_of("postgres"), chain.load());
    tokio::spawn(async move {
        let runner = migrations.runner(&pool);
        runner
            .ddl_lock_timeout(Duration::from_mins(1), 0)
            .upgrade()
            .await
    })
}

/// A database at `r1`, whose upgrade waits for a reader in the middle of a revision.
async fn stuck() -> (
    Postgres,
    Chain,
    PgConnection,
    JoinHandle<Result<Report, Error>>,
) {
    let database = Postgres::fresh().await;
    let chain = chain();
    let migrations = chain.load();
    let first = migrations.runner(database.db()).to("r1").upgrade();
    first.await.unwrap();
    let reader = reader(&database).await;
    let run = run(&database, &chain);
    until_somebody_waits(&database).await;
    (database, chain, reader, run)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_holder_is_named() {
    let (database, chain, reader, run) = stuck().await;
    let migrations = chain.load();
    let events = Events::default();
    let runner = events.of(&migrations, database.db());
    let late = runner.lock_deadline(Duration::from_millis(200)).upgrade();
    let error = late.await.unwrap_err();
    assert!(error.kind() == ErrorKind::Locked, "{error}");
    let text = error.to_string();
    for part in [
        "held by process ",
        "(embed-migrations)",
        "of the role postgres",
        "from 127.0.0.1",
        "busy since ",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    let waiting = events.all();
    assert!(matches!(&waiting[0], Event::Waiting { holder, .. } if holder.starts_with("process ")));
    reader.close().await.unwrap();
    assert_eq!(run.await.unwrap().unwrap().current, ["wide"]);
    until(&database, NO_LOCK).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_lock_is_left_by_an_error_or_a_dropped_future() {
    let database = Postgres::fresh().await;
    let bad = Chain::line(1).revision("bad", "r1").up("SELECT absent");
    bad.load().upgrade(database.db()).await.unwrap_err();
    until(&database, NO_LOCK).await;

    let chain = chain();
    let migrations = chain.load();
    let reader = reader(&database).await;
    cut_when_pending(Box::pin(migrations.upgrade(database.db())), async || {
        let sql = "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()";
        database.column(sql).await == ["t"]
    })
    .await;
    // The connection is closed, which the server sees although a statement runs.
    until(&database, NO_LOCK).await;
    reader.close().await.unwrap();
    assert_eq!(
        migrations.upgrade(database.db()).await.unwrap().current,
        ["wide"]
    );
    assert_consistent(&database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_is_terminated() {
    let (database, chain, reader, run) = stuck().await;
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'embed-migrations' AND \
                datname = current_database()";
    database.column(kill).await;
    let error = run.await.unwrap().unwrap_err();
    assert!(error.kind() == ErrorKind::Connect, "{error}");
    assert_eq!(error.revision(), Some("wide"));
    until(&database, NO_LOCK).await;
    reader.close().await.unwrap();
    let migrations = chain.load();
    assert_eq!(
        migrations.upgrade(database.db()).await.unwrap().current,
        ["wide"]
    );
    assert_consistent(&database).await;
}

/// A reader that takes its time: the schema change steps back again and again, so that those who come behind it wait for
/// no longer than its `lock_timeout`. Without that they would wait until the reader is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_reader_is_no_outage() {
    let database = Postgres::fresh().await;
    let chain = chain();
    let migrations = chain.load();
    let first = migrations.runner(database.db()).to("r1").upgrade();
    first.await.unwrap();
    let mut reader = reader(&database).await;
    let longest = Arc::new(Mutex::new(Duration::ZERO));
    let others = tokio::spawn(others(database.connection().await, Arc::clone(&longest)));

    let events = Events::default();
    let (retried, has_retried) = tokio::sync::mpsc::unbounded_channel();
    let runner = events
        .of(&migrations, database.db())
        .on_event(move |event| {
            if matches!(event, Event::Retrying { .. }) {
                let _ = retried.send(());
            }
        });
    let upgrade = runner
        .ddl_lock_timeout(Duration::from_millis(200), 1000)
        .upgrade();
    let started = Instant::now();
    let end_reading = async {
        let mut has_retried = has_retried;
        for _ in 0..5 {
            has_retried.recv().await.unwrap();
        }
        let read = started.elapsed();
        sqlx::raw_sql("COMMIT").execute(&mut reader).await.unwrap();
        read
    };
    let (report, read) = tokio::join!(upgrade, end_reading);
    assert_eq!(report.unwrap().current, ["wide"]);
    others.abort();
    let longest = *longest.lock().unwrap();
    println!("the reader took {read:?}; of the others none waited for longer than {longest:?}");
    assert!(read > Duration::from_secs(1), "{read:?}");
    assert!(
        longest > Duration::from_millis(50),
        "they did wait: {longest:?}"
    );
    assert!(longest < read / 2, "{longest:?} of {read:?}");
    assert_consistent(&database).await;
}

/// Reads the table over and over.
async fn others(mut connection: PgConnection, longest: Arc<Mutex<Duration>>) {
    loop {
        let started = Instant::now();
        column(&mut connection, "SELECT count(*) FROM t1").await;
        let mut longest = longest.lock().unwrap();
        *longest = started.elapsed().max(*longest);
    }
}

#[tokio::test]
async fn it_gives_up_after_the_last_retry() {
    let database = Postgres::fresh().await;
    let chain = chain();
    let migrations = chain.load();
    let first = migrations.runner(database.db()).to("r1").upgrade();
    first.await.unwrap();
    let _reader = reader(&database).await;
    let events = Events::default();
    let runner = events.of(&migrations, database.db());
    let upgrade = runner
        .ddl_lock_timeout(Duration::from_millis(20), 2)
        .upgrade();
    let error = upgrade.await.unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Locked, Some("wide"))
    );
    assert!(error.to_string().contains("ddl_lock_timeout"), "{error}");
    let retries = events.all();
    let retries = retries.iter().filter_map(|event| match event {
        Event::Retrying {
            revision,
            retry,
            of,
            ..
        } => Some((&**revision, *retry, *of)),
        _ => None,
    });
    assert_eq!(
        retries.collect::<Vec<_>>(),
        [("wide", 1, 2), ("wide", 2, 2)]
    );
    assert_eq!(database.versions().await, ["r1"]);
}

/// A statement is told of when it is done, and not when the revision is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_are_told_of_while_the_next_one_waits() {
    let database = Postgres::fresh().await;
    let chain = Chain::line(1).revision("two", "r1").up(
        "SET client_min_messages = error;\nCREATE TABLE b (id int); -- done;\n\n/* and */ ALTER TABLE t1 ADD COLUMN wide integer",
    );
    let migrations = chain.load();
    let first = migrations.runner(database.db()).to("r1").upgrade();
    first.await.unwrap();
    let mut reader = reader(&database).await;
    let (told, mut is_told) = tokio::sync::mpsc::unbounded_channel();
    let runner = migrations.runner(database.db()).on_event(move |event| {
        if let Event::Statement { number, of, .. } = event {
            told.send((*number, *of)).unwrap();
        }
    });
    let upgrade = runner.ddl_lock_timeout(Duration::from_mins(1), 0).upgrade();
    let look = async {
        assert_eq!(is_told.recv().await, Some((1, 3)));
        assert_eq!(is_told.recv().await, Some((2, 3)));
        // Only now can the third one run.
        sqlx::raw_sql("COMMIT").execute(&mut reader).await.unwrap();
        assert_eq!(is_told.recv().await, Some((3, 3)));
    };
    let (report, ()) = tokio::join!(upgrade, look);
    assert_eq!(report.unwrap().current, ["two"]);
}

/// Alembic, say, which knows nothing of the lock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_changes_the_rows_without_the_lock_is_noticed() {
    let database = Postgres::fresh().await;
    let chain = Chain::line(3);
    let migrations = chain.load();
    let first = migrations.runner(database.db()).to("r1").upgrade();
    first.await.unwrap();
    let mut other = database.connection().await;
    let sql = "BEGIN; CREATE TABLE t2 (id integer); UPDATE alembic_version SET version_num = 'r2'";
    sqlx::raw_sql(sql).execute(&mut other).await.unwrap();
    let events = Events::default();
    let upgrade = events.of(&migrations, database.db()).upgrade();
    let commit = async {
        until_somebody_waits(&database).await;
        sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    };
    let (report, ()) = tokio::join!(upgrade, commit);
    assert_eq!(crate::support::ran(&report.unwrap()), ["r3"]);
    assert!(
        events.lines().contains(&"fenced".to_owned()),
        "{:?}",
        events.lines()
    );
}

/// Tenants in parallel change definitions that all of them share. PostgreSQL has no lock for that, and rolls back those
/// that collide.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_that_change_a_shared_definition() {
    let database = Postgres::fresh().await;
    let chain = Chain::new()
        .revision("shared", "none")
        .up("CREATE EXTENSION IF NOT EXISTS hstore SCHEMA public;\nCREATE OR REPLACE FUNCTION public.shared() RETURNS int LANGUAGE sql AS 'SELECT 1';\nCREATE TABLE own (id int)")
        .then("r", "shared", 3, |chain, n| {
            chain.up(&format!("CREATE OR REPLACE FUNCTION public.shared() RETURNS int LANGUAGE sql AS 'SELECT {n}'"))
        });
    let migrations: &'static embed_migrations::Migrations = Box::leak(Box::new(chain.load()));
    let schemas: Vec<String> = (1..=24).map(|n| format!("tenant_{n}")).collect();
    for schema in &schemas {
        let sql = format!("CREATE SCHEMA {schema}");
        database.execute(&sql).await.unwrap();
    }
    // As several processes that each have a part of the tenants.
    let shares = schemas.chunks(8).map(|share| {
        let (share, pool) = (share.to_vec(), database.pool_of("postgres"));
        tokio::spawn(async move {
            let fleet = migrations.for_each(share.iter().map(|schema| (schema, &pool)));
            let fleet = fleet.concurrency(8).configure(|schema, runner| {
                runner
                    .schema(schema)
                    .ddl_lock_timeout(Duration::from_secs(5), 50)
            });
            fleet
                .upgrade()
                .await
                .into_result()
                .map(|reports| reports.len())
        })
    });
    let shares: Vec<_> = shares.collect();
    for share in shares {
        let done = share.await.unwrap();
        assert_eq!(done.unwrap_or_else(|error| panic!("{error}")), 8);
    }
    for schema in &schemas {
        let sql = format!("SELECT version_num FROM {schema}.alembic_version");
        assert_eq!(database.column(&sql).await, ["r3"]);
    }
}
