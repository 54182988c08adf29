use std::path::Path;
use std::process::{Command, Stdio};

use crate::programs::{as_server_user, find, give};

/// Makes a data folder; the command that starts its server.
pub(crate) fn prepare(
    folder: &Path,
    port: u16,
    arguments: &[&str],
) -> Box<dyn Fn() -> Command + Send + Sync> {
    let data = folder.join("data");
    std::fs::create_dir(&data).expect("the folder is ours");
    give(&data);
    // A server that starts removes what it takes for left over in a folder that it shares with others.
    let temporary = folder.join("temporary");
    std::fs::create_dir(&temporary).expect("the folder is ours");
    give(&temporary);
    let made = as_server_user(&find("mariadb-install-db"))
        .env("TMPDIR", &temporary)
        .args([
            "--no-defaults",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ])
        .arg(format!("--datadir={}", data.display()))
        .output()
        .expect("mariadb-install-db starts");
    assert!(
        made.status.success(),
        "mariadb-install-db: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    let program = find("mariadbd");
    let socket = folder.join("data/socket");
    let arguments: Vec<String> = arguments
        .iter()
        .map(|&argument| argument.to_owned())
        .collect();
    Box::new(move || {
        let mut command = as_server_user(&program);
        command
            .arg("--no-defaults")
            .arg(format!("--datadir={}", data.display()))
            .arg(format!("--tmpdir={}", temporary.display()))
            .arg(format!("--socket={}", socket.display()))
            .args(["--bind-address=127.0.0.1", &format!("--port={port}")])
            // A crash test kills the server, never the machine: what the kernel has is kept.
            .args([
                "--innodb-flush-log-at-trx-commit=2",
                "--innodb-buffer-pool-size=64M",
                "--max-connections=300",
            ])
            .args(&arguments);
        command
    })
}

pub(crate) fn answers(port: u16) -> bool {
    Command::new(find("mariadb-admin"))
        .args([
            "--no-defaults",
            "--protocol=tcp",
            "--host=127.0.0.1",
            "--user=root",
            "--connect-timeout=3",
            "ping",
        ])
        .arg(format!("--port={port}"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
