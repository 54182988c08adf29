//! Finds the database that the environment names.

use std::env;

use migrate_runtime::{AnyPool, Dialect};

/// `DATABASE_URL`, else that of the file `.env` here or in a folder above. An empty one is none.
pub fn database_url() -> Option<String> {
    const NAME: &str = "DATABASE_URL";
    let variable = env::var(NAME).ok().filter(|url| !url.is_empty());
    variable.or_else(|| {
        let file = dotenvy::dotenv_iter().ok()?;
        let mut lines = file.flatten();
        let (_, url) = lines.find(|(name, url)| name == NAME && !url.is_empty())?;
        Some(url)
    })
}

/// The URL, if it is that of a database of this kind.
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub fn database_url_of(dialect: Dialect) -> Option<String> {
    database_url().filter(|url| dialect_of(url) == Some(dialect))
}

/// The kind of database that a URL is of.
pub fn dialect_of(url: &str) -> Option<Dialect> {
    AnyPool::dialect_of(url)
}
