//! What can be wrong with a chain, as data ([`Fault`]), and the text for each fault. The crate `migrate-render` draws
//! them.

mod fault;
mod help;
mod message;
mod sql;

pub use fault::{Diagnostic, Fault, Related, sort};
