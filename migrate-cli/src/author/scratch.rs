//! Scratch databases: on which server they are created, and how what they hold is compared.

use migrate_chain::Dialect;
use migrate_chain::config::Config;
use migrate_chain::lock::Built;
use migrate_command::parts::Globals;
use migrate_diff::{
    Connection, DevServer, Difference, Filter, Model, Schema, Scratch, Scripts, Touched,
    dialect_of, introspect_touched, introspect_whole,
};
use migrate_runtime::Migrations;
use migrate_servers::{Image, Installed, Product};

use super::directory::Directory;
use super::failure::{self, CommandError, Result};
use super::program;

/// A scratch database with a chain to run on it.
pub struct ScratchDatabase<'c> {
    scratch: Scratch,
    filter: Filter,
    migrations: &'c Migrations,
}

impl<'c> ScratchDatabase<'c> {
    /// Creates a scratch database on a server.
    ///
    /// # Errors
    /// No database can be created there, or the chain reaches beyond it.
    pub async fn new(
        migrations: &'c Migrations,
        config: &Config,
        server: &DevServer,
    ) -> Result<Self> {
        let scripts = Scripts::of_chain(migrations, server.dialect());
        let scratch = Scratch::create(server, &scripts).await;
        Ok(Self {
            scratch: scratch.map_err(failure::comparison)?,
            filter: Filter::new(config),
            migrations,
        })
    }

    /// Upgrades to `target`, and says what the database holds then, as far as it is touched.
    pub async fn upgrade(&mut self, target: &str, touched: &Touched) -> Result<Schema> {
        let done = self.scratch.upgrade(self.migrations, target).await;
        done.map_err(failure::comparison)?;
        self.schema(touched).await
    }

    /// Upgrades to the heads, and reads what the database holds then, with the statements that make it.
    pub async fn whole(&mut self) -> Result<Schema> {
        let done = self.scratch.upgrade(self.migrations, "heads").await;
        done.map_err(failure::comparison)?;
        introspect_whole(self.scratch.connection(), &self.filter)
            .await
            .map_err(failure::comparison)
    }

    /// Downgrades to `target`, and says what the database holds then, as far as it is touched.
    pub async fn downgrade(&mut self, target: &str, touched: &Touched) -> Result<Schema> {
        let done = self.scratch.downgrade(self.migrations, target).await;
        done.map_err(failure::comparison)?;
        self.schema(touched).await
    }

    /// The schema of the database, as far as it is touched.
    pub async fn schema(&mut self, touched: &Touched) -> Result<Schema> {
        let connection: &mut Connection = self.scratch.connection();
        introspect_touched(connection, &self.filter, touched)
            .await
            .map_err(failure::comparison)
    }

    /// Upgrades to the heads: the server, and the facts of what the chain builds there.
    pub async fn built(&mut self) -> Result<(String, Built)> {
        let done = self.scratch.upgrade(self.migrations, "heads").await;
        done.map_err(failure::comparison)?;
        let connection = self.scratch.connection();
        let server = migrate_diff::server(connection).await;
        let built = migrate_diff::built(connection, &self.filter).await;
        Ok((
            server.map_err(failure::comparison)?,
            built.map_err(failure::comparison)?,
        ))
    }

    /// Drops the database.
    pub async fn finish(self) -> Result<()> {
        self.scratch.finish().await.map_err(failure::comparison)
    }
}

/// Runs work on scratch databases until it is done, or the user interrupts it: they are dropped either way.
///
/// # Errors
/// The work failed, or was interrupted.
pub async fn until_interrupted<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let work = async { Ok(work.await) };
    let done = migrate_diff::until_interrupted(work).await;
    done.map_err(failure::comparison)?
}

/// The differences between two schemas, as lines to read.
pub fn difference(from: &Schema, to: &Schema) -> Option<String> {
    let difference = Difference::between(from, to);
    (!difference.is_empty()).then(|| difference.to_string())
}

/// The servers for scratch databases, as they are named.
pub struct Servers<'d> {
    directory: &'d Directory,
    /// `--dev-url`, then `MIGRATE_DEV_URL`, then `dev_url` in migrate.toml.
    named: Vec<String>,
    database_url: Option<String>,
}

/// The value of `dev_url` for the server of the database itself.
const SAME_SERVER: &str = "same-server";

const VARIABLE: &str = "MIGRATE_DEV_URL";

impl<'d> Servers<'d> {
    /// The servers that the option, the environment and the settings name.
    ///
    /// # Errors
    /// A URL that is not one of a database known here, or an unreadable `.env`.
    pub fn of(directory: &'d Directory, globals: &Globals, option: &[String]) -> Result<Self> {
        let config = &directory.chain.config;
        let variable = globals.variable(VARIABLE)?;
        let named = option.iter().chain(&variable).chain(&config.dev_url);
        let named: Vec<String> = named.cloned().collect();
        for url in &named {
            kind(url)?;
        }
        Ok(Self {
            directory,
            named,
            database_url: globals.database_url()?,
        })
    }

    /// The server for scratch databases of a kind. Nothing else chooses one.
    ///
    /// The first that is named for this kind; else private servers of the same product and version as the database, or of the
    /// newest that is installed if there is no database. The server of the database itself is used only if `same-server` says so.
    ///
    /// # Errors
    /// There is none: the message offers the ways to get one.
    pub async fn choose(&self, dialect: Dialect) -> Result<DevServer> {
        let server = if dialect == Dialect::Sqlite {
            DevServer::at(IN_MEMORY).map_err(failure::comparison)?
        } else {
            self.choose_server(dialect).await?
        };
        let server = match program::app(self.directory) {
            Some(app) => server.app(app),
            None => server,
        };
        let Some(prelude) = &self.directory.chain.config.scratch_prelude else {
            return Ok(server);
        };
        let path = self.directory.path(prelude);
        let text = std::fs::read_to_string(&path);
        let text = text.map_err(|error| failure::file("read the prelude", &path, &error))?;
        Ok(server.prelude(path.display().to_string(), text))
    }

    async fn choose_server(&self, dialect: Dialect) -> Result<DevServer> {
        let fits =
            |url: &&String| kind(url).is_ok_and(|kind| kind.is_none_or(|kind| kind == dialect));
        let database = self.database_url.as_deref();
        let database = database.filter(|url| dialect_of(url).is_ok_and(|kind| kind == dialect));
        let model = match database {
            Some(url) => Box::pin(Model::of(url)).await.map_err(failure::comparison),
            None => Ok(None),
        };
        match (self.named.iter().find(fits).map(String::as_str), database) {
            (Some(SAME_SERVER), Some(url)) => {
                let server = DevServer::at(url).map_err(failure::comparison)?;
                Ok(like(server, model?.as_ref()))
            }
            (Some(SAME_SERVER), None) => Err(CommandError::new(format!(
                "`{SAME_SERVER}` means the server of the {dialect} database, and no such database is named"
            ))
            .help("set DATABASE_URL, or pass --database-url")),
            (Some(url), _) if Image::is_image(url) => {
                let server = DevServer::container(Image::parse(url).map_err(|error| not_started(&error))?);
                // A database that is not there yet has no settings.
                Ok(like(server, model.ok().flatten().as_ref()))
            }
            (Some(url), _) => DevServer::at(url).map_err(failure::comparison),
            (None, _) => {
                let model = model.map_err(|failure| failure.help(UNREACHABLE))?;
                let server = DevServer::private(installed(dialect, model.as_ref())?);
                Ok(like(server, model.as_ref()))
            }
        }
    }

    /// For each kind of database that has to be tried, a server.
    ///
    /// A database that the settings declare has to be tried; if they declare none, what is named says which, or SQLite.
    ///
    /// # Errors
    /// There is no server for one of them.
    pub async fn for_each(&self, served: &[Dialect]) -> Result<Vec<DevServer>> {
        let mut servers = Vec::new();
        for dialect in self.tried(served) {
            servers.push(self.choose(dialect).await?);
        }
        Ok(servers)
    }

    /// The kinds of database that the chain is for, as far as it says; if it does not, as [`for_each`](Self::for_each).
    pub fn meant(&self) -> Vec<Dialect> {
        match &*self.directory.chain.config.dialects {
            [] => self.tried(&Dialect::ALL),
            declared => declared.to_vec(),
        }
    }

    fn tried(&self, served: &[Dialect]) -> Vec<Dialect> {
        if !self.directory.chain.config.dialects.is_empty() {
            return served.to_vec();
        }
        let urls = self.named.iter().chain(&self.database_url);
        let known: Vec<Dialect> = urls.filter_map(|url| kind(url).ok().flatten()).collect();
        let mut tried = served.to_vec();
        tried.retain(|dialect| known.contains(dialect));
        if tried.is_empty() {
            let usual = served.iter().find(|dialect| **dialect == Dialect::Sqlite);
            tried.extend(usual.or(served.first()));
        }
        tried
    }

    /// The one server to compare schemas on: for what is named, or what the chain declares.
    ///
    /// # Errors
    /// The chain is for several databases and nothing says for which to compare, or there is no server.
    pub async fn one(&self) -> Result<DevServer> {
        let mut urls = self.named.iter().chain(&self.database_url);
        let known = urls.find_map(|url| kind(url).ok().flatten());
        let dialect = match (known, &*self.directory.chain.config.dialects) {
            (Some(dialect), _) | (None, &[dialect]) => dialect,
            (None, []) => Dialect::Sqlite,
            (None, several) => {
                let names: Vec<&str> = several.iter().map(|dialect| dialect.name()).collect();
                let summary = format!(
                    "the chain is for {}: which one is meant?",
                    names.join(" and ")
                );
                return Err(
                    CommandError::new(summary).help("set DATABASE_URL, or pass --database-url")
                );
            }
        };
        self.choose(dialect).await
    }
}

const IN_MEMORY: &str = "sqlite::memory:";

const UNREACHABLE: &str = "a scratch database is like the connected one: start its server, correct the URL, or name a server for \
                           scratch databases with --dev-url";

fn like(server: DevServer, model: Option<&Model>) -> DevServer {
    match model {
        Some(model) => server.like(model),
        None => server,
    }
}

/// The kind of database that a URL for scratch databases is for; none if it is for any.
fn kind(url: &str) -> Result<Option<Dialect>> {
    if url == SAME_SERVER {
        return Ok(None);
    }
    if Image::is_image(url) {
        let image = Image::parse(url).map_err(|error| not_started(&error))?;
        return Ok(Some(DevServer::container(image).dialect()));
    }
    dialect_of(url).map(Some).map_err(failure::comparison)
}

fn not_started(error: &migrate_servers::Error) -> CommandError {
    let failure = CommandError::new(error.summary());
    match error.advice() {
        Some(advice) => failure.help(advice),
        None => failure,
    }
}

/// A server like that of the database. A MariaDB never takes the place of a MySQL, nor one version that of another.
fn installed(dialect: Dialect, model: Option<&Model>) -> Result<Installed> {
    let (product, found) = match (model, dialect) {
        (Some(model), _) => (
            model.product(),
            Installed::of_version(model.product(), model.version()),
        ),
        (None, Dialect::MySql) => {
            let found = Installed::newest(Product::MySql);
            (
                Product::MySql,
                found.or_else(|_| Installed::newest(Product::MariaDb)),
            )
        }
        (None, _) => (Product::Postgres, Installed::newest(Product::Postgres)),
    };
    found.map_err(|error| {
        let version = model.map(|model| model.version().to_string());
        not_installed(&error, product, version.as_deref())
    })
}

fn not_installed(
    error: &migrate_servers::Error,
    product: Product,
    version: Option<&str>,
) -> CommandError {
    let tag = version.unwrap_or("latest");
    CommandError::new(format!("there is no server for a scratch database: {}", error.summary())).help(format!(
        "install {product}{}, which is then started for the time of the command; or write `dev_url = \"docker://{}:{tag}\"` into \
         migrate.toml, which starts a container; or name a server with --dev-url; `{SAME_SERVER}` is that of the database",
        version.map_or_else(String::new, |version| format!(" {version}")),
        product.image()
    ))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, table};
    use super::*;

    fn tried(settings: &str, named: &[&str], database_url: Option<&str>) -> Vec<&'static str> {
        let scene = Scene::new(settings, &[table("a1", "none", "")]);
        let directory = scene.open();
        let served = match &*directory.chain.config.dialects {
            [] => Dialect::ALL.to_vec(),
            declared => declared.to_vec(),
        };
        let servers = Servers {
            directory: &directory,
            named: named.iter().map(|&url| url.to_owned()).collect(),
            database_url: database_url.map(str::to_owned),
        };
        let tried = servers.tried(&served).into_iter();
        tried.map(Dialect::name).collect()
    }

    #[test]
    fn every_declared_database_is_tried() {
        let settings = "dialects = ['sqlite', 'postgres']\n";
        assert_eq!(
            tried(settings, &["mysql://m/x"], None),
            ["sqlite", "postgres"]
        );
    }

    #[test]
    fn if_none_is_declared_what_is_named_says_which() {
        assert_eq!(tried("", &["postgres://p/x"], None), ["postgres"]);
        assert_eq!(tried("", &["docker://mariadb:11"], None), ["mysql"]);
        assert_eq!(
            tried("", &["same-server"], Some("postgres://p/x")),
            ["postgres"]
        );
        assert_eq!(tried("", &[], Some("mysql://p/x")), ["mysql"]);
        assert_eq!(tried("", &[], None), ["sqlite"]);
    }

    #[test]
    fn without_a_server_every_way_to_get_one_is_offered() {
        let missing = migrate_servers::program(&["no-such-server"]).expect_err("it is missing");
        let failure = not_installed(&missing, Product::Postgres, Some("17"));
        let text = format!("{failure:?}");
        for way in [
            "install PostgreSQL 17",
            "docker://postgres:17",
            "--dev-url",
            "same-server",
        ] {
            assert!(text.contains(way), "{text}");
        }
    }
}
