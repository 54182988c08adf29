//! The ids of new revisions.

use std::fmt::Write as _;

use migrate_chain::diagnostic::{Diagnostic, Fault};
use migrate_chain::{Place, names};

use super::directory::Directory;
use super::failure::{CommandError, Result};

/// The id that a user gave, or a new one of twelve hexadecimal digits as Alembic makes them.
///
/// # Errors
/// The given id is malformed or taken.
pub fn choose(given: Option<&str>, directory: &Directory) -> Result<String> {
    let Some(id) = given else {
        return random(directory);
    };
    names::check_id(id).map_err(wrong)?;
    if let Some(taken) = directory.chain.graph.find(id) {
        let file = directory.path(directory.revision(taken).file());
        return Err(CommandError::new(format!(
            "the revision `{id}` exists already, in {}",
            file.display()
        ))
        .help("leave out --rev-id to get a generated id"));
    }
    Ok(id.to_owned())
}

/// The fault of a name from the command line, in the words of the build.
pub fn wrong(fault: Fault) -> CommandError {
    let diagnostic = Diagnostic::new(fault, Place::whole(""));
    CommandError::new(diagnostic.message()).help(diagnostic.help())
}

fn random(directory: &Directory) -> Result<String> {
    loop {
        let mut bytes = [0; 6];
        getrandom::fill(&mut bytes).map_err(|error| {
            CommandError::new(format!("the system has no random numbers: {error}"))
        })?;
        let id = bytes.iter().fold(String::new(), |mut id, byte| {
            let _ = write!(id, "{byte:02x}");
            id
        });
        if directory.chain.graph.find_name(&id).is_none() {
            return Ok(id);
        }
    }
}
