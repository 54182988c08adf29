//! The example `own_cli` as it is deployed: one binary, started in a folder that has nothing else. For `cargo xtask static`
//! it is a static one, and that folder is all that it sees of the machine.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::{env, fs, process};

use tempfile::TempDir;

#[test]
fn on_sqlite_one_binary_migrates_and_serves() {
    let app = App::on("sqlite:app.db");
    let refused = app.run(&["migrate", "status"]);
    assert!(text(&refused.stderr).contains("there is no database file app.db"));
    // The next command is named as the user called this one.
    assert!(text(&refused.stderr).contains("`own_cli migrate upgrade` creates it"));
    migrate_and_serve(&app);
}

#[cfg(feature = "postgres")]
#[test]
fn on_postgres_one_binary_migrates_and_serves() {
    let server = test_servers::postgres();
    // Several runs may share the server.
    let name = format!("own_cli_{}", process::id());
    let created = Command::new("psql")
        .args([
            &server.admin_url(),
            "-qc",
            &format!("CREATE DATABASE {name}"),
        ])
        .status()
        .expect("psql starts");
    assert!(created.success());
    let app = App::on(&server.url(&name));
    migrate_and_serve(&app);
}

fn migrate_and_serve(app: &App) {
    let head = app.result(&["migrate", "heads"]);
    let upgraded = app.run(&["migrate", "upgrade", "-1", "--dry-run"]);
    assert!(!upgraded.status.success());

    app.result(&["migrate", "ensure-version"]);
    let behind = app.run(&["migrate", "check"]);
    assert_eq!(behind.status.code(), Some(3));
    let refused = app.run(&["serve", "--patience", "0"]);
    assert!(text(&refused.stderr).contains("error: the database is not at the head"));

    // A revision in Rust is among them: `cargo migrate` could not run it.
    let upgraded = app.result(&["migrate", "upgrade"]);
    assert!(upgraded.starts_with("upgraded "), "{upgraded}");
    let current = app.result(&["migrate", "current"]);
    assert_eq!(
        current.split_once(' ').map(|(id, _)| id),
        head.split_once(' ').map(|(id, _)| id)
    );
    let json = app.result(&["migrate", "status", "--format", "json"]);
    assert!(json.contains("\"is_current\": true"), "{json}");
    assert!(app.result(&["migrate", "history"]).lines().count() > 10);

    let service = Service::start(app);
    assert!(service.get("/health").starts_with("HTTP/1.1 200 OK"));
}

/// The binary, an empty folder to start it in, and its database.
struct App {
    folder: TempDir,
    url: String,
}

impl App {
    fn on(url: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self {
            folder,
            url: url.to_owned(),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = match static_target() {
            Some(_) => self.jailed(),
            None => Command::new(binary()),
        };
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("DATABASE_URL", &self.url);
        command
    }

    /// A copy of the binary that takes the folder for the whole machine. Only root may do so, or a user who is root to
    /// itself.
    fn jailed(&self) -> Command {
        let copy = self.folder.path().join("own_cli");
        if !copy.exists() {
            fs::copy(binary(), copy).expect("the folder takes the binary");
        }
        let user = Command::new("id").arg("-u").output().expect("id starts");
        let mut command = Command::new("unshare");
        if text(&user.stdout).trim() != "0" {
            command.arg("--map-root-user");
        }
        command.args(["--root", ".", "--wd", "/", "/own_cli"]);
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary starts")
    }

    /// The standard output of a command, which must succeed.
    fn result(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            text(&output.stderr)
        );
        text(&output.stdout)
    }
}

/// A replica that answers.
struct Service {
    process: Child,
    address: String,
}

impl Service {
    fn start(app: &App) -> Self {
        let mut process = app
            .command(&["serve", "--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        let stdout = process.stdout.take().expect("it is piped");
        let mut line = String::new();
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("it says where it listens");
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.expect("it says where it listens").to_owned();
        Self { process, address }
    }

    fn get(&self, path: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream
            .write_all(request.as_bytes())
            .expect("it takes a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The target of a static binary, if it is to be one.
fn static_target() -> Option<String> {
    env::var("MIGRATE_TEST_STATIC").ok()
}

/// The example, built as this test was, or as a static release.
fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| match static_target() {
        Some(target) => static_binary(&target),
        None => plain_binary(),
    })
}

fn static_binary(target: &str) -> PathBuf {
    let flags = format!(
        "CARGO_TARGET_{}_RUSTFLAGS",
        target.to_uppercase().replace('-', "_")
    );
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--target", target])
        .args(["--package", "embed-migrations", "--example", "own_cli"])
        .args(["--features", "cli,postgres"])
        .env(flags, "-C target-feature=+crt-static")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status();
    assert!(status.expect("cargo starts").success());
    target_folder().join(format!("{target}/release/examples/own_cli"))
}

fn plain_binary() -> PathBuf {
    let mut build = Command::new(env!("CARGO"));
    build
        .args(["build", "--quiet", "--package", "embed-migrations"])
        .args(["--example", "own_cli"])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    build.args(if cfg!(feature = "postgres") {
        &["--all-features"][..]
    } else {
        &["--features", "cli"]
    });
    assert!(build.status().expect("cargo starts").success());
    target_folder().join("debug/examples/own_cli")
}

/// This test is in its debug/deps/.
fn target_folder() -> PathBuf {
    let test = env::current_exe().expect("it has a path");
    let folder = test.ancestors().nth(3);
    folder.expect("it is in a target folder").to_owned()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
