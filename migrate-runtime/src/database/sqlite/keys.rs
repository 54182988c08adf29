//! Foreign keys: suspended while a table is built anew, and checked before the commit.

use futures_util::FutureExt as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::code::database;
use super::execute;
use crate::database::Failure;

/// Foreign keys that are not enforced, until it ends or is dropped.
pub(super) struct Suspension<'c> {
    pub(super) connection: &'c mut SqliteConnection,
    /// Whether they were enforced before, and are to be again.
    enforce: bool,
}

impl<'c> Suspension<'c> {
    /// Suspends them if `suspend`. The pragma works outside a transaction only.
    pub(super) async fn begin(
        connection: &'c mut SqliteConnection,
        suspend: bool,
    ) -> Result<Self, Failure> {
        let failed = |error| database(error, "to suspend foreign keys");
        let mut suspension = Self {
            connection,
            enforce: false,
        };
        if suspend {
            let on =
                sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&mut *suspension.connection);
            suspension.enforce = on.await.map_err(failed)?;
            let off = execute(suspension.connection, "PRAGMA foreign_keys = OFF").await;
            off.map_err(failed)?;
        }
        Ok(suspension)
    }

    pub(super) async fn end(mut self) -> Result<(), Failure> {
        if self.enforce {
            let on = execute(self.connection, ENFORCE).await;
            on.map_err(|error| database(error, "to enforce foreign keys again"))?;
            self.enforce = false;
        }
        Ok(())
    }
}

impl Drop for Suspension<'_> {
    /// A run was cut off. sqlx's worker does what the first poll sends it, behind the rollback that is already there.
    fn drop(&mut self) {
        if self.enforce {
            let _ = execute(self.connection, ENFORCE).now_or_never();
        }
    }
}

const ENFORCE: &str = "PRAGMA foreign_keys = ON";

/// The violations that a revision has made: those before it are not its doing, and may be numbered otherwise after it.
pub(super) fn made(before: &[String], after: Vec<String>) -> Vec<String> {
    if after.len() <= before.len() {
        return Vec::new();
    }
    let new: Vec<String> = after
        .iter()
        .filter(|row| !before.contains(row))
        .cloned()
        .collect();
    if new.is_empty() { after } else { new }
}

/// Every row that points nowhere, in words.
pub(super) async fn violations(connection: &mut SqliteConnection) -> Result<Vec<String>, Failure> {
    let rows = sqlx::raw_sql("PRAGMA foreign_key_check")
        .fetch_all(connection)
        .await;
    let rows = rows.map_err(|error| database(error, "to check foreign keys"))?;
    let words = |row: &SqliteRow| -> Result<String, sqlx::Error> {
        let (table, rowid, parent): (String, Option<i64>, String) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        let rowid = rowid.map_or_else(|| "a row".to_owned(), |rowid| format!("row {rowid}"));
        Ok(format!(
            "{rowid} of {table} refers to a row of {parent} that does not exist"
        ))
    };
    rows.iter()
        .map(words)
        .collect::<Result<_, _>>()
        .map_err(|error| database(error, "to check foreign keys"))
}
