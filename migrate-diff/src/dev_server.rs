//! The servers that scratch databases are created on.

use std::time::{Duration, Instant};

use migrate_chain::Dialect;
use migrate_servers::{Container, Image, Installed, Product, Server, Setup, Version};

use crate::app::App;
use crate::connection::{Connection, dialect_of};
use crate::error::{Error, ErrorKind};
use crate::like::Like;

/// A server for scratch databases.
///
/// On one that is [started for them](Self::private), each scratch database has a server of its own, on which nothing else is.
/// One that is [there already](Self::at) may hold other databases: what reaches beyond the scratch database is refused.
#[derive(Clone, Debug)]
pub struct DevServer {
    pub(crate) source: ServerOrigin,
    pub(crate) like: Like,
    pub(crate) prelude: Option<Prelude>,
    /// Runs Rust revisions.
    pub(crate) app: Option<App>,
}

/// The origin of a server.
#[derive(Clone, Debug)]
pub(crate) enum ServerOrigin {
    /// SQLite needs none.
    Memory,
    /// It is there already.
    Existing { url: String, dialect: Dialect },
    /// It is started from the programs on this machine.
    Private(Installed),
    /// It is started from an image.
    Container(Image),
}

/// SQL that is run on every scratch database first.
#[derive(Clone, Debug)]
pub(crate) struct Prelude {
    pub file: String,
    pub text: String,
}

impl DevServer {
    /// The server of `url`, which names any database there. SQLite needs no server: its scratch databases are in memory.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`] when the URL is that of no database that is known here.
    pub fn at(url: &str) -> Result<Self, Error> {
        let dialect = dialect_of(url)?;
        Ok(Self::of(match dialect {
            Dialect::Sqlite => ServerOrigin::Memory,
            Dialect::Postgres | Dialect::MySql => ServerOrigin::Existing {
                url: url.to_owned(),
                dialect,
            },
        }))
    }

    /// Private servers of an installed version.
    pub fn private(installed: Installed) -> Self {
        Self::of(ServerOrigin::Private(installed))
    }

    /// Private servers in containers.
    pub fn container(image: Image) -> Self {
        Self::of(ServerOrigin::Container(image))
    }

    fn of(source: ServerOrigin) -> Self {
        Self {
            source,
            like: Like::default(),
            prelude: None,
            app: None,
        }
    }

    /// Sets its scratch databases up as the database of `model` is: encoding, locale, collation, character set, SQL mode. On
    /// a private server they also have its name.
    #[must_use]
    pub fn like(mut self, model: &Model) -> Self {
        if model.product.scheme() == self.dialect().name() {
            self.like = model.like.clone();
        }
        self
    }

    /// Runs SQL on every scratch database first: what operators create before the chain runs. `file` is its name in messages.
    #[must_use]
    pub fn prelude(mut self, file: impl Into<String>, text: impl Into<String>) -> Self {
        self.prelude = Some(Prelude {
            file: file.into(),
            text: text.into(),
        });
        self
    }

    /// Lets an app run the revisions that are written in Rust. A SQLite database is a file then.
    #[must_use]
    pub fn app(mut self, app: App) -> Self {
        self.app = Some(app);
        self
    }

    /// The kind of database.
    pub fn dialect(&self) -> Dialect {
        match &self.source {
            ServerOrigin::Memory => Dialect::Sqlite,
            ServerOrigin::Existing { dialect, .. } => *dialect,
            ServerOrigin::Private(installed) => dialect_of_product(installed.product()),
            ServerOrigin::Container(image) => dialect_of_product(image.product()),
        }
    }

    /// Whether nothing else is on its servers.
    pub(crate) fn is_private(&self) -> bool {
        !matches!(self.source, ServerOrigin::Existing { .. })
    }

    /// The server, named in a sentence.
    pub(crate) fn shown(&self) -> String {
        match &self.source {
            ServerOrigin::Memory => "SQLite".to_owned(),
            ServerOrigin::Existing { dialect, .. } => format!("the {dialect} server of --dev-url"),
            ServerOrigin::Private(installed) => format!(
                "the private server ({} {} from {})",
                installed.product(),
                installed.version(),
                installed.folder().display()
            ),
            ServerOrigin::Container(image) => format!("the container of `{}`", image.name()),
        }
    }
}

fn dialect_of_product(product: Product) -> Dialect {
    match product {
        Product::Postgres => Dialect::Postgres,
        Product::MySql | Product::MariaDb => Dialect::MySql,
    }
}

/// A database that scratch databases are to be like: its server's product and version, and how it is set up.
#[derive(Clone, Debug)]
pub struct Model {
    product: Product,
    version: Version,
    like: Like,
}

impl Model {
    /// Reads them from a database; none for SQLite.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`] when the database cannot be reached, or its server is not one that is known here.
    pub async fn of(url: &str) -> Result<Option<Self>, Error> {
        if dialect_of(url)? == Dialect::Sqlite {
            return Ok(None);
        }
        let mut connection = Connection::open(url).await?;
        let (product, version) = product_and_version(&mut connection).await?;
        let like = match product {
            Product::Postgres => crate::postgres::scratch::like(&mut connection).await?,
            Product::MySql | Product::MariaDb => {
                crate::mysql::scratch::like(&mut connection).await?
            }
        };
        Ok(Some(Self {
            product,
            version,
            like,
        }))
    }

    /// The product of its server.
    pub fn product(&self) -> Product {
        self.product
    }

    /// The version of its server.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Options for CREATE DATABASE to make a similar one, a space first: its encoding and locale, or its character set.
    pub fn creation_options(&self) -> &str {
        &self.like.options
    }
}

pub(crate) async fn product_and_version(
    connection: &mut Connection,
) -> Result<(Product, Version), Error> {
    let text = connection
        .text("SELECT CAST(VERSION() AS CHAR(200))")
        .await?;
    let text = text.trim().to_owned();
    let product = match connection.dialect() {
        Dialect::Postgres => text
            .strip_prefix("PostgreSQL ")
            .map(|rest| (Product::Postgres, rest)),
        _ if text.contains("MariaDB") => {
            // Some say that they are MySQL 5.5.5 first, for clients from before MariaDB 10.
            Some((
                Product::MariaDb,
                text.strip_prefix("5.5.5-").unwrap_or(&text),
            ))
        }
        _ if text.contains("TiDB") => None,
        _ => Some((Product::MySql, &*text)),
    };
    let known = product.and_then(|(product, rest)| Some((product, Version::of(product, rest)?)));
    known.ok_or_else(|| {
        let summary = format!("the server of the database is not one that can be started here: {text}");
        Error::new(ErrorKind::Connect, summary)
            .help("name a server like it with --dev-url, or write `dev_url = \"same-server\"` into migrate.toml to use its own")
    })
}

/// A running server with nothing on it.
pub(crate) enum Running {
    Private(Server),
    Container(Container),
}

impl Running {
    pub fn url(&self, database: &str) -> String {
        match self {
            Self::Private(server) => server.url(database),
            Self::Container(container) => container.url(database),
        }
    }
}

/// Starts a private server; none for one that is there already.
pub(crate) async fn start(server: &DevServer) -> Result<Option<Running>, Error> {
    let setup = Setup {
        throwaway: true,
        lower_case_table_names: server.like.lower_case_table_names,
        arguments: server.like.arguments.clone(),
        ..Setup::default()
    };
    let source = server.source.clone();
    let start = move || match source {
        ServerOrigin::Memory | ServerOrigin::Existing { .. } => Ok(None),
        ServerOrigin::Private(installed) => {
            Server::start(&installed, &setup).map(|server| Some(Running::Private(server)))
        }
        ServerOrigin::Container(image) => Container::start(&image, &container_arguments(&setup))
            .map(|container| Some(Running::Container(container))),
    };
    on_a_thread(start).await?.map_err(|error| {
        let failed = Error::new(ErrorKind::Connect, error.summary());
        let failed = match error.output() {
            "" => failed,
            output => failed.detail(output),
        };
        failed.help(error.advice().unwrap_or("name a server with --dev-url"))
    })
}

fn container_arguments(setup: &Setup) -> Vec<String> {
    let names = setup.lower_case_table_names;
    let names = names.map(|names| format!("--lower-case-table-names={names}"));
    setup.arguments.iter().cloned().chain(names).collect()
}

/// Runs blocking work outside the runtime, which stays interruptible. Work that is still running then ends with the
/// process.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        // Nobody waits for it any more.
        let _ = sender.send(work());
    });
    let stopped = |_| Error::new(ErrorKind::Connect, "starting a server ended unexpectedly");
    receiver.await.map_err(stopped)
}

/// Connects to a server that was just started. The one in a container may need a while.
pub(crate) async fn connect(running: &Running, database: &str) -> Result<Connection, Error> {
    const PATIENCE: Duration = Duration::from_mins(2);
    let started = Instant::now();
    loop {
        match Connection::open(&running.url(database)).await {
            Err(_) if matches!(running, Running::Container(_)) && started.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
            result => return result,
        }
    }
}
