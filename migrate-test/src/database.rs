use std::panic::Location;
use std::time::Duration;

use futures_util::FutureExt as _;
use migrate_runtime::Migrations;
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::{Connection, Pool};

use crate::error::Error;
use crate::fixture::Fixture;
use crate::provide::{Lease, Provided, Request, TestBackend};

/// A database with a chain in it, for one test. It is dropped with this value; if the thread is panicking then, it stays for a
/// day or until the same line asks again, and its URL is printed.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use migrate_test::TestDatabase;
/// # let migrations = migrate_runtime::Migrations::load("../tests/fixtures/crlf/migrations")?;
///
/// let database = TestDatabase::<sqlx::Sqlite>::new(&migrations).await?;
/// sqlx::query("SELECT * FROM alembic_version").execute(database.pool()).await?;
/// # Ok(()) }
/// ```
pub struct TestDatabase<DB: TestBackend> {
    pool: Pool<DB>,
    options: <DB::Connection as Connection>::Options,
    connections: u32,
    url: String,
    lease: Option<Box<dyn Lease>>,
}

impl<DB: TestBackend> TestDatabase<DB> {
    /// Provides a database with the chain in it.
    ///
    /// # Errors
    /// No server is there, it does not let this user create a database, or the chain does not run.
    #[track_caller]
    pub fn new(
        migrations: &Migrations,
    ) -> impl Future<Output = Result<Self, Error>> + Send + use<DB> {
        let request = Request::new(&Location::caller().to_string(), Some(migrations));
        Self::provide(request).boxed()
    }

    pub(crate) async fn provide(request: Request) -> Result<Self, Error> {
        let fixtures = request.fixtures;
        let provided = DB::provide(request).await?;
        let Provided {
            options,
            connections,
            url,
            lease,
        } = provided;
        let pool = pool_options(connections).connect_lazy_with(options.clone());
        let database = Self {
            pool,
            options,
            connections,
            url,
            lease: Some(lease),
        };
        database.apply(fixtures).await?;
        Ok(database)
    }

    async fn apply(&self, fixtures: &[Fixture]) -> Result<(), Error> {
        if fixtures.is_empty() {
            return Ok(());
        }
        let mut connection = self.connection().await?;
        for Fixture { path, sql } in fixtures {
            let done = DB::run(&mut connection, sql).await;
            done.map_err(|error| {
                Error::database(&format!("the fixture {path} cannot be applied"), error)
            })?;
        }
        // Settings of a fixture must not show in the test.
        let _ = connection.detach().close().await;
        Ok(())
    }

    /// A connection of its pool.
    pub(crate) async fn connection(&self) -> Result<PoolConnection<DB>, Error> {
        let connection = self.pool.acquire().await;
        connection.map_err(|error| Error::database("the test database cannot be connected", error))
    }

    /// A pool of it, which connects when it is used.
    pub fn pool(&self) -> &Pool<DB> {
        &self.pool
    }

    /// How to connect to it.
    pub fn connect_options(&self) -> &<DB::Connection as Connection>::Options {
        &self.options
    }

    /// The options of its pool: as many connections as the server has for one test.
    pub fn pool_options(&self) -> PoolOptions<DB> {
        pool_options(self.connections)
    }

    /// Its URL.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Leaves it on the server for a day, or until the same line asks for a database again. Returns its URL.
    pub fn keep(mut self) -> String {
        if let Some(lease) = self.lease.take() {
            lease.keep();
        }
        std::mem::take(&mut self.url)
    }
}

fn pool_options<DB: TestBackend>(connections: u32) -> PoolOptions<DB> {
    PoolOptions::new()
        .max_connections(connections)
        // An idle connection is in the way of who drops the database.
        .idle_timeout(Some(Duration::from_secs(1)))
}

impl<DB: TestBackend> Drop for TestDatabase<DB> {
    fn drop(&mut self) {
        let Some(lease) = self.lease.take() else {
            return;
        };
        if std::thread::panicking() {
            lease.keep();
            say_kept(&self.url);
        } else {
            lease.give_back();
        }
    }
}

impl<DB: TestBackend> std::fmt::Debug for TestDatabase<DB> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestDatabase")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Says where the database of a test that failed is.
#[allow(clippy::print_stderr, reason = "a test tells what happened so")]
pub fn say_kept(url: &str) {
    eprintln!("the test database is kept until this test runs again, for 24 hours at most: {url}");
}
