//! A crate that calls embed-migrations by another name, and hands the macro on.

pub use chain::embed_migrations as embed;

pub static MIGRATIONS: chain::Migrations = embed!("../library/migrations");
