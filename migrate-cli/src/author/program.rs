//! Programs that a migration directory names: one that prints the desired schema, and the app with its mounted commands.

use std::process::{ExitCode, Stdio};
use std::time::Duration;

use migrate_chain::Revision;
use migrate_chain::lock::UNLOCKED;
use migrate_diff::App;
use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};

use super::directory::Directory;
use super::failure::{CommandError, Result};
use super::package::package;

/// How long a program may take. It may have to be built first.
const PATIENCE: Duration = Duration::from_mins(10);

/// A command in the folder of the package, whose builds do not compare the lock.
pub fn command(directory: &Directory, words: &[String]) -> Command {
    let (program, arguments) = words
        .split_first()
        .map_or(("", words), |(first, rest)| (&**first, rest));
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(package(directory))
        .env(UNLOCKED, "1")
        .kill_on_drop(true);
    command
}

/// The app's mounted commands, if the settings name them and the chain has revisions for them to run.
pub fn app(directory: &Directory) -> Option<App> {
    let words = &directory.chain.config.app;
    let is_needed = directory.chain.revisions.iter().any(Revision::is_rust);
    (is_needed && !words.is_empty()).then(|| App::new(words.clone(), package(directory)))
}

/// Runs the command line of this process by the app, on the database that is meant here.
///
/// # Errors
/// The app does not start.
pub async fn by_the_app(app: &App, url: Option<&str>) -> Result<ExitCode> {
    let words: Vec<String> = forwarded(std::env::args().skip(1));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut command = app.command(&words);
    if let Some(url) = url {
        command.env("DATABASE_URL", url);
    }
    // A relative path in a URL is relative to the user's directory.
    command.current_dir(".");
    let status = command.status().await.map_err(|error| {
        let cause = super::failure::cause(&error);
        CommandError::new(format!("`{}` does not start: {cause}", app.name()))
    })?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(ExitCode::from(code.unwrap_or(1)))
}

/// The arguments without cargo's word and without the directory, which the app has embedded.
fn forwarded(words: impl Iterator<Item = String>) -> Vec<String> {
    let mut words = words.peekable();
    words.next_if(|word| word == "migrate");
    let mut out = Vec::new();
    while let Some(word) = words.next() {
        match &*word {
            "--dir" => drop(words.next()),
            other if other.starts_with("--dir=") => {}
            _ => out.push(word),
        }
    }
    out
}

/// The SQL that a program prints.
///
/// # Errors
/// It does not start, fails, takes too long, or prints nothing or something other than text.
pub async fn output(directory: &Directory, words: &[String]) -> Result<String> {
    output_within(directory, words, PATIENCE).await
}

async fn output_within(
    directory: &Directory,
    words: &[String],
    patience: Duration,
) -> Result<String> {
    let name = words.join(" ");
    let mut command = command(directory, words);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let started = command.spawn();
    let mut child = started.map_err(|error| {
        let cause = super::failure::cause(&error);
        CommandError::new(format!("`{name}` does not start: {cause}")).help(HELP)
    })?;
    let read = tokio::time::timeout(patience, read(&mut child)).await;
    let (status, printed, told) = match read {
        Ok(read) => read.map_err(|error| {
            CommandError::new(format!("the output of `{name}` cannot be read: {error}"))
        })?,
        Err(_) => {
            return Err(CommandError::new(format!(
                "`{name}` did not end within {} seconds",
                patience.as_secs()
            ))
            .help("let it print the SQL of the schema and end; nothing was written"));
        }
    };
    let told = String::from_utf8_lossy(&told).trim().to_owned();
    if !status.success() {
        let failure = CommandError::new(format!("`{name}` failed ({status}); nothing was written"));
        return Err(if told.is_empty() {
            failure.help(HELP)
        } else {
            failure.note(told)
        });
    }
    let Ok(text) = String::from_utf8(printed) else {
        return Err(
            CommandError::new(format!("`{name}` printed something that is not text")).help(HELP),
        );
    };
    if text.trim().is_empty() || text.contains('\0') {
        let what = if text.trim().is_empty() {
            "nothing"
        } else {
            "something that is not text"
        };
        let failure = CommandError::new(format!("`{name}` printed {what}")).help(HELP);
        return Err(if told.is_empty() {
            failure
        } else {
            failure.note(told)
        });
    }
    Ok(text)
}

const HELP: &str = "`program` under `[schema]` in migrate.toml names a program and its arguments; it prints the SQL of the whole schema";

async fn read(child: &mut Child) -> std::io::Result<(std::process::ExitStatus, Vec<u8>, Vec<u8>)> {
    let (mut printed, mut told) = (Vec::new(), Vec::new());
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let out = async {
        match out {
            Some(mut out) => out.read_to_end(&mut printed).await,
            None => Ok(0),
        }
    };
    let err = async {
        match err {
            Some(mut err) => err.read_to_end(&mut told).await,
            None => Ok(0),
        }
    };
    tokio::try_join!(out, err)?;
    let status = child.wait().await?;
    Ok((status, printed, told))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, table};
    use super::*;

    async fn printed(script: &str) -> Result<String, String> {
        let scene = Scene::new("", &[table("a1", "none", "")]);
        let directory = scene.open();
        let words = ["sh", "-c", script].map(str::to_owned);
        let output = output_within(&directory, &words, Duration::from_secs(2)).await;
        output.map_err(|failure| format!("{failure:?}"))
    }

    #[test]
    fn the_app_gets_the_command_without_the_directory() {
        let words = ["migrate", "--dir", "db", "upgrade", "+1", "--dir=x", "-q"];
        let words = words.into_iter().map(str::to_owned);
        assert_eq!(forwarded(words), ["upgrade", "+1", "-q"]);
    }

    #[tokio::test]
    async fn what_a_program_prints_is_the_schema() {
        let printed = printed("echo 'CREATE TABLE t (n INT);'; echo building >&2").await;
        assert_eq!(printed.as_deref(), Ok("CREATE TABLE t (n INT);\n"));
    }

    #[tokio::test]
    async fn a_program_that_is_of_no_use_is_an_error_that_says_why() {
        for (script, reason) in [
            ("echo 'no such entity' >&2; exit 3", "no such entity"),
            ("true", "printed nothing"),
            ("printf '\\377\\376'", "not text"),
            ("sleep 60", "within 2 seconds"),
            ("exec no-such-program-anywhere", "failed"),
        ] {
            let failure = printed(script).await.expect_err(script);
            assert!(failure.contains(reason), "{script}: {failure}");
        }
    }
}
