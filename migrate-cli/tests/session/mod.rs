//! Documents that are run: each command of a `console` block, its output beside what the document says.

#![allow(dead_code, reason = "each test program uses a part of it")]

mod package;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) mod server;

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// An empty folder to work in, a database, and `cargo migrate` as a user has it.
pub(crate) struct Session {
    folder: TempDir,
    url: String,
    /// Blocks that are for this database too.
    database: &'static str,
}

impl Session {
    /// On a file of SQLite.
    pub(crate) fn sqlite() -> Self {
        Self::on("sqlite", SQLITE_URL.to_owned())
    }

    /// On a database that is empty.
    pub(crate) fn on(database: &'static str, url: String) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let tools = folder.path().join("bin");
        fs::create_dir(&tools).expect("a folder in it");
        fs::create_dir(folder.path().join("app")).expect("a folder in it");
        // As cargo calls it; cargo itself would take its time.
        script(&tools.join("cargo"), "exec cargo-migrate \"$@\"");
        if let Some(rest) = url.strip_prefix("mysql://") {
            let options = client_options(rest);
            fs::write(folder.path().join(".my.cnf"), options).expect("a file is written");
        }
        Self {
            folder,
            url,
            database,
        }
    }

    /// On a file of `SQLite`, in a crate as the README makes it, which cargo builds with what is built for the tests.
    pub(crate) fn in_a_crate() -> Self {
        let session = Self::sqlite();
        package::write(&session.app());
        let tools = session.folder.path().join("bin");
        fs::write(tools.join("cargo"), package::cargo()).expect("a script is written");
        session
    }

    /// Gives the commands of the document one more program, by a line of shell.
    pub(crate) fn with_program(self, name: &str, line: &str) -> Self {
        script(&self.folder.path().join("bin").join(name), line);
        self
    }

    /// Runs a document, and compares it with itself as it is now.
    pub(crate) fn check(&self, document: impl AsRef<Path>) {
        let document = document.as_ref();
        let text = fs::read_to_string(document)
            .unwrap_or_else(|error| panic!("{}: {error}", document.display()));
        let actual = self.run(&text);
        // The document shows the output on SQLite; the other databases must print the same.
        if self.database == "sqlite" {
            let expected = snapbox::Data::read_from(document, None).raw();
            snapbox::Assert::new()
                .action_env("SNAPSHOTS")
                .eq(actual, expected);
        } else {
            snapbox::assert_data_eq!(actual, snapbox::Data::text(text).raw());
        }
    }

    /// The document with the output that its commands have now.
    pub(crate) fn run(&self, text: &str) -> String {
        let mut actual = String::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let _ = writeln!(actual, "{line}");
            let block = || block(line);
            let Some(kind) = block() else { continue };
            let mut body = Vec::new();
            while let Some(line) = lines.next_if(|line| *line != "```") {
                body.push(line);
            }
            match kind {
                Block::File(path) => {
                    self.write(path, &body);
                    let _ = writeln!(actual, "{}", body.join("\n"));
                }
                Block::Edit(path) => {
                    self.edit(path, &body);
                    let _ = writeln!(actual, "{}", body.join("\n"));
                }
                Block::Console(only) if only.is_none_or(|only| only == self.database) => {
                    for command in commands(&body) {
                        actual += &self.command(&command);
                    }
                }
                Block::Console(_) => {
                    let _ = writeln!(actual, "{}", body.join("\n"));
                }
            }
        }
        actual
    }

    /// Runs one command; how it was typed, and what came out.
    fn command(&self, typed: &[&str]) -> String {
        let shell: Vec<&str> = typed
            .iter()
            .map(|line| {
                line.trim_start_matches(['$', '>'])
                    .strip_prefix(' ')
                    .unwrap_or_default()
            })
            .collect();
        let output = self.shell(&format!("exec 2>&1\n{}", shell.join("\n")));
        let mut shown = typed.join("\n") + "\n";
        shown += &self.normal(&String::from_utf8_lossy(&output.stdout));
        match output.status.code() {
            Some(0) => {}
            Some(code) => {
                let _ = writeln!(shown, "(exit code {code})");
            }
            None => shown += "(killed)\n",
        }
        shown
    }

    /// Runs a shell command in the folder of the app.
    pub(crate) fn shell(&self, script: &str) -> std::process::Output {
        let binary = PathBuf::from(env!("CARGO_BIN_EXE_cargo-migrate"));
        let tools = self.folder.path().join("bin");
        let path = std::env::var("PATH").unwrap_or_default();
        let path = format!(
            "{}:{}:{path}",
            tools.display(),
            binary.parent().expect("it is in a folder").display()
        );
        let mut command = Command::new("sh");
        command.args(["-c", script]).current_dir(self.app());
        for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "EDITOR", "VISUAL"] {
            command.env_remove(variable);
        }
        command
            .env("PATH", path)
            .env("HOME", self.folder.path())
            .env(
                "CHAINS",
                concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/chains"),
            )
            .env("DATABASE_URL", &self.url)
            .stdin(std::process::Stdio::null())
            .output()
            .expect("a shell starts")
    }

    /// The URL of the database.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn app(&self) -> PathBuf {
        self.folder.path().join("app")
    }

    fn write(&self, path: &str, lines: &[&str]) {
        let path = self.app().join(path);
        let folder = path.parent().expect("it is in the folder");
        fs::create_dir_all(folder).expect("the folder is made");
        fs::write(path, lines.join("\n") + "\n").expect("the file is written");
    }

    /// Changes the lines of a file that a block has with ` ` and `-` into those with ` ` and `+`.
    fn edit(&self, path: &str, lines: &[&str]) {
        let without = |sign: char| {
            let lines = lines.iter().filter(|line| !line.starts_with(sign));
            let lines: Vec<&str> = lines
                .map(|line| line.get(1..).unwrap_or_default())
                .collect();
            lines.join("\n") + "\n"
        };
        let (before, after) = (without('+'), without('-'));
        let path = self.app().join(path);
        let text = fs::read_to_string(&path).expect("the file is there");
        assert!(
            text.contains(&before),
            "{} has no\n{before}",
            path.display()
        );
        fs::write(path, text.replacen(&before, &after, 1)).expect("the file is written");
    }

    /// The output without what differs from run to run.
    fn normal(&self, output: &str) -> String {
        let output = output
            .replace(&self.url, SQLITE_URL)
            .replace(&*self.app().to_string_lossy(), "/home/you/app");
        let mut normal = String::new();
        for line in output.lines() {
            let _ = writeln!(normal, "{}", line_without_times(line));
        }
        normal
    }
}

fn script(path: &Path, line: &str) {
    fs::write(path, format!("#!/bin/sh\n{line}\n")).expect("a script is written");
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(path, executable).expect("the file is ours");
}

/// The file in which the clients of MariaDB look for options, so that a document names only the database.
fn client_options(url: &str) -> String {
    let (login, address) = url.rsplit_once('@').expect("the URL names a user");
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let address = address.split('/').next().unwrap_or_default();
    let (host, port) = address.split_once(':').unwrap_or((address, "3306"));
    format!("[client]\nprotocol=tcp\nhost={host}\nport={port}\nuser={user}\npassword={password}\n")
}

const SQLITE_URL: &str = "sqlite:app.db";

enum Block<'d> {
    /// Commands, for one kind of database or for all.
    Console(Option<&'d str>),
    /// The text that a file must have.
    File(&'d str),
    /// A change of a file.
    Edit(&'d str),
}

/// The block that a fence opens, if this test uses it: ```` ```console ````, ```` ```console sqlite ````, ```` ```sql a/b.sql ````,
/// ```` ```diff a/b.sql ````.
fn block(line: &str) -> Option<Block<'_>> {
    let (kind, rest) = line
        .strip_prefix("```")?
        .split_once(' ')
        .unwrap_or((line.strip_prefix("```")?, ""));
    match kind {
        "console" => Some(Block::Console(Some(rest).filter(|rest| !rest.is_empty()))),
        "" | "text" => None,
        _ if rest.is_empty() => None,
        "diff" => Some(Block::Edit(rest)),
        _ => Some(Block::File(rest)),
    }
}

/// The commands of a block: a line that starts with `$`, and those with `>` that go on with it.
fn commands<'d>(body: &[&'d str]) -> Vec<Vec<&'d str>> {
    let mut commands: Vec<Vec<&str>> = Vec::new();
    for line in body {
        if line.starts_with("$ ") {
            commands.push(vec![line]);
        } else if (*line == ">" || line.starts_with("> "))
            && let Some(command) = commands.last_mut()
        {
            command.push(line);
        }
    }
    commands
}

/// `12 ms` and `1.2 s` as `4 ms`, a point in time as that of the documents.
fn line_without_times(line: &str) -> String {
    let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
    for n in 1..words.len() {
        let is_number = words[n - 1].parse::<f64>().is_ok();
        for unit in ["ms", "s"] {
            let rest = words[n].strip_prefix(unit).map(str::to_owned);
            if let Some(rest) =
                rest.filter(|rest| is_number && !rest.starts_with(char::is_alphanumeric))
            {
                "4".clone_into(&mut words[n - 1]);
                words[n] = format!("ms{rest}");
            }
        }
    }
    for word in &mut words {
        if word.starts_with("20") && word.contains('T') && word.ends_with('Z') {
            "2026-11-22T08:00:00Z".clone_into(word);
        }
    }
    let line = words.join(" ");
    match line.split_once("_ms\": ") {
        Some((name, value)) => {
            let comma = if value.ends_with(',') { "," } else { "" };
            format!("{name}_ms\": 4{comma}")
        }
        None => line,
    }
}
