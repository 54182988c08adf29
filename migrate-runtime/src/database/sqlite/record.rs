//! The settings of a transaction, and its bookkeeping statements.

use std::time::Duration;

use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, SqliteConnection};

use super::code::database;
use super::keys::Suspended;
use super::timeout::Watchdog;
use crate::database::Cause;
use crate::journal::Entry;
use crate::journal::columns::{self, Times};
use crate::journal::state::State;
use crate::journal::tables::Tables;

/// The facts that a transaction needs.
pub struct TransactionContext<'s> {
    pub tables: &'s Tables,
    /// The state that the revisions were planned for.
    pub expected: &'s State,
    pub begin: Begin,
    pub watchdog: Option<&'s Watchdog>,
    /// The state with which a revision outside a transaction began, if its record is still to come.
    pub suspended: Option<&'s Suspended>,
}

/// How a transaction begins.
pub enum Begin {
    /// By these statements, which fail if the state is not the expected one.
    Fenced(String),
    /// By these, and the state is read next.
    Plain(String),
}

/// A query that overflows, and so fails, unless the version rows and the end of the journal are the expected ones.
pub fn fence(tables: &Tables, expected: &State) -> String {
    let is_state = tables.is_state(expected);
    format!("SELECT abs(-9223372036854775807 - (NOT ({is_state})))")
}

/// Writes to the two tables, after `mark`, and says whether that was in the transaction that the mark was made in. The
/// last of the statements adds `rows` to the journal; each of the others changes a version row, and must hit exactly one.
pub async fn write(
    connection: &mut SqliteConnection,
    mark: Option<&'static str>,
    index: usize,
    statements: &[String],
    rows: usize,
) -> Result<bool, Cause> {
    let failed = |error| database(error, "to record the revision");
    let script: Vec<&str> = mark
        .into_iter()
        .chain(statements.iter().map(String::as_str))
        .collect();
    let script = script.join(";\n");
    let mut results = sqlx::raw_sql(AssertSqlSafe(script)).fetch_many(connection);
    // The mark went with the transaction that it was made in, also where the revision began another.
    if mark.is_some() && results.try_next().await.is_err() {
        return Ok(false);
    }
    let mut expected = (1..statements.len()).map(|_| 1).chain([rows as u64]);
    while let Some(result) = results.try_next().await.map_err(failed)? {
        // The rows were as expected when the transaction began, and no other run can have written since.
        if result.left().map(|done| done.rows_affected()) != expected.next() {
            let what = "changed the version table, which is the runtime's".into();
            return Err(Cause::Meddled { index, what });
        }
    }
    Ok(true)
}

/// A journal row to add after other work: how long its own took, and how long ago it ended.
pub struct Ran<'r> {
    pub entry: &'r Entry<'r>,
    pub duration: Duration,
    pub ago: Duration,
}

/// The statement that adds rows to the journal.
pub fn add_all(tables: &Tables, rows: &[Ran<'_>]) -> String {
    let ago = |time: Duration| tables.syntax.ago(time.as_millis());
    let values = rows.iter().map(|row| {
        let times = Times {
            started: &ago(row.ago + row.duration),
            finished: &ago(row.ago),
            took: &row.duration.as_millis().to_string(),
        };
        format!("({})", tables.values(row.entry, &times).join(", "))
    });
    let values: Vec<String> = values.collect();
    format!(
        "INSERT INTO {} ({}) VALUES {}",
        tables.journal(),
        columns::names(columns::written()),
        values.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use migrate_chain::Dialect;
    use sqlx::Connection as _;

    use super::*;
    use crate::database::sqlite::execute::execute;
    use crate::journal::state::VersionRow;
    use crate::values::settings::EmbeddedSettings;

    fn state(ids: &[&str], unfinished: bool) -> State {
        let row = |id: &&str| VersionRow {
            revision: (*id).to_owned(),
            digest: None,
        };
        State {
            rows: ids.iter().map(row).collect(),
            unfinished,
            ..State::default()
        }
    }

    #[tokio::test]
    async fn the_fence_lets_the_expected_state_pass_and_no_other() {
        let connection = SqliteConnection::connect("sqlite::memory:").await;
        let mut connection = connection.expect("a database");
        let settings = EmbeddedSettings {
            version_table: "alembic_version".into(),
            journal_table: "migrate_journal".into(),
            ..crate::__private::EMPTY.settings.clone()
        };
        let tables = Tables::new(Dialect::Sqlite, &settings, None);
        let begun = "INSERT INTO migrate_journal (event, direction, revision, down_revision, depends_on, message, settings, \
                     started_at, statements, tool_version) VALUES ('started', 'upgrade', 'b', 'a', '', '', '', '', 0, '')";
        for (change, now) in [
            (tables.create_version(), None),
            (tables.create_journal(), Some(state(&[], false))),
            (
                "INSERT INTO alembic_version VALUES ('a')".to_owned(),
                Some(state(&["a"], false)),
            ),
            (begun.to_owned(), Some(state(&["a"], true))),
            (
                "INSERT INTO alembic_version VALUES ('c')".to_owned(),
                Some(state(&["a", "c"], true)),
            ),
        ] {
            execute(&mut connection, &change)
                .await
                .expect("it is changed");
            for ids in [&[][..], &["a"], &["b"], &["a", "c"], &["a", "d"]] {
                for expected in [false, true].map(|unfinished| state(ids, unfinished)) {
                    let passed = execute(&mut connection, &fence(&tables, &expected)).await;
                    let is_so = now.as_ref().is_some_and(|now| now.is_still(&expected));
                    assert_eq!(passed.is_ok(), is_so, "{change}: {expected:?}");
                }
            }
        }
    }
}
