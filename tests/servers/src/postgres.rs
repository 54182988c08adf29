use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::programs::{as_server_user, find, give};

/// Makes a cluster; the command that starts its server. `programs` is the folder of a version that is not installed.
pub(crate) fn prepare(
    folder: &Path,
    port: u16,
    arguments: &[&str],
    programs: Option<&Path>,
) -> Box<dyn Fn() -> Command + Send + Sync> {
    let program = |name: &str| programs.map_or_else(|| find(name), |folder| folder.join(name));
    let data = data_folder(folder);
    let made = as_server_user(&program("initdb"))
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
    command(program("postgres"), data, port, arguments)
}

/// Copies the cluster of a running server; the command that starts a server that follows it and takes no writes.
pub(crate) fn prepare_replica(
    folder: &Path,
    port: u16,
    of: u16,
) -> Box<dyn Fn() -> Command + Send + Sync> {
    let data = data_folder(folder);
    let made = as_server_user(&find("pg_basebackup"))
        .args(["--host=127.0.0.1", &format!("--port={of}")])
        .args(["--username=postgres", "--no-sync", "--checkpoint=fast"])
        .args(["--write-recovery-conf", "--pgdata"])
        .arg(&data)
        .output()
        .expect("pg_basebackup starts");
    assert!(
        made.status.success(),
        "pg_basebackup: {}",
        String::from_utf8_lossy(&made.stderr)
    );
    command(find("postgres"), data, port, &[])
}

fn data_folder(folder: &Path) -> PathBuf {
    let data = folder.join("data");
    // A server refuses a folder that others can read.
    let made = DirBuilder::new().mode(0o700).create(&data);
    made.expect("the folder is ours");
    give(&data);
    data
}

fn command(
    program: PathBuf,
    data: PathBuf,
    port: u16,
    arguments: &[&str],
) -> Box<dyn Fn() -> Command + Send + Sync> {
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
