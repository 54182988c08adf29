//! The connection, by who owns it, and how it is opened.

use std::time::Duration;

use futures_util::FutureExt as _;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{ConnectOptions as _, Connection as _};

/// The connection, by who owns it.
pub enum Handle<'a> {
    Own {
        /// None once it is closed.
        connection: Option<Box<MySqlConnection>>,
        /// Options to open another one like it.
        options: Box<MySqlConnectOptions>,
    },
    Borrowed(&'a mut MySqlConnection),
}

impl Handle<'_> {
    pub fn get(&mut self) -> &mut MySqlConnection {
        match self {
            Self::Own { connection, .. } => connection
                .as_deref_mut()
                .expect("it is closed when the session is dropped, and not before"),
            Self::Borrowed(connection) => connection,
        }
    }

    pub fn is_borrowed(&self) -> bool {
        matches!(self, Self::Borrowed(_))
    }

    /// Options to open another connection like it; a passed connection does not tell.
    pub fn options(&self) -> Option<&MySqlConnectOptions> {
        match self {
            Self::Own { options, .. } => Some(options),
            Self::Borrowed(_) => None,
        }
    }

    /// Takes leave of the server, which would write a lost connection to its log otherwise. A connection that is at
    /// work is cut off.
    pub fn close(&mut self) {
        if let Self::Own { connection, .. } = self
            && let Some(connection) = connection.take()
        {
            let _ = connection.close().now_or_never();
        }
    }
}

/// Connects. A server of another kind may wait for the client to speak first, as the client does for the server.
pub async fn open(
    options: &MySqlConnectOptions,
    patience: Duration,
) -> Result<MySqlConnection, sqlx::Error> {
    let connecting = tokio::time::timeout(patience, options.connect());
    connecting.await.unwrap_or_else(|_| {
        let silent = format!("no answer within {} s", patience.as_secs_f64());
        Err(sqlx::Error::Io(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            silent,
        )))
    })
}
