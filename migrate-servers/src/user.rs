//! Finds the user that runs a server: servers refuse to run as root.

use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::{fs, io};

use crate::error::Error;

/// The user and group of a server's process; none if they are those of this process.
#[derive(Clone, Copy, Debug)]
pub struct User(Option<(u32, u32)>);

impl User {
    /// The one that this process runs as.
    pub fn this_process() -> Self {
        Self(None)
    }

    /// The one for a server in `folder`, which this process has created.
    pub fn for_servers(folder: &Path) -> Result<Self, Error> {
        // The owner of a new file is the user that we are.
        let owner =
            fs::metadata(folder).map_err(|error| Error::io("a temporary folder", &error))?;
        if owner.uid() != 0 {
            return Ok(Self(None));
        }
        match (id("-u"), id("-g")) {
            (Some(user), Some(group)) => Ok(Self(Some((user, group)))),
            _ => Err(
                Error::new("no server runs as root, and there is no user `nobody`")
                    .help("run the command as another user"),
            ),
        }
    }

    /// A command that runs as this user.
    pub fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        if let Some((user, group)) = self.0 {
            // With the user, the standard library also drops the groups of root.
            command.uid(user).gid(group);
        }
        command
    }

    /// Gives the user a file or folder.
    pub fn give(self, path: &Path) -> io::Result<()> {
        match self.0 {
            Some((user, group)) => chown(path, Some(user), Some(group)),
            None => Ok(()),
        }
    }
}

fn id(flag: &str) -> Option<u32> {
    let output = Command::new("id").args([flag, "nobody"]).output().ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}
