use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use migrate_servers::{Error, Installed, Listen, Product, Setup};

/// The kind of server.
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
    private: Option<migrate_servers::Server>,
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
        Self::start_in(None, kind, arguments)
    }

    /// The same, with the server's folder in `parent` and not with the temporary files of the system.
    ///
    /// # Panics
    /// When it cannot be started; the message says why.
    pub fn start_in(parent: Option<&Path>, kind: Kind, arguments: &[&str]) -> Self {
        let installed = there_is(Installed::newest(match kind {
            Kind::Postgres => Product::Postgres,
            Kind::MySql => Product::MariaDb,
        }));
        let setup = Setup {
            parent: parent.map(Path::to_owned),
            arguments: arguments
                .iter()
                .map(|&argument| argument.to_owned())
                .collect(),
            ..setup()
        };
        Self::private_of(kind, migrate_servers::Server::start(&installed, &setup))
    }

    /// Starts a private server with the programs in a folder, of a version that is not installed.
    ///
    /// # Panics
    /// When it cannot be started; the message says why.
    pub fn start_from(product: Product, programs: &Path) -> Self {
        let installed = there_is(Installed::in_folder(product, programs));
        let started = migrate_servers::Server::start(&installed, &setup());
        let kind = match product {
            Product::Postgres => Kind::Postgres,
            Product::MySql | Product::MariaDb => Kind::MySql,
        };
        Self::private_of(kind, started)
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
        let installed = there_is(Installed::newest(Product::Postgres));
        let started = migrate_servers::Server::start_replica(&installed, &setup(), self.port());
        Self::private_of(self.kind, started)
    }

    fn private_of(kind: Kind, started: Result<migrate_servers::Server, Error>) -> Self {
        let private = there_is(started);
        Self {
            kind,
            base: private.url(""),
            private: Some(private),
        }
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

    /// The kind of server.
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
        match self.private().listen() {
            Listen::Port(port) => port,
            Listen::Socket => panic!("tests listen on ports"),
        }
    }

    /// The text of its log.
    ///
    /// # Panics
    /// When it is one that was there already.
    pub fn log(&self) -> String {
        self.private().log()
    }

    /// Kills it with SIGKILL, as a crash would.
    ///
    /// # Panics
    /// When it is one that was there already.
    pub fn kill(&self) {
        self.private().kill();
    }

    /// Starts it again on the same data, and waits until it answers.
    ///
    /// # Panics
    /// When it does not start; the message has its log.
    pub fn resume(&self) {
        there_is(self.private().resume());
    }

    fn private(&self) -> &migrate_servers::Server {
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

/// Tests reach a server by a port: proxies stand in between, and what is refused there is a test too.
fn setup() -> Setup {
    Setup {
        listen: Listen::Port(free_port()),
        ..Setup::default()
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    there_is(migrate_servers::free_port())
}

/// A program that is installed.
pub(crate) fn find(program: &str) -> PathBuf {
    there_is(migrate_servers::program(&[program]))
}

fn there_is<T>(result: Result<T, Error>) -> T {
    result.unwrap_or_else(|error| panic!("{error}\n  help: run `cargo xtask setup`"))
}
