//! MySQL and MariaDB: the server says itself how each thing is made.

mod introspect;
mod loss;
mod parse;
mod plan;
pub(crate) mod scratch;

pub(crate) use introspect::introspect;
pub(crate) use plan::plan;

/// A name as a statement writes it.
pub(crate) fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
