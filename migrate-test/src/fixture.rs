//! Rows that a test begins with.

use sqlx::Connection as _;

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
) -> Result<(), Error> {
    if fixtures.is_empty() {
        return Ok(());
    }
    let mut connection = database.connection().await?;
    for Fixture { path, sql } in fixtures {
        let done = DB::run(&mut connection, sql).await;
        done.map_err(|error| {
            Error::database(&format!("the fixture {path} cannot be applied"), error)
        })?;
    }
    // Settings of a fixture must not show in the test.
    let _ = connection.detach().close().await;
    Ok(())
}
