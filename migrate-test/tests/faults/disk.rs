//! A full disk: a small file system of its own, in a mount namespace that goes with its processes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use test_servers::{Kind, Server};

use crate::child::{command, fails, passes, spawn, this_program, wait_until};
use crate::servers::{databases, templates};

/// A command that sees a file system of this size at a folder.
fn with_disk(folder: &Path, size: &str, command: &Command) -> Command {
    let mut unshare = Command::new("unshare");
    let is_root = fs::metadata("/proc/self").is_ok_and(|own| {
        use std::os::unix::fs::MetadataExt as _;
        own.uid() == 0
    });
    if !is_root {
        unshare.args(["--user", "--map-current-user", "--keep-caps"]);
    }
    let script = "mount -t tmpfs -o size=$0 tmpfs \"$1\" || { echo 'no file system can be mounted: run this test as root, or \
                  allow user namespaces' >&2; exit 1; }; folder=$1; shift; \"$@\"; code=$?; ls \"$folder\"; exit $code";
    unshare
        .args(["--mount", "sh", "-c", script, size])
        .arg(folder)
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        unshare.env(name, value.unwrap_or_default());
    }
    unshare.stdout(Stdio::piped()).stderr(Stdio::piped());
    unshare
}

#[test]
fn on_sqlite_the_test_says_that_there_is_no_room_and_leaves_nothing() {
    let folder = this_program().with_file_name("migrate-test");
    fs::create_dir_all(&folder).expect("a folder");
    let one = command(&this_program(), "one", "sqlite:");
    for (size, cause) in [
        // For half a template, and for one without a copy.
        ("24k", "database or disk is full"),
        ("64k", "No space left on device"),
    ] {
        let mut one = with_disk(&folder, size, &one);
        let text = fails(one.spawn().expect("unshare starts"));
        assert!(text.contains(cause), "{text}");
        let left = text
            .lines()
            .filter(|line| line.starts_with("migrate_test_"));
        let templates = left.clone().filter(|name| name.contains("_template_"));
        assert_eq!(left.count(), templates.count(), "{text}");
    }
}

#[test]
fn on_postgres_the_test_says_that_the_server_has_no_room_and_leaves_nothing() {
    in_a_child("postgres");
}

#[test]
fn on_mysql_the_test_says_that_the_server_has_no_room_and_leaves_nothing() {
    in_a_child("mysql");
}

/// The server that a child process starts on its small disk.
const KIND: &str = "MIGRATE_TEST_DISK";

fn in_a_child(kind: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = Command::new(this_program());
    child
        .args(["--exact", "disk::child", "--nocapture"])
        .env(KIND, kind)
        .env("TMPDIR", folder.path());
    let mut child = with_disk(folder.path(), "160m", &child);
    passes(child.spawn().expect("unshare starts"));
}

/// The work of such a child process; does nothing in this one.
#[test]
fn child() {
    let Ok(kind) = std::env::var(KIND) else {
        return;
    };
    let kind = match &*kind {
        "postgres" => Kind::Postgres,
        _ => Kind::MySql,
    };
    let server = Server::start(kind);
    let url = server.admin_url();
    passes(spawn("one", &url, None));
    let before = match kind {
        Kind::Postgres => 1,
        Kind::MySql => 2,
    };
    wait_until("the test has given its database back", || {
        databases(&server).len() == before
    });
    let filler = std::env::temp_dir().join("filler");
    fill(&filler);
    let other =
        crate::child::chain("CREATE TABLE one (id integer); CREATE TABLE two (id integer);");
    let text = fails(spawn("one", &url, Some(other.path())));
    assert!(text.contains("make room on the disk"), "{text}");
    fs::remove_file(&filler).expect("it is there");
    assert_eq!(templates(&server), 1);
    assert_eq!(databases(&server).len(), before);
    passes(spawn("one", &url, Some(other.path())));
}

/// Leaves little room.
fn fill(path: &Path) {
    use std::io::Write as _;
    let mut file = fs::File::create(path).expect("a file");
    while file.write_all(&[1; 1 << 12]).is_ok() {}
    let length = file.metadata().expect("it is there").len();
    file.set_len(length.saturating_sub(200 << 10))
        .expect("it is shorter");
}
