//! The Rust types that sqlx reads from columns, with the types of those columns on each database.
//!
//! The table is a macro, so that the runtime makes an implementation of each row, and the documentation a line.

use crate::Dialect;

/// Calls a macro with the table.
///
/// A row is: the condition for the type, its generics, the type, its name; then for SQLite, PostgreSQL and MySQL the kinds
/// of column that can be read into it, and the type of a column made for it, which is empty if there is none.
#[doc(hidden)]
#[macro_export]
macro_rules! rust_types {
    ($callback:ident) => {
        $callback! {
            [all()] [] bool, "bool", "" ;
                [BOOLEAN INTEGER] "BOOLEAN" ; [boolean] "boolean" ; [TINYINT BIT] "BOOLEAN" ;
            [all()] [] i8, "i8", "" ;
                [INTEGER BOOLEAN] "INTEGER" ; [char] "\"char\"" ; [TINYINT] "TINYINT" ;
            [all()] [] i16, "i16", "" ;
                [INTEGER BOOLEAN] "INTEGER" ; [smallint] "smallint" ; [TINYINT SMALLINT] "SMALLINT" ;
            [all()] [] i32, "i32", "" ;
                [INTEGER BOOLEAN] "INTEGER" ; [integer] "integer" ; [TINYINT SMALLINT MEDIUMINT INT] "INT" ;
            [all()] [] i64, "i64", "" ;
                [INTEGER BOOLEAN] "INTEGER" ; [bigint] "bigint" ; [TINYINT SMALLINT MEDIUMINT INT BIGINT] "BIGINT" ;
            [all()] [] u8, "u8", "" ;
                [INTEGER BOOLEAN] "INTEGER" ; [] "" ; [TINYINT_UNSIGNED] "TINYINT UNSIGNED" ;
            [all()] [] u16, "u16", "" ;
                [INTEGER BOOLEAN] "INTEGER" ; [] "" ; [TINYINT_UNSIGNED SMALLINT_UNSIGNED YEAR] "SMALLINT UNSIGNED" ;
            [all()] [] u32, "u32", "" ;
                [INTEGER BOOLEAN] "INTEGER" ; [] "" ;
                [TINYINT_UNSIGNED SMALLINT_UNSIGNED MEDIUMINT_UNSIGNED INT_UNSIGNED YEAR] "INT UNSIGNED" ;
            [all()] [] u64, "u64", "" ;
                [INTEGER BOOLEAN] "INTEGER" ; [] "" ;
                [TINYINT_UNSIGNED SMALLINT_UNSIGNED MEDIUMINT_UNSIGNED INT_UNSIGNED BIGINT_UNSIGNED YEAR BIT] "BIGINT UNSIGNED" ;
            [all()] [] f32, "f32", "" ;
                [REAL] "REAL" ; [real] "real" ; [FLOAT] "FLOAT" ;
            [all()] [] f64, "f64", "" ;
                [REAL] "REAL" ; [double_precision] "double precision" ; [FLOAT DOUBLE] "DOUBLE" ;
            [all()] [] ::std::string::String, "String", "" ;
                [TEXT DATE TIME DATETIME] "TEXT" ; [text varchar bpchar name citext] "text" ;
                [CHAR VARCHAR TEXT ENUM SET UUID] "TEXT" ;
            [all()] [] ::std::boxed::Box<str>, "Box<str>", "" ;
                [TEXT DATE TIME DATETIME] "TEXT" ; [text varchar bpchar name citext] "text" ;
                [CHAR VARCHAR TEXT ENUM SET UUID] "TEXT" ;
            [all()] [] ::std::vec::Vec<u8>, "Vec<u8>", "" ;
                [BLOB TEXT] "BLOB" ; [bytea] "bytea" ; [BINARY VARBINARY BLOB CHAR VARCHAR TEXT] "BLOB" ;
            [feature = "uuid"] [] ::sqlx::types::Uuid, "Uuid", "uuid" ;
                [BLOB] "BLOB" ; [uuid] "uuid" ; [BINARY] "BINARY(16)" ;
            [feature = "uuid"] [] ::sqlx::types::uuid::fmt::Hyphenated, "Hyphenated", "uuid" ;
                [TEXT] "TEXT" ; [] "" ; [CHAR VARCHAR UUID] "CHAR(36)" ;
            [feature = "chrono"] [] ::sqlx::types::chrono::DateTime<::sqlx::types::chrono::Utc>, "DateTime<Utc>", "chrono" ;
                [DATETIME TEXT INTEGER] "TEXT" ; [timestamptz] "timestamp with time zone" ; [DATETIME TIMESTAMP] "DATETIME(6)" ;
            [feature = "chrono"] [] ::sqlx::types::chrono::DateTime<::sqlx::types::chrono::Local>, "DateTime<Local>", "chrono" ;
                [DATETIME TEXT INTEGER] "TEXT" ; [timestamptz] "timestamp with time zone" ; [DATETIME TIMESTAMP] "DATETIME(6)" ;
            [feature = "chrono"] [] ::sqlx::types::chrono::NaiveDateTime, "NaiveDateTime", "chrono" ;
                [DATETIME TEXT INTEGER] "TEXT" ; [timestamp] "timestamp without time zone" ; [DATETIME] "DATETIME(6)" ;
            [feature = "chrono"] [] ::sqlx::types::chrono::NaiveDate, "NaiveDate", "chrono" ;
                [DATE TEXT] "TEXT" ; [date] "date" ; [DATE] "DATE" ;
            [feature = "chrono"] [] ::sqlx::types::chrono::NaiveTime, "NaiveTime", "chrono" ;
                [TIME TEXT] "TEXT" ; [time] "time without time zone" ; [TIME] "TIME(6)" ;
            [feature = "time"] [] ::sqlx::types::time::OffsetDateTime, "OffsetDateTime", "time" ;
                [DATETIME TEXT INTEGER] "TEXT" ; [timestamptz] "timestamp with time zone" ; [DATETIME TIMESTAMP] "DATETIME(6)" ;
            [feature = "time"] [] ::sqlx::types::time::PrimitiveDateTime, "PrimitiveDateTime", "time" ;
                [DATETIME TEXT INTEGER] "TEXT" ; [timestamp] "timestamp without time zone" ; [DATETIME] "DATETIME(6)" ;
            [feature = "time"] [] ::sqlx::types::time::Date, "Date", "time" ;
                [DATE TEXT] "TEXT" ; [date] "date" ; [DATE] "DATE" ;
            [feature = "time"] [] ::sqlx::types::time::Time, "Time", "time" ;
                [TIME TEXT] "TEXT" ; [time] "time without time zone" ; [TIME] "TIME(6)" ;
            [feature = "json"] [T] ::sqlx::types::Json<T>, "Json<T>", "json" ;
                [TEXT] "TEXT" ; [json jsonb] "jsonb" ; [JSON TEXT VARCHAR CHAR] "JSON" ;
            [feature = "json"] [] ::sqlx::types::JsonValue, "Value", "json" ;
                [TEXT] "TEXT" ; [json jsonb] "jsonb" ; [JSON TEXT VARCHAR CHAR] "JSON" ;
            [feature = "rust_decimal"] [] ::sqlx::types::Decimal, "Decimal", "rust_decimal" ;
                [] "" ; [numeric] "numeric" ; [DECIMAL] "DECIMAL(28, 10)" ;
            [feature = "bigdecimal"] [] ::sqlx::types::BigDecimal, "BigDecimal", "bigdecimal" ;
                [] "" ; [numeric] "numeric" ; [DECIMAL] "DECIMAL(60, 20)" ;
            [feature = "ipnetwork"] [] ::sqlx::types::ipnetwork::IpNetwork, "IpNetwork", "ipnetwork" ;
                [] "" ; [inet cidr] "inet" ; [] "" ;
        }
    };
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct RustType {
    /// Its name, as a field writes it.
    pub name: &'static str,
    /// The feature that it needs; empty for a type of the standard library.
    pub feature: &'static str,
    /// The kinds of column that can be read into it, by [`Dialect::index`].
    pub fits: [&'static [&'static str]; 3],
    /// The type of a column made for it, by [`Dialect::index`]; empty if there is none.
    pub sql: [&'static str; 3],
}

macro_rules! table {
    ($(
        [$($cfg:tt)*] [$($generic:ident)?] $type:ty, $name:literal, $feature:literal ;
        [$($sqlite:ident)*] $sqlite_sql:literal ; [$($postgres:ident)*] $postgres_sql:literal ; [$($mysql:ident)*] $mysql_sql:literal ;
    )*) => {
        /// Every type, in the order of the documentation.
        pub const RUST_TYPES: &[RustType] = &[$(RustType {
            name: $name,
            feature: $feature,
            fits: [&[$(stringify!($sqlite)),*], &[$(stringify!($postgres)),*], &[$(stringify!($mysql)),*]],
            sql: [$sqlite_sql, $postgres_sql, $mysql_sql],
        }),*];
    };
}

rust_types!(table);

/// The kind of a column's type, as the table of Rust types names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// One of the table.
    Known(&'static str),
    /// An array of a kind; PostgreSQL only.
    Array(Box<Self>),
    /// An expression of a view on SQLite, whose type depends on the row.
    Any,
    /// One that the table does not have.
    Unknown,
}

impl ColumnKind {
    /// The kind of a type as the database writes it.
    ///
    /// ```
    /// use migrate_chain::Dialect;
    /// use migrate_chain::types::ColumnKind;
    ///
    /// let of = |sql_type| ColumnKind::of(Dialect::Postgres, sql_type);
    /// assert_eq!(of("character varying(20)"), ColumnKind::Known("varchar"));
    /// assert_eq!(of("bigint[]"), ColumnKind::Array(Box::new(ColumnKind::Known("bigint"))));
    /// assert_eq!(of("geometry"), ColumnKind::Unknown);
    /// ```
    pub fn of(dialect: Dialect, sql_type: &str) -> Self {
        match dialect {
            Dialect::Sqlite if sql_type.is_empty() => Self::Any,
            Dialect::Sqlite => Self::known(dialect, sqlite(sql_type)),
            Dialect::Postgres => match sql_type.strip_suffix("[]") {
                Some(item) => Self::Array(Box::new(Self::of(dialect, item))),
                None => Self::known(dialect, &postgres(sql_type)),
            },
            Dialect::MySql => Self::known(dialect, &mysql(sql_type)),
        }
    }

    fn known(dialect: Dialect, name: &str) -> Self {
        let mut kinds = RUST_TYPES.iter().flat_map(|row| row.fits[dialect.index()]);
        kinds
            .find(|kind| **kind == name)
            .map_or(Self::Unknown, |kind| Self::Known(kind))
    }
}

/// As sqlx reads a declared type, which is nearly as SQLite does.
fn sqlite(sql_type: &str) -> &'static str {
    let lower = sql_type.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    match &*lower {
        "boolean" | "bool" => "BOOLEAN",
        "date" => "DATE",
        "time" => "TIME",
        "datetime" | "timestamp" => "DATETIME",
        _ if has(&["int"]) => "INTEGER",
        _ if has(&["char", "clob", "text"]) => "TEXT",
        _ if has(&["blob"]) => "BLOB",
        _ if has(&["real", "floa", "doub"]) => "REAL",
        _ => "NUMERIC",
    }
}

fn postgres(sql_type: &str) -> String {
    let (base, rest) = sql_type.split_once('(').unwrap_or((sql_type, ""));
    let after = rest.split_once(')').map_or("", |(_, after)| after);
    let name = match (base.trim(), after.trim()) {
        ("character varying", _) => "varchar",
        ("character", _) => "bpchar",
        ("\"char\"", _) => "char",
        ("double precision", _) => "double_precision",
        ("timestamp with time zone", _) | ("timestamp", "with time zone") => "timestamptz",
        ("timestamp without time zone", _) | ("timestamp", "without time zone") => "timestamp",
        ("time without time zone", _) | ("time", "without time zone") => "time",
        ("time" | "timestamp" | "char" | "varchar" | "bpchar", _) => "",
        (name, _) => name,
    };
    // An extension may be in a schema of its own.
    name.rsplit_once('.')
        .map_or(name, |(_, name)| name)
        .to_owned()
}

fn mysql(sql_type: &str) -> String {
    let lower = sql_type.to_ascii_lowercase();
    let base = lower.split(['(', ' ']).next().unwrap_or_default();
    let name = match base {
        "integer" => "INT",
        "tinytext" | "mediumtext" | "longtext" => "TEXT",
        "tinyblob" | "mediumblob" | "longblob" => "BLOB",
        "numeric" => "DECIMAL",
        base => &base.to_ascii_uppercase(),
    };
    if lower.contains(" unsigned") && name.ends_with("INT") {
        format!("{name}_UNSIGNED")
    } else {
        name.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_that_is_made_for_a_rust_type_can_be_read_into_it() {
        for row in RUST_TYPES {
            for dialect in Dialect::ALL {
                let sql = row.sql[dialect.index()];
                let fits = row.fits[dialect.index()];
                assert_eq!(sql.is_empty(), fits.is_empty(), "{} on {dialect}", row.name);
                if sql.is_empty() || sql == "BOOLEAN" && dialect == Dialect::MySql {
                    continue;
                }
                match ColumnKind::of(dialect, sql) {
                    ColumnKind::Known(kind) => {
                        assert!(fits.contains(&kind), "{} on {dialect}: {kind}", row.name);
                    }
                    other => panic!("{} on {dialect}: {other:?}", row.name),
                }
            }
        }
    }

    #[test]
    fn each_database_spells_its_types_in_its_own_way() {
        let of = |dialect, sql_type| match ColumnKind::of(dialect, sql_type) {
            ColumnKind::Known(kind) => kind,
            other => panic!("{sql_type}: {other:?}"),
        };
        assert_eq!(of(Dialect::MySql, "bigint unsigned"), "BIGINT_UNSIGNED");
        assert_eq!(of(Dialect::MySql, "tinyint(1)"), "TINYINT");
        assert_eq!(of(Dialect::MySql, "enum('a (b','c')"), "ENUM");
        assert_eq!(of(Dialect::MySql, "decimal(10,2) unsigned"), "DECIMAL");
        assert_eq!(
            of(Dialect::Postgres, "timestamp(3) with time zone"),
            "timestamptz"
        );
        assert_eq!(of(Dialect::Postgres, "character(2)"), "bpchar");
        assert_eq!(of(Dialect::Postgres, "public.citext"), "citext");
        assert_eq!(of(Dialect::Sqlite, "varchar(20)"), "TEXT");
        assert_eq!(ColumnKind::of(Dialect::Sqlite, ""), ColumnKind::Any);
        assert_eq!(
            ColumnKind::of(Dialect::Sqlite, "DECIMAL(10,2)"),
            ColumnKind::Unknown
        );
    }
}
