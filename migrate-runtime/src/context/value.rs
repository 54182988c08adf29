//! Values as all databases have them, and rows of them.

use std::fmt;
use std::sync::Arc;

use crate::RevisionError;

/// A value that a query takes or gives, as all databases have it.
///
/// ```
/// use migrate_runtime::Value;
///
/// assert_eq!(Value::from("it's"), Value::Text("it's".to_owned()));
/// assert_eq!(Value::from(None::<i64>), Value::Null);
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// NULL.
    Null,
    /// True or false. SQLite and MySQL give it back as a number.
    Bool(bool),
    /// An integer of any width.
    Integer(i64),
    /// A floating-point number.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Bool(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float(_) => "a floating-point number",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

macro_rules! from {
    ($($type:ty => $variant:ident),* $(,)?) => {
        $(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

from! {
    bool => Bool,
    i8 => Integer, i16 => Integer, i32 => Integer, i64 => Integer,
    u8 => Integer, u16 => Integer, u32 => Integer,
    f32 => Float, f64 => Float,
    &str => Text, String => Text, &String => Text,
    &[u8] => Bytes, Vec<u8> => Bytes,
}

/// A type that a column can be read into.
///
/// It is implemented for `bool`, integers, floating-point numbers, `String`, `Vec<u8>`, [`Value`], and an `Option` of each,
/// which takes NULL.
pub trait FromValue: Sized {
    /// Takes the value; `None` if it does not fit.
    fn from_value(value: Value) -> Option<Self>;

    /// The type, in words.
    fn wanted() -> &'static str;
}

impl FromValue for Value {
    fn from_value(value: Value) -> Option<Self> {
        Some(value)
    }

    fn wanted() -> &'static str {
        "any value"
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            value => T::from_value(value).map(Some),
        }
    }

    fn wanted() -> &'static str {
        T::wanted()
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bool(value) => Some(value),
            Value::Integer(0) => Some(false),
            Value::Integer(1) => Some(true),
            _ => None,
        }
    }

    fn wanted() -> &'static str {
        "a boolean"
    }
}

macro_rules! integers {
    ($($type:ty),*) => {
        $(impl FromValue for $type {
            fn from_value(value: Value) -> Option<Self> {
                match value {
                    Value::Integer(value) => value.try_into().ok(),
                    _ => None,
                }
            }

            fn wanted() -> &'static str {
                concat!("an integer (", stringify!($type), ")")
            }
        })*
    };
}

integers!(i8, i16, i32, i64, u8, u16, u32, u64, usize);

impl FromValue for f64 {
    #[expect(clippy::cast_precision_loss, reason = "so do databases")]
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Float(value) => Some(value),
            Value::Integer(value) => Some(value as f64),
            _ => None,
        }
    }

    fn wanted() -> &'static str {
        "a floating-point number"
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            // So MySQL gives much that is text.
            Value::Bytes(bytes) => Self::from_utf8(bytes).ok(),
            _ => None,
        }
    }

    fn wanted() -> &'static str {
        "text"
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => Some(bytes),
            Value::Text(text) => Some(text.into_bytes()),
            _ => None,
        }
    }

    fn wanted() -> &'static str {
        "bytes"
    }
}

/// A row of a query.
#[derive(Clone, Debug)]
pub struct Row {
    pub(crate) columns: Arc<[String]>,
    pub(crate) values: Vec<Value>,
}

impl Row {
    /// The value of a column by its name, as any type that it fits.
    ///
    /// # Errors
    /// [`RevisionError`] when the query has no such column, or its value does not fit.
    ///
    /// ```
    /// use migrate_runtime::{FromRow, Result, Row};
    ///
    /// struct User {
    ///     id: i64,
    ///     name: Option<String>,
    /// }
    ///
    /// impl FromRow for User {
    ///     fn from_row(row: &Row) -> Result<Self> {
    ///         Ok(Self { id: row.get("id")?, name: row.get("name")? })
    ///     }
    /// }
    /// ```
    pub fn get<T: FromValue>(&self, column: &str) -> Result<T, RevisionError> {
        let found = self.columns.iter().position(|name| name == column);
        let at = found.ok_or_else(|| {
            let columns = self.columns.join("`, `");
            RevisionError::msg(format!(
                "the query has no column `{column}`; it has `{columns}`"
            ))
        })?;
        self.at(at)
    }

    /// The value of a column by its number, from 0.
    ///
    /// # Errors
    /// [`RevisionError`] when the query has fewer columns, or the value does not fit.
    pub fn at<T: FromValue>(&self, column: usize) -> Result<T, RevisionError> {
        let Some(value) = self.values.get(column) else {
            let (wanted, has) = (column + 1, self.values.len());
            let message = format!("column {wanted} is read, and the query has {has}");
            return Err(RevisionError::msg(message));
        };
        T::from_value(value.clone()).ok_or_else(|| {
            let name = self.columns.get(column).map_or("?", String::as_str);
            let (kind, wanted) = (value.kind(), T::wanted());
            RevisionError::msg(format!(
                "column `{name}` holds {kind}, and is read as {wanted}"
            ))
        })
    }
}

/// A type that a row can be read into: tuples of [`FromValue`], and what implements it.
pub trait FromRow: Sized {
    /// Reads a row.
    ///
    /// # Errors
    /// [`RevisionError`] when a column is missing, or does not fit.
    fn from_row(row: &Row) -> Result<Self, RevisionError>;
}

impl FromRow for Row {
    fn from_row(row: &Row) -> Result<Self, RevisionError> {
        Ok(row.clone())
    }
}

macro_rules! tuples {
    ($($($type:ident $at:literal),+;)*) => {
        $(impl<$($type: FromValue),+> FromRow for ($($type,)+) {
            fn from_row(row: &Row) -> Result<Self, RevisionError> {
                Ok(($(row.at::<$type>($at)?,)+))
            }
        })*
    };
}

tuples! {
    A 0;
    A 0, B 1;
    A 0, B 1, C 2;
    A 0, B 1, C 2, D 3;
    A 0, B 1, C 2, D 3, E 4;
    A 0, B 1, C 2, D 3, E 4, F 5;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
            Self::Bytes(value) => write!(f, "{} bytes", value.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: Vec<Value>) -> Row {
        Row {
            columns: ["id".to_owned(), "name".to_owned()].into(),
            values,
        }
    }

    #[test]
    fn a_row_is_read_by_names_and_into_tuples() {
        let row = row(vec![Value::Integer(7), Value::Null]);
        let tuple = <(i64, Option<String>)>::from_row(&row);
        assert_eq!(tuple.expect("it fits"), (7, None));
        assert_eq!(row.get::<u8>("id").expect("it fits"), 7);
        let says = |error: RevisionError| error.to_string();
        assert_eq!(
            row.get::<String>("name").map_err(says),
            Err("column `name` holds NULL, and is read as text".to_owned())
        );
        assert_eq!(
            row.get::<bool>("id").map_err(says),
            Err("column `id` holds an integer, and is read as a boolean".to_owned())
        );
        assert_eq!(
            row.get::<i64>("age").map_err(says),
            Err("the query has no column `age`; it has `id`, `name`".to_owned())
        );
        assert_eq!(
            row.at::<i64>(2).map_err(says),
            Err("column 3 is read, and the query has 2".to_owned())
        );
    }
}
