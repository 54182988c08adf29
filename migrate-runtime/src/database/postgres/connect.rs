//! Opening a connection, and who owns it.

use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool};

use super::code::{explain, is_absent, is_full, refuses_options};
use super::handle::{Handle, Key, OwnConnection};
use super::session::PostgresSession;
use super::setting::{of_connection, of_old_connection};
use crate::database::sealed::{self, Limits};
use crate::database::{Opened, inside_a_transaction, local_help};
use crate::values::error::{Error, ErrorKind};
use crate::values::error::{database_code, database_message};

impl<'a> sealed::Connect<'a> for &'a PgPool {
    fn connect(self, limits: Limits) -> BoxFuture<'a, Result<Opened<'a>, Error>> {
        let patience = self.options().get_acquire_timeout();
        async move {
            let own = patiently(&self.connect_options(), limits, patience).await?;
            Ok(PostgresSession::opened(Handle::Own(own), limits))
        }
        .boxed()
    }

    fn connect_again(
        self,
        limits: Limits,
        idle: &sealed::Idle,
    ) -> BoxFuture<'a, Result<Opened<'a>, Error>> {
        let (pool, idle) = (self.connect_options(), idle.postgres.clone());
        let patience = self.options().get_acquire_timeout();
        async move {
            let settings = of_connection(limits);
            let key = Key { pool, settings };
            let mut own = match idle.take(&key).await {
                Some(own) => own,
                None => patiently(&key.pool, limits, patience).await?,
            };
            own.keep = Some((idle, key));
            Ok(PostgresSession::opened(Handle::Own(own), limits))
        }
        .boxed()
    }
}

impl<'a> sealed::Connect<'a> for PgConnectOptions {
    fn connect(self, limits: Limits) -> BoxFuture<'a, Result<Opened<'a>, Error>> {
        async move {
            let own = patiently(&self, limits, PATIENCE).await?;
            Ok(PostgresSession::opened(Handle::Own(own), limits))
        }
        .boxed()
    }
}

impl<'a> sealed::Connect<'a> for &'a mut PgConnection {
    fn connect(self, limits: Limits) -> BoxFuture<'a, Result<Opened<'a>, Error>> {
        async move {
            if self.is_in_transaction() {
                return Err(inside_a_transaction());
            }
            Ok(PostgresSession::opened(Handle::Borrowed(self), limits))
        }
        .boxed()
    }
}

/// How long a server may take to answer if no pool says; a pool's default.
const PATIENCE: Duration = Duration::from_secs(30);

/// Opens, again and again while the server is full, or is to be waited for.
async fn patiently(
    options: &PgConnectOptions,
    limits: Limits,
    patience: Duration,
) -> Result<Box<OwnConnection>, Error> {
    let started = Instant::now();
    loop {
        match connection(options, limits, patience).await {
            Err(error)
                if is_full(&error) && started.elapsed() < limits.lock
                    || is_absent(&error) && started.elapsed() < limits.absent =>
            {
                tokio::time::sleep(PAUSE).await;
            }
            Ok(connection) => {
                return Ok(Box::new(OwnConnection {
                    connection,
                    options: options.clone().disable_statement_logging(),
                    keep: None,
                }));
            }
            Err(error) => return Err(cannot_open(options, error)),
        }
    }
}

/// Between two tries to connect to a server that is full or not there.
const PAUSE: Duration = Duration::from_millis(100);

/// A connection of the runtime's own. What the runtime needs of it is sent with the first message, so that it costs
/// nothing. A pooler, or an old server, refuses that: then each transaction sets it for itself.
async fn connection(
    options: &PgConnectOptions,
    limits: Limits,
    patience: Duration,
) -> Result<PgConnection, sqlx::Error> {
    let mut options = options.clone().disable_statement_logging();
    if options.get_application_name().is_none() {
        options = options.application_name("embed-migrations");
    }
    for settings in [of_connection(limits), of_old_connection(limits)] {
        let ours = options.clone().options(settings);
        match within(patience, ours.connect()).await {
            Err(error) if refuses_options(&error) => {}
            result => return result,
        }
    }
    within(patience, options.connect()).await
}

async fn within<T>(
    patience: Duration,
    connecting: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let connecting = tokio::time::timeout(patience, connecting).await;
    connecting.unwrap_or_else(|_| {
        let message = format!("no answer within {} s", patience.as_secs_f64());
        let error = std::io::Error::new(std::io::ErrorKind::TimedOut, message);
        Err(sqlx::Error::Io(error))
    })
}

fn cannot_open(options: &PgConnectOptions, error: sqlx::Error) -> Error {
    let database = options.get_database().unwrap_or(options.get_username());
    let server = match options.get_socket() {
        Some(socket) => socket.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    let explained = explain(&error);
    let kind = if explained.kind == ErrorKind::Database {
        ErrorKind::Connect
    } else {
        explained.kind
    };
    let summary = format!(
        "the database {database} at {server} cannot be opened: {}",
        database_message(&error)
    );
    let result = Error::new(kind, summary).code(database_code(&error));
    let help = match &error {
        sqlx::Error::Io(error) => local_help(error).or(Some(
            "check the host and the port, and that a server of PostgreSQL answers there",
        )),
        _ => explained.help,
    };
    match help {
        Some(help) => result.help(help).caused_by(error),
        None => result.caused_by(error),
    }
}
