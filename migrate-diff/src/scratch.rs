//! Databases to try things in, gone afterwards whatever happens.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use migrate_chain::Dialect;

use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::{mysql, postgres};

/// What the name of every scratch database begins with.
pub(crate) const PREFIX: &str = "migrate_scratch_";

/// How old a left-over must be before it is swept: what is younger may be about to be used.
pub(crate) const SWEPT_AFTER: Duration = Duration::from_hours(1);

/// An empty database of its own: in memory on SQLite, of a random name on the server elsewhere.
///
/// It is dropped by [`finish`](Self::finish), and also with the value: when a future is cancelled, at a panic, after an
/// interrupt. What a killed process leaves is swept by the next one that makes a scratch database on that server, once
/// it is an hour old and nobody is connected to it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use migrate_diff::{Filter, Scratch, introspect};
///
/// let mut scratch = Scratch::create("sqlite::memory:").await?;
/// scratch.connection().execute("CREATE TABLE t (id INTEGER PRIMARY KEY)").await?;
/// let schema = introspect(scratch.connection(), &Filter::default()).await?;
/// assert_eq!(schema.objects().next().map(|object| object.id().to_string()).as_deref(), Some("table t"));
/// scratch.finish().await?;
/// # Ok(()) }
/// ```
pub struct Scratch {
    connection: Option<Connection>,
    server: Option<Server>,
}

/// Where a scratch database is, and what drops it.
struct Server {
    url: String,
    drop: String,
}

impl Scratch {
    /// Makes one on the server of `url`, which names any database there. For SQLite only the kind of `url` counts.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`] when the server cannot be reached or the role may not make a database.
    pub async fn create(url: &str) -> Result<Self, Error> {
        match crate::connection::dialect_of(url)? {
            Dialect::Sqlite => Ok(Self {
                connection: Some(Connection::open("sqlite::memory:").await?),
                server: None,
            }),
            Dialect::Postgres => Self::on_server(url, postgres::scratch::create).await,
            Dialect::MySql => Self::on_server(url, mysql::scratch::create).await,
        }
    }

    async fn on_server(
        url: &str,
        create: impl AsyncFn(&mut Connection, &str, u64) -> Result<(), Error>,
    ) -> Result<Self, Error> {
        let mut admin = Connection::open(url).await?;
        let name = random_name();
        let made = create(&mut admin, &name, now()).await;
        made.map_err(|error| {
            let help = "name a server where the role may make databases with --dev-url";
            Error::new(
                ErrorKind::Connect,
                format!("no scratch database can be made: {}", error.summary()),
            )
            .help(help)
        })?;
        let drop = match admin.dialect() {
            Dialect::MySql => format!("DROP DATABASE IF EXISTS {name}"),
            _ => format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        };
        // From here on it is dropped with the value.
        let mut scratch = Self {
            connection: None,
            server: Some(Server {
                url: url.to_owned(),
                drop,
            }),
        };
        let mut connection = match admin.dialect() {
            Dialect::MySql => admin,
            _ => Connection::open(&with_database(url, &name)).await?,
        };
        if connection.dialect() == Dialect::MySql {
            connection.execute(&format!("USE {name}")).await?;
        }
        scratch.connection = Some(connection);
        Ok(scratch)
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

    /// Drops the database, and says if that failed.
    ///
    /// # Errors
    /// [`ErrorKind::Database`] when the server did not drop it; the next run will sweep it.
    pub async fn finish(mut self) -> Result<(), Error> {
        drop(self.connection.take());
        match self.server.take() {
            Some(server) => server.drop().await,
            None => Ok(()),
        }
    }
}

impl Server {
    async fn drop(self) -> Result<(), Error> {
        let mut admin = Connection::open(&self.url).await?;
        admin.execute(&self.drop).await
    }
}

impl Drop for Scratch {
    /// On a thread with a runtime of its own, for the one here may be ending.
    fn drop(&mut self) {
        drop(self.connection.take());
        let Some(server) = self.server.take() else {
            return;
        };
        let dropped = std::thread::spawn(move || {
            if let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
            {
                // Who cannot be told; the next run sweeps what is left.
                let _ = runtime.block_on(server.drop());
            }
        });
        let _ = dropped.join();
    }
}

/// The prefix, when it was made, and what makes it the only one.
fn random_name() -> String {
    use std::hash::{BuildHasher as _, RandomState};
    let random = RandomState::new().hash_one(std::process::id());
    format!("{PREFIX}{}_{random:016x}", now())
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Whether a database is a left-over that is old enough to sweep.
pub(crate) fn is_stale(name: &str, now: u64) -> bool {
    let made = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.split_once('_')?.0.parse::<u64>().ok());
    made.is_some_and(|made| made.saturating_add(SWEPT_AFTER.as_secs()) < now)
}

/// The URL with another database.
fn with_database(url: &str, name: &str) -> String {
    let (rest, query) = url
        .split_once('?')
        .map_or((url, None), |(rest, query)| (rest, Some(query)));
    let authority = rest.find("://").map_or(0, |at| at + 3);
    let end = rest[authority..]
        .find('/')
        .map_or(rest.len(), |at| authority + at);
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    format!("{}/{name}{query}", &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_scratch_databases_are_stale() {
        assert!(is_stale("migrate_scratch_1000_ab", 1000 + 3601));
        assert!(!is_stale("migrate_scratch_1000_ab", 1000 + 3600));
        assert!(!is_stale("migrate_scratch_mine", 1_000_000));
        assert!(!is_stale("customers", 1_000_000));
        assert!(!is_stale(&random_name(), now()));
    }

    #[test]
    fn another_database_of_the_same_server() {
        assert_eq!(
            with_database("postgres://u:p@h:1/a?sslmode=require", "b"),
            "postgres://u:p@h:1/b?sslmode=require"
        );
        assert_eq!(with_database("postgres://h", "b"), "postgres://h/b");
    }
}
