//! The parameters that a test function may take.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use migrate_runtime::{AnyPool, Dialect};
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::{Connection, Pool};

use crate::database::TestDatabase;
use crate::error::Error;
use crate::provide::{Request, TestBackend};
use crate::variables;

/// A function that is a test. It is for any function whose parameters are [`Parameters`], so aliases of types work.
pub trait TestFn<P> {
    /// Its return type.
    type Output;

    /// Runs it.
    fn call(self, parameters: P) -> impl Future<Output = Self::Output>;
}

impl<F, A, Returned> TestFn<(A,)> for F
where
    F: FnOnce(A) -> Returned,
    Returned: Future,
{
    type Output = Returned::Output;

    fn call(self, (first,): (A,)) -> impl Future<Output = Self::Output> {
        self(first)
    }
}

impl<F, A, B, Returned> TestFn<(A, B)> for F
where
    F: FnOnce(A, B) -> Returned,
    Returned: Future,
{
    type Output = Returned::Output;

    fn call(self, (first, second): (A, B)) -> impl Future<Output = Self::Output> {
        self(first, second)
    }
}

/// A parameter of a test: a pool, a connection, a database, or pool options with connect options.
#[diagnostic::on_unimplemented(
    message = "a test cannot take `{Self}`",
    note = "it takes a pool (`SqlitePool`, `PgPool`, `MySqlPool` or `AnyPool`), a `PoolConnection`, a connection, a \
            `TestDatabase`, or `PoolOptions` with the connect options; the feature of the database must be enabled"
)]
pub trait Parameters: Sized {
    /// Provides a database, with the fixtures in it.
    fn give(request: Request) -> Giving<Self>;
}

/// Parameters, and what is left to do after the test.
pub type Giving<P> = BoxFuture<'static, Result<(P, Given), Error>>;

/// The database given to a test, and the work left after it.
pub struct Given {
    /// The URL of the database.
    pub(crate) url: String,
    /// Closes the pool; whether all of its connections came back.
    pub(crate) close: BoxFuture<'static, bool>,
    /// Gives the database back, or keeps it.
    pub(crate) end: Box<dyn FnOnce(Ended)>,
}

/// How a test ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    Passed,
    Failed,
}

/// How long a test may take to give its connections back.
const CLOSING: Duration = Duration::from_secs(3);

impl Given {
    fn of<DB: TestBackend>(database: TestDatabase<DB>) -> Self {
        let pool = database.pool().clone();
        Self {
            url: database.url().to_owned(),
            close: async move { tokio::time::timeout(CLOSING, pool.close()).await.is_ok() }.boxed(),
            end: Box::new(move |ended| match ended {
                Ended::Passed => drop(database),
                Ended::Failed => drop(database.keep()),
            }),
        }
    }
}

impl<DB: TestBackend> Parameters for (Pool<DB>,) {
    fn give(request: Request) -> Giving<Self> {
        async move {
            let database = TestDatabase::<DB>::provide(request).await?;
            Ok(((database.pool().clone(),), Given::of(database)))
        }
        .boxed()
    }
}

impl<DB: TestBackend> Parameters for (PoolConnection<DB>,) {
    fn give(request: Request) -> Giving<Self> {
        async move {
            let database = TestDatabase::<DB>::provide(request).await?;
            let connection = database.connection().await?;
            Ok(((connection,), Given::of(database)))
        }
        .boxed()
    }
}

impl<DB: TestBackend, O> Parameters for (PoolOptions<DB>, O)
where
    DB::Connection: Connection<Options = O>,
    O: sqlx::ConnectOptions<Connection = DB::Connection>,
{
    fn give(request: Request) -> Giving<Self> {
        async move {
            let database = TestDatabase::<DB>::provide(request).await?;
            // The test has all connections that the server has for it.
            database.pool().close().await;
            let parameters = (database.pool_options(), database.connect_options().clone());
            Ok((parameters, Given::of(database)))
        }
        .boxed()
    }
}

/// A database of its own kind cannot be given to `Given` and to the test, so the test has the value.
impl<DB: TestBackend> Parameters for (TestDatabase<DB>,) {
    fn give(request: Request) -> Giving<Self> {
        async move {
            let database = TestDatabase::<DB>::provide(request).await?;
            let given = Given {
                url: String::new(),
                close: futures_util::future::ready(true).boxed(),
                end: Box::new(|_| ()),
            };
            Ok(((database,), given))
        }
        .boxed()
    }
}

/// A connection that the test owns.
macro_rules! connection {
    ($feature:literal, $connection:ty, $database:ty) => {
        #[cfg(feature = $feature)]
        impl Parameters for ($connection,) {
            fn give(request: Request) -> Giving<Self> {
                async move {
                    let given = <(PoolConnection<$database>,)>::give(request).await;
                    given.map(|((connection,), given)| ((connection.detach(),), given))
                }
                .boxed()
            }
        }
    };
}

connection!("sqlite", sqlx::SqliteConnection, sqlx::Sqlite);
connection!("postgres", sqlx::PgConnection, sqlx::Postgres);
connection!("mysql", sqlx::MySqlConnection, sqlx::MySql);

impl Parameters for (AnyPool,) {
    fn give(request: Request) -> Giving<Self> {
        /// The pool of one kind as a pool of any.
        async fn any<DB>(request: Request) -> Result<((AnyPool,), Given), Error>
        where
            DB: TestBackend,
            Pool<DB>: Into<AnyPool>,
        {
            let ((pool,), given) = <(Pool<DB>,)>::give(request).await?;
            Ok(((pool.into(),), given))
        }
        async move {
            match kind()? {
                #[cfg(feature = "sqlite")]
                Dialect::Sqlite => any::<sqlx::Sqlite>(request).await,
                #[cfg(feature = "postgres")]
                Dialect::Postgres => any::<sqlx::Postgres>(request).await,
                #[cfg(feature = "mysql")]
                Dialect::MySql => any::<sqlx::MySql>(request).await,
                #[allow(unreachable_patterns, reason = "with all databases, none is left")]
                dialect => Err(not_enabled(dialect)),
            }
        }
        .boxed()
    }
}

/// The databases whose features are enabled.
const ENABLED: &[Dialect] = &[
    #[cfg(feature = "sqlite")]
    Dialect::Sqlite,
    #[cfg(feature = "postgres")]
    Dialect::Postgres,
    #[cfg(feature = "mysql")]
    Dialect::MySql,
];

/// The kind of database for a test that works with any: that of `DATABASE_URL`, else the only one that is enabled.
fn kind() -> Result<Dialect, Error> {
    match variables::database_url() {
        Some(url) => variables::dialect_of(&url).ok_or_else(|| {
            Error::new("DATABASE_URL names no database that is known")
                .help("it begins with `sqlite:`, `postgres://` or `mysql://`")
        }),
        None => match ENABLED {
            [only] => Ok(*only),
            _ => Err(
                Error::new("a test takes an `AnyPool`, and nothing says of which database")
                    .help("set DATABASE_URL, or let the test take a `SqlitePool`, `PgPool` or `MySqlPool`"),
            ),
        },
    }
}

#[allow(dead_code, reason = "with all databases, each is enabled")]
fn not_enabled(dialect: Dialect) -> Error {
    Error::new(format!(
        "DATABASE_URL names a {dialect} database, and the tests were built without {dialect}"
    ))
    .help(format!(
        "enable the feature `{dialect}` of embed-migrations"
    ))
}
