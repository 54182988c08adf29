mod batches;
pub(crate) mod executor;
mod query;
mod transact;
mod value;

use std::pin::Pin;

use migrate_chain::Dialect;

use crate::RevisionError;
use crate::context::executor::Executor;
pub use batches::{Batch, Batches};
pub use query::Query;
pub use value::{FromRow, FromValue, Row, Value};

/// The connection of a Rust revision, inside the revision's own transaction.
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
    /// How many tables it has gone through in batches.
    batches: usize,
}

/// A function of a Rust revision, as the macro stores it.
#[doc(hidden)]
pub type RevisionFn =
    for<'a, 'c> fn(
        &'a mut Context<'c>,
    ) -> Pin<Box<dyn Future<Output = Result<(), RevisionError>> + Send + 'a>>;

impl<'c> Context<'c> {
    pub(crate) fn new(executor: &'c mut dyn Executor) -> Self {
        Self {
            executor,
            batches: 0,
        }
    }

    /// The kind of database.
    pub fn dialect(&self) -> Dialect {
        self.executor.dialect()
    }

    /// Executes one or more statements, and returns how many rows they affected.
    ///
    /// # Errors
    /// The database's error.
    pub async fn execute(&mut self, sql: &str) -> Result<u64, RevisionError> {
        Ok(self.executor.execute(sql).await?)
    }

    /// A query of one statement, with values for its placeholders, which works on all databases.
    ///
    /// A placeholder is `?`. For PostgreSQL each becomes a `$n`, unless the query has a `$n` itself: then it stays as it is,
    /// and `?` is the operator. PostgreSQL takes a text for a text: cast one that is to be something else, as in
    /// `CAST(? AS uuid)`. Columns of types that not all databases have, such as `uuid`, are read by `CAST(… AS TEXT)`.
    ///
    /// ```
    /// use migrate_runtime::{Context, Result};
    ///
    /// pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
    ///     let insert = "INSERT INTO labels (name, colour) VALUES (?, ?)";
    ///     cx.query(insert).bind("it's new").bind(None::<String>).execute().await?;
    ///     let (count,): (i64,) = cx.query("SELECT count(*) FROM labels").fetch_one().await?;
    ///     assert_eq!(count, 1);
    ///     Ok(())
    /// }
    /// ```
    pub fn query<'q>(&'q mut self, sql: &'q str) -> Query<'q> {
        Query::new(&mut *self.executor, sql)
    }

    /// The rows of a table in batches of about `size`, in the order of `key`: an indexed column of integers or text that does not
    /// change. It is for a backfill that is too long for one transaction, in a revision with `transaction: off`.
    ///
    /// Each batch commits on its own, together with a row of the journal that says how far it came. A run that was cut off,
    /// or failed, goes on after the last batch that committed: the function is called again, and the batches begin there. So
    /// what the function does apart from its batches must be right to do twice. Rows that are added below the key of the last
    /// batch meanwhile are left out.
    ///
    /// # Errors
    /// [`RevisionError`] when the revision runs in a transaction; and what the database says.
    ///
    /// ```
    /// use migrate_runtime::{Context, Result};
    ///
    /// pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
    ///     let mut batches = cx.batches("users", "id", 1000).await?;
    ///     while let Some(mut batch) = batches.next().await? {
    ///         let (first, last) = batch.range();
    ///         let update = "UPDATE users SET slug = lower(name) WHERE id BETWEEN ? AND ?";
    ///         batch.query(update).bind(first).bind(last).execute().await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn batches(
        &mut self,
        table: &str,
        key: &str,
        size: u32,
    ) -> Result<Batches<'_>, RevisionError> {
        let number = self.batches;
        self.batches += 1;
        Batches::begin(&mut *self.executor, number, table, key, size).await
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
