//! `cargo migrate edit`: a revision file in the user's editor.

use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use super::directory::Directory;
use super::failure::{CommandError, Result, cause};
use super::version_rows;

/// Open a revision in $VISUAL or $EDITOR, and check the chain afterwards
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  cargo migrate edit head
  EDITOR=\"code --wait\" cargo migrate edit 1975ea")]
pub struct Edit {
    /// The revision: an id or its beginning, a label, `head`, `heads`, or `current` for that of the database
    #[arg(value_name = "REV")]
    revision: String,
}

impl Edit {
    /// Opens the files and waits for the editor; gives back what was opened.
    ///
    /// # Errors
    /// The target is wrong, there is no editor, it fails, or the chain is broken afterwards.
    pub async fn run(
        &self,
        directory: &Directory,
        database_url: Option<&str>,
    ) -> Result<Vec<PathBuf>> {
        let revisions = match (&*self.revision, database_url) {
            ("current", Some(url)) => current(directory, url).await?,
            ("current", None) => return Err(no_database()),
            (target, _) => directory.resolve(target)?,
        };
        if revisions.is_empty() {
            return Err(CommandError::new(format!(
                "`{}` is not a revision, and has no file",
                self.revision
            )));
        }
        let files: Vec<PathBuf> = revisions
            .iter()
            .map(|&revision| directory.path(directory.revision(revision).file()))
            .collect();
        open_and_check(directory, &files)?;
        Ok(files)
    }
}

/// Opens files in the editor, and checks the chain afterwards.
///
/// # Errors
/// There is no editor, it fails, or the chain is broken afterwards.
pub fn open_and_check(directory: &Directory, files: &[PathBuf]) -> Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    open(files)?;
    Directory::open(directory.root())
        .map(drop)
        .map_err(|failure| failure.headline("the chain is broken, as the files are now"))
}

/// The revisions that the database of `url` is at.
async fn current(directory: &Directory, url: &str) -> Result<Vec<usize>> {
    let rows = version_rows::read(directory, url).await?;
    let graph = &directory.chain.graph;
    rows.iter()
        .map(|row| {
            graph.find(row).ok_or_else(|| {
                CommandError::new(format!(
                    "the database is at `{row}`, which has no file here"
                ))
            })
        })
        .collect()
}

fn no_database() -> CommandError {
    CommandError::usage("`current` is where the database is, and none is named")
        .help("set DATABASE_URL, or pass --database-url")
}

/// Runs the editor on some files and waits for it.
fn open(files: &[PathBuf]) -> Result<()> {
    let command = editor()?;
    let words = shell_words::split(&command).map_err(|error| {
        CommandError::new(format!("$EDITOR is not a command: {error}"))
            .note(format!("it is `{command}`"))
    })?;
    let Some((program, arguments)) = words.split_first() else {
        return Err(no_editor());
    };
    let status = Command::new(program).args(arguments).args(files).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(CommandError::new(format!(
            "the editor `{program}` ended with {status}"
        ))),
        Err(error) => Err(CommandError::new(format!(
            "the editor `{program}` did not start: {}",
            cause(&error)
        ))
        .help("set VISUAL or EDITOR to a program that is there")),
    }
}

/// The user's editor: $VISUAL, else $EDITOR.
fn editor() -> Result<String> {
    let set = |name| {
        std::env::var(name)
            .ok()
            .filter(|command| !command.trim().is_empty())
    };
    set("VISUAL")
        .or_else(|| set("EDITOR"))
        .ok_or_else(no_editor)
}

fn no_editor() -> CommandError {
    CommandError::new("neither VISUAL nor EDITOR is set").help("set one, such as `EDITOR=vi`")
}
