//! Tests of PostgreSQL only.

use sqlx::{Connection as _, PgConnection};
use test_servers::{Kind, Server};

use crate::child::{chain, passes, spawn, wait_until};
use crate::servers::{databases, templates};

/// The database that is to become a template.
fn being_built(server: &Server) -> Option<String> {
    let mut names = databases(server).into_iter();
    names.find(|name| name.starts_with("migrate_test_build_"))
}

#[test]
fn a_killed_builder_is_cleaned_up_after() {
    let server = Server::start(Kind::Postgres);
    let slow = chain("SELECT pg_sleep(20);");
    let url = server.admin_url();
    let mut child = spawn("one", &url, Some(slow.path()));
    wait_until("a template is being built", || {
        being_built(&server).is_some()
    });
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    let other = chain("CREATE TABLE t (id integer);");
    wait_until("the next process drops it", || {
        passes(spawn("one", &url, Some(other.path())));
        being_built(&server).is_none()
    });
    assert_eq!(templates(&server), 1, "nobody takes it for a template");
}

#[test]
fn whoever_looks_into_a_template_while_it_is_built_is_sent_away() {
    let server = Server::start(Kind::Postgres);
    let slow = chain("SELECT pg_sleep(1); CREATE TABLE t (id integer);");
    let child = spawn("one", &server.admin_url(), Some(slow.path()));
    let mut found = None;
    wait_until("a template is being built", || {
        found = being_built(&server);
        found.is_some()
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let runtime = runtime.expect("a runtime");
    let url = server.url(&found.expect("it was found"));
    let looking = runtime.block_on(PgConnection::connect(&url));
    passes(child);
    wait_until("the template alone is left", || {
        databases(&server).len() == 1 && templates(&server) == 1
    });
    let mut looking = looking.expect("it connects");
    runtime
        .block_on(looking.ping())
        .expect_err("its connection was ended");
}
