//! SQLite: the catalog is text, and what ALTER TABLE cannot do rebuilds the table.

mod introspect;
mod parse;
mod plan;
mod rebuild;
mod words;

pub(crate) use introspect::introspect;
pub(crate) use plan::plan;

/// A name as a statement writes it.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
