//! The connection, by who owns it.

use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;

/// The connection, by who owns it.
pub enum Handle<'a> {
    /// And what opens another one like it.
    Own(Box<PgConnection>, Box<PgConnectOptions>),
    Borrowed(&'a mut PgConnection),
}

impl Handle<'_> {
    pub fn get(&mut self) -> &mut PgConnection {
        match self {
            Self::Own(connection, _) => connection,
            Self::Borrowed(connection) => connection,
        }
    }

    pub fn is_own(&self) -> bool {
        matches!(self, Self::Own(..))
    }
}
