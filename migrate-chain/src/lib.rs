//! The revision chain of embed-migrations: parse, check, hash and plan.
//!
//! Nothing here knows a database, a terminal or an async runtime. The proc macro, the runtime and the command line
//! all stand on this crate, so that a chain means the same thing wherever it is read.

mod dialect;
pub mod diagnostic;
pub mod graph;
pub mod plan;
pub mod sql;
pub mod target;
mod walk;

pub use dialect::Dialect;
