#![doc = include_str!("../README.md")]

mod chain;
mod check;
pub mod config;
mod conflict;
pub mod diagnostic;
mod dialect;
pub mod digest;
mod draft;
mod fingerprint;
pub mod graph;
mod header;
pub mod load;
mod marker;
mod message;
pub mod names;
pub mod pack;
mod parallel;
pub mod plan;
mod recorded;
pub mod revision;
mod script;
pub mod source;
pub mod sql;
mod suggest;
pub mod target;
pub mod tree;
mod walk;

pub use chain::Chain;
pub use diagnostic::Diagnostic;
pub use dialect::{Dialect, UnknownDialect};
pub use digest::{Checksum, Digest};
pub use load::{load, load_tree};
pub use recorded::Recorded;
pub use revision::{DialectSet, ForeignKeys, Revision};
pub use source::{Place, Position, Source};
pub use tree::{Disk, Entry, Tree};
