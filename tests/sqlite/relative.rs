//! Targets that count steps, when something comes between the steps.

use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};

use embed_migrations::{ErrorKind, Event, Migrations, Runner};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection, SqlitePool};

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::sqlite::Sqlite;
use crate::support::{Backend as _, ran};

/// A runner that finds the database held by another connection once its first revision has committed. It is let go,
/// after `sql` has run there, as soon as the runner waits.
fn interrupted<'a>(
    migrations: &'a Migrations,
    database: &'a Sqlite,
    sql: &'static str,
) -> Runner<'a, &'a SqlitePool> {
    let options = database.options();
    let holder: Mutex<Option<(mpsc::Sender<()>, JoinHandle<()>)>> = Mutex::default();
    let first = Arc::new(Mutex::new(true));
    migrations.runner(database.db()).on_event(move |event| {
        let is_first = || std::mem::take(&mut *first.lock().unwrap());
        match event {
            Event::Finished { .. } if is_first() => {
                let (held, is_held) = mpsc::channel();
                let (release, is_released) = mpsc::channel();
                let options = options.clone();
                let thread = thread::spawn(move || {
                    block_on(async {
                        let mut other = SqliteConnection::connect_with(&options).await.unwrap();
                        run(&mut other, "BEGIN IMMEDIATE").await;
                        run(&mut other, sql).await;
                        held.send(()).unwrap();
                        is_released.recv().unwrap();
                        run(&mut other, "COMMIT").await;
                    });
                });
                is_held.recv().unwrap();
                *holder.lock().unwrap() = Some((release, thread));
            }
            Event::Waiting { .. } => {
                if let Some((release, thread)) = holder.lock().unwrap().take() {
                    release.send(()).unwrap();
                    thread.join().unwrap();
                }
            }
            _ => {}
        }
    })
}

fn block_on(future: impl Future) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.unwrap().block_on(future);
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_wait_between_the_steps_adds_none() {
    let database = Sqlite::fresh().await;
    let chain = Chain::line(6);
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    let down = interrupted(&migrations, &database, "").to("-2").downgrade();
    assert_eq!(ran(&down.await.unwrap()), ["r6", "r5"]);
    assert_eq!(database.versions().await, ["r4"]);
    let up = interrupted(&migrations, &database, "").to("+2").upgrade();
    assert_eq!(ran(&up.await.unwrap()), ["r5", "r6"]);
    assert_eq!(database.versions().await, ["r6"]);
    assert_consistent(&database).await;
}

#[tokio::test]
async fn an_upgrade_goes_on_to_the_same_end() {
    let database = Sqlite::fresh().await;
    let chain = Chain::line(6);
    let migrations = chain.load();
    let by_hand = "CREATE TABLE t2 (id INTEGER); UPDATE alembic_version SET version_num = 'r2'";
    let up = interrupted(&migrations, &database, by_hand)
        .to("+3")
        .upgrade();
    assert_eq!(ran(&up.await.unwrap()), ["r1", "r3"]);
    assert_eq!(database.versions().await, ["r3"]);
}

#[tokio::test]
async fn a_downgrade_stops_where_somebody_else_moved_the_rows() {
    let database = Sqlite::fresh().await;
    let chain = Chain::line(6);
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    let by_hand = "DROP TABLE t5; UPDATE alembic_version SET version_num = 'r4'";
    let down = interrupted(&migrations, &database, by_hand)
        .to("-2")
        .downgrade();
    let error = down.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Locked);
    assert!(
        error.to_string().contains("moved the database to `r4`"),
        "{error}"
    );
    assert_eq!(database.versions().await, ["r4"]);
}

/// A step that a callback reports as finished is committed.
#[tokio::test]
async fn finished_means_committed() {
    let database = Sqlite::fresh().await;
    let chain = Chain::line(2);
    let migrations = chain.load();
    let options = database.options();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let rows = Arc::clone(&seen);
    let runner = migrations.runner(database.db()).on_event(move |event| {
        if matches!(event, Event::Finished { .. }) {
            let (options, rows) = (options.clone(), Arc::clone(&rows));
            let look = thread::spawn(move || {
                block_on(async {
                    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
                    let sql = "SELECT version_num FROM alembic_version";
                    let row: String = sqlx::query_scalar(sql).fetch_one(&mut other).await.unwrap();
                    rows.lock().unwrap().push(row);
                });
            });
            look.join().unwrap();
        }
    });
    runner.upgrade().await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["r1", "r2"]);
}
