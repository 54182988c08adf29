//! Transactions that a Rust revision outside a transaction makes of its own, by sqlx's count: one that is dropped is rolled
//! back before anything else runs on its connection.

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
use migrate_chain::Dialect;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
use sqlx::Database;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
use sqlx_core::transaction::TransactionManager as _;

use super::executor::Executor;

/// Begins a transaction.
pub async fn begin(executor: &mut dyn Executor) -> Result<(), sqlx::Error> {
    match executor.dialect() {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => {
            begin_on::<sqlx::Sqlite>(executor.sqlite(), Some("BEGIN IMMEDIATE")).await
        }
        #[cfg(feature = "postgres")]
        Dialect::Postgres => begin_on::<sqlx::Postgres>(executor.postgres(), None).await,
        #[cfg(feature = "mysql")]
        Dialect::MySql => begin_on::<sqlx::MySql>(executor.mysql(), None).await,
        #[allow(unreachable_patterns, reason = "with all databases, none is left")]
        _ => Ok(()),
    }
}

/// Commits it.
pub async fn commit(executor: &mut dyn Executor) -> Result<(), sqlx::Error> {
    match executor.dialect() {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => commit_on::<sqlx::Sqlite>(executor.sqlite()).await,
        #[cfg(feature = "postgres")]
        Dialect::Postgres => commit_on::<sqlx::Postgres>(executor.postgres()).await,
        #[cfg(feature = "mysql")]
        Dialect::MySql => commit_on::<sqlx::MySql>(executor.mysql()).await,
        #[allow(unreachable_patterns, reason = "with all databases, none is left")]
        _ => Ok(()),
    }
}

/// Rolls it back with the next call on the connection.
pub fn start_rollback(executor: &mut dyn Executor) {
    match executor.dialect() {
        #[cfg(feature = "sqlite")]
        Dialect::Sqlite => start_rollback_on::<sqlx::Sqlite>(executor.sqlite()),
        #[cfg(feature = "postgres")]
        Dialect::Postgres => start_rollback_on::<sqlx::Postgres>(executor.postgres()),
        #[cfg(feature = "mysql")]
        Dialect::MySql => start_rollback_on::<sqlx::MySql>(executor.mysql()),
        #[allow(unreachable_patterns, reason = "with all databases, none is left")]
        _ => {}
    }
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
async fn begin_on<D: Database>(
    connection: Option<&mut D::Connection>,
    statement: Option<&'static str>,
) -> Result<(), sqlx::Error> {
    let Some(connection) = connection else {
        return Ok(());
    };
    let statement = statement.map(sqlx::SqlSafeStr::into_sql_str);
    D::TransactionManager::begin(connection, statement).await
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
async fn commit_on<D: Database>(connection: Option<&mut D::Connection>) -> Result<(), sqlx::Error> {
    let Some(connection) = connection else {
        return Ok(());
    };
    D::TransactionManager::commit(connection).await
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
fn start_rollback_on<D: Database>(connection: Option<&mut D::Connection>) {
    if let Some(connection) = connection {
        D::TransactionManager::start_rollback(connection);
    }
}
