//! The servers start, take what a crash does to them, and leave nothing behind.
#![cfg(unix)]

use std::net::{Ipv4Addr, TcpStream};
use std::process::Command;

use test_servers::{Kind, Server};

fn starts_crashes_and_goes(kind: Kind) {
    let server = Server::start(kind);
    let port = server.port();
    let is_open = || TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    assert!(is_open());
    server.kill();
    assert!(!is_open(), "it is killed");
    server.resume();
    assert!(is_open(), "it is there again");
    assert!(server.url("app").ends_with(&format!(":{port}/app")));
    drop(server);
    assert!(!is_open(), "it went with its owner");
}

#[test]
fn postgres_starts_crashes_and_goes() {
    starts_crashes_and_goes(Kind::Postgres);
}

#[test]
fn mariadb_starts_crashes_and_goes() {
    starts_crashes_and_goes(Kind::MySql);
}

#[test]
fn a_replica_reads_and_takes_no_writes() {
    let primary = Server::start(Kind::Postgres);
    let replica = primary.start_replica();
    let run = |sql: &str| {
        let psql = Command::new("psql")
            .args(["--no-psqlrc", &replica.admin_url(), "-Atc", sql])
            .output();
        let output = psql.expect("psql is installed with the server");
        format!(
            "{}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    };
    assert_eq!(run("SELECT pg_is_in_recovery()"), "t\n");
    assert!(run("CREATE TABLE t (id INTEGER)").contains("read-only transaction"));
}
