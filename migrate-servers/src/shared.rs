//! A private server that several processes use, one after the other and at the same time.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{env, io, process};

use crate::error::Error;
use crate::installed::Installed;
use crate::janitor;
use crate::product::Product;
use crate::server::Server;
use crate::site::Setup;
use crate::template;

/// A private server that all processes of this user share. The first one starts it; it is stopped some time after the last
/// one has ended, however it ended.
///
/// ```no_run
/// use std::time::Duration;
///
/// use migrate_servers::{Installed, Product, Setup, Shared};
///
/// # fn main() -> Result<(), migrate_servers::Error> {
/// let installed = Installed::newest(Product::Postgres)?;
/// let server = Shared::join(&installed, &Setup::default(), Duration::from_mins(1))?;
/// println!("{}", server.url("postgres"));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Shared {
    product: Product,
    socket_folder: PathBuf,
    /// Tells the watchdog that this process uses the server.
    _user: UserFile,
}

impl Shared {
    /// Joins the server of this version and setup. If there is none, it is started, and stopped once no process has used it
    /// for the time of `idle`.
    ///
    /// # Errors
    /// As [`Server::start`]; also when the folder that processes meet in cannot be written.
    pub fn join(installed: &Installed, setup: &Setup, idle: Duration) -> Result<Self, Error> {
        let meeting = meeting_folder().map_err(|error| Error::io("the cache folder", &error))?;
        let pointer = meeting.join(key(installed, setup));
        let _one_at_a_time = locked(&pointer.with_extension("lock"))
            .map_err(|error| Error::io("the lock of the shared server", &error))?;
        if let Some(joined) = Self::running(installed.product(), &pointer) {
            return Ok(joined);
        }
        let server = Server::start_with(installed, setup, &watchdog(idle))?;
        let joined = Self::publish(&server, &pointer)
            .map_err(|error| Error::io("the folder of the shared server", &error))?;
        // The watchdog stops it, and not this value.
        std::mem::forget(server);
        Ok(joined)
    }

    /// The URL of a database of it, for a user who may do everything.
    pub fn url(&self, database: &str) -> String {
        self.product.url(&self.socket_folder, database)
    }

    /// The one that runs, if there is one.
    fn running(product: Product, pointer: &Path) -> Option<Self> {
        let folder = PathBuf::from(fs::read_to_string(pointer).ok()?);
        let user = UserFile::create(&folder).ok()?;
        let socket_folder = folder.join("s");
        // The watchdog removes this file, then looks for users again, and only then stops the server.
        let runs = folder.join(janitor::RUNNING).exists()
            && UnixStream::connect(socket_folder.join(product.socket())).is_ok();
        runs.then_some(Self {
            product,
            socket_folder,
            _user: user,
        })
    }

    fn publish(server: &Server, pointer: &Path) -> io::Result<Self> {
        let folder = server.folder();
        DirBuilder::new().mode(0o700).create(folder.join(USERS))?;
        let user = UserFile::create(folder)?;
        fs::write(folder.join(janitor::RUNNING), "")?;
        fs::write(pointer, folder.as_os_str().as_encoded_bytes())?;
        Ok(Self {
            product: server.product(),
            socket_folder: server.socket_folder(),
            _user: user,
        })
    }
}

/// The folder in that of a server with a file for each user, whose name begins with the number of its process.
const USERS: &str = "users";

/// The file of this process among the users of a server.
#[derive(Debug)]
struct UserFile(PathBuf);

impl UserFile {
    fn create(folder: &Path) -> io::Result<Self> {
        let name = format!("{}.{}", process::id(), template::random());
        let path = folder.join(USERS).join(name);
        fs::write(&path, "")?;
        Ok(Self(path))
    }
}

impl Drop for UserFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Waits until nobody has used the server for this long, then kills it and removes its folder.
fn watchdog(idle: Duration) -> String {
    janitor::OF_SHARED_SERVER.replace("SECONDS", &idle.as_secs().to_string()) + janitor::OF_SERVER
}

fn key(installed: &Installed, setup: &Setup) -> String {
    let setup = format!("{setup:?}");
    template::key(
        installed.product().image(),
        &[installed.full_version(), &setup],
    )
}

/// The folder in which processes find the server of this user.
fn meeting_folder() -> io::Result<PathBuf> {
    let cache = template::cache().unwrap_or_else(|| {
        let user = env::var("USER").unwrap_or_default();
        env::temp_dir().join(format!("embed-migrations-{user}"))
    });
    let folder = cache.join("shared");
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)?;
    Ok(folder)
}

/// Waits for the lock of a file, which the system releases when this process ends.
fn locked(path: &Path) -> io::Result<File> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    file.lock()?;
    Ok(file)
}
