//! The only place that asks which database it is.

use migrate_chain::Dialect;

use crate::connection::Connection;
use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::filter::Filter;
use crate::model::Schema;
use crate::step::{Options, Plan};
use crate::touched::Touched;
use crate::{mysql, postgres, sqlite};

/// Reads the schema of the database that `connection` is connected to, as far as `filter` admits it.
///
/// # Errors
/// [`ErrorKind::Database`] when the catalogs cannot be read, [`ErrorKind::Unreadable`] when they hold what is unknown.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use migrate_diff::{Connection, Difference, Filter, introspect};
///
/// let mut connection = Connection::open("sqlite::memory:").await?;
/// let before = introspect(&mut connection, &Filter::default()).await?;
/// connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)").await?;
/// let after = introspect(&mut connection, &Filter::default()).await?;
/// assert_eq!(Difference::between(&before, &after).to_string(), "+ table t");
/// # Ok(()) }
/// ```
pub async fn introspect(connection: &mut Connection, filter: &Filter) -> Result<Schema, Error> {
    introspect_touched(connection, filter, &Touched::all()).await
}

/// Reads a part of the schema: what is not touched may be left out. What it depends on is not read.
///
/// # Errors
/// As [`introspect`].
pub async fn introspect_touched(
    connection: &mut Connection,
    filter: &Filter,
    touched: &Touched,
) -> Result<Schema, Error> {
    let mut schema = match connection.dialect() {
        Dialect::Sqlite => sqlite::introspect(connection, touched).await?,
        Dialect::Postgres => postgres::introspect(connection, touched).await?,
        Dialect::MySql => mysql::introspect(connection, touched).await?,
    };
    filter.apply(&mut schema);
    Ok(schema)
}

/// Reads all of the database without the model: what the introspection does not see is in there too. None on a server that
/// cannot be read this way.
pub(crate) async fn look(
    connection: &mut Connection,
    filter: &Filter,
) -> Result<Option<postgres::eye::Facts>, Error> {
    match connection.dialect() {
        Dialect::Postgres => postgres::eye::look(connection, filter).await,
        Dialect::Sqlite | Dialect::MySql => Ok(None),
    }
}

/// The steps from one schema to another.
pub(crate) fn plan(from: &Schema, to: &Schema, options: Options) -> Plan {
    match from.dialect {
        Dialect::Sqlite => sqlite::plan(from, to),
        Dialect::Postgres => postgres::plan(from, to, options),
        Dialect::MySql => mysql::plan(from, to),
    }
}
