//! Databases to try things in, gone afterwards whatever happens.

use migrate_chain::Dialect;
use migrate_chain::sql::quote_name;
use migrate_runtime::{AnyPool, Migrations};
use tempfile::TempDir;

use crate::connection::Connection;
use crate::dev_server::{self, DevServer, Running, ServerOrigin};
use crate::error::{Error, ErrorKind};
use crate::leftover::{PREFIX, new_name};
use crate::scratch_sql::{ScratchSql, Scripts};
use crate::{mysql, postgres};

/// An empty database of its own: in memory on SQLite, on a private server or on one that is there elsewhere.
///
/// It is dropped by [`finish`](Self::finish), and also with the value: when a future is cancelled, at a panic, after a
/// signal. A private server goes even after `kill -9`. On a server that holds other databases, what a killed process
/// leaves is swept by the next one: an hour later, if nobody is connected to it and it bears our mark.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use migrate_diff::{DevServer, Filter, Scratch, Scripts, introspect};
///
/// let server = DevServer::at("sqlite::memory:")?;
/// let mut scratch = Scratch::create(&server, &Scripts::default()).await?;
/// scratch.connection().execute("CREATE TABLE t (id INTEGER PRIMARY KEY)").await?;
/// let schema = introspect(scratch.connection(), &Filter::default()).await?;
/// assert_eq!(schema.objects().next().map(|object| object.id().to_string()).as_deref(), Some("table t"));
/// scratch.finish().await?;
/// # Ok(()) }
/// ```
pub struct Scratch {
    connection: Option<Connection>,
    /// Its name as the server says it; none in memory.
    name: Option<String>,
    server: DevServer,
    held: Held,
}

/// The server or folder to which a scratch database belongs.
enum Held {
    Nothing,
    /// The folder of a file.
    Folder(TempDir),
    Server(Running),
    Database(Leftover),
}

/// A database on a server that holds others.
struct Leftover {
    url: String,
    /// The statement that removes it.
    drop: String,
    /// The one that removes its user, on MySQL.
    drop_user: Option<String>,
    /// It holds a lock of the database's name on MySQL: what is locked is in use.
    admin: Option<Connection>,
}

impl Scratch {
    /// Creates one on `server`, where `scripts` are going to run.
    ///
    /// # Errors
    /// [`ErrorKind::Beyond`] when a script reaches beyond the database, [`ErrorKind::Connect`] when the server cannot be
    /// started or reached, or the role may not create a database.
    pub async fn create(server: &DevServer, scripts: &Scripts<'_>) -> Result<Self, Error> {
        let prelude = server.prelude.iter();
        let prelude = prelude.map(|prelude| ScratchSql::file(&prelude.file, &prelude.text));
        let scripts = Scripts {
            run: prelude.chain(scripts.run.iter().cloned()).collect(),
            like: scripts.like.clone(),
        };
        let name = name_on(server);
        scripts.check(server.dialect(), &name, server.is_private())?;
        let mut scratch = match (&server.source, dev_server::start(server).await?) {
            (_, Some(running)) => Self::on_private(server, running, &name, &scripts).await?,
            (ServerOrigin::Existing { url, .. }, None) => {
                Self::on_existing(server, url, &name).await?
            }
            (_, None) => Self::of_sqlite(server).await?,
        };
        if let Some(prelude) = &server.prelude {
            scratch
                .run_script(
                    &ScratchSql::file(&prelude.file, &prelude.text),
                    "the prelude",
                )
                .await?;
        }
        Ok(scratch)
    }

    /// In memory, or in a file where another program is to open it.
    async fn of_sqlite(server: &DevServer) -> Result<Self, Error> {
        let held = if server.app.is_some() {
            Held::Folder(TempDir::with_prefix("migrate-").map_err(|error| {
                let summary = format!("no scratch database can be created: {error}");
                Error::new(ErrorKind::Connect, summary)
            })?)
        } else {
            Held::Nothing
        };
        let mut scratch = Self {
            connection: None,
            name: None,
            server: server.clone(),
            held,
        };
        scratch.connection = Some(Connection::open(&scratch.url()).await?);
        Ok(scratch)
    }

    async fn on_private(
        server: &DevServer,
        running: Running,
        name: &str,
        scripts: &Scripts<'_>,
    ) -> Result<Self, Error> {
        let dialect = server.dialect();
        let maintenance = if dialect == Dialect::Postgres {
            "postgres"
        } else {
            "mysql"
        };
        let mut admin = dev_server::connect(&running, maintenance).await?;
        let create = match dialect {
            // Nobody can be connected to template0, which would be in the way.
            Dialect::Postgres => format!(
                "CREATE DATABASE {} TEMPLATE template0",
                quote_name(dialect, name)
            ),
            _ => format!("CREATE DATABASE {}", quote_name(dialect, name)),
        };
        let created = admin
            .execute(&format!("{create}{}", server.like.options))
            .await;
        created.map_err(|error| not_created(&error, server))?;
        for role in scripts.missing_roles(dialect) {
            // One that the server has anyway is as good.
            let _ = admin.execute(&create_role(dialect, &role)).await;
        }
        let connection = dev_server::connect(&running, &percent_encoded(name)).await?;
        let mut scratch = Self {
            connection: Some(connection),
            name: None,
            server: server.clone(),
            held: Held::Server(running),
        };
        scratch.name = Some(scratch.current_name().await?);
        Ok(scratch)
    }

    async fn on_existing(server: &DevServer, url: &str, name: &str) -> Result<Self, Error> {
        let mut admin = Connection::open(url).await?;
        let dialect = admin.dialect();
        let created = match dialect {
            Dialect::MySql => mysql::scratch::create(&mut admin, name, &server.like.options).await,
            _ => postgres::scratch::create(&mut admin, name, &server.like.options).await,
        };
        // From here on it is dropped with the value.
        let own = AnyPool::with_database(url, name);
        let mut scratch = Self {
            connection: None,
            name: None,
            server: server.clone(),
            held: Held::Database(Leftover {
                url: url.to_owned(),
                drop: match dialect {
                    Dialect::MySql => mysql::scratch::drop(name),
                    _ => postgres::scratch::drop(name),
                },
                drop_user: (dialect == Dialect::MySql).then(|| mysql::scratch::drop_user(name)),
                admin: None,
            }),
        };
        created.map_err(|error| not_created(&error, server))?;
        scratch.connection = Some(match dialect {
            Dialect::MySql => mysql::scratch::connect(&mut admin, &own, name).await?,
            _ => Connection::open(&own).await?,
        });
        if let Held::Database(leftover) = &mut scratch.held {
            leftover.admin = Some(admin);
        }
        scratch.name = Some(scratch.current_name().await?);
        Ok(scratch)
    }

    /// Its URL, with all rights on its server; that of SQLite is in memory, where nobody else finds it.
    pub fn url(&self) -> String {
        let name = percent_encoded(self.name.as_deref().unwrap_or_default());
        match &self.held {
            Held::Nothing => "sqlite::memory:".to_owned(),
            Held::Folder(folder) => in_folder(folder),
            Held::Server(running) => running.url(&name),
            Held::Database(leftover) => AnyPool::with_database(&leftover.url, &name),
        }
    }

    /// Its name, if it was made up.
    pub(crate) fn made_up_name(&self) -> Option<&str> {
        let name = self.name.as_deref();
        name.filter(|name| name.starts_with(PREFIX))
    }

    /// The connection to it.
    ///
    /// # Panics
    /// Never: only the methods that end the scratch database take its connection.
    pub fn connection(&mut self) -> &mut Connection {
        self.connection
            .as_mut()
            .expect("only finish and drop take it")
    }

    /// Upgrades it to `target` with the chain.
    ///
    /// # Errors
    /// [`ErrorKind::Replay`], with what the runner says; [`ErrorKind::Beyond`] when the connection is in another database
    /// afterwards.
    pub async fn upgrade(&mut self, chain: &Migrations, target: &str) -> Result<(), Error> {
        let done = self.connection().upgrade(chain, target).await;
        let done = self.or_by_the_app(done, &["upgrade", target]).await;
        done.map_err(|error| self.explained(error))?;
        self.has_stayed("the upgrade").await
    }

    /// Downgrades it to `target` with the chain.
    ///
    /// # Errors
    /// As [`upgrade`](Self::upgrade).
    pub async fn downgrade(&mut self, chain: &Migrations, target: &str) -> Result<(), Error> {
        let done = self.connection().downgrade(chain, target).await;
        let done = self.or_by_the_app(done, &["downgrade", target]).await;
        done.map_err(|error| self.explained(error))?;
        self.has_stayed("the downgrade").await
    }

    /// Lets the app do what failed for want of its code; nothing was done then.
    async fn or_by_the_app(
        &self,
        done: Result<(), Error>,
        arguments: &[&str],
    ) -> Result<(), Error> {
        match (done, &self.server.app) {
            (Err(error), Some(app)) if error.needs_app() => app.run(&self.url(), arguments).await,
            (done, _) => done,
        }
    }

    /// Runs the statements of a file, one by one.
    pub(crate) async fn run_script(
        &mut self,
        script: &ScratchSql<'_>,
        what: &str,
    ) -> Result<(), Error> {
        let done = script.run(self.connection(), what).await;
        done.map_err(|error| self.explained(error))?;
        self.has_stayed(script.name()).await
    }

    /// Stops when the connection is no longer in the scratch database: all that follows would run elsewhere.
    async fn has_stayed(&mut self, after: &str) -> Result<(), Error> {
        let Some(name) = self.name.clone() else {
            return Ok(());
        };
        let now = self.current_name().await?;
        if now == name {
            return Ok(());
        }
        let summary = format!("after {after}, the connection is no longer in the scratch database");
        let found = format!("it is in `{now}`, and was in `{name}`");
        Err(Error::new(ErrorKind::Beyond, summary)
            .detail(found)
            .help("leave out the statement that changes the database"))
    }

    async fn current_name(&mut self) -> Result<String, Error> {
        let sql = match self.connection().dialect() {
            Dialect::Sqlite => return Ok(String::new()),
            Dialect::Postgres => "SELECT current_database()::text",
            Dialect::MySql => "SELECT CAST(DATABASE() AS CHAR)",
        };
        self.connection().text(sql).await
    }

    /// Says what a server of this kind lacks, if an error is about that.
    fn explained(&self, error: Error) -> Error {
        let text = error.to_string();
        if let Some(extension) = postgres::scratch::missing_extension(&text) {
            let help = format!(
                "{} lacks the extension `{extension}`: install its package for that version, or name a server that has it with --dev-url \
                 or `dev_url` in migrate.toml",
                self.server.shown()
            );
            return error.help(help);
        }
        if matches!(self.held, Held::Database(_)) && mysql::scratch::is_denied(&text) {
            return error.help(
                "on a server that holds other databases, statements run as a user with rights on the scratch database alone: leave out \
                 --dev-url, so that a private server is started",
            );
        }
        error
    }

    /// Drops the database, and says if that failed.
    ///
    /// # Errors
    /// [`ErrorKind::Database`] when the server did not drop it; a later run will sweep it.
    pub async fn finish(mut self) -> Result<(), Error> {
        drop(self.connection.take());
        match std::mem::replace(&mut self.held, Held::Nothing) {
            Held::Database(leftover) => leftover.drop().await,
            Held::Nothing | Held::Folder(_) | Held::Server(_) => Ok(()),
        }
    }
}

impl Leftover {
    async fn drop(self) -> Result<(), Error> {
        drop(self.admin);
        let mut admin = Connection::open(&self.url).await?;
        if let Some(drop_user) = &self.drop_user {
            // A role that may create no user may drop none.
            let _ = admin.execute(drop_user).await;
        }
        admin.execute(&self.drop).await
    }
}

impl Drop for Scratch {
    /// On a thread with a runtime of its own, for the one here may be ending.
    fn drop(&mut self) {
        drop(self.connection.take());
        let Held::Database(leftover) = std::mem::replace(&mut self.held, Held::Nothing) else {
            return;
        };
        let dropped = std::thread::spawn(move || {
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
            {
                // Nobody can be told; a later run sweeps what is left.
                let _ = runtime.block_on(leftover.drop());
            }
        });
        let _ = dropped.join();
    }
}

/// A private server has nothing else: there, a chain finds its database under the name that it knows.
fn name_on(server: &DevServer) -> String {
    const TAKEN: [&str; 7] = [
        "postgres",
        "template0",
        "template1",
        "mysql",
        "sys",
        "information_schema",
        "performance_schema",
    ];
    let name = server.like.name.clone().filter(|name| {
        server.is_private()
            && !name.is_empty()
            && !TAKEN.contains(&&*name.to_lowercase())
            && !name.starts_with(PREFIX)
    });
    name.unwrap_or_else(new_name)
}

fn create_role(dialect: Dialect, role: &str) -> String {
    match dialect {
        Dialect::MySql => format!("CREATE USER IF NOT EXISTS {role} ACCOUNT LOCK"),
        _ => format!("CREATE ROLE {} NOLOGIN", quote_name(dialect, role)),
    }
}

fn not_created(error: &Error, server: &DevServer) -> Error {
    let summary = format!("no scratch database can be created: {}", error.summary());
    let help = if server.is_private() {
        "the database has an encoding, locale or character set that this machine lacks: install it, or name a server that has it \
         with --dev-url"
    } else {
        "name a server with --dev-url where the role may create databases, or leave it out, so that a private server is started"
    };
    Error::new(ErrorKind::Connect, summary).help(help)
}

/// The database in a folder of its own.
fn in_folder(folder: &TempDir) -> String {
    format!("sqlite://{}/scratch.db?mode=rwc", folder.path().display())
}

/// A database's name in a URL.
fn percent_encoded(name: &str) -> String {
    let encoded = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    name.bytes().map(encoded).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_a_url_is_percent_encoded() {
        assert_eq!(percent_encoded("my shop/é"), "my%20shop%2F%C3%A9");
    }
}
