//! Database migrations checked at build time, embedded in the binary, and applied at startup: Alembic for Rust.
//!
//! - [`embed_migrations!`] reads and checks a migration directory when your crate compiles, and embeds it. A broken chain
//!   fails the build, with every fault at its file, line and column.
//! - [`Migrations`] is the embedded chain. [`Migrations::upgrade`] brings a database to its heads, however many processes
//!   call it at once.
//! - [`Runner`] has the settings of a run: target, timeouts, one transaction for everything, events.
//! - [`Context`] is what a revision written in Rust works with.
//! - [`cli`](https://docs.rs/embed-migrations/latest/embed_migrations/cli/) mounts the commands in your own binary.
//!
//! The command line is the package [`cargo-migrate`](https://crates.io/crates/cargo-migrate); the README has the first
//! steps, and `docs/` in the repository is the guide.
//!
//! ```no_run
//! use embed_migrations::{Migrations, embed_migrations};
//!
//! static MIGRATIONS: Migrations = embed_migrations!();
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let pool = sqlx::SqlitePool::connect("sqlite:app.db?mode=rwc").await?;
//!     println!("{}", MIGRATIONS.upgrade(&pool).await?); // upgraded 3 revisions in 4 ms, now at 1975ea83b712
//!     Ok(())
//! }
//! ```
//!
//! Each database is a feature: `sqlite`, `postgres`, `mysql` (also for MariaDB). `cli` adds the commands, `test` a migrated
//! database for each test, `include_dir` the constructor `Migrations::from_dir`.
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
