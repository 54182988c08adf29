//! Helpers shared by the tests of the command line.
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A folder to run commands in, that goes with the test.
pub(crate) struct Folder(tempfile::TempDir);

/// The output of a command, and how it ended.
pub(crate) struct Ended {
    output: Output,
    command: String,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Runs `cargo migrate` with these arguments.
    pub(crate) fn migrate(&self, arguments: &[&str]) -> Ended {
        self.run(arguments, &[])
    }

    /// The same with more in the environment.
    pub(crate) fn run(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Ended {
        let output = self
            .command(arguments)
            .envs(environment.iter().copied())
            .output()
            .expect("it starts");
        Ended {
            output,
            command: arguments.join(" "),
        }
    }

    /// `cargo migrate` as cargo would call it here, without what the developer's environment says.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-migrate"));
        command
            .arg("migrate")
            .args(arguments)
            .current_dir(self.path());
        for name in [
            "DATABASE_URL",
            "MIGRATE_DEV_URL",
            "VISUAL",
            "EDITOR",
            "NO_COLOR",
            "CLICOLOR_FORCE",
        ] {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.path().join(file);
        fs::create_dir_all(path.parent().expect("it is inside")).expect("its folder");
        fs::write(path, text).expect("it is written");
    }

    /// Writes a revision that creates and drops a table of its own name.
    pub(crate) fn revision(&self, id: &str, parents: &str) {
        let text = format!(
            "-- Step {id}\n--\n-- revision: {id}\n-- down_revision: {parents}\n\n-- migrate: upgrade\n\
             CREATE TABLE {id} (n INTEGER);\n\n-- migrate: downgrade\nDROP TABLE {id};\n"
        );
        self.write(&format!("migrations/versions/{id}.sql"), &text);
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    pub(crate) fn edit(&self, file: &str, from: &str, to: &str) {
        let text = self.read(file);
        assert!(text.contains(from), "{file} has no {from}");
        self.write(file, &text.replacen(from, to, 1));
    }

    pub(crate) fn delete(&self, file: &str) {
        fs::remove_file(self.path().join(file)).expect("it is there");
    }

    /// Every file, without what cargo makes.
    pub(crate) fn tree(&self) -> Vec<String> {
        self.contents().into_keys().collect()
    }

    /// Every file with its text.
    pub(crate) fn contents(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        let mut pending = vec![self.path().to_owned()];
        while let Some(folder) = pending.pop() {
            for entry in fs::read_dir(&folder).expect("it lists") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    pending.push(path);
                } else {
                    let name = path.strip_prefix(self.path()).expect("it is inside");
                    let text = fs::read(&path).expect("it is there");
                    files.insert(
                        name.to_string_lossy().into_owned(),
                        String::from_utf8_lossy(&text).into_owned(),
                    );
                }
            }
        }
        files
    }
}

/// The messages of `cargo migrate` for several calls, all of which must be refused and change nothing.
#[track_caller]
pub(crate) fn refused(folder: &Folder, calls: &[&[&str]]) -> String {
    let before = folder.contents();
    let transcript = calls.iter().map(|call| {
        let said = folder.migrate(call).failure();
        format!("$ cargo migrate {}\n{said}", call.join(" "))
    });
    let transcript = transcript.collect::<Vec<_>>().join("\n");
    assert_eq!(folder.contents(), before);
    transcript
}

/// Whether the tests run as a user whom permissions do not bind.
#[cfg(unix)]
pub(crate) fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().expect("it starts");
    output.stdout == b"0\n"
}

/// A directory with these settings, and this chain: a1 <- b1, where b1 is the head.
pub(crate) fn two(settings: &str) -> Folder {
    let folder = Folder::new();
    folder.write("migrations/migrate.toml", settings);
    folder.revision("a1", "none");
    folder.revision("b1", "a1");
    folder
}

/// The same with two heads, b1 and c1.
pub(crate) fn forked(settings: &str) -> Folder {
    let folder = two(settings);
    folder.revision("c1", "a1");
    folder
}

pub(crate) const DATE: &str = "-- created: [..]";

pub(crate) fn text(folder: &Folder, file: &str) -> String {
    let text = folder.read(&format!("migrations/versions/{file}"));
    let line = |line: &str| {
        if line.starts_with("-- created: ") {
            DATE.to_owned()
        } else {
            line.to_owned()
        }
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

/// a1 <- b1 <- c1, each with a table of its own, and a database at `target`.
pub(crate) fn three(target: &str) -> Folder {
    let folder = Folder::new();
    folder.write("migrations/migrate.toml", "dialects = [\"sqlite\"]\n");
    folder.revision("a1", "none");
    folder.revision("b1", "a1");
    folder.revision("c1", "b1");
    folder
        .migrate(&["upgrade", target, "--database-url", URL])
        .success();
    folder
}

pub(crate) const URL: &str = "sqlite:app.db?mode=rwc";

/// The file with what differs from run to run left out.
pub(crate) fn masked(text: &str) -> String {
    let mask = |line: &str| match line.split_once(": ") {
        Some((key @ ("-- created" | "-- replaced_digest"), _)) => format!("{key}: [..]"),
        _ => line.to_owned(),
    };
    text.lines().map(|line| mask(line) + "\n").collect()
}

impl Ended {
    /// Its standard output; the command must have succeeded.
    #[track_caller]
    pub(crate) fn success(&self) -> String {
        assert_eq!(
            self.output.status.code(),
            Some(0),
            "{}: {}{}",
            self.command,
            self.stdout(),
            self.stderr()
        );
        self.stdout()
    }

    /// Its error message; the command must have been refused or failed.
    #[track_caller]
    pub(crate) fn failure(&self) -> String {
        assert_eq!(
            self.output.status.code(),
            Some(1),
            "{}: {}{}",
            self.command,
            self.stdout(),
            self.stderr()
        );
        assert_eq!(self.stdout(), "", "{}", self.command);
        self.stderr()
    }

    /// Its standard output; it must have found a difference.
    #[track_caller]
    pub(crate) fn difference(&self) -> String {
        assert_eq!(
            self.output.status.code(),
            Some(3),
            "{}: {}{}",
            self.command,
            self.stdout(),
            self.stderr()
        );
        self.stdout()
    }

    /// Its message about wrong usage.
    #[track_caller]
    pub(crate) fn usage(&self) -> String {
        assert_eq!(
            self.output.status.code(),
            Some(2),
            "{}: {}{}",
            self.command,
            self.stdout(),
            self.stderr()
        );
        self.stderr()
    }

    pub(crate) fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    pub(crate) fn stdout(&self) -> String {
        String::from_utf8(self.output.stdout.clone()).expect("UTF-8")
    }

    pub(crate) fn stderr(&self) -> String {
        String::from_utf8(self.output.stderr.clone()).expect("UTF-8")
    }
}

/// An app in `folder` that depends on this workspace, as a user's does.
pub(crate) fn app(folder: &Folder) {
    let workspace = workspace();
    let path = workspace.to_str().expect("a UTF-8 path");
    folder.write(
        "Cargo.toml",
        &format!(
            "[package]\nname = {:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             embed-migrations = {{ path = {path:?}, features = [\"sqlite\"] }}\n\
             sqlx = {{ version = \"0.9\", default-features = false, features = [\"runtime-tokio\", \"sqlite\"] }}\n\
             tokio = {{ version = \"1\", default-features = false, features = [\"macros\", \"rt-multi-thread\"] }}\n\n\
             [profile.dev]\ndebug = \"line-tables-only\"\n",
            app_name()
        ),
    );
    folder.write("src/main.rs", "fn main() {}\n");
    // The versions that are here already: a build must not need the network.
    fs::copy(
        workspace.join("Cargo.lock"),
        folder.path().join("Cargo.lock"),
    )
    .expect("the lock file is copied");
}

/// Each test has an app of its own name: cargo builds all of them in one place, and takes two workspaces with a package of
/// one name for the same.
fn app_name() -> String {
    let test = std::thread::current().name().map(str::to_owned);
    format!("app_{}", test.unwrap_or_default().replace("::", "_"))
}

/// Runs the app of a folder, and gives back what it prints.
pub(crate) fn cargo_run(folder: &Folder) -> String {
    cargo(folder, "run")
}

/// Builds the app of a folder.
pub(crate) fn cargo_build(folder: &Folder) {
    cargo(folder, "build");
}

/// Cargo's output for the app of a folder, which must not build.
pub(crate) fn cargo_broken(folder: &Folder) -> String {
    let output = cargo_output(folder, "build");
    assert!(!output.status.success(), "the build did not fail");
    String::from_utf8(output.stderr).expect("UTF-8")
}

/// The program of the app of a folder, as cargo builds it.
pub(crate) fn cargo_program(folder: &Folder) -> Vec<u8> {
    cargo_build(folder);
    fs::read(target().join("debug").join(app_name())).expect("the program is there")
}

fn cargo_output(folder: &Folder, command: &str) -> Output {
    Command::new(env!("CARGO"))
        .args([command, "--quiet", "--offline", "--color=never"])
        .current_dir(folder.path())
        .env("CARGO_TARGET_DIR", target())
        .env_remove("RUSTFLAGS")
        .output()
        .expect("cargo starts")
}

fn cargo(folder: &Folder, command: &str) -> String {
    let output = cargo_output(folder, command);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    for ours in ["--> src/", "--> build.rs", "--> migrations/"] {
        assert!(!errors.contains(ours), "{errors}");
    }
    String::from_utf8(output.stdout).expect("UTF-8")
}

fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("it lies in the workspace").to_owned()
}

/// The target folder of the tests: the dependencies are built.
pub(crate) fn target() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("it lies in the target folder")
}
