//! Alembic for Rust: `embed_migrations!` checks a chain of revisions at build time and embeds it in the binary, and a
//! small runtime applies it to the database at start-up.

pub use migrate_runtime::*;

// The expansion of `embed_migrations!` names it through `$crate`, and so does whoever re-exports this crate.
#[doc(hidden)]
pub use migrate_runtime::__private;
