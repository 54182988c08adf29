//! Queries with values, whichever database answers them.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use sqlx::{
    AssertSqlSafe, Column as _, ColumnIndex, Database, Decode, Either, Encode, Executor,
    IntoArguments, Row as SqlxRow, Type, TypeInfo as _, ValueRef as _,
};

use crate::context::executor::QueryResult;
use crate::context::{Row, Value};

/// A database whose values can be bound and read.
pub trait Speaks: Database {
    /// How many rows a statement affected.
    fn affected(result: &Self::QueryResult) -> u64;

    /// Reads a value of a type that not all databases have.
    fn other(_row: &Self::Row, _at: usize) -> Option<Result<Value, sqlx::Error>> {
        None
    }
}

#[cfg(feature = "sqlite")]
impl Speaks for sqlx::Sqlite {
    fn affected(result: &Self::QueryResult) -> u64 {
        result.rows_affected()
    }
}

#[cfg(feature = "postgres")]
impl Speaks for sqlx::Postgres {
    fn affected(result: &Self::QueryResult) -> u64 {
        result.rows_affected()
    }
}

#[cfg(feature = "mysql")]
impl Speaks for sqlx::MySql {
    fn affected(result: &Self::QueryResult) -> u64 {
        result.rows_affected()
    }

    fn other(row: &Self::Row, at: usize) -> Option<Result<Value, sqlx::Error>> {
        let read: u64 = row.try_get(at).ok()?;
        let fits = i64::try_from(read).map(Value::Integer);
        Some(fits.map_err(|error| sqlx::Error::ColumnDecode {
            index: at.to_string(),
            source: error.into(),
        }))
    }
}

/// Runs a query.
pub async fn answer<D>(
    connection: &mut D::Connection,
    sql: String,
    values: Vec<Value>,
) -> Result<QueryResult, sqlx::Error>
where
    D: Speaks,
    D::Arguments: IntoArguments<D>,
    for<'e> &'e mut D::Connection: Executor<'e, Database = D>,
    usize: ColumnIndex<D::Row>,
    Option<i64>: for<'q> Encode<'q, D>,
    bool: for<'q> Encode<'q, D> + for<'r> Decode<'r, D> + Type<D>,
    i16: for<'r> Decode<'r, D> + Type<D>,
    i32: for<'r> Decode<'r, D> + Type<D>,
    i64: for<'q> Encode<'q, D> + for<'r> Decode<'r, D> + Type<D>,
    f32: for<'r> Decode<'r, D> + Type<D>,
    f64: for<'q> Encode<'q, D> + for<'r> Decode<'r, D> + Type<D>,
    String: for<'q> Encode<'q, D> + for<'r> Decode<'r, D> + Type<D>,
    Vec<u8>: for<'q> Encode<'q, D> + for<'r> Decode<'r, D> + Type<D>,
{
    let mut query = sqlx::query::<D>(AssertSqlSafe(sql));
    for value in values {
        query = match value {
            Value::Null => query.bind(None::<i64>),
            Value::Bool(value) => query.bind(value),
            Value::Integer(value) => query.bind(value),
            Value::Float(value) => query.bind(value),
            Value::Text(value) => query.bind(value),
            Value::Bytes(value) => query.bind(value),
        };
    }
    let mut answer = QueryResult::default();
    let mut columns: Option<Arc<[String]>> = None;
    let mut results = connection.fetch_many(query);
    while let Some(result) = results.try_next().await? {
        match result {
            Either::Left(done) => answer.affected += D::affected(&done),
            Either::Right(row) => {
                let names = || row.columns().iter().map(|column| column.name().to_owned());
                let columns = columns.get_or_insert_with(|| names().collect());
                let values = (0..row.len()).map(|at| read::<D>(&row, at));
                answer.rows.push(Row {
                    columns: Arc::clone(columns),
                    values: values.collect::<Result<_, _>>()?,
                });
            }
        }
    }
    Ok(answer)
}

fn read<D>(row: &D::Row, at: usize) -> Result<Value, sqlx::Error>
where
    D: Speaks,
    usize: ColumnIndex<D::Row>,
    bool: for<'r> Decode<'r, D> + Type<D>,
    i16: for<'r> Decode<'r, D> + Type<D>,
    i32: for<'r> Decode<'r, D> + Type<D>,
    i64: for<'r> Decode<'r, D> + Type<D>,
    f32: for<'r> Decode<'r, D> + Type<D>,
    f64: for<'r> Decode<'r, D> + Type<D>,
    String: for<'r> Decode<'r, D> + Type<D>,
    Vec<u8>: for<'r> Decode<'r, D> + Type<D>,
{
    let raw = row.try_get_raw(at)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info();
    if let Some(value) = D::other(row, at) {
        return value;
    }
    // Integers come before booleans: SQLite and MySQL tell none from the other.
    if <i64 as Type<D>>::compatible(&kind) {
        row.try_get_unchecked(at).map(Value::Integer)
    } else if <i32 as Type<D>>::compatible(&kind) {
        let value = row.try_get_unchecked::<i32, _>(at)?;
        Ok(Value::Integer(value.into()))
    } else if <i16 as Type<D>>::compatible(&kind) {
        let value = row.try_get_unchecked::<i16, _>(at)?;
        Ok(Value::Integer(value.into()))
    } else if <bool as Type<D>>::compatible(&kind) {
        row.try_get_unchecked(at).map(Value::Bool)
    } else if <f64 as Type<D>>::compatible(&kind) {
        row.try_get_unchecked(at).map(Value::Float)
    } else if <f32 as Type<D>>::compatible(&kind) {
        let value = row.try_get_unchecked::<f32, _>(at)?;
        Ok(Value::Float(value.into()))
    } else if <String as Type<D>>::compatible(&kind) {
        row.try_get_unchecked(at).map(Value::Text)
    } else if <Vec<u8> as Type<D>>::compatible(&kind) {
        row.try_get_unchecked(at).map(Value::Bytes)
    } else {
        let message = format!(
            "column `{}` is of the type {}, which is not one that all databases have: cast it to text in the query",
            row.columns()[at].name(),
            kind.name()
        );
        Err(sqlx::Error::InvalidArgument(message))
    }
}
