//! The files of a migration directory: the tree, `migrate.toml`, and what a merge left in either.

pub mod config;
pub(crate) mod conflict;
pub mod tree;
