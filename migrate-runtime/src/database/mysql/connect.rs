//! Opening a connection, and who owns it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPool};
use sqlx::{ConnectOptions as _, Connection as _};

use super::code::{explain, is_absent, is_crowded};
use super::handle::{Handle, open};
use super::passed;
use super::session::MySqlSession;
use crate::database::sealed::{self, Limits};
use crate::database::{Opened, inside_a_transaction, local_help};
use crate::values::error::{Error, ErrorKind};
use crate::values::error::{database_code, database_message};

impl<'a> sealed::Connect<'a> for &'a MySqlPool {
    fn connect(self, limits: Limits) -> BoxFuture<'a, Result<Opened<'a>, Error>> {
        let options = Arc::unwrap_or_clone(self.connect_options());
        let patience = self.options().get_acquire_timeout();
        patiently(options, limits, patience).boxed()
    }
}

impl<'a> sealed::Connect<'a> for MySqlConnectOptions {
    fn connect(self, limits: Limits) -> BoxFuture<'a, Result<Opened<'a>, Error>> {
        patiently(self, limits, PATIENCE).boxed()
    }
}

impl<'a> sealed::Connect<'a> for &'a mut MySqlConnection {
    fn connect(self, limits: Limits) -> BoxFuture<'a, Result<Opened<'a>, Error>> {
        async move {
            if self.is_in_transaction() {
                return Err(inside_a_transaction());
            }
            passed::clear(self, limits.lock).await?;
            let handle = Handle::Borrowed(self);
            Ok(Opened(Box::new(MySqlSession::new(handle, limits))))
        }
        .boxed()
    }
}

const PAUSE: Duration = Duration::from_millis(50);

/// As sqlx's pools have it by default.
const PATIENCE: Duration = Duration::from_secs(30);

/// Connects, again and again while the server is for others to start, or has no room for a moment.
async fn patiently<'a>(
    options: MySqlConnectOptions,
    limits: Limits,
    patience: Duration,
) -> Result<Opened<'a>, Error> {
    let options = with_settings_of_the_server(options.disable_statement_logging());
    let started = Instant::now();
    let connection = loop {
        match open(&options, patience).await {
            Err(error)
                if is_absent(&error) && started.elapsed() < limits.absent
                    || is_crowded(&error) && started.elapsed() < limits.lock =>
            {
                tokio::time::sleep(PAUSE).await;
            }
            result => break result,
        }
    };
    let connection = connection.map_err(|error| cannot_connect(&options, error))?;
    let handle = Handle::Own {
        connection: Some(Box::new(connection)),
        options: Box::new(options),
    };
    Ok(Opened(Box::new(MySqlSession::new(handle, limits))))
}

/// A new connection has the settings that the server gives to it, and not those of sqlx: triggers and routines keep
/// them, and `||` means what it means in the server's own client. The character set is ours.
fn with_settings_of_the_server(options: MySqlConnectOptions) -> MySqlConnectOptions {
    options
        .pipes_as_concat(false)
        .no_engine_substitution(false)
        .timezone(None)
        .set_names(true)
        .charset("utf8mb4")
}

const NO_SERVER: &str = "check host and port, and that a MySQL or MariaDB server listens there";

fn cannot_connect(options: &MySqlConnectOptions, error: sqlx::Error) -> Error {
    let place = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let summary = format!(
        "cannot connect to MySQL at {place}: {}",
        database_message(&error)
    );
    let help = match &error {
        sqlx::Error::Io(error) => local_help(error).or(Some(NO_SERVER)),
        sqlx::Error::Protocol(_) => Some(NO_SERVER),
        error => explain(error).help,
    };
    let result = Error::new(ErrorKind::Connect, summary).code(database_code(&error));
    match help {
        Some(help) => result.help(help).caused_by(error),
        None => result.caused_by(error),
    }
}
