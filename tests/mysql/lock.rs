//! The lock of a run, and the locks that a schema change waits for.

use std::time::{Duration, Instant};

use embed_migrations::{ErrorKind, Event};
use sqlx::{Connection as _, MySqlConnection};

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::mysql::MySql;
use crate::support::{Backend as _, Events, ran};

async fn connection(database: &MySql) -> MySqlConnection {
    MySqlConnection::connect_with(&database.options())
        .await
        .unwrap()
}

/// The connection that sleeps in a statement, once there is one.
async fn sleeper(database: &MySql) -> String {
    let sql = "SELECT id FROM information_schema.processlist WHERE state = 'User sleep' AND db = DATABASE()";
    loop {
        if let Some(id) = database.column(sql).await.pop() {
            return id;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_starters_on_an_empty_database() {
    let database: &'static MySql = Box::leak(Box::new(MySql::fresh().await));
    let runs = (0..12).map(|_| {
        tokio::spawn(async {
            let chain = Chain::line(4);
            let migrations = chain.load();
            let pool = database.another_pool();
            let report = migrations.upgrade(&pool).await;
            report.unwrap_or_else(|error| panic!("{error}")).steps.len()
        })
    });
    let mut steps = 0;
    for run in runs.collect::<Vec<_>>() {
        steps += run.await.unwrap();
    }
    assert_eq!(steps, 4, "each revision once");
    assert_consistent(database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_holds_it_is_named_and_it_is_given_back() {
    let database: &'static MySql = Box::leak(Box::new(MySql::fresh().await));
    let slow = tokio::spawn(async {
        let chain = Chain::line(1).revision("slow", "r1").up("SELECT SLEEP(30)");
        chain.load().upgrade(database.db()).await
    });
    let id = sleeper(database).await;
    let chain = Chain::line(1).revision("slow", "r1").up("SELECT SLEEP(30)");
    let migrations = chain.load();
    let runner = migrations
        .runner(database.db())
        .lock_deadline(Duration::from_millis(100));
    let error = runner.upgrade().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    let text = error.to_string();
    assert!(
        text.contains("held by connection ") && text.contains("root@"),
        "{text}"
    );

    // Its connection is killed: the lock goes with it, and the next run starts at once.
    database.execute(&format!("KILL {id}")).await.unwrap();
    let error = slow.await.unwrap().unwrap_err();
    assert_eq!(error.revision(), Some("slow"), "{error}");
    chain.edit("slow", "SLEEP(30)", "SLEEP(0)");
    let migrations = chain.reload();
    assert_eq!(
        ran(&migrations.upgrade(database.db()).await.unwrap()),
        ["slow"]
    );
    assert_consistent(database).await;
}

/// After an error as well as after a success nothing is held, and a connection that is passed has its settings back.
#[tokio::test]
async fn a_connection_that_is_passed_is_as_before() {
    let database = MySql::fresh().await;
    let mut passed = connection(&database).await;
    let settings = "SELECT CONCAT_WS(' ', @@autocommit, @@lock_wait_timeout, @@innodb_lock_wait_timeout, @@max_statement_time, DATABASE())";
    let before: String = sqlx::query_scalar(settings)
        .fetch_one(&mut passed)
        .await
        .unwrap();
    let chain = Chain::line(2)
        .revision("bad", "r2")
        .up("INSERT INTO missing VALUES (1)");
    let migrations = chain.load();
    let timeout = Duration::from_secs(9);
    let runner = migrations.runner(&mut passed).statement_timeout(timeout);
    runner.upgrade().await.unwrap_err();
    let after: String = sqlx::query_scalar(settings)
        .fetch_one(&mut passed)
        .await
        .unwrap();
    assert_eq!(after, before);
    let runner = migrations
        .runner(database.db())
        .lock_deadline(Duration::ZERO);
    let error = runner.upgrade().await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Statement,
        "nobody holds the lock: {error}"
    );

    let mut inside = passed.begin().await.unwrap();
    let error = migrations.upgrade(&mut *inside).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Unsupported, "{error}");
}

/// However it was begun, a transaction of the caller is neither used nor ended.
#[tokio::test]
async fn a_connection_inside_a_transaction_is_refused() {
    let database = MySql::fresh().await;
    database.execute("CREATE TABLE t (id INT)").await.unwrap();
    let mut passed = connection(&database).await;
    let begin = "START TRANSACTION; INSERT INTO t VALUES (1)";
    sqlx::raw_sql(begin).execute(&mut passed).await.unwrap();
    let chain = Chain::line(1);
    let error = chain.load().upgrade(&mut passed).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Unsupported, "{error}");
    let end = "ROLLBACK";
    sqlx::raw_sql(end).execute(&mut passed).await.unwrap();
    assert_eq!(database.tables().await, ["t"]);
    assert_eq!(database.column("SELECT id FROM t").await, [""; 0]);
    chain.load().upgrade(&mut passed).await.unwrap();
}

#[tokio::test]
async fn a_statement_that_takes_too_long() {
    let database = MySql::fresh().await;
    let chain = Chain::line(1)
        .revision("slow", "r1")
        .up("INSERT INTO t1 VALUES (1);\nINSERT INTO t1 SELECT SLEEP(60)");
    let migrations = chain.load();
    let started = Instant::now();
    let runner = migrations
        .runner(database.db())
        .statement_timeout(Duration::from_millis(300));
    let error = runner.upgrade().await.unwrap_err();
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Statement, Some("slow"))
    );
    assert!(error.to_string().contains("statement timeout"), "{error}");
    assert_eq!(database.column("SELECT id FROM t1").await, [""; 0]);
}

/// A schema change that waits for a reader keeps all others waiting behind it. It gives up after a second, and lets
/// them through before it tries again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_reader_is_no_outage() {
    let database: &'static MySql = Box::leak(Box::new(MySql::fresh().await));
    Chain::line(1).load().upgrade(database.db()).await.unwrap();
    let mut reader = connection(database).await;
    let mut reading = reader.begin().await.unwrap();
    sqlx::raw_sql("SELECT * FROM t1")
        .fetch_all(&mut *reading)
        .await
        .unwrap();

    let events = Events::default();
    let heard = events.clone();
    let migrating = tokio::spawn(async move {
        let chain = Chain::line(1)
            .revision("wide", "r1")
            .up("ALTER TABLE t1 ADD COLUMN x INT");
        let migrations = chain.load();
        let runner = heard.of(&migrations, database.db());
        runner
            .ddl_lock_timeout(Duration::from_secs(1), 20)
            .upgrade()
            .await
    });
    let mut other = connection(database).await;
    let mut longest = Duration::ZERO;
    let retries = || {
        events
            .all()
            .iter()
            .filter(|event| matches!(event, Event::Retrying { .. }))
            .count()
    };
    while retries() < 2 {
        let asked = Instant::now();
        sqlx::raw_sql("SELECT * FROM t1")
            .fetch_all(&mut other)
            .await
            .unwrap();
        longest = longest.max(asked.elapsed());
    }
    reading.commit().await.unwrap();
    let report = migrating.await.unwrap().unwrap();
    assert_eq!(ran(&report), ["wide"]);
    println!("others waited for {longest:?} at most, behind a reader that never ended by itself");
    assert!(longest < Duration::from_secs(4), "{longest:?}");
    assert_consistent(database).await;
}
