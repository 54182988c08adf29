#![doc = include_str!("../README.md")]

pub mod adopt;
mod chain;
mod check;
pub mod diagnostic;
mod dialect;
pub mod digest;
mod fingerprint;
pub mod graph;
mod input;
pub mod lint;
pub mod load;
pub mod lock;
mod parallel;
pub mod plan;
pub mod revision;
pub mod source;
pub mod sql;
mod suggest;
pub mod types;

pub use chain::Chain;
pub use diagnostic::Diagnostic;
pub use dialect::{Dialect, UnknownDialect};
pub use digest::{Checksum, Digest};
pub use input::conflict::conflict_markers;
pub use input::tree::{DirectoryEntry, Disk, Tree};
pub use input::{config, package, tree};
pub use load::{load, load_tree};
pub use plan::target;
pub use revision::keys::{HEADER_KEYS, HeaderKey};
pub use revision::recorded::Recorded;
pub use revision::{DialectSet, ForeignKeys, Revision};
pub use revision::{names, pack};
pub use source::{Place, Position, Source};
pub use suggest::nearest_name;
