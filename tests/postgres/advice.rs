//! The way out that an error names, a line for each.

use embed_migrations::{Error, ErrorKind, Migrations};

use crate::support::Backend as _;
use crate::support::chain::Chain;
use crate::support::postgres::Postgres;

/// The error of a revision above `r1`.
async fn error_of(database: &Postgres, sql: &str) -> Error {
    let chain = Chain::line(1).revision("bad", "r1").up(sql);
    let error = chain.load().upgrade(database.db()).await.unwrap_err();
    assert_eq!(error.revision(), Some("bad"), "{error}");
    error
}

#[tokio::test]
async fn each_code_has_its_own() {
    for (code, sql, advice) in [
        (
            "55P04",
            "ALTER TYPE mood ADD VALUE 'new';\nCREATE TABLE moods AS SELECT 'new'::mood AS m",
            "into the next one, or write `transaction: off`",
        ),
        (
            "25001",
            "DO $$BEGIN EXECUTE 'VACUUM t1'; END$$",
            "cannot run inside a transaction: write `transaction: off`",
        ),
        (
            "25001",
            "SELECT 1;\nSET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "make `SET TRANSACTION` the first statement",
        ),
        (
            "2D000",
            "DO $$BEGIN INSERT INTO t1 VALUES (1); COMMIT; END$$",
            "commits cannot run inside a transaction: write `transaction: off`",
        ),
        (
            "3F000",
            "CREATE TABLE \"no such\".t (id int)",
            "`CREATE SCHEMA \"no such\"` in this revision or in one before it",
        ),
    ] {
        let database = Postgres::fresh().await;
        database
            .execute("CREATE TYPE mood AS ENUM ('ok')")
            .await
            .unwrap();
        let error = error_of(&database, sql).await;
        assert_eq!(error.database_code(), Some(code), "{sql}: {error}");
        assert_eq!(error.kind(), ErrorKind::Statement, "{sql}: {error}");
        let help = error.advice().unwrap_or_default();
        assert!(help.contains(advice), "{sql}: {error}");
    }
}

/// With the role, the table and the right that is missing.
#[tokio::test]
async fn a_right_that_is_missing() {
    let database = Postgres::fresh().await;
    Chain::line(1).load().upgrade(database.db()).await.unwrap();
    let role = format!("app_{}", database.name);
    let sql = format!(
        "CREATE ROLE {role} LOGIN; CREATE TABLE other (id int); CREATE SCHEMA closed; GRANT ALL ON alembic_version, \
         migrate_journal TO {role}; GRANT ALL ON SCHEMA public TO {role}; CREATE SEQUENCE counter"
    );
    database.execute(&sql).await.unwrap();
    let pool = database.pool_of(&role);
    for (sql, advice) in [
        (
            "INSERT INTO other VALUES (1)",
            format!("GRANT INSERT ON other TO \"{role}\""),
        ),
        (
            "DELETE FROM other WHERE id = 1",
            format!("GRANT SELECT, DELETE ON other TO \"{role}\""),
        ),
        (
            "CREATE TABLE closed.t (id int)",
            format!("GRANT USAGE, CREATE ON SCHEMA closed TO \"{role}\""),
        ),
        (
            "SELECT nextval('counter')",
            format!("GRANT USAGE ON SEQUENCE counter TO \"{role}\""),
        ),
        (
            "ALTER TABLE other ADD COLUMN a int",
            format!("ALTER TABLE other OWNER TO \"{role}\""),
        ),
    ] {
        let chain = Chain::line(1).revision("bad", "r1").up(sql);
        let error = chain.load().upgrade(&pool).await.unwrap_err();
        assert_eq!(error.database_code(), Some("42501"), "{error}");
        let help = error.advice().unwrap_or_default();
        assert!(help.contains(&advice), "{sql}: {error}");
    }
    let revoke = format!("REVOKE ALL ON alembic_version FROM {role}");
    database.execute(&revoke).await.unwrap();
    let error = Chain::line(2).load().upgrade(&pool).await.unwrap_err();
    let help = error.advice().unwrap_or_default();
    let grant = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON alembic_version TO \"{role}\"");
    assert!(help.contains(&grant), "{error}");
}

fn first_revision() -> Migrations {
    let chain = Chain::new()
        .revision("first", "none")
        .up("CREATE TABLE users (id int)");
    chain.load()
}

/// A database that was made by hand, or by another tool.
#[tokio::test]
async fn what_is_there_without_a_record() {
    let database = Postgres::fresh().await;
    database
        .execute("CREATE TABLE users (id int)")
        .await
        .unwrap();
    let error = first_revision().upgrade(database.db()).await.unwrap_err();
    assert_eq!(error.database_code(), Some("42P07"), "{error}");
    assert!(
        error.location().unwrap().ends_with("first.sql:7:1"),
        "{error}"
    );
    let help = error.advice().unwrap_or_default();
    assert!(
        help.contains("no record of a revision") && help.contains("migrate stamp"),
        "{error}"
    );
    let sql = "CREATE TABLE _sqlx_migrations (version bigint)";
    database.execute(sql).await.unwrap();
    let error = first_revision().upgrade(database.db()).await.unwrap_err();
    let help = error.advice().unwrap_or_default();
    assert!(
        help.contains("`_sqlx_migrations`") && help.contains("migrate stamp"),
        "{error}"
    );
    // With a record it is another matter.
    let later = Postgres::fresh().await;
    later.execute("CREATE TABLE t2 (id int)").await.unwrap();
    let error = Chain::line(2).load().upgrade(later.db()).await.unwrap_err();
    assert_eq!(error.revision(), Some("r2"));
    assert!(!error.to_string().contains("stamp"), "{error}");
}

/// As a squashed chain or a reset script begins.
#[tokio::test]
async fn a_schema_that_went_with_the_version_table() {
    let database = Postgres::fresh().await;
    let error = error_of(
        &database,
        "DROP SCHEMA public CASCADE;\nCREATE SCHEMA public",
    )
    .await;
    assert_eq!(error.kind(), ErrorKind::Revision, "{error}");
    assert!(
        error.summary().contains("dropped the version table"),
        "{error}"
    );
    let help = error.advice().unwrap_or_default();
    assert!(help.contains("version_table_schema"), "{error}");
    assert_eq!(database.versions().await, ["r1"], "rolled back");
}
