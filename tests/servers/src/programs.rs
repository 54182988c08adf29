//! Where the programs of a server are, and which user runs them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// Finds a program in PATH or where Debian keeps those of a server.
///
/// # Panics
/// When it is nowhere; the message says how to install it.
pub(crate) fn find(program: &str) -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(postgres_folders())
        .chain([PathBuf::from("/usr/sbin")])
        .map(|folder| folder.join(program))
        .find(|program| program.is_file())
        .unwrap_or_else(|| panic!("{program} is not installed: run `cargo xtask setup`"))
}

/// The newest version first.
fn postgres_folders() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut folders: Vec<PathBuf> = versions
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    folders.sort();
    folders.reverse();
    folders
}

/// A command that runs under a user who may run a server: another one where this is root, which servers refuse.
pub(crate) fn as_server_user(program: &Path) -> Command {
    let Some(user) = server_user() else {
        return Command::new(program);
    };
    let mut command = Command::new("setpriv");
    command
        .arg(format!("--reuid={user}"))
        .arg(format!("--regid={}", id("-g", user)))
        .args(["--clear-groups", "--"])
        .arg(program);
    command
}

/// Gives a folder to the user who runs the server.
pub(crate) fn give(folder: &Path) {
    if let Some(user) = server_user() {
        let done = Command::new("chown").arg(user).arg(folder).status();
        assert!(
            done.is_ok_and(|status| status.success()),
            "chown works as root"
        );
    }
}

fn server_user() -> Option<&'static str> {
    (id("-u", "") == "0").then_some("nobody")
}

fn id(flag: &str, user: &str) -> String {
    let mut command = Command::new("id");
    command.arg(flag);
    if !user.is_empty() {
        command.arg(user);
    }
    let output = command.output().expect("`id` is part of every system");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
