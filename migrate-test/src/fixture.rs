//! Rows that a test begins with.

use sqlx::{Connection as _, Executor};

use crate::database::TestDatabase;
use crate::error::Error;
use crate::provide::TestBackend;

/// A file of SQL.
pub struct Fixture {
    /// Its name in messages.
    pub path: &'static str,
    /// Its text.
    pub sql: &'static str,
}

/// Runs the fixtures.
pub async fn apply<DB: TestBackend>(
    database: &TestDatabase<DB>,
    fixtures: &'static [Fixture],
) -> Result<(), Error>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    if fixtures.is_empty() {
        return Ok(());
    }
    let connection = database.pool().acquire().await;
    let mut connection = connection
        .map_err(|error| Error::database("the test database cannot be connected", error))?;
    for Fixture { path, sql } in fixtures {
        let done = (&mut *connection).execute(*sql).await;
        done.map_err(|error| {
            Error::database(&format!("the fixture {path} cannot be applied"), error)
        })?;
    }
    // Settings of a fixture must not show in the test.
    let _ = connection.detach().close().await;
    Ok(())
}
