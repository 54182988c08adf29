//! The operations that a kind of database provides to this crate.

use futures_util::future::BoxFuture;
use migrate_runtime::{Dialect, Migrations};
use sqlx::{Connection, Database};

use crate::error::Error;
use crate::fixture::Fixture;
use crate::name::{self, hash};

/// A database for tests: `sqlx::Sqlite`, `sqlx::Postgres` or `sqlx::MySql`, whose feature is enabled.
pub trait TestBackend: Database + sealed::Sealed {
    /// Provides a database with the chain in it.
    #[doc(hidden)]
    fn provide(request: Request) -> BoxFuture<'static, Result<Provided<Self>, Error>>;

    /// Runs all statements of a text.
    #[doc(hidden)]
    fn run<'c>(
        connection: &'c mut Self::Connection,
        sql: &'static str,
    ) -> BoxFuture<'c, Result<(), sqlx::Error>>;
}

pub(crate) mod sealed {
    /// Nobody else implements a backend.
    pub trait Sealed {}
}

/// A request for a database: the test and the contents.
#[doc(hidden)]
#[derive(Clone)]
pub struct Request {
    /// The hash of the test.
    pub(crate) test: String,
    /// An empty database without it.
    pub(crate) migrations: Option<Migrations>,
    /// The statements to run after the chain.
    pub(crate) fixtures: &'static [Fixture],
}

impl Request {
    /// `path` tells the test from all others, also from those of other checkouts.
    pub(crate) fn new(path: &str, migrations: Option<&Migrations>) -> Self {
        Self {
            test: hash(path, name::TEST),
            migrations: migrations.cloned(),
            fixtures: &[],
        }
    }

    /// The key of the template: the chain, this version and, with Rust revisions, the binary. `more` is what else decides
    /// whether two processes can share a template.
    pub(crate) fn key(&self, dialect: Dialect, more: &str) -> String {
        let chain = self.migrations.as_ref().map(|migrations| {
            let is_rust = migrations
                .revisions()
                .iter()
                .any(migrate_runtime::Revision::is_rust);
            let binary = if is_rust { binary() } else { String::new() };
            (migrations.identity(dialect), binary)
        });
        let parts = (env!("CARGO_PKG_VERSION"), dialect.name(), chain, more);
        hash(&format!("{parts:?}"), name::KEY)
    }
}

/// Tells this binary from the next build of it.
fn binary() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    let metadata = path.metadata().ok();
    let modified = metadata.as_ref().and_then(|data| data.modified().ok());
    let length = metadata.as_ref().map(std::fs::Metadata::len);
    format!("{} {modified:?} {length:?}", path.display())
}

/// A database that is ready.
#[doc(hidden)]
pub struct Provided<DB: Database> {
    /// How to connect to it.
    pub(crate) options: <DB::Connection as Connection>::Options,
    /// How many connections the test may have.
    pub(crate) connections: u32,
    /// Its URL, for people.
    pub(crate) url: String,
    /// Gives it back.
    pub(crate) lease: Box<dyn Lease>,
}

/// Gives a database back.
pub(crate) trait Lease: Send + Sync {
    /// Removes the database, or lets somebody else use it. When this returns, that no longer depends on this process.
    fn give_back(self: Box<Self>);

    /// Leaves it as it is, for somebody to look at.
    fn keep(self: Box<Self>);
}
