use std::path::Path;
use std::process::{Command, Stdio};

use crate::programs::{as_server_user, find, give};

/// Makes a cluster; the command that starts its server.
pub(crate) fn prepare(
    folder: &Path,
    port: u16,
    arguments: &[&str],
) -> Box<dyn Fn() -> Command + Send + Sync> {
    let data = folder.join("data");
    std::fs::create_dir(&data).expect("the folder is ours");
    give(&data);
    let made = as_server_user(&find("initdb"))
        .args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "--pgdata",
        ])
        .arg(&data)
        .output()
        .expect("initdb starts");
    assert!(
        made.status.success(),
        "initdb: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    let program = find("postgres");
    let arguments: Vec<String> = arguments
        .iter()
        .map(|&argument| argument.to_owned())
        .collect();
    Box::new(move || {
        let mut command = as_server_user(&program);
        command
            .arg("-D")
            .arg(&data)
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k", ""])
            // A crash test kills the server, never the machine: what the kernel has is kept.
            .args([
                "-c",
                "fsync=off",
                "-c",
                "max_connections=300",
                "-c",
                "shared_buffers=32MB",
            ])
            .args(&arguments);
        command
    })
}

pub(crate) fn answers(port: u16) -> bool {
    Command::new(find("pg_isready"))
        .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
        .stdout(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
