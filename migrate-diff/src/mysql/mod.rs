//! MySQL and MariaDB: facts come from `information_schema`, and the server says itself how each thing is made.

pub(crate) mod algorithm;
mod catalog;
mod change;
pub mod details;
pub(crate) mod eye;
mod introspect;
mod loss;
mod options;
mod parse;
mod plan;
pub(crate) mod scratch;
mod sequence;
mod spell;
pub(crate) mod values;
mod words;

pub(crate) use introspect::introspect;
pub(crate) use loss::narrows;
pub(crate) use parse::quote;
pub(crate) use plan::plan;
pub(crate) use scratch::empty;
pub(crate) use spell::{spell, trigger};
