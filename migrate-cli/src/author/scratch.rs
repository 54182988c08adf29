//! Scratch databases: where they are made, and how what they hold is compared.

use migrate_chain::Dialect;
use migrate_chain::config::Config;
use migrate_diff::{Connection, Difference, Filter, Schema, Scratch, dialect_of, introspect};
use migrate_runtime::Migrations;

use super::failure::{self, Failure, Result};

/// A scratch database with a chain to run on it.
pub(crate) struct Bench<'c> {
    scratch: Scratch,
    filter: Filter,
    migrations: &'c Migrations,
}

impl<'c> Bench<'c> {
    /// Makes a scratch database on the server of `url`.
    ///
    /// # Errors
    /// No database can be made there.
    pub(crate) async fn new(
        migrations: &'c Migrations,
        config: &Config,
        url: &str,
    ) -> Result<Self> {
        Ok(Self {
            scratch: Scratch::create(url).await.map_err(failure::comparison)?,
            filter: Filter::new(config),
            migrations,
        })
    }

    /// Upgrades to `target`, and says what the database holds then.
    pub(crate) async fn upgrade(&mut self, target: &str) -> Result<Schema> {
        self.scratch
            .connection()
            .upgrade(self.migrations, target)
            .await
            .map_err(failure::comparison)?;
        self.schema().await
    }

    /// Downgrades to `target`, and says what the database holds then.
    pub(crate) async fn downgrade(&mut self, target: &str) -> Result<Schema> {
        self.scratch
            .connection()
            .downgrade(self.migrations, target)
            .await
            .map_err(failure::comparison)?;
        self.schema().await
    }

    /// What the database holds.
    pub(crate) async fn schema(&mut self) -> Result<Schema> {
        let connection: &mut Connection = self.scratch.connection();
        introspect(connection, &self.filter)
            .await
            .map_err(failure::comparison)
    }

    /// Drops the database.
    pub(crate) async fn finish(self) -> Result<()> {
        self.scratch.finish().await.map_err(failure::comparison)
    }
}

/// Runs work on scratch databases until it is done, or the user interrupts it: they are dropped either way.
///
/// # Errors
/// What the work fails with, or that it was interrupted.
pub(crate) async fn until_interrupted<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let work = async { Ok(work.await) };
    let done = migrate_diff::until_interrupted(work).await;
    done.map_err(failure::comparison)?
}

/// What differs between two schemas, as lines to read; none where nothing does.
pub(crate) fn difference(from: &Schema, to: &Schema) -> Option<String> {
    let difference = Difference::between(from, to);
    (!difference.is_empty()).then(|| difference.to_string())
}

/// Where to make scratch databases: for each kind of database that has to be tried, a server.
///
/// `given` are the servers that the user names. SQLite needs none. A database that the settings declare has to be
/// tried; where they declare none, the servers that are named say which, or SQLite.
///
/// # Errors
/// A declared database without a server.
pub(crate) fn servers(
    config: &Config,
    served: &[Dialect],
    given: &[String],
) -> Result<Vec<(Dialect, String)>> {
    let mut known = Vec::new();
    for url in given {
        known.push((dialect_of(url).map_err(failure::comparison)?, url.clone()));
    }
    if config.dialects.is_empty() {
        known.retain(|(dialect, _)| served.contains(dialect));
        known.dedup_by_key(|(dialect, _)| *dialect);
        if known.is_empty() && served.contains(&Dialect::Sqlite) {
            known.push((Dialect::Sqlite, IN_MEMORY.to_owned()));
        }
        return match served.first() {
            Some(&first) if known.is_empty() => Err(no_server(first)),
            _ => Ok(known),
        };
    }
    let find = |&dialect: &Dialect| match known.iter().find(|(kind, _)| *kind == dialect) {
        Some(found) => Ok(found.clone()),
        None if dialect == Dialect::Sqlite => Ok((dialect, IN_MEMORY.to_owned())),
        None => Err(no_server(dialect)),
    };
    served.iter().map(find).collect()
}

/// The one server to compare schemas on: the one that is given, or SQLite where the chain is for nothing else.
///
/// # Errors
/// The chain is for several databases, or for one that needs a server.
pub(crate) fn server(config: &Config, given: Option<&str>) -> Result<String> {
    match (given, &*config.dialects) {
        (Some(url), _) => Ok(url.to_owned()),
        (None, [] | [Dialect::Sqlite]) => Ok(IN_MEMORY.to_owned()),
        (None, [first, ..]) => Err(no_server(*first)),
    }
}

const IN_MEMORY: &str = "sqlite::memory:";

fn no_server(dialect: Dialect) -> Failure {
    let scheme = dialect.name();
    Failure::new(format!("there is no {dialect} server to make a scratch database on"))
        .help(format!("name one with --dev-url, such as `--dev-url {scheme}://localhost/{scheme}`: any database there will do"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(declared: &[Dialect], given: &[&str]) -> Result<Vec<String>, String> {
        let mut config = Config::default();
        config.dialects = declared.to_vec();
        let served = if declared.is_empty() {
            &Dialect::ALL[..]
        } else {
            declared
        };
        let given: Vec<String> = given.iter().map(|&url| url.to_owned()).collect();
        let servers =
            servers(&config, served, &given).map_err(|failure| failure.summary().into_owned())?;
        Ok(servers.into_iter().map(|(_, url)| url).collect())
    }

    #[test]
    fn every_declared_database_is_tried() {
        let both = [Dialect::Sqlite, Dialect::Postgres];
        let given = ["mysql://m/x", "postgres://p/x"];
        assert_eq!(
            chosen(&both, &given).as_deref(),
            Ok(&["sqlite::memory:", "postgres://p/x"].map(str::to_owned)[..])
        );
        assert!(chosen(&both, &[]).is_err_and(|message| message.contains("no postgres server")));
    }

    #[test]
    fn where_none_is_declared_the_servers_say_which() {
        assert_eq!(
            chosen(&[], &["postgres://p/x"]).as_deref(),
            Ok(&["postgres://p/x".to_owned()][..])
        );
        assert_eq!(
            chosen(&[], &[]).as_deref(),
            Ok(&["sqlite::memory:".to_owned()][..])
        );
    }
}
