//! MySQL and MariaDB: the server says itself how each thing is made.

mod introspect;
mod loss;
mod parse;
mod plan;
pub(crate) mod scratch;

pub(crate) use introspect::introspect;
pub(crate) use parse::quote;
pub(crate) use plan::plan;
