//! Tells which Rust type can hold a column of which type.

/// A type that sqlx reads from a column of type `C`.
///
/// ```
/// use migrate_runtime::models::{Fits, Nullable, mysql, postgres, sqlite};
///
/// fn fits<T: Fits<C>, C>() {}
/// fits::<i64, sqlite::INTEGER>();
/// fits::<Option<String>, Nullable<postgres::varchar>>();
/// fits::<Vec<i32>, postgres::Array<postgres::integer>>();
/// fits::<Vec<u8>, mysql::BLOB>();
/// ```
///
/// A type that is too small, or of another kind, does not fit:
///
/// ```compile_fail,E0277
/// fn fits<T: migrate_runtime::models::Fits<C>, C>() {}
/// fits::<i32, migrate_runtime::models::postgres::bigint>();
/// ```
///
/// ```compile_fail,E0277
/// fn fits<T: migrate_runtime::models::Fits<C>, C>() {}
/// fits::<String, migrate_runtime::models::Nullable<migrate_runtime::models::sqlite::TEXT>>();
/// ```
///
/// It is implemented for the types that sqlx reads, with the features `uuid`, `chrono`, `time`, `json`, `rust_decimal`,
/// `bigdecimal` and `ipnetwork` for those of other crates. `#[derive(TableType)]` implements it for a newtype,
/// `#[derive(TableEnum)]` for an enum.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold a column of type `{C}`",
    label = "sqlx does not read that column into this type",
    note = "a newtype needs `#[derive(TableType)]`, an enum `#[derive(TableEnum)]`, and a field can say `#[table(as = i64)]`",
    note = "a type of another crate needs the feature of embed-migrations that is called like the crate: `uuid`, `chrono`, `time`, \
            `json`, `rust_decimal`, `bigdecimal`, `ipnetwork`"
)]
pub trait Fits<C> {
    /// The labels of an enum, which are compared with the texts that the column is limited to.
    const LABELS: Option<&'static [&'static str]> = None;
}

/// A column that can be NULL.
pub struct Nullable<C>(std::marker::PhantomData<C>);

/// An expression of a view in SQLite, whose type depends on the row.
pub struct ANY;

impl<T: Fits<C>, C> Fits<Nullable<C>> for Option<T> {
    const LABELS: Option<&'static [&'static str]> = T::LABELS;
}

impl<T: Fits<C>, C> Fits<postgres::Array<C>> for Vec<T> {}

macro_rules! kinds {
    ($($name:ident)*) => {
        $(
            #[doc = concat!("The type `", stringify!($name), "`.")]
            #[allow(non_camel_case_types, reason = "it is called like the type of the database, which rustc shows")]
            pub struct $name;
        )*
    };
}

/// The types of SQLite's columns, as sqlx reads their declarations.
pub mod sqlite {
    kinds! { INTEGER REAL TEXT BLOB BOOLEAN DATE TIME DATETIME }
}

/// The types of PostgreSQL's columns.
pub mod postgres {
    kinds! {
        boolean char smallint integer bigint real double_precision numeric text varchar bpchar name citext bytea uuid
        timestamptz timestamp date time json jsonb inet cidr
    }

    /// An array.
    pub struct Array<C>(std::marker::PhantomData<C>);

    /// An enum of the database. The number is made of its name: `#[sqlx(type_name = "…")]` has to be the same.
    pub struct Enum<const NAME: u64>;
}

/// The types of MySQL's and MariaDB's columns.
pub mod mysql {
    kinds! {
        TINYINT SMALLINT MEDIUMINT INT BIGINT TINYINT_UNSIGNED SMALLINT_UNSIGNED MEDIUMINT_UNSIGNED INT_UNSIGNED
        BIGINT_UNSIGNED FLOAT DOUBLE DECIMAL BIT YEAR CHAR VARCHAR TEXT ENUM SET BINARY VARBINARY BLOB DATE TIME DATETIME
        TIMESTAMP JSON UUID
    }
}

macro_rules! fits {
    ($(
        [$($cfg:tt)*] [$($generic:ident)?] $type:ty, $name:literal, $feature:literal ;
        [$($sqlite:ident)*] $sqlite_sql:literal ; [$($postgres:ident)*] $postgres_sql:literal ; [$($mysql:ident)*] $mysql_sql:literal ;
    )*) => {
        $(
            fits!(@each [$($cfg)*] [$($generic)?] [$type] [$(sqlite::$sqlite)* $(postgres::$postgres)* $(mysql::$mysql)* (ANY)]);
        )*
    };
    (@each $cfg:tt $generic:tt $type:tt [$($database:ident :: $kind:ident)* (ANY)]) => {
        $(fits!(@one $cfg $generic $type $database::$kind);)*
        fits!(@one $cfg $generic $type ANY);
    };
    (@one [$($cfg:tt)*] [$($generic:ident)?] [$type:ty] $column:path) => {
        #[cfg($($cfg)*)]
        #[diagnostic::do_not_recommend]
        impl<$($generic)?> Fits<$column> for $type {}
    };
}

migrate_chain::rust_types!(fits);
