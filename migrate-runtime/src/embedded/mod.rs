//! The data of [`Migrations`](crate::Migrations), whether it was embedded or loaded.

#[cfg(feature = "include_dir")]
mod directory;
pub(crate) mod graph;
pub(crate) mod migrations;
pub(crate) mod stale;
pub(crate) mod store;
