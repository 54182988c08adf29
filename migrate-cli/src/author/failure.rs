//! Why a command did nothing, in the words that several commands share.

use std::fmt::Display;
use std::io;
use std::path::Path;

use migrate_chain::Diagnostic;

pub use migrate_command::parts::CommandError;

/// The result of an authoring command.
pub type Result<T, E = CommandError> = std::result::Result<T, E>;

/// A change that would break the chain.
pub fn breaks(what: impl Display, faults: Vec<Diagnostic>) -> CommandError {
    CommandError::faults(faults)
        .headline(format!("{what} would break the chain; nothing was written"))
}

/// A file that could not be written, read or removed.
pub fn file(doing: &str, path: &Path, error: &io::Error) -> CommandError {
    let failure = CommandError::new(format!(
        "could not {doing} {}: {}",
        path.display(),
        cause(error)
    ));
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            failure.help("look at the permissions of the folder")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            failure.help("make room and run the command again: nothing was left half written")
        }
        _ => failure,
    }
}

/// The failure of a comparison of schemas.
#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` gives")]
pub fn comparison(error: migrate_diff::Error) -> CommandError {
    let failure = CommandError::new(error.summary());
    let failure = error.details().iter().fold(failure, CommandError::note);
    match error.advice() {
        Some(advice) => failure.help(advice),
        None => failure,
    }
}

/// The words of the operating system, without its number.
pub fn cause(error: &io::Error) -> String {
    let text = error.to_string();
    let text = match text.split_once(" (os error") {
        Some((text, _)) => text.to_owned(),
        None => text,
    };
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => text,
    }
}
