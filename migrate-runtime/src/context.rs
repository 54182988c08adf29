use std::pin::Pin;

use migrate_chain::Dialect;

use crate::RevisionError;
use crate::database::Executor;

/// What a Rust revision works with: the connection, inside the revision's own transaction.
///
/// ```
/// use migrate_runtime::{Context, Result};
///
/// pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
///     cx.execute("UPDATE users SET slug = lower(name)").await?;
///     Ok(())
/// }
/// ```
pub struct Context<'c> {
    executor: &'c mut dyn Executor,
}

/// A function of a Rust revision, as the macro stores it.
#[doc(hidden)]
pub type RevisionFn =
    for<'a, 'c> fn(
        &'a mut Context<'c>,
    ) -> Pin<Box<dyn Future<Output = Result<(), RevisionError>> + Send + 'a>>;

impl<'c> Context<'c> {
    pub(crate) fn new(executor: &'c mut dyn Executor) -> Self {
        Self { executor }
    }

    /// The kind of database.
    pub fn dialect(&self) -> Dialect {
        self.executor.dialect()
    }

    /// Executes one or more statements, and returns how many rows they affected.
    ///
    /// # Errors
    /// What the database says.
    pub async fn execute(&mut self, sql: &str) -> Result<u64, RevisionError> {
        Ok(self.executor.execute(sql).await?)
    }

    /// The sqlx connection, for queries with arguments and results. It is inside the revision's transaction: neither
    /// commit nor roll back.
    ///
    /// # Errors
    /// [`RevisionError`] when the database is no SQLite.
    #[cfg(feature = "sqlite")]
    pub fn sqlite(&mut self) -> Result<&mut sqlx::SqliteConnection, RevisionError> {
        let dialect = self.executor.dialect();
        self.executor
            .sqlite()
            .ok_or_else(|| is_another("SQLite", dialect))
    }

    /// The sqlx connection, for queries with arguments and results. It is inside the revision's transaction: neither
    /// commit nor roll back.
    ///
    /// # Errors
    /// [`RevisionError`] when the database is no PostgreSQL.
    #[cfg(feature = "postgres")]
    pub fn postgres(&mut self) -> Result<&mut sqlx::PgConnection, RevisionError> {
        let dialect = self.executor.dialect();
        self.executor
            .postgres()
            .ok_or_else(|| is_another("PostgreSQL", dialect))
    }

    /// The sqlx connection, for queries with arguments and results. It is inside the revision's transaction: neither
    /// commit nor roll back. A schema change commits by itself here.
    ///
    /// # Errors
    /// [`RevisionError`] when the database is neither MySQL nor MariaDB.
    #[cfg(feature = "mysql")]
    pub fn mysql(&mut self) -> Result<&mut sqlx::MySqlConnection, RevisionError> {
        let dialect = self.executor.dialect();
        self.executor
            .mysql()
            .ok_or_else(|| is_another("MySQL", dialect))
    }
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
fn is_another(wanted: &str, dialect: Dialect) -> RevisionError {
    RevisionError::msg(format!(
        "the revision asks for {wanted}, and this database is {dialect}"
    ))
}
