//! SQLite: the catalog is text, and what ALTER TABLE cannot do rebuilds the table.

pub mod details;
pub(crate) mod eye;
mod introspect;
pub(crate) mod parse;
mod plan;
mod rebuild;
mod refusal;
pub(crate) mod values;
mod words;

pub(crate) use introspect::introspect;
pub(crate) use plan::plan;
pub(crate) use rebuild::narrows;
pub(crate) use words::quote;
