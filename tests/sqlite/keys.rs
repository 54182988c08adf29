//! `foreign_keys: off`: a referenced table is built anew.

use embed_migrations::{ErrorKind, Migrations, Runner};
use sqlx::SqliteConnection;

use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::sqlite::Sqlite;
use crate::support::{Backend as _, Cut, cut, cuts};

const REBUILD: &str = "CREATE TABLE parent_new (id INTEGER PRIMARY KEY, name TEXT);
    INSERT INTO parent_new (id) SELECT id FROM parent;
    DROP TABLE parent;
    ALTER TABLE parent_new RENAME TO parent";

fn chain(rebuild: &str) -> Chain {
    Chain::new()
        .revision("make", "none")
        .up("CREATE TABLE parent (id INTEGER PRIMARY KEY);
             CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE)")
        .revision("rebuild", "make")
        .header("foreign_keys: off")
        .up(rebuild)
        .down("SELECT 1")
}

async fn filled(migrations: &Migrations) -> Sqlite {
    let database = Sqlite::fresh().await;
    migrations
        .runner(database.db())
        .to("make")
        .upgrade()
        .await
        .unwrap();
    database
        .execute("INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (10, 1), (20, 2)")
        .await
        .unwrap();
    database
}

async fn are_enforced(connection: &mut SqliteConnection) -> bool {
    sqlx::query_scalar("PRAGMA foreign_keys")
        .fetch_one(connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_referenced_table_is_built_anew() {
    let chain = chain(REBUILD);
    let migrations = chain.load();
    let database = filled(&migrations).await;
    let mut connection = database.pool.acquire().await.unwrap();
    migrations.upgrade(&mut *connection).await.unwrap();
    assert!(are_enforced(&mut connection).await);
    drop(connection);
    assert_eq!(
        database.column("SELECT CAST(id AS TEXT) FROM child").await,
        ["10", "20"],
        "nothing cascaded"
    );
    assert!(
        database
            .execute("INSERT INTO child VALUES (30, 99)")
            .await
            .is_err()
    );
    assert_consistent(&database).await;
}

#[tokio::test]
async fn a_violation_is_refused_and_rolled_back() {
    let chain = chain(&REBUILD.replace("FROM parent;", "FROM parent WHERE id = 1;"));
    let migrations = chain.load();
    let database = filled(&migrations).await;
    let mut connection = database.pool.acquire().await.unwrap();
    let error = migrations.upgrade(&mut *connection).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Statement, Some("rebuild"))
    );
    assert!(
        error
            .to_string()
            .contains("row 20 of child refers to a row of parent that does not exist"),
        "{error}"
    );
    assert!(
        are_enforced(&mut connection).await,
        "enforced again after the failure"
    );
    drop(connection);
    assert_eq!(
        database.column("SELECT CAST(id AS TEXT) FROM parent").await,
        ["1", "2"]
    );
    assert_consistent(&database).await;
}

#[tokio::test]
async fn violations_from_before_are_tolerated() {
    let chain = chain(REBUILD);
    let migrations = chain.load();
    let database = filled(&migrations).await;
    database.execute("PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (30, 99); PRAGMA foreign_keys = ON").await.unwrap();
    migrations.upgrade(database.db()).await.unwrap();
    assert_consistent(&database).await;

    let stricter = self::chain(&REBUILD.replace("FROM parent;", "FROM parent WHERE id = 1;"));
    let stricter = stricter.load();
    let database = filled(&stricter).await;
    database.execute("PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (30, 99); PRAGMA foreign_keys = ON").await.unwrap();
    let error = stricter
        .upgrade(database.db())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("row 20 of child") && !error.contains("row 30"),
        "only what is new: {error}"
    );
}

#[tokio::test]
async fn off_stays_off() {
    let chain = chain(REBUILD);
    let migrations = chain.load();
    let database = filled(&migrations).await;
    let mut connection = database.pool.acquire().await.unwrap();
    sqlx::raw_sql("PRAGMA foreign_keys = OFF")
        .execute(&mut *connection)
        .await
        .unwrap();
    migrations.upgrade(&mut *connection).await.unwrap();
    assert!(!are_enforced(&mut connection).await);
}

/// However far a run on a borrowed connection came, dropping it leaves no transaction open and keys enforced.
#[tokio::test]
async fn cut_off_anywhere_on_a_borrowed_connection() {
    let chain = chain(REBUILD);
    let migrations = chain.load();
    for at in cuts(9) {
        let database = filled(&migrations).await;
        let mut connection = database.pool.acquire().await.unwrap();
        let runner = migrations.runner(&mut *connection);
        let done = cut(at, runner, Runner::upgrade).await;
        // Planned, started, four statements, finished.
        if let Cut::Event(event) = at {
            assert_eq!(done.is_some(), event >= 7, "{at:?}");
        }
        assert!(are_enforced(&mut connection).await, "{at:?}");
        sqlx::raw_sql("BEGIN; COMMIT")
            .execute(&mut *connection)
            .await
            .unwrap();
        migrations.upgrade(&mut *connection).await.unwrap();
        drop(connection);
        assert_eq!(
            database.column("SELECT CAST(id AS TEXT) FROM child").await,
            ["10", "20"]
        );
        assert_consistent(&database).await;
    }
}
