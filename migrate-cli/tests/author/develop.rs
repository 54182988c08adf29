//! The daily commands for whole databases, on servers; those on SQLite are in `tests/sessions/develop.md`.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use test_servers::{Kind, Server};

use super::support::{Folder, two};

/// Runs SQL on a server with the client of its product; what that prints.
fn sql(server: &Server, database: &str, sql: &str) -> String {
    let mut client = match server.kind() {
        Kind::Postgres => {
            let mut psql = Command::new("psql");
            let url = match database {
                "" => server.admin_url(),
                name => server.url(name),
            };
            psql.args([&url, "-qAtc", sql]);
            psql
        }
        Kind::MySql => {
            let mut mariadb = server.mariadb();
            mariadb.args(["-N", "-e", sql]);
            mariadb.args((!database.is_empty()).then_some(database));
            mariadb
        }
    };
    let output = client.output().expect("the client is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{sql}: {said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The scratch databases on a server.
fn left_over(server: &Server) -> String {
    let query = match server.kind() {
        Kind::Postgres => "SELECT datname FROM pg_database WHERE datname LIKE 'migrate_scratch%'",
        Kind::MySql => "SHOW DATABASES LIKE 'migrate_scratch%'",
    };
    sql(server, "", query)
}

/// Each server, for this test alone: others have scratch databases on the shared ones.
fn servers() -> [Server; 2] {
    [Kind::Postgres, Kind::MySql].map(Server::start)
}

fn folder(server: &Server) -> Folder {
    two(&format!("dialects = [\"{}\"]\n", server.kind().name()))
}

#[test]
fn fresh_and_database_work_on_a_server() {
    for server in servers() {
        let folder = folder(&server);
        let url = server.url("shop");
        let name = format!("the {} database `shop`", server.kind().name());
        let on = |arguments: &[&str]| {
            folder.migrate(&[arguments, &["--database-url", &url][..]].concat())
        };
        let result = |arguments: &[&str]| on(arguments).success();
        assert_eq!(result(&["database", "create"]), format!("created {name}\n"));
        assert_eq!(
            result(&["database", "create"]),
            format!("{name} is there already\n")
        );
        let collation = match server.kind() {
            Kind::Postgres => "SELECT datcollate FROM pg_database WHERE datname = 'shop'",
            Kind::MySql => "SELECT @@collation_database",
        };
        if server.kind() == Kind::MySql {
            sql(&server, "", "ALTER DATABASE shop COLLATE latin1_bin");
        }
        let before = sql(&server, "shop", collation);
        sql(&server, "shop", "CREATE TABLE leftover (id INTEGER)");
        let refused = on(&["fresh"]).failure();
        assert!(refused.contains("pass --yes if you mean it"), "{refused}");
        assert!(result(&["fresh", "--yes"]).contains("now at b1"));
        assert_eq!(sql(&server, "shop", collation), before);
        let tables = "SELECT COUNT(*) FROM information_schema.tables WHERE table_name = 'leftover'";
        assert_eq!(sql(&server, "shop", tables), "0");
        assert_eq!(
            result(&["database", "drop", "--yes"]),
            format!("dropped {name}\n")
        );
        let gone = on(&["database", "drop", "--yes"]).failure();
        assert!(gone.contains(&format!("{name} is not there")), "{gone}");
        // One that is not there yet is created, and nobody is asked.
        assert!(result(&["fresh"]).contains("now at b1"));
    }
}

#[test]
fn fresh_drops_nothing_if_the_role_may_not_create_another() {
    let server = Server::start(Kind::Postgres);
    let folder = folder(&server);
    sql(&server, "", "CREATE ROLE plain LOGIN");
    sql(&server, "", "CREATE DATABASE shop OWNER plain");
    sql(&server, "shop", "CREATE TABLE kept (id integer)");
    let url = server.url("shop").replace("postgres@", "plain@");
    let refused = folder
        .migrate(&["fresh", "--yes", "--database-url", &url])
        .failure();
    assert!(
        refused.contains("permission denied to create database")
            && refused.contains("needs the right to create databases"),
        "{refused}"
    );
    assert_eq!(sql(&server, "shop", "SELECT COUNT(*) FROM kept"), "0");
}

#[test]
fn scratch_has_the_chain_and_passes_the_exit_code_on() {
    for server in servers() {
        let folder = folder(&server);
        let url = server.admin_url();
        let scratch = |script: &str| {
            folder.migrate(&["scratch", "--dev-url", &url, "--", "sh", "-c", script])
        };
        let name = scratch("echo \"${DATABASE_URL##*/}\"").success();
        assert!(name.starts_with("migrate_scratch"), "{name}");
        let count = match server.kind() {
            Kind::Postgres => "psql \"$DATABASE_URL\" -Atc 'SELECT COUNT(*) FROM b1'",
            Kind::MySql => {
                "authority=${DATABASE_URL#*@}; address=${authority%%/*}; database=${authority#*/}; \
                 mariadb --no-defaults --protocol=tcp -h 127.0.0.1 -P \"${address#*:}\" -u root -N -e 'SELECT COUNT(*) FROM b1' \
                 \"${database%%\\?*}\""
            }
        };
        assert_eq!(scratch(count).success(), "0\n");
        assert_eq!(scratch("exit 3").code(), Some(3));
        assert_eq!(left_over(&server), "");
    }
}

/// Starts `scratch`, in a group of its own as a shell does.
fn started(folder: &Folder, url: &str, script: &str) -> Child {
    let mut command = folder.command(&["scratch", "--dev-url", url, "--", "sh", "-c", script]);
    command.stderr(Stdio::piped()).spawn().expect("it starts")
}

fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &id]).status();
    assert!(sent.expect("it starts").success());
}

fn wait_until(mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(
            started.elapsed() < Duration::from_mins(1),
            "it takes too long"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_signal_reaches_the_command_of_scratch_and_the_database_is_dropped() {
    for server in servers() {
        let folder = folder(&server);
        let url = server.admin_url();
        for signal in ["INT", "TERM", "HUP"] {
            let script = format!("trap 'exit 9' {signal}; : > ready; while :; do sleep 0.02; done");
            let mut scratch = started(&folder, &url, &script);
            let ready = folder.path().join("ready");
            wait_until(|| ready.exists());
            assert_ne!(left_over(&server), "");
            send(signal, &scratch);
            assert_eq!(scratch.wait().expect("it ends").code(), Some(9), "{signal}");
            assert_eq!(left_over(&server), "", "{signal}");
            folder.delete("ready");
        }
    }
}

#[test]
fn a_signal_while_the_chain_runs_leaves_no_scratch_database() {
    for server in servers() {
        let folder = folder(&server);
        let (sleep, asleep) = match server.kind() {
            Kind::Postgres => (
                "SELECT pg_sleep(600);",
                "SELECT COUNT(*) FROM pg_stat_activity WHERE datname LIKE 'migrate_scratch%' AND query LIKE '%pg_sleep%'",
            ),
            Kind::MySql => (
                "DO SLEEP(600);",
                "SELECT COUNT(*) FROM information_schema.processlist WHERE db LIKE 'migrate_scratch%' AND info LIKE '%SLEEP%'",
            ),
        };
        folder.edit(
            "migrations/versions/b1.sql",
            "upgrade\n",
            &format!("upgrade\n{sleep}\n"),
        );
        let scratch = started(&folder, &server.admin_url(), ": > ran");
        wait_until(|| sql(&server, "", asleep) == "1");
        send("TERM", &scratch);
        let output = scratch.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("the scratch databases are dropped"), "{said}");
        assert_eq!(left_over(&server), "");
        assert!(!folder.path().join("ran").exists());
    }
}

/// The recipe of `docs/testing.md`: no server runs, and nothing is set. In the place of `cargo sqlx` is a program that keeps
/// its arguments and asks the database.
#[test]
fn the_recipe_for_ci_has_a_database_of_the_chain_without_a_service() {
    let guide = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/testing.md");
    let guide = std::fs::read_to_string(guide).expect("the guide");
    let step = guide
        .lines()
        .find_map(|line| line.strip_prefix("- run: cargo migrate "));
    let step = step.expect("the guide has the recipe");
    let folder = two("dialects = [\"postgres\"]\n");
    let cargo = folder.path().join("bin/cargo");
    folder.write(
        "bin/cargo",
        "#!/bin/sh\necho \"$@\"\nexec psql \"$DATABASE_URL\" -Atc 'SELECT COUNT(*) FROM b1'\n",
    );
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(cargo, executable).expect("the file is ours");
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", folder.path().join("bin").display());
    let arguments: Vec<&str> = step.split(' ').collect();
    assert_eq!(
        folder.run(&arguments, &[("PATH", &path)]).success(),
        "sqlx prepare --workspace --check\n0\n"
    );
}
