use std::fmt;
use std::path::Path;

/// A database server. MySQL and MariaDB are two: they differ in what they accept and in what they say of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Product {
    /// PostgreSQL.
    Postgres,
    /// MySQL.
    MySql,
    /// MariaDB.
    MariaDb,
}

impl Product {
    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MySQL",
            Self::MariaDb => "MariaDB",
        }
    }

    /// The name of its official container image.
    pub fn image(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MySql => "mysql",
            Self::MariaDb => "mariadb",
        }
    }

    /// The scheme of its URLs.
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MySql | Self::MariaDb => "mysql",
        }
    }

    /// The user who may do everything.
    pub fn administrator(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MySql | Self::MariaDb => "root",
        }
    }

    /// The database that every server of it has.
    pub fn maintenance_database(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::MySql | Self::MariaDb => "mysql",
        }
    }

    /// The name of its socket.
    pub(crate) fn socket(self) -> &'static str {
        match self {
            Self::Postgres => ".s.PGSQL.5432",
            Self::MySql | Self::MariaDb => "mysql.sock",
        }
    }

    /// The URL of a database of a server whose socket is in `folder`, for a user who may do everything.
    pub(crate) fn url(self, folder: &Path, database: &str) -> String {
        let (scheme, user) = (self.scheme(), self.administrator());
        match self {
            Self::Postgres => format!(
                "{scheme}://{user}@localhost:5432/{database}?host={}&sslmode=disable",
                folder.display()
            ),
            Self::MySql | Self::MariaDb => format!(
                "{scheme}://{user}@localhost/{database}?socket={}&ssl-mode=disabled",
                folder.join(self.socket()).display()
            ),
        }
    }

    pub(crate) fn port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::MySql | Self::MariaDb => 3306,
        }
    }

    /// The names that its program can have.
    pub(crate) fn daemons(self) -> &'static [&'static str] {
        match self {
            Self::Postgres => &["postgres"],
            Self::MySql => &["mysqld"],
            Self::MariaDb => &["mariadbd", "mysqld"],
        }
    }
}

impl fmt::Display for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The version of a server, as far as two servers have to agree: `15` of PostgreSQL 15.4, `10.11` of MariaDB 10.11.6.
///
/// ```
/// use migrate_servers::{Product, Version};
///
/// let version = |product, text| Version::of(product, text).map(|version| version.to_string());
/// assert_eq!(version(Product::Postgres, "15.4 (Debian 15.4-1)").as_deref(), Some("15"));
/// assert_eq!(version(Product::MariaDb, "10.11.6-MariaDB-log").as_deref(), Some("10.11"));
/// assert_eq!(version(Product::MySql, "next"), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    major: u32,
    minor: Option<u32>,
}

impl Version {
    /// Reads the version that a server says it has.
    pub fn of(product: Product, text: &str) -> Option<Self> {
        let mut numbers = text
            .split(|c: char| !c.is_ascii_digit())
            .map(str::parse::<u32>);
        let major = numbers.next()?.ok()?;
        let minor = match product {
            Product::Postgres => None,
            Product::MySql | Product::MariaDb => Some(numbers.next()?.ok()?),
        };
        Some(Self { major, minor })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.minor {
            Some(minor) => write!(f, "{}.{minor}", self.major),
            None => write!(f, "{}", self.major),
        }
    }
}
