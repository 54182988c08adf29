//! A struct or an enum against the facts of a lock.

mod column;
mod drift;
mod labels;
mod report;
mod table;
#[cfg(test)]
mod tests;

use migrate_chain::Dialect;
use migrate_chain::lock::Lock;
use migrate_chain::types::ColumnKind;
use proc_macro2::TokenStream;
use syn::Error;

pub use self::labels::check_enum;
use self::report::Report;
use self::table::One;
use crate::model::Model;

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

/// Compares a struct with the schema of each database in a lock.
pub fn check(model: &Model, lock: &Lock) -> Finding {
    let mut report = Report::new(lock);
    let drifted = drift::model(model, lock, &mut report);
    let mut finding = Finding::default();
    for locked in &lock.databases {
        let one = One {
            model,
            lock,
            locked,
            drifted: &drifted,
        };
        one.check(&mut report, &mut finding);
    }
    finding.errors = report.finish();
    finding.required.sort();
    finding.required.dedup();
    finding
}
