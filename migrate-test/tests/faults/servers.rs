//! Tests that run on each server.

use std::process::Child;

use sqlx::{AssertSqlSafe, MySqlPool, PgPool};
use test_servers::{Kind, Server};

use crate::child::{
    chain, database_of, fails, passes, spawn, spawn_rust, this_program, told, wait_until,
};

macro_rules! on_each_server {
    ($($name:ident)*) => {
        mod on_postgres {
            $(#[test] fn $name() { super::$name(test_servers::Kind::Postgres); })*
        }
        mod on_mysql {
            $(#[test] fn $name() { super::$name(test_servers::Kind::MySql); })*
        }
    };
}

on_each_server! {
    a_user_who_may_not_create_a_database_is_told_which_right_is_missing
    processes_that_start_at_once_build_one_template
    two_branches_with_different_chains_share_a_server
    what_a_killed_test_leaves_is_used_or_dropped_and_what_is_used_stays
    more_tests_than_connections_wait_for_each_other
    the_number_of_messages_of_a_test_is_known
    a_template_with_a_rust_revision_is_for_one_program
}

/// Runs SQL in the maintenance database; the first column of what it gives.
pub(crate) fn sql(server: &Server, sql: &str) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let (url, query) = (server.admin_url(), AssertSqlSafe(sql.to_owned()));
    let rows = runtime.expect("a runtime").block_on(async {
        match server.kind() {
            Kind::Postgres => {
                let pool = PgPool::connect(&url).await.expect("it connects");
                sqlx::query_scalar(query).fetch_all(&pool).await
            }
            Kind::MySql => {
                let pool = MySqlPool::connect(&url).await.expect("it connects");
                sqlx::query_scalar(query).fetch_all(&pool).await
            }
        }
    });
    rows.expect(sql)
}

/// The names of our databases.
pub(crate) fn databases(server: &Server) -> Vec<String> {
    let query = match server.kind() {
        Kind::Postgres => {
            "SELECT datname::text FROM pg_database WHERE datname LIKE 'migrate\\_test\\_%'"
        }
        Kind::MySql => {
            "SELECT CONVERT(schema_name USING utf8mb4) FROM information_schema.schemata WHERE schema_name LIKE 'migrate\\_test\\_%'"
        }
    };
    sql(server, query)
}

pub(crate) fn templates(server: &Server) -> usize {
    let names = databases(server);
    let is_template = |name: &&String| name.starts_with("migrate_test_template_");
    names.iter().filter(is_template).count()
}

/// Waits until nothing is left but one template and, on MySQL, databases that are used again: at most as many as shares were
/// in use at once.
fn only_the_template_is_left(server: &Server, at_once: usize) {
    let others = match server.kind() {
        Kind::Postgres => 0,
        Kind::MySql => at_once,
    };
    wait_until("only the template is left", || {
        databases(server).len() <= 1 + others
    });
    assert_eq!(templates(server), 1);
}

/// A statement that takes a second.
fn pause(kind: Kind) -> &'static str {
    match kind {
        Kind::Postgres => "SELECT pg_sleep(1);",
        Kind::MySql => "DO SLEEP(1);",
    }
}

fn a_user_who_may_not_create_a_database_is_told_which_right_is_missing(kind: Kind) {
    let server = Server::start(kind);
    let (create, refused, grant) = match kind {
        Kind::Postgres => (
            "CREATE ROLE plain LOGIN",
            "permission denied to create database",
            "ALTER ROLE \"plain\" CREATEDB",
        ),
        Kind::MySql => (
            "CREATE USER plain",
            "Access denied for user 'plain'@'%' to database 'migrate_test_",
            "GRANT ALL ON `migrate\\_test\\_%`.* TO 'plain'@'%'",
        ),
    };
    sql(&server, create);
    let url = server.admin_url();
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let (_, address) = rest.split_once('@').expect("a user");
    let url = format!("{scheme}://plain@{address}");
    let text = fails(spawn("one", &url, None));
    assert!(text.contains(refused) && text.contains(grant), "{text}");
    sql(&server, grant);
    passes(spawn("one", &url, None));
}

fn processes_that_start_at_once_build_one_template(kind: Kind) {
    let server = Server::start(kind);
    let slow = chain(&format!("{} CREATE TABLE t (id integer);", pause(kind)));
    let url = server.admin_url();
    let children: Vec<Child> = (0..4)
        .map(|_| spawn("one", &url, Some(slow.path())))
        .collect();
    for child in children {
        passes(child);
    }
    only_the_template_is_left(&server, 4);
}

fn two_branches_with_different_chains_share_a_server(kind: Kind) {
    let server = Server::start(kind);
    let (one, other) = (
        chain("CREATE TABLE one (id integer);"),
        chain("CREATE TABLE other (id integer);"),
    );
    let url = server.admin_url();
    let children = [one.path(), other.path(), one.path(), other.path()]
        .map(|chain| spawn("one", &url, Some(chain)));
    for child in children {
        passes(child);
    }
    assert_eq!(templates(&server), 2);
}

fn what_a_killed_test_leaves_is_used_or_dropped_and_what_is_used_stays(kind: Kind) {
    let server = Server::start(kind);
    let url = server.admin_url();
    let text = fails(spawn("abort", &url, None));
    let name = told(&text, "database: ");
    assert!(databases(&server).contains(&name));
    let mut used = spawn("wait", &url, None);
    let in_use = database_of(&mut used);
    // On MySQL it is the same one, which was emptied.
    assert_eq!(in_use == name, kind == Kind::MySql);
    passes(spawn("one", &url, None));
    passes(used);
    only_the_template_is_left(&server, 2);
}

fn more_tests_than_connections_wait_for_each_other(kind: Kind) {
    let server = match kind {
        Kind::Postgres => Server::start_with(kind, &["-c", "max_connections=20"]),
        Kind::MySql => Server::start_with(kind, &["--max-connections=20"]),
    };
    let url = server.admin_url();
    let children: Vec<Child> = (0..4).map(|_| spawn("many", &url, None)).collect();
    for child in children {
        passes(child);
    }
    only_the_template_is_left(&server, 3);
}

fn the_number_of_messages_of_a_test_is_known(kind: Kind) {
    let server = Server::start(kind);
    let text = passes(spawn("counted", &server.admin_url(), None));
    // A share of the connections is taken and given back. In between, PostgreSQL creates and drops the database; MySQL looks for
    // one that was used before, resets it, and leaves it.
    let each = match kind {
        Kind::Postgres => 4,
        Kind::MySql => 5,
    };
    assert_eq!(told(&text, "messages: "), (10 * each).to_string());
}

fn a_template_with_a_rust_revision_is_for_one_program(kind: Kind) {
    let server = Server::start(kind);
    let program = this_program();
    let other = program.with_file_name(format!("another-program-{}", kind.name()));
    let _ = std::fs::remove_file(&other);
    std::fs::hard_link(&program, &other).expect("the program has another name");
    for program in [&program, &other] {
        passes(spawn_rust(program, &server.admin_url()));
    }
    std::fs::remove_file(&other).expect("it is there");
    assert_eq!(templates(&server), 2, "a revision in Rust may differ");
}

#[test]
fn a_test_on_sqlite_sends_nothing() {
    let text = passes(spawn("counted", "sqlite:", None));
    assert_eq!(told(&text, "messages: "), "0");
}
