//! From a chain and a desired schema to revisions that have proved themselves.

mod prepare;
mod proof;
mod request;
mod run;
#[cfg(test)]
mod scale;

use self::prepare::Prepared;
use crate::error::Error;
use crate::interrupt::until_interrupted;

pub use self::request::{Checked, Draft, Generated, Request};

/// The revisions that make the desired schema of what the chain builds; `None` when there is nothing to do.
///
/// Each was run on a scratch database: its upgrade made the desired schema, its downgrade the one before. A SIGINT or
/// SIGTERM ends it, and nothing is left on the server.
///
/// # Errors
/// [`Error`]: a server that cannot be reached, a chain that cannot be replayed, a desired schema that the database
/// refuses, a wrong rename, lost data where that is denied, a proof that failed.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let migrations = migrate_runtime::Migrations::load("../tests/fixtures/crlf/migrations")?;
/// use migrate_diff::{Desired, DevServer, Filter, Request, autogenerate};
///
/// let sql = "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);";
/// let desired = Desired::default().with("schema.sql", sql);
/// let filter = Filter::new(&migrate_chain::config::Config::default());
/// let server = DevServer::at("sqlite::memory:")?;
/// let request = Request::new(&migrations, &desired, &server).filter(filter);
/// let generated = autogenerate(&request).await?.expect("there is no such table yet");
/// assert!(generated.drafts[0].upgrade_sql().contains("CREATE TABLE notes"));
/// assert!(generated.drafts[0].downgrade_sql().contains("DROP TABLE \"notes\""));
/// # Ok(()) }
/// ```
pub async fn autogenerate(request: &Request<'_>) -> Result<Option<Generated>, Error> {
    // Its future holds whole schemas.
    until_interrupted(Box::pin(async {
        let mut prepared = Prepared::of(request).await?;
        if prepared.is_empty() {
            prepared.agree_on_nothing()?;
            prepared.finish().await?;
            return Ok(None);
        }
        let generated = prepared.generate(request).await?;
        prepared.finish().await?;
        Ok(Some(generated))
    }))
    .await
}

/// Whether the chain, or the live database, has the desired schema: `None` when it has, else what differs.
///
/// # Errors
/// As [`autogenerate`], without a proof.
pub async fn check(request: &Request<'_>) -> Result<Option<Checked>, Error> {
    // Its future holds whole schemas.
    until_interrupted(Box::pin(async {
        let prepared = Prepared::of(request).await?;
        if prepared.is_empty() {
            prepared.agree_on_nothing()?;
        }
        let checked = (!prepared.is_empty()).then(|| prepared.checked(request));
        prepared.finish().await?;
        Ok(checked)
    }))
    .await
}
