use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;
use crate::installed::Installed;
use crate::janitor::{self, Janitor};
use crate::product::Product;
use crate::site::{Listen, Setup, Site};
use crate::template::private_folder;
use crate::user::User;
use crate::{mysql, postgres};

/// A private server. It ends with this value and with this process, and its folder is removed.
///
/// ```no_run
/// use migrate_servers::{Installed, Product, Server, Setup};
///
/// # fn main() -> Result<(), migrate_servers::Error> {
/// let installed = Installed::newest(Product::Postgres)?;
/// let server = Server::start(&installed, &Setup::default())?;
/// println!("{}", server.url("postgres"));
/// # Ok(()) }
/// ```
pub struct Server {
    product: Product,
    site: Site,
    program: PathBuf,
    arguments: Vec<String>,
    process: Mutex<Option<Child>>,
    /// Last, so that it goes last: it kills what still runs and removes the folder.
    _janitor: Janitor,
}

impl Server {
    /// Starts a server, and waits until it answers.
    ///
    /// # Errors
    /// Its data directory cannot be created, or it does not start; the message has what it printed.
    pub fn start(installed: &Installed, setup: &Setup) -> Result<Self, Error> {
        Self::start_with(installed, setup, janitor::OF_SERVER)
    }

    /// Starts a server that `janitor` cleans up after.
    pub(crate) fn start_with(
        installed: &Installed,
        setup: &Setup,
        janitor: &str,
    ) -> Result<Self, Error> {
        Self::start_on(installed, setup, janitor, |site| {
            match installed.product() {
                Product::Postgres => postgres::prepare(installed, site),
                Product::MySql | Product::MariaDb => mysql::prepare(installed, site, setup),
            }
        })
    }

    /// Starts a server of PostgreSQL that follows the one on port `of`, and takes no writes.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_replica(installed: &Installed, setup: &Setup, of: u16) -> Result<Self, Error> {
        Self::start_on(installed, setup, janitor::OF_SERVER, |site| {
            postgres::prepare_replica(installed, site, of)
        })
    }

    fn start_on(
        installed: &Installed,
        setup: &Setup,
        janitor: &str,
        prepare: impl FnOnce(&Site) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let folder = Site::new_folder(setup.parent.as_deref())
            .map_err(|error| Error::io("a temporary folder", &error))?;
        let janitor = Janitor::of(janitor, folder.as_os_str())?;
        let user = User::for_servers(&folder)?;
        let listen = setup.listen;
        let site = Site {
            folder,
            listen,
            user,
        };
        private_folder(&site.socket_folder(), user)
            .map_err(|error| Error::io("a folder for the socket", &error))?;
        prepare(&site)?;
        let mut arguments = match installed.product() {
            Product::Postgres => postgres::arguments(&site, setup),
            Product::MySql | Product::MariaDb => mysql::arguments(installed, &site, setup),
        };
        arguments.extend(setup.arguments.iter().cloned());
        let server = Self {
            product: installed.product(),
            site,
            program: installed.daemon().to_owned(),
            arguments,
            process: Mutex::new(None),
            _janitor: janitor,
        };
        server.resume()?;
        Ok(server)
    }

    /// The product.
    pub fn product(&self) -> Product {
        self.product
    }

    /// The URL of a database of it, for a user who may do everything.
    pub fn url(&self, database: &str) -> String {
        match self.site.listen {
            Listen::Port(port) => {
                let (scheme, user) = (self.product.scheme(), self.product.administrator());
                format!("{scheme}://{user}@127.0.0.1:{port}/{database}")
            }
            Listen::Socket => self.product.url(&self.site.socket_folder(), database),
        }
    }

    /// The folder of its socket.
    pub(crate) fn socket_folder(&self) -> PathBuf {
        self.site.socket_folder()
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.site.folder
    }

    /// How clients reach it.
    pub fn listen(&self) -> Listen {
        self.site.listen
    }

    /// The text of its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.site.folder.join("log")).unwrap_or_default()
    }

    /// Kills it with SIGKILL, as a crash would.
    pub fn kill(&self) {
        let mut process = self.process();
        if let Some(mut child) = process.take() {
            // The whole group: a server's children outlive it for a while, and hold its port.
            let group = format!("-{}", child.id());
            let _ = Command::new("kill").args(["-9", "--", &group]).status();
            let _ = child.wait();
            self.wait_until_silent();
        }
    }

    /// Starts it again on the same data, and waits until it answers.
    ///
    /// # Errors
    /// It does not start; the message has its log.
    pub fn resume(&self) -> Result<(), Error> {
        let mut process = self.process();
        let mut child = self.started()?;
        let started = Instant::now();
        while !self.answers(child.id()) {
            let has_ended = child.try_wait().is_ok_and(|ended| ended.is_some());
            let waited = started.elapsed();
            if has_ended && waited < KILLED_WITHIN && self.log().contains(STILL_IN_USE) {
                child = self.started()?;
            } else if has_ended || waited > Duration::from_mins(1) {
                let summary = format!("a private {} server did not start", self.product);
                return Err(Error::new(summary).detail(self.log()));
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        *process = Some(child);
        Ok(())
    }

    /// Its children end a moment later than the server, and hold its port until then.
    fn wait_until_silent(&self) {
        let Listen::Port(port) = self.site.listen else {
            return;
        };
        let started = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
            && started.elapsed() < KILLED_WITHIN
        {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn started(&self) -> Result<Child, Error> {
        let started = self.spawn();
        started.map_err(|error| {
            let what = format!("{} cannot be started", self.program.display());
            Error::io(&what, &error)
        })
    }

    fn spawn(&self) -> io::Result<Child> {
        let folder = &self.site.folder;
        let child = self
            .site
            .user
            .command(&self.program)
            .args(&self.arguments)
            // A server must be able to read the folder that it starts in.
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(append(&folder.join("log"))?)
            .stderr(append(&folder.join("log"))?)
            .process_group(0)
            .spawn()?;
        writeln!(append(&folder.join("groups"))?, "{}", child.id())?;
        Ok(child)
    }

    fn answers(&self, process: u32) -> bool {
        match self.product {
            Product::Postgres => postgres::answers(&self.site, process),
            Product::MySql | Product::MariaDb => mysql::answers(&self.site),
        }
    }

    fn process(&self) -> MutexGuard<'_, Option<Child>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Server {
    /// The janitor would kill it too, but does not wait until its port is free.
    fn drop(&mut self) {
        self.kill();
    }
}

/// All processes of a server that was killed are gone by then.
const KILLED_WITHIN: Duration = Duration::from_secs(5);

/// PostgreSQL says so while a process of the one that was killed has not ended yet: each is in a group of its own.
const STILL_IN_USE: &str = "is still in use";

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("product", &self.product)
            .field("site", &self.site)
            .finish_non_exhaustive()
    }
}

/// A port of the loopback that was free a moment ago.
///
/// # Errors
/// All are taken.
pub fn free_port() -> Result<u16, Error> {
    let bound = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let address = bound.and_then(|listener| listener.local_addr());
    address
        .map(|address| address.port())
        .map_err(|error| Error::io("there is no free port", &error))
}

fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}
