//! Database migrations checked at build time, embedded in the binary, and applied at startup: Alembic for Rust.
//!
//! **Read first:** [the guide], with a [tutorial], [models], [deploying] and a page for [each tool that you come from][moving].
//! The command line is [`cargo-migrate`]: `cargo install cargo-migrate`.
//!
//! ```no_run
//! use embed_migrations::{Migrations, embed_migrations};
//!
//! static MIGRATIONS: Migrations = embed_migrations!(); // reads ./migrations when this compiles
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let pool = sqlx::SqlitePool::connect("sqlite:app.db?mode=rwc").await?;
//!     println!("{}", MIGRATIONS.upgrade(&pool).await?); // upgraded 3 revisions in 4 ms
//!     Ok(())
//! }
//! ```
//!
//! - [`embed_migrations!`] reads and checks a migration directory when your crate compiles, and embeds it. A broken chain
//!   fails the build, with every fault at its file, line and column.
//! - [`Migrations`] is the embedded chain. [`Migrations::upgrade`] brings a database to its heads, however many processes
//!   call it at once.
//! - [`Runner`] has the settings of a run: target, timeouts, one transaction for everything, events.
//! - [`Context`] is what a revision written in Rust works with.
//! - [`Error`] says what failed, where, and what to do next.
//!
//! # Features
//!
//! | feature | |
//! |---|---|
//! | `sqlite`, `postgres`, `mysql` | a database each; `mysql` is also for MariaDB |
//! | `models` | structs that are compared with the chain when they are compiled: `#[derive(Table)]` |
//! | `uuid`, `chrono`, `time`, `json`, `rust_decimal`, `bigdecimal`, `ipnetwork` | types that such structs can have, as in sqlx |
//! | `cli` | [the commands][cli], to mount in your own binary |
//! | `test` | a migrated database for each test: `#[embed_migrations::test(MIGRATIONS)]` |
//! | `include_dir` | `Migrations::from_dir` |
//!
//! [`cargo-migrate`]: https://crates.io/crates/cargo-migrate
//! [cli]: https://docs.rs/embed-migrations/latest/embed_migrations/cli/
#![doc = concat!("[the guide]: ", env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/SUMMARY.md")]
#![doc = concat!("[tutorial]: ", env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/tutorial.md")]
#![doc = concat!("[models]: ", env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/models.md")]
#![doc = concat!("[deploying]: ", env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/deploy.md")]
#![doc = concat!("[moving]: ", env!("CARGO_PKG_REPOSITORY"), "/blob/main/docs/moving/README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub use migrate_runtime::*;

#[cfg(feature = "cli")]
#[cfg_attr(docsrs, doc(cfg(feature = "cli")))]
#[doc(inline)]
pub use migrate_command as cli;

#[cfg(feature = "test")]
#[cfg_attr(docsrs, doc(cfg(feature = "test")))]
#[doc(inline)]
pub use migrate_test::{Error as TestError, TestBackend, TestDatabase, test};

#[cfg(feature = "test")]
#[doc(hidden)]
pub use migrate_test::__test;

/// The code of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
