use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::janitor::Janitor;
use crate::{mariadb, postgres};

/// Which server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// PostgreSQL.
    Postgres,
    /// MySQL or MariaDB; what is started is MariaDB.
    MySql,
}

impl Kind {
    /// The environment variable that names an existing server.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Postgres => "MIGRATE_TEST_POSTGRES_URL",
            Self::MySql => "MIGRATE_TEST_MYSQL_URL",
        }
    }

    /// Its name in variables and URLs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
        }
    }
}

/// A server for tests.
pub struct Server {
    kind: Kind,
    /// The URL up to the database's name.
    base: String,
    private: Option<Private>,
}

/// One that this process has started.
struct Private {
    port: u16,
    folder: PathBuf,
    command: Box<dyn Fn() -> Command + Send + Sync>,
    process: Mutex<Option<Child>>,
    /// Last, so that it goes first where order matters: it kills what still runs and removes the folder.
    _janitor: Janitor,
}

impl Server {
    /// Starts a private server and waits until it answers.
    ///
    /// # Panics
    /// When it cannot be started; the message says why.
    pub fn start(kind: Kind) -> Self {
        Self::start_with(kind, &[])
    }

    /// The same, with further arguments for the server.
    ///
    /// # Panics
    /// When it cannot be started; the message says why.
    pub fn start_with(kind: Kind, arguments: &[&str]) -> Self {
        Self::private_of(kind, |folder, port| match kind {
            Kind::Postgres => postgres::prepare(folder, port, arguments, None),
            Kind::MySql => mariadb::prepare(folder, port, arguments),
        })
    }

    /// Starts a private server of PostgreSQL with the programs in a folder, of a version that is not installed.
    ///
    /// # Panics
    /// When it cannot be started; the message says why.
    pub fn start_from(programs: &Path) -> Self {
        Self::private_of(Kind::Postgres, |folder, port| {
            postgres::prepare(folder, port, &[], Some(programs))
        })
    }

    /// Starts a server that follows this one of PostgreSQL, and takes no writes.
    ///
    /// # Panics
    /// When it cannot be started; the message says why.
    #[must_use = "it is gone when it is dropped"]
    pub fn start_replica(&self) -> Self {
        assert_eq!(
            self.kind,
            Kind::Postgres,
            "only PostgreSQL has a replica here"
        );
        Self::private_of(self.kind, |folder, port| {
            postgres::prepare_replica(folder, port, self.port())
        })
    }

    fn private_of(
        kind: Kind,
        prepare: impl FnOnce(&Path, u16) -> Box<dyn Fn() -> Command + Send + Sync>,
    ) -> Self {
        let folder = TempDir::with_prefix("migrate-server-")
            .expect("a temporary folder")
            .keep();
        let open = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&folder, open).expect("the folder is ours");
        let janitor = Janitor::of(&folder);
        let port = free_port();
        let command = prepare(&folder, port);
        let user = match kind {
            Kind::Postgres => "postgres",
            Kind::MySql => "root",
        };
        let private = Private {
            port,
            folder,
            command,
            process: Mutex::new(None),
            _janitor: janitor,
        };
        let server = Self {
            kind,
            base: format!("{}://{user}@127.0.0.1:{port}/", kind.name()),
            private: Some(private),
        };
        server.resume();
        server
    }

    /// A server that is there already. `url` names any database of it.
    ///
    /// # Panics
    /// When the URL has no path.
    pub fn existing(kind: Kind, url: &str) -> Self {
        let end = url
            .rfind('/')
            .expect("the URL of a server ends in a database");
        Self {
            kind,
            base: url[..=end].to_owned(),
            private: None,
        }
    }

    /// Which server it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The URL of a database, for a user who may do everything.
    pub fn url(&self, database: &str) -> String {
        format!("{}{database}", self.base)
    }

    /// The URL of the database that is always there.
    pub fn admin_url(&self) -> String {
        self.url(match self.kind {
            Kind::Postgres => "postgres",
            Kind::MySql => "mysql",
        })
    }

    /// The client `mariadb`, told how to connect to it; a database and what to do may follow.
    ///
    /// # Panics
    /// When its URL names no user.
    pub fn mariadb(&self) -> Command {
        let (_, rest) = self.base.split_once("://").expect("a URL has a scheme");
        let (login, address) = rest.rsplit_once('@').expect("the URL names a user");
        let (user, password) = login.split_once(':').unwrap_or((login, ""));
        let address = address.trim_end_matches('/');
        let (host, port) = address.rsplit_once(':').unwrap_or((address, "3306"));
        let mut command = Command::new("mariadb");
        command.args(["--no-defaults", "--protocol=tcp"]);
        command
            .arg(format!("--host={host}"))
            .arg(format!("--port={port}"));
        command
            .arg(format!("--user={user}"))
            .arg(format!("--password={password}"));
        command
    }

    /// Its port.
    ///
    /// # Panics
    /// When it is one that was there already.
    pub fn port(&self) -> u16 {
        self.private().port
    }

    /// What it has written to its log.
    ///
    /// # Panics
    /// When it is one that was there already.
    pub fn log(&self) -> String {
        fs::read_to_string(self.private().folder.join("log")).unwrap_or_default()
    }

    /// Kills it with SIGKILL, as a crash would.
    ///
    /// # Panics
    /// When it is one that was there already.
    pub fn kill(&self) {
        let mut process = self.process();
        if let Some(mut child) = process.take() {
            // The whole group: a server's children outlive it for a while, and hold its port.
            let group = format!("-{}", child.id());
            let _ = Command::new("kill").args(["-9", "--", &group]).status();
            let _ = child.wait();
        }
    }

    /// Starts it again on the same data, and waits until it answers.
    ///
    /// # Panics
    /// When it does not start; the message has its log.
    pub fn resume(&self) {
        let private = self.private();
        let mut process = self.process();
        let mut child = (private.command)()
            .stdin(Stdio::null())
            .stdout(log(&private.folder))
            .stderr(log(&private.folder))
            .process_group(0)
            .spawn()
            .expect("the server's program starts");
        let mut groups = OpenOptions::new()
            .create(true)
            .append(true)
            .open(private.folder.join("groups"))
            .expect("the folder is ours");
        writeln!(groups, "{}", child.id()).expect("the folder is ours");
        let deadline = Instant::now() + Duration::from_mins(1);
        while !self.answers() {
            let ended = child.try_wait().expect("it is our child");
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "{:?} did not start:\n{}",
                self.kind,
                self.log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        *process = Some(child);
    }

    fn answers(&self) -> bool {
        match self.kind {
            Kind::Postgres => postgres::answers(self.port()),
            Kind::MySql => mariadb::answers(self.port()),
        }
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Option<Child>> {
        self.private()
            .process
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn private(&self) -> &Private {
        self.private
            .as_ref()
            .expect("the server is one that was there already")
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

fn log(folder: &Path) -> File {
    let log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("log"));
    log.expect("the folder is ours")
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("it is bound").port()
}
