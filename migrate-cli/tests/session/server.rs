//! Empty databases on the servers that tests share.

use std::process::Command;

use test_servers::Server;

/// The URL of a new database.
pub(crate) fn postgres(name: &str) -> String {
    let server = test_servers::postgres();
    for statement in [
        format!("DROP DATABASE IF EXISTS {name}"),
        format!("CREATE DATABASE {name}"),
    ] {
        done(Command::new("psql").args([&server.admin_url(), "-qc", &statement]));
    }
    server.url(name)
}

/// The URL of a new database.
pub(crate) fn mysql(name: &str) -> String {
    let server = test_servers::mysql();
    done(mariadb(server, "").args([
        "-e",
        &format!("DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name}"),
    ]));
    server.url(name)
}

/// The client of MariaDB on a database of a server.
pub(crate) fn mariadb(server: &Server, database: &str) -> Command {
    let mut command = server.mariadb();
    command.args((!database.is_empty()).then_some(database));
    command
}

fn done(command: &mut Command) {
    let output = command.output().expect("the client is installed");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
