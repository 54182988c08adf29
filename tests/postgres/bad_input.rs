//! Faults of the server, the role or the tables: reported clearly, with nothing changed.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use embed_migrations::{Error, ErrorKind};
use sqlx::postgres::PgPoolOptions;
use test_servers::{Kind, Server};

use crate::support::Backend as _;
use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::postgres::{Postgres, options, pool};

async fn cannot_connect(url: &str) -> Error {
    let chain = Chain::line(1);
    let migrations = chain.load();
    let error = migrations.upgrade(options(url)).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Connect, "{error}");
    assert!(!error.to_string().contains("secret"), "{error}");
    assert!(error.advice().is_some(), "{error}");
    error
}

#[tokio::test]
async fn a_wrong_password_or_role() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("hba");
    let rules = "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n";
    std::fs::write(&file, rules).unwrap();
    for path in [folder.path(), &file] {
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(path, open).unwrap();
    }
    let setting = format!("hba_file={}", file.display());
    let server = Server::start_with(Kind::Postgres, &["-c", &setting]);
    let admin = pool(options(&server.admin_url()));
    let sql = "CREATE ROLE app LOGIN PASSWORD 'right'";
    sqlx::raw_sql(sql).execute(&admin).await.unwrap();
    let address = format!("127.0.0.1:{}/postgres", server.port());
    let error = cannot_connect(&format!("postgres://app:secret@{address}")).await;
    assert_eq!(error.database_code(), Some("28P01"));
    assert!(
        error.to_string().contains("the password in the URL"),
        "{error}"
    );
    cannot_connect(&format!("postgres://nobody:secret@{address}")).await;
    let right = options(&format!("postgres://app:right@{address}"));
    let status = Chain::line(1).load().status(right).await;
    assert_eq!(status.unwrap().pending.len(), 1);
}

#[tokio::test]
async fn an_unreachable_host() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    // It takes connections, and nobody answers.
    let silent = PgPoolOptions::new()
        .acquire_timeout(Duration::from_millis(100))
        .connect_lazy_with(options(&format!("postgres://u:secret@127.0.0.1:{port}/d")));
    let chain = Chain::line(1);
    let error = chain.load().upgrade(&silent).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Connect, "{error}");
    assert!(
        error.summary().contains("no answer within 0.1 s"),
        "{error}"
    );
    drop(listener);
    let error = cannot_connect(&format!("postgres://u:secret@127.0.0.1:{port}/d")).await;
    assert!(
        error
            .summary()
            .contains(&format!("the database d at 127.0.0.1:{port}")),
        "{error}"
    );
    let migrations = chain.load();
    let waited = migrations.runner(options(&format!("postgres://u@127.0.0.1:{port}/d")));
    let waited = waited.wait_until_current(Duration::from_millis(150)).await;
    assert!(waited.unwrap_err().kind() == ErrorKind::Connect);
}

/// MariaDB's greeting to each client.
const GREETING: &[u8] =
    b"\x5f\0\0\0\x0a5.5.5-10.11.6-MariaDB\0\x08\0\0\0abcdefgh\0\xfe\xf7\x2d\x02\0";

#[tokio::test]
async fn another_kind_of_server() {
    for answer in [GREETING, b"HTTP/1.1 400 Bad Request\r\n\r\n"] {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for mut client in listener.incoming().flatten() {
                let _ = client.read(&mut [0; 8]);
                let _ = client.write_all(answer);
            }
        });
        let error = cannot_connect(&format!("postgres://u:secret@127.0.0.1:{port}/d")).await;
        assert!(error.to_string().contains("PostgreSQL"), "{error}");
    }
}

#[tokio::test]
async fn a_database_that_is_not_there() {
    let error = cannot_connect(&Postgres::server().url("no_such_database")).await;
    assert_eq!(error.database_code(), Some("3D000"));
    assert!(
        error.to_string().contains("create the database first"),
        "{error}"
    );
}

#[tokio::test]
async fn tables_of_another_shape() {
    for table in [
        "CREATE TABLE alembic_version (number int)",
        "CREATE TABLE alembic_version (version_num text); CREATE TABLE migrate_journal (id int)",
        "CREATE VIEW alembic_version AS SELECT 'r1'::text AS version_num",
        "CREATE TABLE alembic_version (version_num varchar(1))",
    ] {
        let database = Postgres::fresh().await;
        database.execute(table).await.unwrap();
        let before = (database.schema().await, database.tables().await);
        let chain = Chain::line(2);
        let migrations = chain.load();
        let error = migrations.upgrade(database.db()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tables, "{table}: {error}");
        assert!(
            error.to_string().contains("migrate.toml"),
            "{table}: {error}"
        );
        let after = (database.schema().await, database.tables().await);
        assert_eq!(after, before, "{table}");
    }
}

#[tokio::test]
async fn a_journal_of_a_newer_version() {
    let database = Postgres::fresh().await;
    let chain = Chain::line(2);
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    let sql = "UPDATE migrate_journal SET event = 'teleported'";
    database.execute(sql).await.unwrap();
    let error = migrations.upgrade(database.db()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tables);
    assert!(error.to_string().contains("newer version"), "{error}");
}

#[tokio::test]
async fn names_that_need_quotes() {
    let name = format!("it's a \"test\" {}", std::process::id());
    let database = Postgres::named(&name).await;
    database
        .execute("CREATE SCHEMA \"My; \"\"schema'\"")
        .await
        .unwrap();
    let chain = Chain::line(3)
        .config("version_table = \"my \\\"version' table\"\njournal_table = \"select\"\nversion_table_schema = \"My; \\\"schema'\"\n");
    let migrations = chain.load();
    migrations.upgrade(database.db()).await.unwrap();
    migrations.check(database.db()).await.unwrap();
    migrations.downgrade(database.db(), "-1").await.unwrap();
    let sql = "SELECT tablename FROM pg_tables WHERE schemaname = 'My; \"schema''' ORDER BY 1";
    assert_eq!(
        database.column(sql).await,
        ["my \"version' table", "select"]
    );
    assert_eq!(
        migrations.status(database.db()).await.unwrap().current,
        ["r2"]
    );
}

#[tokio::test]
async fn a_schema_that_is_not_there() {
    let database = Postgres::fresh().await;
    let chain = Chain::line(1).config("version_table_schema = \"absent\"\n");
    let error = chain.load().upgrade(database.db()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tables, "{error}");
    assert!(
        error.to_string().contains("create the schema first"),
        "{error}"
    );
    let nowhere = database.options().options([("search_path", "nowhere")]);
    let error = Chain::line(1).load().upgrade(nowhere).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tables, "{error}");
    assert!(error.to_string().contains("search_path"), "{error}");
    assert_eq!(database.tables().await, [""; 0]);
}

/// The version table is where a plain name leads to it, and the journal beside it.
#[tokio::test]
async fn a_search_path_with_several_schemas() {
    let database = Postgres::fresh().await;
    database
        .execute("CREATE SCHEMA one; CREATE SCHEMA two")
        .await
        .unwrap();
    let chain = Chain::line(2);
    let migrations = chain.load();
    let path = |path: &str| database.options().options([("search_path", path)]);
    let first = migrations
        .runner(path("nowhere, one, two"))
        .to("r1")
        .upgrade();
    first.await.unwrap();
    migrations.upgrade(path("two, one")).await.unwrap();
    let sql = "SELECT schemaname || '.' || tablename FROM pg_tables WHERE schemaname IN ('one', 'two') ORDER BY 1";
    let tables = [
        "one.alembic_version",
        "one.migrate_journal",
        "one.t1",
        "two.t2",
    ];
    assert_eq!(database.column(sql).await, tables);
}

/// As `pg_dump` writes it at the top of what it dumps.
#[tokio::test]
async fn a_revision_that_empties_the_search_path() {
    let database = Postgres::fresh().await;
    let dump = "SET statement_timeout = 0; SET lock_timeout = 0; SET client_min_messages = warning;\n\
                SELECT pg_catalog.set_config('search_path', '', false);\nCREATE TABLE public.a (id int)";
    let chain = Chain::new()
        .revision("dump", "none")
        .up(dump)
        .revision("next", "dump")
        .up("CREATE TABLE b (id int)");
    chain.load().upgrade(database.db()).await.unwrap();
    let tables = ["a", "alembic_version", "b", "migrate_journal"];
    assert_eq!(database.tables().await, tables);
    assert_consistent(&database).await;
}

#[tokio::test]
async fn a_role_without_rights() {
    let database = Postgres::fresh().await;
    let chain = Chain::line(2);
    let migrations = chain.load();
    let first = migrations.runner(database.db()).to("r1").upgrade();
    first.await.unwrap();
    let role = format!("reader_{}", database.name);
    let sql = format!("CREATE ROLE {role} LOGIN");
    database.execute(&sql).await.unwrap();
    let reader = database.pool_of(&role);
    let error = migrations.status(&reader).await.unwrap_err();
    assert!(error.kind() == ErrorKind::ReadOnly, "{error}");
    let sql = format!("GRANT SELECT ON alembic_version, migrate_journal TO {role}");
    database.execute(&sql).await.unwrap();
    assert_eq!(migrations.status(&reader).await.unwrap().pending.len(), 1);
    let older = Chain::line(1);
    assert!(
        older.load().upgrade(&reader).await.unwrap().is_empty(),
        "nothing to do"
    );
    let error = migrations.upgrade(&reader).await.unwrap_err();
    assert!(error.kind() == ErrorKind::ReadOnly, "{error}");
    assert!(
        error.to_string().contains("GRANT SELECT, INSERT"),
        "{error}"
    );
    let empty = Postgres::fresh().await;
    let error = migrations.upgrade(&empty.pool_of(&role)).await.unwrap_err();
    assert!(error.kind() == ErrorKind::ReadOnly, "{error}");
    assert_eq!(empty.tables().await, [""; 0]);
    assert_eq!(database.versions().await, ["r1"]);
}

#[tokio::test]
async fn a_session_that_may_not_write() {
    let database = Postgres::fresh().await;
    let chain = Chain::line(1);
    let migrations = chain.load();
    let read_only = database
        .options()
        .options([("default_transaction_read_only", "on")]);
    let error = migrations.upgrade(read_only.clone()).await.unwrap_err();
    assert!(error.kind() == ErrorKind::ReadOnly, "{error}");
    migrations.upgrade(database.db()).await.unwrap();
    assert!(migrations.upgrade(read_only).await.unwrap().is_empty());
}

/// The timeouts of the role are for the app's statements, and not for a schema change.
#[tokio::test]
async fn timeouts_of_the_role() {
    let database = Postgres::fresh().await;
    let role = format!("hasty_{}", database.name);
    let sql = format!(
        "CREATE ROLE {role} LOGIN SUPERUSER; ALTER ROLE {role} SET statement_timeout = '50ms'; ALTER ROLE {role} SET \
         default_transaction_isolation = 'serializable'"
    );
    database.execute(&sql).await.unwrap();
    let version = "SELECT current_setting('server_version_num')::int >= 170000";
    if database.column(version).await == ["t"] {
        let sql = format!("ALTER ROLE {role} SET transaction_timeout = '60ms'");
        database.execute(&sql).await.unwrap();
    }
    let hasty = database.pool_of(&role);
    let chain = Chain::new()
        .revision("slow", "none")
        .up("SELECT pg_sleep(0.2)");
    let migrations = chain.load();
    let limited = migrations
        .runner(&hasty)
        .statement_timeout(Duration::from_millis(20));
    let error = limited.upgrade().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Statement);
    assert!(error.to_string().contains("statement timeout"), "{error}");
    migrations.upgrade(&hasty).await.unwrap();
}

#[tokio::test]
async fn a_replica() {
    let primary = Server::start_with(Kind::Postgres, &[]);
    let replica = primary.start_replica();
    let (writes, reads) = (
        pool(options(&primary.admin_url())),
        pool(options(&replica.admin_url())),
    );
    let chain = Chain::line(1);
    let migrations = chain.load();
    let error = migrations.upgrade(&reads).await.unwrap_err();
    assert!(error.kind() == ErrorKind::ReadOnly, "{error}");
    assert!(
        error.to_string().contains("connect to the primary"),
        "{error}"
    );
    migrations.upgrade(&writes).await.unwrap();
    migrations
        .wait_until_current(&reads, Duration::from_mins(1))
        .await
        .unwrap();
    assert!(migrations.upgrade(&reads).await.unwrap().is_empty());
}
