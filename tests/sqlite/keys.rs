//! `foreign_keys: off`: a referenced table is built anew.

use embed_migrations::{ErrorKind, Migrations, Runner, TransactionMode};
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

/// Mending one row does not pay for breaking another.
#[tokio::test]
async fn one_mended_and_one_made() {
    let chain = chain(
        "DELETE FROM child WHERE id = 30; INSERT INTO child VALUES (40, 98); UPDATE child SET id = 21 WHERE id = 20",
    );
    let migrations = chain.load();
    let database = filled(&migrations).await;
    database.execute("PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (30, 99); PRAGMA foreign_keys = ON").await.unwrap();
    let error = migrations
        .upgrade(database.db())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("leaves 1 rows") && error.contains("row 40 of child"),
        "{error}"
    );
}

fn outside(up: &str) -> Chain {
    Chain::new()
        .revision("make", "none")
        .up("CREATE TABLE parent (id INTEGER PRIMARY KEY);
             CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE)")
        .revision("rebuild", "make")
        .header("foreign_keys: off")
        .header("transaction: off")
        .up(up)
        .revision("after", "rebuild")
        .up("DELETE FROM parent WHERE id = 1")
}

#[tokio::test]
async fn outside_a_transaction() {
    let chain = outside(REBUILD);
    let migrations = chain.load();
    let database = filled(&migrations).await;
    let mut connection = database.pool.acquire().await.unwrap();
    migrations
        .runner(&mut *connection)
        .to("rebuild")
        .upgrade()
        .await
        .unwrap();
    assert!(are_enforced(&mut connection).await);
    assert_eq!(
        database.column("SELECT CAST(id AS TEXT) FROM child").await,
        ["10", "20"],
        "nothing cascaded"
    );
    migrations.upgrade(&mut *connection).await.unwrap();
    assert_consistent(&database).await;

    let database = filled(&migrations).await;
    migrations.upgrade(database.db()).await.unwrap();
    assert_eq!(
        database.column("SELECT CAST(id AS TEXT) FROM child").await,
        ["20"],
        "the revision after it cascades again"
    );
}

#[tokio::test]
async fn a_violation_made_outside_a_transaction() {
    let chain = outside(&REBUILD.replace("FROM parent;", "FROM parent WHERE id = 1;"));
    let migrations = chain.load();
    let database = filled(&migrations).await;
    database.execute("PRAGMA foreign_keys = OFF; INSERT INTO child VALUES (30, 99); PRAGMA foreign_keys = ON").await.unwrap();
    let mut connection = database.pool.acquire().await.unwrap();
    let error = migrations
        .upgrade(&mut *connection)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("row 20 of child") && !error.contains("row 30"),
        "{error}"
    );
    assert!(
        error.contains("statements 1 to 4 of 4 are done") && error.contains("correct the rows"),
        "{error}"
    );
    assert!(are_enforced(&mut connection).await);
    drop(connection);
    let error = migrations.upgrade(database.db()).await.unwrap_err();
    assert!(
        error.to_string().contains("row 20 of child"),
        "the next start does not let it pass: {error}"
    );
    database
        .execute("DELETE FROM child WHERE id IN (20, 30)")
        .await
        .unwrap();
    migrations.upgrade(database.db()).await.unwrap();
    assert_consistent(&database).await;
}

#[tokio::test]
async fn resumed_outside_a_transaction() {
    let chain = outside(&format!(
        "CREATE TABLE one (id INTEGER); INSERT INTO later VALUES (1); {REBUILD}"
    ));
    let migrations = chain.load();
    let database = filled(&migrations).await;
    let mut connection = database.pool.acquire().await.unwrap();
    migrations.upgrade(&mut *connection).await.unwrap_err();
    assert!(
        are_enforced(&mut connection).await,
        "enforced again after the failure"
    );
    drop(connection);
    database
        .execute("CREATE TABLE later (id INTEGER)")
        .await
        .unwrap();
    migrations
        .runner(database.db())
        .to("rebuild")
        .upgrade()
        .await
        .unwrap();
    assert_eq!(
        database.column("SELECT CAST(id AS TEXT) FROM child").await,
        ["10", "20"],
        "nothing cascaded"
    );
}

#[tokio::test]
async fn cut_off_outside_a_transaction() {
    let chain = outside(REBUILD);
    let migrations = chain.load();
    for at in cuts(12) {
        let database = filled(&migrations).await;
        let mut connection = database.pool.acquire().await.unwrap();
        let runner = migrations.runner(&mut *connection).to("rebuild");
        cut(at, runner, Runner::upgrade).await;
        assert!(are_enforced(&mut connection).await, "{at:?}");
        let again = migrations.runner(&mut *connection).to("rebuild").upgrade();
        again.await.unwrap();
        assert!(are_enforced(&mut connection).await, "{at:?}");
        assert_eq!(
            database.column("SELECT CAST(id AS TEXT) FROM child").await,
            ["10", "20"],
            "{at:?}"
        );
    }
}

/// Foreign keys are suspended for a whole transaction: the revision after it would not cascade any more.
#[tokio::test]
async fn not_for_others_in_one_transaction() {
    let chain = chain(REBUILD)
        .revision("after", "rebuild")
        .up("DELETE FROM parent WHERE id = 1");
    let migrations = chain.load();
    let database = filled(&migrations).await;
    let single = || {
        migrations
            .runner(database.db())
            .transaction_mode(TransactionMode::Single)
    };
    let error = single().upgrade().await.unwrap_err();
    assert_eq!(
        (error.kind(), error.revision()),
        (ErrorKind::Unsupported, Some("rebuild"))
    );
    assert!(error.summary().contains("suspends foreign keys"), "{error}");
    assert_eq!(database.versions().await, ["make"]);
    single().to("rebuild").upgrade().await.unwrap();
    single().upgrade().await.unwrap();
    assert_eq!(
        database.column("SELECT CAST(id AS TEXT) FROM child").await,
        ["20"]
    );
}
