//! The result of a comparison.

use migrate_chain::Dialect;
use migrate_chain::types::ColumnKind;
use proc_macro2::TokenStream;
use syn::Error;

/// The result of a comparison.
#[derive(Debug, Default)]
pub struct Finding {
    /// Faults in names, nullability and declarations.
    pub errors: Vec<Error>,
    /// The types that rustc has to compare.
    pub held: Vec<Held>,
    /// The columns that need a field, where fields of another struct are columns, too.
    pub required: Vec<String>,
}

/// A type that has to fit a column.
#[derive(Debug)]
pub struct Held {
    /// The type.
    pub ty: TokenStream,
    /// The database of the column.
    pub dialect: Dialect,
    /// The kind of the column.
    pub holding: Holding,
    /// Whether the type has to hold NULL as well.
    pub nullable: bool,
    /// The name of the column, with its table before it.
    pub place: String,
    /// The texts that the column is limited to; none where any text may be in it.
    pub labels: Vec<String>,
}

/// The kind of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holding {
    /// One of the table of Rust types, or an array of one.
    Kind(ColumnKind),
    /// An enum of the database, by name.
    Enum(String),
}
