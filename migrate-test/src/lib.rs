#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(
        dead_code,
        unused_variables,
        reason = "without a database nothing is used"
    )
)]

mod database;
mod error;
mod fixture;
mod name;
mod office;
mod parameter;
mod provide;
mod run;
mod variables;

#[cfg(any(feature = "postgres", feature = "mysql"))]
mod budget;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod once;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod private;

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use database::TestDatabase;
pub use error::Error;
pub use migrate_macros::test;
pub use provide::TestBackend;

/// Items that the expansion of `#[embed_migrations::test]` names. Not part of the API.
#[doc(hidden)]
pub mod __test {
    pub use crate::fixture::Fixture;
    pub use crate::parameter::{Parameters, TestFn};
    pub use crate::run::{Flavor, Outcome, Test, run};
}
