//! The tables, views and types of a database as the facts of a lock.
//!
//! They are read from the catalogs as they are, also the columns of views, and not from the schema that is compared: what
//! the lock says is a second look at the same database.

mod mysql;
mod parts;
mod postgres;
mod sqlite;

use migrate_chain::Dialect;
use migrate_chain::lock::Built;

use crate::connection::Connection;
use crate::error::Error;
use crate::filter::Filter;

/// Reads the facts that `schema.lock` holds of a database, as far as `filter` admits them.
///
/// # Errors
/// [`ErrorKind::Database`](crate::ErrorKind::Database) when the catalogs cannot be read.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use migrate_diff::{Connection, Filter, built};
///
/// let mut connection = Connection::open("sqlite::memory:").await?;
/// connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL)").await?;
/// let built = built(&mut connection, &Filter::default()).await?;
/// let table = built.table("t").expect("it was created");
/// assert!(table.column("id").is_some_and(|id| id.is_identity));
/// assert!(table.column("name").is_some_and(|name| name.is_required()));
/// # Ok(()) }
/// ```
pub async fn built(connection: &mut Connection, filter: &Filter) -> Result<Built, Error> {
    let mut built = match connection.dialect() {
        Dialect::Sqlite => sqlite::built(connection).await?,
        Dialect::Postgres => postgres::built(connection).await?,
        Dialect::MySql => mysql::built(connection).await?,
    };
    built.tables.retain(|table| filter.admits(&table.name));
    // A view may have NULL anywhere: an outer join can be in it. Some servers say of a column what its table says.
    for view in built.tables.iter_mut().filter(|table| table.is_view) {
        for column in &mut view.columns {
            (column.is_not_null, column.is_identity, column.default) = (false, false, None);
        }
    }
    built.sort();
    Ok(built)
}

/// The server and its major version, as a lock names it.
///
/// # Errors
/// [`ErrorKind::Connect`](crate::ErrorKind::Connect) when it does not say what it is.
pub async fn server(connection: &mut Connection) -> Result<String, Error> {
    if connection.dialect() == Dialect::Sqlite {
        return Ok("SQLite 3".to_owned());
    }
    let (product, version) = crate::dev_server::product_and_version(connection).await?;
    let version = version.to_string();
    let major = version.split('.').next().unwrap_or_default();
    Ok(format!("{product} {major}"))
}
