//! The server for scratch databases: which one is chosen, how it is set up, and what is said without one.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use test_servers::{Kind, Server};

use super::support::Folder;

fn folder(settings: &str) -> Folder {
    let folder = Folder::new();
    folder.write("migrations/migrate.toml", settings);
    folder.revision("a1", "none");
    folder
}

/// A revision after `a1` that fails, with what `sql` gives in the message.
fn shows(folder: &Folder, sql: &str) {
    folder.write(
        "migrations/versions/b1.sql",
        &format!("-- revision: b1\n-- down_revision: a1\n\n-- migrate: upgrade\n{sql}\n"),
    );
}

const SHOW_POSTGRES: &str = "DO $$ BEGIN RAISE EXCEPTION 'got % % % %', current_database(), \
    (SELECT pg_encoding_to_char(encoding) || datcollate FROM pg_database WHERE datname = current_database()), \
    current_setting('data_directory'), current_setting('listen_addresses'); END $$;";

#[test]
fn a_private_server_is_like_that_of_the_database() {
    let server = test_servers::postgres();
    let create =
        "CREATE DATABASE dev_like TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'";
    let made = Command::new("psql")
        .args(["--no-psqlrc", &server.admin_url(), "-qc", create])
        .status();
    assert!(made.expect("psql is installed").success());
    let folder = folder("dialects = [\"postgres\"]\n");
    shows(&folder, SHOW_POSTGRES);
    let url = server.url("dev_like");
    let said = folder
        .migrate(&["verify", "--database-url", &url])
        .failure();
    assert!(said.contains("got dev_like LATIN1C "), "{said}");
    assert!(said.contains("migrate-server-"), "{said}");

    let server = test_servers::mysql();
    let create = "CREATE DATABASE dev_like CHARACTER SET latin1 COLLATE latin1_german2_ci; \
                  SET @old = @@GLOBAL.sql_mode; SET GLOBAL sql_mode = 'ANSI_QUOTES'";
    let made = server.mariadb().args(["-e", create]).status();
    assert!(made.expect("mariadb is installed").success());
    let folder = self::folder("dialects = [\"mysql\"]\n");
    shows(
        &folder,
        "BEGIN NOT ATOMIC SET @got = CONCAT('got ', DATABASE(), @@collation_database, @@GLOBAL.sql_mode, @@skip_networking); \
         SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = @got; END",
    );
    let url = server.url("dev_like");
    let said = folder
        .migrate(&["verify", "--database-url", &url])
        .failure();
    let reset = server
        .mariadb()
        .args(["-e", "SET GLOBAL sql_mode = DEFAULT"])
        .status();
    assert!(reset.expect("mariadb is installed").success());
    assert!(
        said.contains("got dev_likelatin1_german2_ciANSI_QUOTESON"),
        "{said}"
    );
}

#[test]
fn without_a_database_the_newest_that_is_installed_is_started() {
    let folder = folder("dialects = [\"postgres\", \"mysql\"]\n");
    assert_eq!(
        folder.migrate(&["verify"]).success(),
        "postgres: 1 revision upgraded, downgraded and upgraded again\nmysql: 1 revision upgraded, downgraded and upgraded again\n"
    );
}

#[test]
fn the_option_wins_over_the_environment_and_that_over_the_settings() {
    // Nobody listens on these ports, and each message names its host.
    let [option, environment, settings] =
        ["127.0.0.2", "127.0.0.3", "127.0.0.4"].map(|host| format!("postgres://nobody@{host}:1/x"));
    let folder = folder(&format!(
        "dialects = [\"postgres\"]\ndev_url = \"{settings}\"\n"
    ));
    let tried =
        |arguments: &[&str], variables: &[(&str, &str)]| folder.run(arguments, variables).failure();
    let variable = [("MIGRATE_DEV_URL", &*environment)];
    // The last part of each is unlike those of the others: a URL of another kind is refused when it is read.
    let bad = [("MIGRATE_DEV_URL", "oracle://x")];
    assert!(tried(&["verify"], &bad).contains("oracle"));
    let refused = tried(&["verify", "--dev-url", &option], &variable);
    assert!(
        refused.contains("cannot connect to the postgres database"),
        "{refused}"
    );
    folder.write(".env", "MIGRATE_DEV_URL=oracle://x\n");
    assert!(tried(&["verify"], &[]).contains("oracle"), "also from .env");
    assert!(
        tried(&["verify"], &variable).contains("cannot connect"),
        "the environment wins over .env"
    );
}

#[test]
fn a_container_is_started_by_the_docker_command() {
    let folder = folder("dialects = [\"postgres\"]\ndev_url = \"docker://postgres:17\"\n");
    let bin = folder.path().join("bin");
    folder.write(
        "bin/docker",
        "#!/bin/sh\necho \"$@\" password=${POSTGRES_PASSWORD:+set} >> \"$LOG\"\n\
         echo 'Cannot connect to the Docker daemon.' >&2\nexit 1\n",
    );
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(bin.join("docker"), executable).expect("the file is ours");
    let path = format!(
        "{}:{}",
        bin.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let log = folder.path().join("log");
    let log_name = log.display().to_string();
    let ended = folder.run(&["verify"], &[("PATH", &path), ("LOG", &log_name)]);
    let said = ended.failure();
    assert!(
        said.contains("docker could not start a container of `postgres:17`"),
        "{said}"
    );
    assert!(
        said.contains("Cannot connect to the Docker daemon."),
        "{said}"
    );
    assert!(
        said.contains("start docker, or install the server on this machine"),
        "{said}"
    );
    let calls = std::fs::read_to_string(&log).expect("docker was called");
    let run = calls.lines().next().expect("a line");
    let (name, rest) = run
        .strip_prefix("run --detach --rm --name migrate-scratch-")
        .and_then(|rest| rest.split_at_checked(16))
        .expect("it has a name");
    assert_eq!(
        rest,
        " --publish 127.0.0.1::5432 --env POSTGRES_PASSWORD postgres:17 -c fsync=off -c full_page_writes=off password=set"
    );
    // Whatever happens, nothing is left.
    assert!(
        calls.contains(&format!("rm --force --volumes migrate-scratch-{name}")),
        "{calls}"
    );
}

#[test]
fn a_container_is_used_and_removed() {
    // A docker command whose container is a server of the tests.
    let server = Server::start(Kind::Postgres);
    let folder = folder("dialects = [\"postgres\"]\n");
    folder.write(
        "bin/docker",
        "#!/bin/sh\necho \"$1\" >> \"$LOG\"\ncase \"$1\" in port) echo \"127.0.0.1:$PORT\";; esac\n",
    );
    let bin = folder.path().join("bin");
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(bin.join("docker"), executable).expect("the file is ours");
    let path = format!(
        "{}:{}",
        bin.display(),
        std::env::var("PATH").unwrap_or_default()
    );
    let log = folder.path().join("log").display().to_string();
    let address = server.url("");
    let port = address
        .trim_end_matches('/')
        .rsplit(':')
        .next()
        .expect("a port");
    let ended = folder.run(
        &["verify", "--dev-url", "docker://postgres:17"],
        &[("PATH", &path), ("LOG", &log), ("PORT", port)],
    );
    assert_eq!(
        ended.success(),
        "postgres: 1 revision upgraded, downgraded and upgraded again\n"
    );
    let calls = std::fs::read_to_string(&log).expect("docker was called");
    // The second holds what a plain upgrade builds.
    assert_eq!(calls, "run\nport\nrun\nport\nrm\nrm\n");
}

#[test]
fn the_prelude_is_there_before_the_chain_and_the_schema() {
    let folder = folder("dialects = [\"postgres\"]\n[scratch]\nprelude = \"prelude.sql\"\n");
    folder.write(
        "migrations/prelude.sql",
        "CREATE ROLE operator;\nCREATE SCHEMA operated AUTHORIZATION operator;\nCREATE EXTENSION IF NOT EXISTS plpgsql;\n",
    );
    folder.edit(
        "migrations/versions/a1.sql",
        "CREATE TABLE a1",
        "CREATE TABLE operated.a2 (n INTEGER);\nCREATE TABLE a1",
    );
    folder.edit(
        "migrations/versions/a1.sql",
        "DROP TABLE a1;",
        "DROP TABLE a1, operated.a2;",
    );
    folder.write(
        "migrations/schema.sql",
        "CREATE TABLE a1 (n INTEGER);\nCREATE TABLE operated.a2 (n INTEGER);\n",
    );
    folder.migrate(&["verify"]).success();
    let said = folder
        .migrate(&["revision", "--autogenerate", "-m", "Nothing"])
        .success();
    assert_eq!(
        said,
        "The chain builds the desired schema: no revision was written\n"
    );
    folder.delete("migrations/prelude.sql");
    let said = folder.migrate(&["verify"]).failure();
    assert!(
        said.contains("could not read the prelude migrations/prelude.sql"),
        "{said}"
    );
}

#[test]
fn an_extension_that_the_private_server_lacks_is_named() {
    let folder = folder("dialects = [\"postgres\"]\n");
    shows(&folder, "CREATE EXTENSION no_such_extension;");
    let said = folder.migrate(&["verify"]).failure();
    assert!(
        said.contains("the private server (PostgreSQL ")
            && said.contains("lacks the extension `no_such_extension`"),
        "{said}"
    );
    folder.delete("migrations/versions/b1.sql");
    folder.write(
        "migrations/schema.sql",
        "CREATE EXTENSION no_such_extension;\n",
    );
    let said = folder
        .migrate(&["revision", "--autogenerate", "-m", "x"])
        .failure();
    assert!(
        said.contains("schema.sql:1:1") && said.contains("lacks the extension `no_such_extension`"),
        "{said}"
    );
}
