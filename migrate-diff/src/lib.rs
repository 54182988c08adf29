#![doc = include_str!("../README.md")]

mod change;
mod connection;
mod ddl;
mod desired;
mod error;
mod filter;
mod generate;
mod interrupt;
mod model;
mod mysql;
mod order;
mod postgres;
mod rename;
mod scratch;
mod sqlite;
mod step;

pub use change::{Change, Difference};
pub use connection::{Connection, dialect_of};
pub use error::{Error, ErrorKind};
pub use filter::Filter;
pub use generate::{Checked, Draft, Generated, Request, autogenerate, check};
pub use interrupt::until_interrupted;
pub use model::{Kind, Object, ObjectId, Schema};
pub use rename::Rename;
pub use scratch::Scratch;
pub use step::{Hazard, Step};

use migrate_chain::Dialect;
use step::Plan;

/// What the database of `connection` holds, as far as `filter` admits it.
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
    let mut schema = match connection.dialect() {
        Dialect::Sqlite => sqlite::introspect(connection).await?,
        Dialect::Postgres => postgres::introspect(connection).await?,
        Dialect::MySql => mysql::introspect(connection).await?,
    };
    filter.apply(&mut schema);
    Ok(schema)
}

/// What a plan may do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Options {
    /// Whether indexes and constraints are made without keeping others out, PostgreSQL only.
    pub(crate) online: bool,
    /// Whether all steps run in one transaction, whatever that costs.
    pub(crate) single: bool,
}

fn plan(from: &Schema, to: &Schema, options: Options) -> Plan {
    match from.dialect {
        Dialect::Sqlite => sqlite::plan(from, to),
        Dialect::Postgres => postgres::plan(from, to, options),
        Dialect::MySql => mysql::plan(from, to),
    }
}
