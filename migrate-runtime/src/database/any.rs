//! A pool of whichever database a URL names.

use std::fmt;

use futures_util::future::BoxFuture;
use migrate_chain::Dialect;

#[cfg(feature = "postgres")]
use super::sealed::Idle;
use super::sealed::{Connect, Limits};
use super::{Opened, url};
use crate::values::error::{Error, ErrorKind};

/// A pool of whichever database a URL names: for a program that learns only when it runs what it works on.
///
/// It has a variant for each database whose feature is enabled, and connects when it is used.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AnyPool {
    /// SQLite.
    #[cfg(feature = "sqlite")]
    Sqlite(sqlx::SqlitePool),
    /// PostgreSQL.
    #[cfg(feature = "postgres")]
    Postgres(sqlx::PgPool),
    /// MySQL and MariaDB.
    #[cfg(feature = "mysql")]
    MySql(sqlx::MySqlPool),
}

impl AnyPool {
    /// A pool for the URL; must be called inside a Tokio runtime. A file of SQLite is made if it is not there, unless the
    /// URL has a `mode` of its own.
    ///
    /// # Errors
    /// [`Error`] when the URL is malformed, or names a database whose feature is not enabled.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use migrate_runtime::*;
    /// # let migrations = Migrations::load("../tests/fixtures/crlf/migrations")?;
    /// let pool = AnyPool::new("sqlite::memory:")?;
    /// assert_eq!(pool.dialect(), Dialect::Sqlite);
    /// migrations.upgrade(&pool).await?;
    /// # Ok(()) }
    /// ```
    pub fn new(url: &str) -> Result<Self, Error> {
        Self::open(url, true)
    }

    /// The same for a database that must be there already.
    ///
    /// # Errors
    /// [`Error`] when the URL is malformed, or names a database whose feature is not enabled.
    pub fn existing(url: &str) -> Result<Self, Error> {
        Self::open(url, false)
    }

    /// The kind of database that a URL names; `None` if its scheme is unknown.
    ///
    /// ```
    /// use migrate_runtime::{AnyPool, Dialect};
    ///
    /// assert_eq!(AnyPool::dialect_of("mariadb://localhost/app"), Some(Dialect::MySql));
    /// assert_eq!(AnyPool::dialect_of("app.db"), None);
    /// ```
    pub fn dialect_of(url: &str) -> Option<Dialect> {
        url::dialect_of(url)
    }

    /// The kind of database that a URL names, for a program that connects by itself.
    ///
    /// # Errors
    /// [`Error`] when its scheme is not known, or when its password holds a character by which a part of it would be taken for
    /// a host or a database. The message has no password in it, whatever the text is.
    ///
    /// ```
    /// use migrate_runtime::{AnyPool, Dialect};
    ///
    /// assert_eq!(AnyPool::kind_of("postgres://app@localhost/app")?, Dialect::Postgres);
    /// let error = AnyPool::kind_of("host=localhost password=secret").unwrap_err();
    /// assert_eq!(error.summary(), "`host=localhost password=***` does not name a known database");
    /// # Ok::<(), migrate_runtime::Error>(())
    /// ```
    pub fn kind_of(url: &str) -> Result<Dialect, Error> {
        let Some(dialect) = Self::dialect_of(url) else {
            let summary = format!("`{}` does not name a known database", url::shown(url));
            return Err(Error::new(ErrorKind::Connect, summary)
                .help("it begins with `sqlite:`, `postgres://` or `mysql://`"));
        };
        if dialect != Dialect::Sqlite {
            url::check(url)?;
        }
        Ok(dialect)
    }

    /// A URL as it may be shown, whatever could be a password in it hidden.
    #[doc(hidden)]
    pub fn shown_url(url: &str) -> String {
        url::shown(url)
    }

    /// The URL of another database of the same server; of the server alone if `name` is empty.
    #[doc(hidden)]
    pub fn with_database(url: &str, name: &str) -> String {
        url::with_database(url, name)
    }

    /// The name of the database in the URL of a server, or the path of the file of SQLite; none if the URL has neither. Must
    /// be called inside a Tokio runtime.
    ///
    /// # Errors
    /// [`Error`] when the URL is malformed.
    #[doc(hidden)]
    pub fn database_of(url: &str) -> Result<Option<String>, Error> {
        match Self::existing(url)? {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(pool) => {
                let options = pool.connect_options();
                let file = options.get_filename().to_string_lossy();
                let is_in_memory = file.starts_with("file:") || file == ":memory:";
                Ok((!is_in_memory).then(|| file.into_owned()))
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => Ok(pool.connect_options().get_database().map(str::to_owned)),
            #[cfg(feature = "mysql")]
            Self::MySql(pool) => Ok(pool.connect_options().get_database().map(str::to_owned)),
        }
    }

    /// The kind of database.
    pub fn dialect(&self) -> Dialect {
        match *self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(_) => Dialect::Sqlite,
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => Dialect::Postgres,
            #[cfg(feature = "mysql")]
            Self::MySql(_) => Dialect::MySql,
        }
    }

    #[allow(
        unused_variables,
        reason = "only SQLite makes a database, and only a database feature makes a pool"
    )]
    fn open(url: &str, create: bool) -> Result<Self, Error> {
        let dialect = Self::kind_of(url)?;
        match dialect {
            #[cfg(feature = "sqlite")]
            Dialect::Sqlite => {
                let options: sqlx::sqlite::SqliteConnectOptions = url.parse().map_err(malformed)?;
                let options = if create && !url.contains("mode=") {
                    options.create_if_missing(true)
                } else {
                    options
                };
                Ok(Self::Sqlite(sqlx::SqlitePool::connect_lazy_with(options)))
            }
            #[cfg(feature = "postgres")]
            Dialect::Postgres => {
                let options = url.parse().map_err(not_a_url)?;
                Ok(Self::Postgres(sqlx::PgPool::connect_lazy_with(options)))
            }
            #[cfg(feature = "mysql")]
            Dialect::MySql => {
                let options: sqlx::mysql::MySqlConnectOptions = url.parse().map_err(not_a_url)?;
                Ok(Self::MySql(sqlx::MySqlPool::connect_lazy_with(options)))
            }
            #[allow(unreachable_patterns, reason = "with all databases, none is left")]
            dialect => Err(not_enabled(dialect)),
        }
    }
}

#[cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(unused_variables, reason = "there is no pool to connect")
)]
impl<'a> Connect<'a> for &'a AnyPool {
    fn connect(self, limits: Limits) -> BoxFuture<'a, Result<Opened<'a>, Error>> {
        match *self {
            #[cfg(feature = "sqlite")]
            AnyPool::Sqlite(ref pool) => pool.connect(limits),
            #[cfg(feature = "postgres")]
            AnyPool::Postgres(ref pool) => pool.connect(limits),
            #[cfg(feature = "mysql")]
            AnyPool::MySql(ref pool) => pool.connect(limits),
        }
    }

    #[cfg(feature = "postgres")]
    fn connect_again(
        self,
        limits: Limits,
        idle: &Idle,
    ) -> BoxFuture<'a, Result<Opened<'a>, Error>> {
        match self {
            AnyPool::Postgres(pool) => pool.connect_again(limits, idle),
            #[allow(unreachable_patterns, reason = "with one database, none is left")]
            other => other.connect(limits),
        }
    }
}

#[cfg(feature = "sqlite")]
impl From<sqlx::SqlitePool> for AnyPool {
    fn from(pool: sqlx::SqlitePool) -> Self {
        Self::Sqlite(pool)
    }
}

#[cfg(feature = "postgres")]
impl From<sqlx::PgPool> for AnyPool {
    fn from(pool: sqlx::PgPool) -> Self {
        Self::Postgres(pool)
    }
}

#[cfg(feature = "mysql")]
impl From<sqlx::MySqlPool> for AnyPool {
    fn from(pool: sqlx::MySqlPool) -> Self {
        Self::MySql(pool)
    }
}

/// The URL itself stays out of the message: it may hold a password.
fn malformed(error: sqlx::Error) -> Error {
    Error::new(
        ErrorKind::Connect,
        format!("the database URL is malformed: {error}"),
    )
    .caused_by(error)
}

/// The same for a server, whose URL may hold a password that it cannot hold.
#[cfg(any(feature = "postgres", feature = "mysql"))]
fn not_a_url(error: sqlx::Error) -> Error {
    malformed(error).help(url::PERCENT_ENCODE)
}

fn not_enabled(dialect: Dialect) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("this program was built without {dialect}"),
    )
    .help(format!("build it with the feature `{dialect}`"))
}

impl fmt::Display for AnyPool {
    /// The name of the kind of database.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.dialect().name())
    }
}
