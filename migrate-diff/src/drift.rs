//! Changes that somebody made to a database by hand.

use migrate_runtime::Migrations;

use crate::connection::Connection;
use crate::database;
use crate::dev_server::DevServer;
use crate::difference::Difference;
use crate::error::{Error, ErrorKind};
use crate::filter::Filter;
use crate::interrupt::until_interrupted;
use crate::model::Schema;
use crate::operation::{self, PlanOptions};
use crate::scratch::Scratch;
use crate::scratch_sql::Scripts;

/// A database that is not what its chain builds.
#[derive(Debug)]
pub struct Drift {
    /// From what the chain builds to what the database has.
    pub difference: Difference,
    /// The SQL that gives the database what the chain builds.
    pub undo: String,
    /// The SQL that does to other databases what was done to this one.
    pub adopt: String,
}

/// How the database of `url` differs from what the chain builds up to `rows`, the rows of its version table; `None` if it
/// does not. The chain is replayed on a scratch database of `server`.
///
/// # Errors
/// [`Error`]: a database that cannot be reached, of another kind than `server`, or a chain that cannot be replayed.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let url = format!("sqlite:{}/app.db?mode=rwc", folder.path().display());
/// # let migrations = migrate_runtime::Migrations::load("../tests/fixtures/crlf/migrations")?;
/// use migrate_diff::{Connection, DevServer, Filter, drift};
///
/// let mut database = Connection::open(&url).await?;
/// database.execute("CREATE TABLE by_hand (id INTEGER PRIMARY KEY)").await?;
/// let server = DevServer::at("sqlite::memory:")?;
/// let drift = drift(&migrations, &[], &url, &server, &Filter::default()).await?.expect("a table is new");
/// assert_eq!(drift.difference.to_string(), "+ table by_hand");
/// assert!(drift.undo.contains("DROP TABLE \"by_hand\""));
/// assert!(drift.adopt.contains("CREATE TABLE by_hand"));
/// # Ok(()) }
/// ```
pub async fn drift(
    migrations: &Migrations,
    rows: &[String],
    url: &str,
    server: &DevServer,
    filter: &Filter,
) -> Result<Option<Drift>, Error> {
    // Its future holds whole schemas.
    until_interrupted(Box::pin(async {
        let mut live = Connection::open(url).await?;
        if live.dialect() != server.dialect() {
            let summary = format!(
                "the database is {}, the scratch database {}",
                live.dialect(),
                server.dialect()
            );
            return Err(Error::new(ErrorKind::Connect, summary)
                .help("name a server of the same kind with --dev-url"));
        }
        let scripts = Scripts::of_chain(migrations, server.dialect());
        let mut scratch = Scratch::create(server, &scripts).await?;
        for row in rows {
            scratch.upgrade(migrations, row).await?;
        }
        let mut expected = database::introspect(scratch.connection(), filter).await?;
        let mut found = database::introspect(&mut live, filter).await?;
        let difference = Difference::between(&expected, &found);
        database::spell(scratch.connection(), &mut expected, &difference).await?;
        database::spell(&mut live, &mut found, &difference).await?;
        scratch.finish().await?;
        Ok((!difference.is_empty()).then(|| Drift {
            undo: sql(&found, &expected),
            adopt: sql(&expected, &found),
            difference,
        }))
    }))
    .await
}

/// The statements from one schema to the other.
fn sql(from: &Schema, to: &Schema) -> String {
    let mut plan = database::plan_between(from, to, PlanOptions::default());
    let mut steps = std::mem::take(&mut plan.before);
    steps.append(&mut plan.steps);
    steps.append(&mut plan.online);
    operation::text(from.dialect, &steps)
}
