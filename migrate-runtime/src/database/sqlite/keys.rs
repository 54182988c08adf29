//! Foreign keys: suspended while a table is rebuilt, and checked before the commit.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;

use futures_util::FutureExt as _;
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::code::database;
use super::execute::execute;
use super::quote::name;
use crate::database::Cause;

/// Foreign keys that are not enforced, until it ends or is dropped.
pub struct Suspension<'c> {
    pub connection: &'c mut SqliteConnection,
    /// Whether they were enforced before, and are to be again.
    enforce: bool,
}

impl<'c> Suspension<'c> {
    /// Suspends them if `suspend`. The pragma works outside a transaction only.
    pub async fn begin(connection: &'c mut SqliteConnection, suspend: bool) -> Result<Self, Cause> {
        let mut suspension = Self {
            connection,
            enforce: false,
        };
        if suspend {
            // Known before they are off: a run may be cut off in between.
            suspension.enforce = are_enforced(suspension.connection).await?;
            switch_off(suspension.connection).await?;
        }
        Ok(suspension)
    }

    pub async fn end(mut self) -> Result<(), Cause> {
        if self.enforce {
            switch_on(self.connection).await?;
            self.enforce = false;
        }
        Ok(())
    }
}

impl Drop for Suspension<'_> {
    /// A run was cut off. sqlx's worker runs what the first poll sends it, after the rollback that is already queued.
    fn drop(&mut self) {
        if self.enforce {
            let _ = execute(self.connection, ENFORCE).now_or_never();
        }
    }
}

pub async fn are_enforced(connection: &mut SqliteConnection) -> Result<bool, Cause> {
    let on = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(connection);
    on.await
        .map_err(|error| database(error, "to suspend foreign keys"))
}

pub async fn switch_off(connection: &mut SqliteConnection) -> Result<(), Cause> {
    let off = execute(connection, "PRAGMA foreign_keys = OFF").await;
    off.map(|_| ())
        .map_err(|error| database(error, "to suspend foreign keys"))
}

pub async fn switch_on(connection: &mut SqliteConnection) -> Result<(), Cause> {
    let on = execute(connection, ENFORCE).await;
    on.map(|_| ())
        .map_err(|error| database(error, "to enforce foreign keys again"))
}

/// The state of a revision outside a transaction, from its first statement to its record.
pub struct Suspended {
    /// Whether they were enforced before, and are to be again.
    pub enforce: bool,
    /// Violations from before the revision.
    pub before: Vec<Violation>,
}

pub const ENFORCE: &str = "PRAGMA foreign_keys = ON";

/// A row that points nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    table: String,
    /// None in a table without such numbers.
    rowid: Option<i64>,
    parent: String,
    /// The referenced value, as SQL writes it. Unlike the numbers of the row and the key it survives a rebuild of the
    /// table.
    value: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rowid {
            Some(rowid) => write!(f, "row {rowid}")?,
            None => f.write_str("a row")?,
        }
        let (table, parent) = (&self.table, &self.parent);
        write!(
            f,
            " of {table} refers to a row of {parent} that does not exist"
        )
    }
}

/// The violations that a revision has made: those before it are not its doing, and may be numbered otherwise after it.
pub fn made(before: &[Violation], after: &[Violation]) -> Vec<Violation> {
    let mut old: HashMap<Violation, usize> = HashMap::new();
    for violation in before {
        *old.entry(violation.clone()).or_default() += 1;
    }
    let mut others: Vec<&Violation> = after.iter().collect();
    others.retain(|one| !take(&mut old, *one));
    let mut alike: HashMap<[String; 3], usize> = HashMap::new();
    for (violation, count) in old {
        *alike.entry(violation.whatever_its_number()).or_default() += count;
    }
    others.retain(|one| !take(&mut alike, &one.whatever_its_number()));
    others.into_iter().cloned().collect()
}

/// Takes one away, if there is one.
fn take<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) -> bool {
    match counts.get_mut(key) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    }
}

impl Violation {
    fn whatever_its_number(&self) -> [String; 3] {
        [&self.table, &self.parent, &self.value].map(String::clone)
    }
}

/// Every row that points nowhere.
pub async fn violations(connection: &mut SqliteConnection) -> Result<Vec<Violation>, Cause> {
    let failed = |error| database(error, "to check foreign keys");
    let rows: Vec<(String, Option<i64>, String, i64)> =
        sqlx::query_as("SELECT \"table\", rowid, parent, fkid FROM pragma_foreign_key_check")
            .fetch_all(&mut *connection)
            .await
            .map_err(failed)?;
    let mut violations = Vec::new();
    for (table, rowid, parent, key) in rows {
        let value = match rowid {
            Some(rowid) => value(connection, &table, rowid, key)
                .await
                .map_err(failed)?,
            None => String::new(),
        };
        violations.push(Violation {
            table,
            rowid,
            parent,
            value,
        });
    }
    Ok(violations)
}

/// The value that a row refers to by one of its table's foreign keys.
async fn value(
    connection: &mut SqliteConnection,
    table: &str,
    rowid: i64,
    key: i64,
) -> Result<String, sqlx::Error> {
    let columns: Vec<String> = sqlx::query_scalar(
        "SELECT \"from\" FROM pragma_foreign_key_list(?) WHERE id = ? ORDER BY seq",
    )
    .bind(table)
    .bind(key)
    .fetch_all(&mut *connection)
    .await?;
    let columns: Vec<String> = columns
        .iter()
        .map(|column| format!("quote({})", name(column)))
        .collect();
    let (columns, table) = (columns.join(" || ',' || "), name(table));
    let sql = format!("SELECT {columns} FROM {table} WHERE rowid = {rowid}");
    sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_one(connection)
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn violation(rowid: i64, value: &str) -> Violation {
        Violation {
            table: "child".to_owned(),
            rowid: Some(rowid),
            parent: "parent".to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn only_what_is_new_was_made() {
        let before = [violation(1, "9"), violation(2, "9")];
        let made = |after: &[Violation]| made(&before, after);
        assert_eq!(made(&before), []);
        assert_eq!(made(&[]), []);
        assert_eq!(
            made(&[violation(3, "9"), violation(4, "9")]),
            [],
            "numbered anew"
        );
        assert_eq!(
            made(&[violation(1, "9"), violation(5, "8")]),
            [violation(5, "8")]
        );
        let more = [violation(1, "9"), violation(2, "9"), violation(3, "9")];
        assert_eq!(made(&more), [violation(3, "9")]);
    }
}
