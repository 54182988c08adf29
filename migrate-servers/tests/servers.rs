//! Private servers start, are reached by nobody else, and leave nothing after their process.
#![cfg(unix)]
#![allow(clippy::print_stdout, reason = "a child process tells its URL")]

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use migrate_servers::{Installed, Product, Server, Setup, Shared};

const PRODUCTS: [Product; 2] = [Product::Postgres, Product::MariaDb];

fn throwaway() -> Setup {
    Setup {
        throwaway: true,
        ..Setup::default()
    }
}

fn start(product: Product) -> Server {
    let installed = Installed::newest(product).unwrap_or_else(|error| panic!("{error}"));
    Server::start(&installed, &throwaway()).unwrap_or_else(|error| panic!("{error}"))
}

/// The socket that a URL names.
fn socket(url: &str) -> PathBuf {
    let (_, parameters) = url.split_once('?').expect("a socket is a parameter");
    let (name, value) = parameters.split_once('=').expect("a value");
    let value = value.split('&').next().expect("a value");
    match name {
        "host" => Path::new(value).join(".s.PGSQL.5432"),
        _ => PathBuf::from(value),
    }
}

#[test]
fn a_server_is_reached_by_a_socket_that_others_cannot_open() {
    for product in PRODUCTS {
        let server = start(product);
        let socket = socket(&server.url("app"));
        UnixStream::connect(&socket).expect("it answers");
        let folder = socket.parent().expect("a folder");
        let mode = folder.metadata().expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{product}");
        let root = folder.parent().expect("a folder").to_owned();
        drop(server);
        assert!(!root.exists(), "{product}: the folder is removed");
    }
}

#[test]
fn as_root_a_server_runs_as_another_user() {
    for product in PRODUCTS {
        let socket = socket(&start_kept(product).url(""));
        let owner = socket.metadata().expect("it is there").uid();
        let own = std::fs::metadata("/proc/self").map_or(owner, |own| own.uid());
        assert_eq!(own == 0, owner != own, "{product}");
    }
}

/// One that lives as long as the test process.
fn start_kept(product: Product) -> &'static Server {
    Box::leak(Box::new(start(product)))
}

#[test]
fn a_template_is_created_once_and_then_copied() {
    for product in ["postgres", "mariadb"] {
        // Another cache, so that the template is not there.
        let cache = tempfile::tempdir().expect("a folder");
        drop(Child::start(product, cache.path()));
        let [template] = &templates(cache.path())[..] else {
            panic!("{product}: one template");
        };
        std::fs::write(template.join("marker"), "").expect("a file");
        let copied = Child::start(product, cache.path());
        assert!(copied.folder().join("data/marker").exists(), "{product}");
        assert_eq!(templates(cache.path()).len(), 1, "{product}");
    }
}

/// The folders in the cache.
fn templates(cache: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(cache.join("embed-migrations/servers")).expect("the cache");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}

#[test]
fn processes_that_start_at_once_share_a_template() {
    let cache = tempfile::tempdir().expect("a folder");
    let spawned: Vec<_> = (0..4)
        .map(|_| Child::spawn("postgres", cache.path()))
        .collect();
    let children: Vec<Child> = spawned.into_iter().map(Child::wait).collect();
    assert!(children.iter().all(|child| socket(&child.url).exists()));
    assert_eq!(templates(cache.path()).len(), 1);
}

#[test]
fn a_server_dies_with_its_process_also_after_kill_9() {
    for product in ["postgres", "mariadb"] {
        let cache = tempfile::tempdir().expect("a folder");
        let mut child = Child::start(product, cache.path());
        let socket = socket(&child.url);
        UnixStream::connect(&socket).expect("it answers");
        let folder = child.folder();
        let segment = shared_memory(&folder);
        // SIGKILL.
        child.process.kill().expect("it runs");
        child.process.wait().expect("it ends");
        wait_until_gone(&folder);
        assert!(UnixStream::connect(&socket).is_err());
        if let Some(segment) = segment {
            assert!(!is_there(&segment), "{product}: {segment}");
        }
    }
}

/// The segment of shared memory of a PostgreSQL server, which the system keeps until somebody removes it.
fn shared_memory(folder: &Path) -> Option<String> {
    let file = std::fs::read_to_string(folder.join("data/postmaster.pid")).ok()?;
    let line = file.lines().nth(6).expect("it names its shared memory");
    let segment = line.split_whitespace().last().expect("a number").to_owned();
    assert!(is_there(&segment), "{segment}");
    let mut later = std::fs::read_dir(folder.join("data/pg_dynshmem")).expect("a folder");
    assert!(later.next().is_some(), "and what is shared later is here");
    Some(segment)
}

fn is_there(segment: &str) -> bool {
    let output = Command::new("ipcs").arg("-m").output().expect("it runs");
    let output = String::from_utf8(output.stdout).expect("it is text");
    output
        .lines()
        .any(|line| line.split_whitespace().nth(1) == Some(segment))
}

#[test]
fn a_shared_server_of_postgres_is_one_for_all_processes_and_is_stopped_after_the_last() {
    is_shared("postgres");
}

#[test]
fn a_shared_server_of_mariadb_is_one_for_all_processes_and_is_stopped_after_the_last() {
    is_shared("mariadb");
}

fn is_shared(product: &str) {
    let cache = tempfile::tempdir().expect("a folder");
    let spawned: Vec<_> = (0..3)
        .map(|_| Child::spawn_with(SHARED, product, cache.path()))
        .collect();
    let mut children: Vec<Child> = spawned.into_iter().map(Child::wait).collect();
    let url = children[0].url.clone();
    assert!(children.iter().all(|child| child.url == url), "{product}");
    // One that ends, and one that is killed, while the third still uses it.
    children.remove(0);
    let mut killed = children.remove(0);
    killed.process.kill().expect("it runs");
    killed.process.wait().expect("it ends");
    std::thread::sleep(IDLE + Duration::from_secs(1));
    UnixStream::connect(socket(&url)).expect("somebody uses it");
    let folder = killed.folder();
    children.clear();
    // A process that comes within that time uses it too.
    let next = Child::wait(Child::spawn_with(SHARED, product, cache.path()));
    assert_eq!(next.url, url, "{product}");
    drop(next);
    wait_until_gone(&folder);
    let another = Child::wait(Child::spawn_with(SHARED, product, cache.path()));
    assert_ne!(another.url, url, "{product}: it is a new one");
    let folder = another.folder();
    drop(another);
    wait_until_gone(&folder);
}

/// How long a shared server stays after its last user.
const IDLE: Duration = Duration::from_secs(1);

fn wait_until_gone(folder: &Path) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while folder.exists() {
        assert!(Instant::now() < deadline, "{} is left", folder.display());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Another process of this program, which starts a server and keeps it until its input ends.
struct Child {
    process: std::process::Child,
    url: String,
    _output: BufReader<std::process::ChildStdout>,
}

/// The product of a server of its own, and that of a shared one.
const PRODUCT: &str = "PRODUCT_TO_HOLD";
const SHARED: &str = "PRODUCT_TO_SHARE";

#[test]
fn hold() {
    let named = |variable| {
        let name = std::env::var(variable).ok()?;
        PRODUCTS.into_iter().find(|product| product.image() == name)
    };
    let wait = || std::io::stdin().read_line(&mut String::new());
    if let Some(product) = named(PRODUCT) {
        let server = start(product);
        println!("\n{}", server.url("app"));
        let _ = wait();
    }
    if let Some(product) = named(SHARED) {
        let installed = Installed::newest(product).unwrap_or_else(|error| panic!("{error}"));
        let server = Shared::join(&installed, &throwaway(), IDLE);
        let server = server.unwrap_or_else(|error| panic!("{error}"));
        println!("\n{}", server.url("app"));
        let _ = wait();
    }
}

impl Child {
    fn start(product: &str, cache: &Path) -> Self {
        Self::wait(Self::spawn(product, cache))
    }

    fn spawn(product: &str, cache: &Path) -> std::process::Child {
        Self::spawn_with(PRODUCT, product, cache)
    }

    fn spawn_with(variable: &str, product: &str, cache: &Path) -> std::process::Child {
        Command::new(std::env::current_exe().expect("a test has a path"))
            .args(["--exact", "hold", "--nocapture"])
            .env(variable, product)
            .env("XDG_CACHE_HOME", cache)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it starts")
    }

    fn wait(mut process: std::process::Child) -> Self {
        let mut output = BufReader::new(process.stdout.take().expect("it is piped"));
        let mut url = String::new();
        while !url.contains("://") {
            url.clear();
            let read = output.read_line(&mut url).expect("it is text");
            assert_ne!(read, 0, "no server was started");
        }
        Self {
            process,
            url: url.trim().to_owned(),
            _output: output,
        }
    }

    /// The server's.
    fn folder(&self) -> PathBuf {
        let socket = socket(&self.url);
        socket.ancestors().nth(2).expect("a folder").to_owned()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
