use std::fmt;
use std::str::FromStr;

/// A database whose SQL a revision can hold.
///
/// ```
/// use migrate_chain::Dialect;
///
/// assert_eq!("postgres".parse(), Ok(Dialect::Postgres));
/// assert_eq!(Dialect::MySql.name(), "mysql");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    MySql,
}

impl Dialect {
    /// Every dialect, in the order that section markers and tables list them.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::MySql];

    /// Their names, in the same order.
    pub const NAMES: [&'static str; 3] = [
        Self::Sqlite.name(),
        Self::Postgres.name(),
        Self::MySql.name(),
    ];

    /// The name that section markers and `migrate.toml` use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
        }
    }

    /// Its place in [`Dialect::ALL`], for tables with one entry a dialect.
    pub const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        Self::ALL
            .into_iter()
            .find(|dialect| dialect.name() == name)
            .ok_or(UnknownDialect)
    }
}

/// The name is none of `sqlite`, `postgres` and `mysql`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownDialect;

impl fmt::Display for UnknownDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a dialect is one of sqlite, postgres and mysql")
    }
}

impl std::error::Error for UnknownDialect {}
