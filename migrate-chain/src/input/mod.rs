//! The files of a migration directory: the tree, `migrate.toml`, and merge conflicts in either.

pub mod config;
pub(crate) mod conflict;
pub mod package;
pub mod tree;
