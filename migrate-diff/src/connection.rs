//! One connection to any database, as this crate needs it: statements in, text out.

use futures_util::future::BoxFuture;
use migrate_chain::Dialect;
use migrate_runtime::{AnyPool, Migrations};

use crate::error::{Error, ErrorKind, database_message};
use crate::rows::Rows;

/// A row as text; NULL is `None`.
pub type TextRow = Vec<Option<String>>;

/// A connection to a database of any kind.
pub struct Connection(pub(crate) Box<dyn Backend>);

/// The operations of one kind of database that this crate needs.
pub(crate) trait Backend: Send {
    fn dialect(&self) -> Dialect;
    fn execute<'s>(&'s mut self, sql: &'s str) -> BoxFuture<'s, Result<(), sqlx::Error>>;
    fn rows<'s>(&'s mut self, sql: &'s str) -> BoxFuture<'s, Result<Rows, sqlx::Error>>;
    fn upgrade<'s>(
        &'s mut self,
        chain: &'s Migrations,
        target: &'s str,
    ) -> BoxFuture<'s, Result<(), Error>>;
    fn downgrade<'s>(
        &'s mut self,
        chain: &'s Migrations,
        target: &'s str,
    ) -> BoxFuture<'s, Result<(), Error>>;
}

impl Connection {
    /// Connects to the database that `url` names: `sqlite:…`, `postgres://…` or `mysql://…`.
    ///
    /// # Errors
    /// [`ErrorKind::Connect`] when the database cannot be reached, or this build does not have its kind.
    pub async fn open(url: &str) -> Result<Self, Error> {
        let dialect = dialect_of(url)?;
        let backend = open(dialect, url).await.ok_or_else(|| not_built(dialect))?;
        backend.map(Self).map_err(|error| {
            let summary = format!(
                "cannot connect to the {dialect} database: {}",
                database_message(&error)
            );
            Error::new(ErrorKind::Connect, summary).caused_by(error)
        })
    }

    /// The kind of database.
    pub fn dialect(&self) -> Dialect {
        self.0.dialect()
    }

    /// Upgrades the database to `target` with the chain.
    ///
    /// # Errors
    /// [`ErrorKind::Replay`], with what the runner says.
    pub(crate) async fn upgrade(&mut self, chain: &Migrations, target: &str) -> Result<(), Error> {
        self.0.upgrade(chain, target).await
    }

    /// Downgrades the database to `target` with the chain.
    ///
    /// # Errors
    /// [`ErrorKind::Replay`], with what the runner says.
    pub(crate) async fn downgrade(
        &mut self,
        chain: &Migrations,
        target: &str,
    ) -> Result<(), Error> {
        self.0.downgrade(chain, target).await
    }

    /// Executes one statement.
    ///
    /// # Errors
    /// [`ErrorKind::Database`] with the statement, when the database refuses it.
    pub async fn execute(&mut self, sql: &str) -> Result<(), Error> {
        let done = self.0.execute(sql).await;
        done.map_err(|error| {
            crate::error::refused(
                ErrorKind::Database,
                "the database refused a statement",
                sql,
                &error,
            )
        })
    }

    /// The first value of a query; empty if there is none.
    ///
    /// # Errors
    /// [`ErrorKind::Database`] with the query, when the database refuses it.
    pub async fn text(&mut self, sql: &str) -> Result<String, Error> {
        let rows = self.rows(sql).await?;
        let first = rows
            .into_iter()
            .next()
            .and_then(|row| row.into_iter().next());
        Ok(first.flatten().unwrap_or_default())
    }

    /// The rows of a query, every value as text, by position.
    ///
    /// # Errors
    /// [`ErrorKind::Database`] with the query, when the database refuses it.
    pub async fn rows(&mut self, sql: &str) -> Result<Vec<TextRow>, Error> {
        Ok(self.named_rows(sql).await?.rows)
    }

    /// The rows of a query, every value as text, by the names of their columns.
    pub(crate) async fn named_rows(&mut self, sql: &str) -> Result<Rows, Error> {
        let rows = self.0.rows(sql).await;
        rows.map_err(|error| {
            crate::error::refused(
                ErrorKind::Database,
                "the catalog cannot be read",
                sql,
                &error,
            )
        })
    }
}

/// The kind of database that a URL names.
///
/// # Errors
/// [`ErrorKind::Connect`] when it is none of them.
pub fn dialect_of(url: &str) -> Result<Dialect, Error> {
    AnyPool::kind_of(url).map_err(|error| {
        let result = Error::new(ErrorKind::Connect, error.summary());
        match error.advice() {
            Some(advice) => result.help(advice),
            None => result,
        }
    })
}

/// `None` where the build lacks the feature.
async fn open(dialect: Dialect, url: &str) -> Option<Result<Box<dyn Backend>, sqlx::Error>> {
    match dialect {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => Some(backend::open::<sqlx::SqliteConnection>(url).await),
        #[cfg(feature = "postgres")]
        Dialect::Postgres => Some(backend::open::<sqlx::PgConnection>(url).await),
        #[cfg(feature = "mysql")]
        Dialect::MySql => Some(
            backend::open::<sqlx::MySqlConnection>(&url.replacen("mariadb:", "mysql:", 1)).await,
        ),
        #[allow(unreachable_patterns, reason = "with every feature there is no other")]
        _ => None,
    }
}

fn not_built(dialect: Dialect) -> Error {
    let summary = format!("this build has no support for {dialect}");
    Error::new(ErrorKind::Connect, summary).help(format!("build it with the feature `{dialect}`"))
}

/// A revision in Rust is code of the app's, which only the app's binary has.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
fn not_replayed(direction: &str, error: migrate_runtime::Error) -> Error {
    let summary = format!("the chain cannot be replayed on a scratch database ({direction})");
    Error::new(ErrorKind::Replay, summary)
        .detail(error.to_string())
        .caused_by(error)
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod backend {
    use futures_util::FutureExt as _;
    use futures_util::future::BoxFuture;
    use migrate_chain::Dialect;
    use migrate_runtime::Migrations;
    use sqlx::{AssertSqlSafe, Column as _, Row as _};

    use super::{Backend, not_replayed};
    use crate::error::Error;
    use crate::rows::Rows;

    pub async fn open<C>(url: &str) -> Result<Box<dyn Backend>, sqlx::Error>
    where
        C: sqlx::Connection + Backend + 'static,
    {
        Ok(Box::new(C::connect(url).await?))
    }

    macro_rules! backend {
        ($connection:ty, $dialect:expr) => {
            impl Backend for $connection {
                fn dialect(&self) -> Dialect {
                    $dialect
                }

                fn execute<'s>(
                    &'s mut self,
                    sql: &'s str,
                ) -> BoxFuture<'s, Result<(), sqlx::Error>> {
                    #[cfg(test)]
                    super::sent::add(sql);
                    async move {
                        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
                            .execute(self)
                            .await?;
                        Ok(())
                    }
                    .boxed()
                }

                fn rows<'s>(
                    &'s mut self,
                    sql: &'s str,
                ) -> BoxFuture<'s, Result<Rows, sqlx::Error>> {
                    #[cfg(test)]
                    super::sent::add(sql);
                    async move {
                        let rows = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
                            .fetch_all(self)
                            .await?;
                        let columns = rows.first().map_or(&[][..], |row| row.columns());
                        Ok(Rows {
                            names: columns
                                .iter()
                                .map(|column| column.name().to_ascii_lowercase())
                                .collect(),
                            rows: rows
                                .iter()
                                .map(|row| {
                                    (0..row.len()).map(|n| row.try_get_unchecked(n)).collect()
                                })
                                .collect::<Result<_, sqlx::Error>>()?,
                        })
                    }
                    .boxed()
                }

                fn upgrade<'s>(
                    &'s mut self,
                    chain: &'s Migrations,
                    target: &'s str,
                ) -> BoxFuture<'s, Result<(), Error>> {
                    async move {
                        let done = chain.runner(self).to(target).upgrade().await;
                        done.map(drop)
                            .map_err(|error| not_replayed("upgrade", error))
                    }
                    .boxed()
                }

                fn downgrade<'s>(
                    &'s mut self,
                    chain: &'s Migrations,
                    target: &'s str,
                ) -> BoxFuture<'s, Result<(), Error>> {
                    async move {
                        let done = chain.downgrade(self, target).await;
                        done.map(drop)
                            .map_err(|error| not_replayed("downgrade", error))
                    }
                    .boxed()
                }
            }
        };
    }

    #[cfg(feature = "sqlite")]
    backend!(sqlx::SqliteConnection, Dialect::Sqlite);
    #[cfg(feature = "postgres")]
    backend!(sqlx::PgConnection, Dialect::Postgres);
    #[cfg(feature = "mysql")]
    backend!(sqlx::MySqlConnection, Dialect::MySql);
}

/// The statements that a test's connections were sent.
#[cfg(test)]
pub(crate) mod sent {
    use std::cell::RefCell;

    thread_local! {
        static SENT: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    pub fn add(sql: &str) {
        SENT.with_borrow_mut(|sent| sent.push(sql.to_owned()));
    }

    /// Those since the last call.
    pub fn take() -> Vec<String> {
        SENT.take()
    }
}
