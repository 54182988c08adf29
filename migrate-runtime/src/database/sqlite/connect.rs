//! Opening a connection, and who owns it.

use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection, SqlitePool};

use super::code::{explain, is_absent, is_busy};
use super::handle::{Handle, main_file};
use super::kept::ConnectionState;
use super::session::SqliteSession;
use crate::database::sealed::{self, Limits};
use crate::database::{Opened, inside_a_transaction};
use crate::values::error::{Error, ErrorKind};
use crate::values::error::{database_code, database_message};

impl<'a> sealed::Connect<'a> for &'a SqlitePool {
    fn connect(self, limits: Limits) -> BoxFuture<'a, Result<Opened<'a>, Error>> {
        async move { patiently(Some(self), &self.connect_options(), limits).await }.boxed()
    }
}

impl<'a> sealed::Connect<'a> for SqliteConnectOptions {
    fn connect(self, limits: Limits) -> BoxFuture<'a, Result<Opened<'a>, Error>> {
        async move { patiently(None, &self, limits).await }.boxed()
    }
}

impl<'a> sealed::Connect<'a> for &'a mut SqliteConnection {
    fn connect(self, limits: Limits) -> BoxFuture<'a, Result<Opened<'a>, Error>> {
        async move {
            if self.is_in_transaction() {
                // The rollback of a run that was cut off may still wait for its turn.
                let _ = self.ping().await;
            }
            open(Handle::Borrowed(self), limits)
        }
        .boxed()
    }
}

/// How long SQLite itself waits for another connection before it says that it is busy.
const BUSY_TIMEOUT: Duration = Duration::from_millis(20);

/// How long a commit waits at most for those who read.
const LONGEST_COMMIT: Duration = Duration::from_mins(1);

/// Opens, again and again while others are in the way: what the options set up, such as a journal mode, may find the
/// database busy; and the file may be for another process to make.
async fn patiently<'a>(
    pool: Option<&SqlitePool>,
    options: &SqliteConnectOptions,
    limits: Limits,
) -> Result<Opened<'a>, Error> {
    let started = Instant::now();
    let connection = loop {
        match connection(pool, options).await {
            Err(error)
                if is_busy(&error) && started.elapsed() < limits.lock
                    || is_absent(&error) && started.elapsed() < limits.absent =>
            {
                tokio::time::sleep(BUSY_TIMEOUT).await;
            }
            result => break result,
        }
    };
    open(
        connection.map_err(|error| cannot_open(options, error))?,
        limits,
    )
}

/// A connection of the runtime's own, or one of the pool where that alone leads to the database.
async fn connection(
    pool: Option<&SqlitePool>,
    options: &SqliteConnectOptions,
) -> Result<Handle<'static>, sqlx::Error> {
    if let Some(pool) = pool
        && may_be_in_memory(options)
        && let Some(pooled) = in_memory(pool, options).await?
    {
        return Ok(pooled);
    }
    // Short, so that a wait is ours: told as an event, cancelled at once, bounded by the deadline.
    let options = options.clone().busy_timeout(BUSY_TIMEOUT);
    let connection = options.disable_statement_logging().connect().await?;
    Ok(Handle::Own(Box::new(connection)))
}

fn open(mut connection: Handle<'_>, limits: Limits) -> Result<Opened<'_>, Error> {
    if connection.get().is_in_transaction() {
        return Err(inside_a_transaction());
    }
    Ok(Opened(Box::new(SqliteSession {
        connect: ConnectionState::default(),
        kept: ConnectionState::default(),
        connection,
        patience: limits.lock.min(LONGEST_COMMIT),
        outside: None,
        in_transaction: false,
        timeout: limits.statement,
        watchdog: None,
        suspended: None,
    })))
}

/// Whether to ask a connection, which costs a round trip. sqlx keeps the flag to itself: its `to_url_lossy` tells, and
/// panics on the very file name that `sqlite::memory:` gets.
fn may_be_in_memory(options: &SqliteConnectOptions) -> bool {
    let file = options.get_filename().to_string_lossy();
    let hints = [":memory:", "mode=memory", "vfs=memdb"];
    file.is_empty()
        || hints.iter().any(|hint| file.contains(hint))
        || format!("{options:?}").contains("in_memory: true")
}

/// A connection of the pool, if the pool's database is in memory.
async fn in_memory<'a>(
    pool: &SqlitePool,
    options: &SqliteConnectOptions,
) -> Result<Option<Handle<'a>>, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let file = main_file(&mut connection).await?;
    let name = || options.get_filename().to_string_lossy().into_owned();
    Ok(file.is_none().then(|| Handle::Pooled(connection, name())))
}

fn cannot_open(options: &SqliteConnectOptions, error: sqlx::Error) -> Error {
    let file = options.get_filename().display();
    let explained = explain(&error);
    let kind = if explained.kind == ErrorKind::Database {
        ErrorKind::Connect
    } else {
        explained.kind
    };
    let summary = format!(
        "the database {file} cannot be opened: {}",
        database_message(&error)
    );
    let result = Error::new(kind, summary).code(database_code(&error));
    match explained.help {
        Some(help) => result.help(help).caused_by(error),
        None => result.caused_by(error),
    }
}

#[cfg(test)]
mod in_memory_tests {
    use super::*;

    #[tokio::test]
    async fn an_in_memory_database_is_told_from_a_file_however_it_is_named() {
        let is_in_memory = async |options: SqliteConnectOptions| {
            let pool = SqlitePool::connect_lazy_with(options.clone());
            may_be_in_memory(&options)
                && in_memory(&pool, &options)
                    .await
                    .expect("it opens")
                    .is_some()
        };
        let parsed = |url: &str| url.parse::<SqliteConnectOptions>().expect("a URL of sqlx");
        for options in [
            parsed("sqlite::memory:"),
            parsed("sqlite:shared?mode=memory"),
            SqliteConnectOptions::new(),
            SqliteConnectOptions::new()
                .filename("cache")
                .in_memory(true),
        ] {
            assert!(is_in_memory(options.clone()).await, "{options:?}");
        }
        let folder = std::env::temp_dir().join(format!("mode=memory-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        for name in ["memory.db", "in_memory: true"] {
            let options = SqliteConnectOptions::new().filename(folder.join(name));
            let options = options.create_if_missing(true);
            assert!(!is_in_memory(options.clone()).await, "{options:?}");
        }
        std::fs::remove_dir_all(&folder).expect("the folder goes");
    }
}
