//! Servers and databases that are not as they should be: a clear error, and nothing changed.

use std::net::TcpListener;
use std::time::Duration;

use embed_migrations::{Error, ErrorKind};
use sqlx::MySqlPool;
use sqlx::mysql::{MySqlConnectOptions, MySqlPoolOptions};
use test_servers::{Kind, Server};

use crate::support::Backend as _;
use crate::support::chain::Chain;
use crate::support::checker::assert_consistent;
use crate::support::mysql::{MySql, admin, options, pool};

async fn upgrade(pool: &MySqlPool) -> Result<(), Error> {
    let chain = Chain::line(2);
    chain.load().upgrade(pool).await.map(|_| ())
}

async fn refused(options: MySqlConnectOptions) -> Error {
    let patience = MySqlPoolOptions::new().acquire_timeout(Duration::from_millis(500));
    upgrade(&patience.connect_lazy_with(options))
        .await
        .unwrap_err()
}

fn assert_says(error: &Error, kind: ErrorKind, parts: &[&str]) {
    let text = error.to_string();
    assert_eq!(error.kind(), kind, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

#[tokio::test]
async fn a_wrong_password() {
    let database = MySql::fresh().await;
    let options = database.options().username("nobody_such").password("wrong");
    let error = refused(options).await;
    assert_says(
        &error,
        ErrorKind::Connect,
        &["Access denied", "password", "127.0.0.1"],
    );
    assert!(!error.to_string().contains("wrong"), "no password is shown");
}

#[tokio::test]
async fn an_unknown_database() {
    let options = options(test_servers::mysql()).database("not there");
    let error = refused(options).await;
    assert_says(
        &error,
        ErrorKind::Connect,
        &["not there", "CREATE DATABASE"],
    );
}

#[tokio::test]
async fn no_database_at_all() {
    let url = test_servers::mysql().url("");
    let error = refused(url.parse().unwrap()).await;
    assert_says(
        &error,
        ErrorKind::Connect,
        &["No database selected", "mysql://"],
    );
}

#[tokio::test]
async fn nobody_there() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let options = options(test_servers::mysql()).port(free);
    let error = refused(options).await;
    assert_says(
        &error,
        ErrorKind::Connect,
        &[&free.to_string(), "check host and port"],
    );
}

/// PostgreSQL waits for the client to speak first, and so does this one for the server.
#[tokio::test]
async fn another_kind_of_server() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let error = refused(options(test_servers::mysql()).port(port)).await;
    assert_says(
        &error,
        ErrorKind::Connect,
        &["no answer within 0.5 s", "MySQL or MariaDB"],
    );
}

#[tokio::test]
async fn a_version_table_of_another_shape() {
    let database = MySql::fresh().await;
    database
        .execute("CREATE TABLE alembic_version (id INT)")
        .await
        .unwrap();
    let error = upgrade(database.db()).await.unwrap_err();
    assert_says(&error, ErrorKind::Tables, &["version_num", "another shape"]);
    assert_eq!(database.tables().await, ["alembic_version"]);
}

#[tokio::test]
async fn a_database_whose_name_needs_quotes() {
    let name = format!("it's `a` \"name\" {}", std::process::id());
    let database = MySql::named(&name).await;
    upgrade(database.db()).await.unwrap();
    upgrade(database.db()).await.unwrap();
    assert_consistent(&database).await;
}

/// Alembic made its table when the database had another collation than now.
#[tokio::test]
async fn collations_that_differ() {
    let database = MySql::fresh().await;
    let table = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY) CHARACTER SET latin1 COLLATE latin1_german1_ci";
    database.execute(table).await.unwrap();
    upgrade(database.db()).await.unwrap();
    upgrade(database.db()).await.unwrap();
    assert_consistent(&database).await;
}

/// A user may read the tables of a database that is at the head, and start; it cannot migrate.
#[tokio::test]
async fn a_user_who_may_only_read() {
    let database = MySql::fresh().await;
    let user = format!("reader_{}", std::process::id());
    let server = database.server();
    admin(
        server,
        &format!(
            "CREATE USER {user}; GRANT SELECT ON `{}`.* TO {user}",
            database.name
        ),
    )
    .await;
    let reader = pool(database.options().username(&user));
    let error = upgrade(&reader).await.unwrap_err();
    assert_says(
        &error,
        ErrorKind::ReadOnly,
        &["CREATE command denied", "grant"],
    );
    assert_eq!(database.tables().await, [""; 0]);

    upgrade(database.db()).await.unwrap();
    upgrade(&reader).await.unwrap();
    Chain::line(2).load().check(&reader).await.unwrap();
    admin(server, &format!("DROP USER {user}")).await;
}

#[tokio::test]
async fn a_server_that_takes_no_writes() {
    let server: &'static Server = Box::leak(Box::new(Server::start(Kind::MySql)));
    let database = MySql::on(server, "shop").await;
    Chain::line(1).load().upgrade(database.db()).await.unwrap();
    admin(
        server,
        "CREATE USER app; GRANT ALL ON shop.* TO app; SET GLOBAL read_only = 1",
    )
    .await;
    let app = pool(database.options().username("app"));
    let before = database.schema().await;
    Chain::line(1).load().upgrade(&app).await.unwrap();
    let error = upgrade(&app).await.unwrap_err();
    assert_says(&error, ErrorKind::ReadOnly, &["read-only", "primary"]);
    assert_eq!(database.schema().await, before);
    assert_consistent(&database).await;
    server.kill();
}
