//! The only place that asks which database it is.

use std::collections::BTreeSet;

use migrate_chain::Dialect;

use crate::connection::Connection;
use crate::difference::{Comparison, Difference};
use crate::error::Error;
#[cfg(doc)]
use crate::error::ErrorKind;
use crate::eye::Facts;
use crate::filter::Filter;
use crate::model::{Kind, Object, ObjectId, Schema};
use crate::operation::{Operation, Operations, PlanOptions};
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

/// Reads the schema with the statements that make it, as [`dump`](crate::dump) needs them.
///
/// # Errors
/// As [`introspect`].
pub async fn introspect_whole(
    connection: &mut Connection,
    filter: &Filter,
) -> Result<Schema, Error> {
    let mut schema = introspect(connection, filter).await?;
    let empty = Schema::empty(schema.dialect());
    let difference = Difference::between(&empty, &schema);
    spell(connection, &mut schema, &difference).await?;
    Ok(schema)
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
/// cannot be read this way. `since` is what was seen before, and the tables that may have changed.
pub(crate) async fn look(
    connection: &mut Connection,
    filter: &Filter,
    since: Option<(&Facts, &BTreeSet<String>)>,
) -> Result<Option<Facts>, Error> {
    match connection.dialect() {
        Dialect::Postgres => postgres::eye::look(connection, filter).await,
        Dialect::Sqlite => sqlite::eye::look(connection, filter).await.map(Some),
        Dialect::MySql => mysql::eye::look(connection, filter, since).await.map(Some),
    }
}

/// Adds the statements that make what differs, on a database whose catalog holds facts only.
pub(crate) async fn spell(
    connection: &mut Connection,
    schema: &mut Schema,
    difference: &Difference,
) -> Result<(), Error> {
    if connection.dialect() != Dialect::MySql {
        return Ok(());
    }
    let is_part = |id: &ObjectId| matches!(id.kind, Kind::Column | Kind::Constraint | Kind::Index);
    let ids = difference.changes().iter().map(|change| {
        let id = change.id();
        match &id.table {
            Some(table) if is_part(id) => ObjectId::new(Kind::Table, table),
            _ => id.clone(),
        }
    });
    mysql::spell(connection, schema, &ids.collect()).await
}

/// A literal for a column of a type: that of row `n`, in one of several styles; none if no value of the type is known.
pub(crate) fn value(dialect: Dialect, data_type: &str, style: usize, n: usize) -> Option<String> {
    match dialect {
        Dialect::Sqlite => Some(sqlite::values::value(data_type, style, n)),
        Dialect::Postgres => Some(postgres::values::value(data_type, style, n)),
        Dialect::MySql => mysql::values::value(data_type, style, n),
    }
}

/// The expression that shows a column's values as text.
pub(crate) fn shown(dialect: Dialect, column: &str, data_type: &str) -> String {
    match dialect {
        Dialect::Sqlite => sqlite::values::shown(column),
        Dialect::Postgres => postgres::values::shown(column),
        Dialect::MySql => mysql::values::shown(column, data_type),
    }
}

/// The name of a table or a column as SQL writes it, from that of its id.
pub(crate) fn sql_name(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::Sqlite => sqlite::quote(name),
        Dialect::Postgres | Dialect::MySql => name.to_owned(),
    }
}

/// Whether a change of type may lose values, so that the plan claims it.
pub(crate) fn narrows(dialect: Dialect, was: &str, becomes: &str) -> bool {
    match dialect {
        Dialect::Sqlite => sqlite::narrows(was, becomes),
        Dialect::Postgres => was != becomes,
        Dialect::MySql => mysql::narrows(was, becomes),
    }
}

/// Takes all rows out of a table, and out of those that refer to it, if it is there.
pub(crate) async fn empty(connection: &mut Connection, table: &str) -> Result<(), Error> {
    match connection.dialect() {
        Dialect::Postgres => postgres::empty(connection, table).await,
        Dialect::MySql => mysql::empty(connection, table).await,
        Dialect::Sqlite => Ok(()),
    }
}

/// The statements that make a trigger as it is.
pub(crate) async fn trigger(
    connection: &mut Connection,
    object: &Object,
) -> Result<Vec<String>, Error> {
    match connection.dialect() {
        Dialect::MySql => mysql::trigger(connection, object).await,
        Dialect::Sqlite | Dialect::Postgres => Ok(vec![object.create.clone()]),
    }
}

/// Runs a step, in a way that says what it costs where the server chooses it.
pub(crate) async fn execute(
    connection: &mut Connection,
    step: &mut Operation,
) -> Result<(), sqlx::Error> {
    match step.alters.clone() {
        Some(table) => mysql::algorithm::execute(connection, step, &table).await,
        None => connection.0.execute(&step.sql).await,
    }
}

/// The steps between two schemas.
pub(crate) fn plan_between(from: &Schema, to: &Schema, options: PlanOptions) -> Operations {
    let difference = Difference::between(from, to);
    let comparison = Comparison {
        from,
        to,
        difference: &difference,
    };
    plan(comparison, options)
}

/// The steps that end a difference.
pub(crate) fn plan(comparison: Comparison<'_>, options: PlanOptions) -> Operations {
    match comparison.from.dialect {
        Dialect::Sqlite => sqlite::plan(comparison),
        Dialect::Postgres => postgres::plan(comparison.from, comparison.to, options),
        Dialect::MySql => mysql::plan(comparison),
    }
}
