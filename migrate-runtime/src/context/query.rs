//! A query of a Rust revision, the same on every database.

use crate::RevisionError;
use crate::context::executor::Executor;
use crate::context::{FromRow, Row, Value};

/// A query of a Rust revision: [`Context::query`](crate::Context::query) begins it.
#[must_use = "a query does nothing before it is executed or fetched"]
pub struct Query<'q> {
    executor: &'q mut dyn Executor,
    sql: &'q str,
    values: Vec<Value>,
}

impl<'q> Query<'q> {
    pub(super) fn new(executor: &'q mut dyn Executor, sql: &'q str) -> Self {
        Self {
            executor,
            sql,
            values: Vec::new(),
        }
    }

    /// Binds a value to the next `?`.
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// Executes it, and returns how many rows it affected.
    ///
    /// # Errors
    /// The database's error.
    pub async fn execute(self) -> Result<u64, RevisionError> {
        Ok(self.executor.query(self.sql, self.values).await?.affected)
    }

    /// Reads all rows.
    ///
    /// # Errors
    /// The database's error; and [`RevisionError`] when a row does not fit.
    ///
    /// ```
    /// use migrate_runtime::{Context, Result};
    ///
    /// pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
    ///     let names = cx.query("SELECT id, name FROM users WHERE name <> ?").bind("").fetch_all().await?;
    ///     for (id, name) in names {
    ///         let (id, name): (i64, String) = (id, name);
    ///         let slug = name.to_lowercase().replace(' ', "-");
    ///         cx.query("UPDATE users SET slug = ? WHERE id = ?").bind(slug).bind(id).execute().await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub async fn fetch_all<T: FromRow>(self) -> Result<Vec<T>, RevisionError> {
        self.rows().await?.iter().map(T::from_row).collect()
    }

    /// Reads the first row, if there is one.
    ///
    /// # Errors
    /// The database's error; and [`RevisionError`] when the row does not fit.
    pub async fn fetch_optional<T: FromRow>(self) -> Result<Option<T>, RevisionError> {
        self.rows().await?.first().map(T::from_row).transpose()
    }

    /// Reads the first row.
    ///
    /// # Errors
    /// The database's error; and [`RevisionError`] when there is no row, or it does not fit.
    pub async fn fetch_one<T: FromRow>(self) -> Result<T, RevisionError> {
        let sql = self.sql;
        let row = self.fetch_optional().await?;
        row.ok_or_else(|| RevisionError::msg(format!("no row for `{sql}`")))
    }

    async fn rows(self) -> Result<Vec<Row>, RevisionError> {
        Ok(self.executor.query(self.sql, self.values).await?.rows)
    }
}
