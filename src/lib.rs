#![doc = include_str!("../README.md")]

pub use migrate_runtime::*;

// The expansion of `embed_migrations!` names it through `$crate`, and so does whoever re-exports this crate.
#[doc(hidden)]
pub use migrate_runtime::__private;
