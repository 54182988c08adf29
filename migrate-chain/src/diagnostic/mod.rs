//! The faults of a chain, as data ([`Fault`]), and the text for each. The crate `migrate-render` draws them.

mod fault;
mod help;
mod message;
mod sql;

pub use fault::{Diagnostic, Fault, Related, sort};
