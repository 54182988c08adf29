//! The folder and the address of a server.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::error::Error;
use crate::user::User;

/// How clients reach a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listen {
    /// By a socket in its folder, which only this user can open.
    #[default]
    Socket,
    /// By a port of the loopback.
    Port(u16),
}

/// How a server is set up.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// How clients reach it.
    pub listen: Listen,
    /// Whether its data may be lost when it crashes: it is faster then.
    pub throwaway: bool,
    /// MySQL's and MariaDB's setting of that name, which can only be chosen when a data directory is created.
    pub lower_case_table_names: Option<u8>,
    /// The directory that its folder is created in: the system's folder for temporary files unless another one is named.
    pub parent: Option<PathBuf>,
    /// Further arguments for its program.
    pub arguments: Vec<String>,
}

/// The folder of a server, and how it is reached.
#[derive(Clone, Debug)]
pub struct Site {
    pub folder: PathBuf,
    pub listen: Listen,
    pub user: User,
}

impl Site {
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub fn temporary_folder(&self) -> PathBuf {
        self.folder.join("temporary")
    }

    pub fn socket_folder(&self) -> PathBuf {
        self.folder.join("s")
    }

    /// A folder for a server. Another user may run the server, and has to pass through it.
    pub fn new_folder(parent: Option<&Path>) -> io::Result<PathBuf> {
        let usual = match parent {
            Some(parent) => TempDir::with_prefix_in("migrate-server-", parent)?,
            None => TempDir::with_prefix("migrate-server-")?,
        };
        let folder = if usual.path().as_os_str().len() > SOCKET_FOLDER {
            TempDir::with_prefix_in("migrate-server-", "/tmp")?
        } else {
            usual
        };
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))?;
        Ok(folder.keep())
    }
}

/// The longest path of a socket on every system, with room for the names in the folder.
const SOCKET_FOLDER: usize = 100 - "/s/.s.PGSQL.5432".len();

/// Runs a program to its end.
pub fn run(name: &str, command: &mut Command) -> Result<(), Error> {
    // The folder of this process may be closed to the server's user.
    let output = command.current_dir("/").stdin(Stdio::null()).output();
    let output = output.map_err(|error| Error::io(&format!("{name} cannot be started"), &error))?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    Err(Error::new(format!("{name} failed")).detail(String::from_utf8_lossy(&printed)))
}
