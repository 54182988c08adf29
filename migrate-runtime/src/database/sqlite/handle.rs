//! The connection, by who owns it.

use sqlx::pool::PoolConnection;
use sqlx::{Sqlite, SqliteConnection};

/// The connection, by who owns it.
pub enum Handle<'a> {
    Own(Box<SqliteConnection>),
    /// To a database in memory, with the name by which the pool's connections share it.
    Pooled(PoolConnection<Sqlite>, String),
    Borrowed(&'a mut SqliteConnection),
}

impl Handle<'_> {
    pub fn get(&mut self) -> &mut SqliteConnection {
        match self {
            Self::Own(connection) => connection,
            Self::Pooled(connection, _) => connection,
            Self::Borrowed(connection) => connection,
        }
    }
}

/// The file of the database; none if it is in memory.
pub async fn main_file(connection: &mut SqliteConnection) -> Result<Option<String>, sqlx::Error> {
    let sql = "SELECT file FROM pragma_database_list WHERE name = 'main'";
    let file: Option<String> = sqlx::query_scalar(sql).fetch_one(connection).await?;
    Ok(file.filter(|file| !file.is_empty()))
}
