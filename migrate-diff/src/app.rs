//! The app whose chain it is: only its own binary has the code of revisions in Rust.

use std::path::PathBuf;
use std::process::Stdio;

use migrate_chain::lock::UNLOCKED;
use tokio::process::Command;

use crate::error::{Error, ErrorKind};

/// The commands that an app has mounted, as `app` in `migrate.toml` names them.
#[derive(Clone, Debug)]
pub struct App {
    words: Vec<String>,
    folder: PathBuf,
}

impl App {
    /// The program and its arguments up to the command, started in `folder`.
    pub fn new(words: Vec<String>, folder: PathBuf) -> Self {
        Self { words, folder }
    }

    /// The app with these arguments. Its build is not compared with `schema.lock`: it may be started to write that.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let (program, own) = match self.words.split_first() {
            Some((program, own)) => (&**program, own),
            None => ("", &[][..]),
        };
        let mut command = Command::new(program);
        command.args(own).args(arguments);
        command
            .current_dir(&self.folder)
            .env(UNLOCKED, "1")
            .kill_on_drop(true);
        command
    }

    /// Its name, for people.
    pub fn name(&self) -> String {
        self.words.join(" ")
    }

    /// Runs a command of the app on a database.
    pub(crate) async fn run(&self, url: &str, arguments: &[&str]) -> Result<(), Error> {
        let mut command = self.command(arguments);
        // A password in an argument is for all to see.
        command.env("DATABASE_URL", url).stdin(Stdio::null());
        let failed = |summary: String| Error::new(ErrorKind::Replay, summary);
        let output = command.output().await;
        let output = output.map_err(|error| {
            failed(format!("`{}` does not start: {error}", self.name()))
                .help("`app` in migrate.toml names the app's mounted commands, such as [\"cargo\", \"run\", \"-q\", \"--\", \"migrate\"]")
        })?;
        if output.status.success() {
            return Ok(());
        }
        let told = String::from_utf8_lossy(&output.stderr);
        let summary = format!(
            "`{} {}` failed on a scratch database",
            self.name(),
            arguments.join(" ")
        );
        Err(failed(summary).detail(told.trim().to_owned()))
    }
}
