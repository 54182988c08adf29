#![doc = include_str!("../README.md")]
// Without a database nothing calls the runner.
#![cfg_attr(
    not(any(feature = "sqlite", feature = "postgres", feature = "mysql")),
    allow(
        dead_code,
        unreachable_code,
        unused_imports,
        unused_variables,
        reason = "only a database feature makes a session, or a pool"
    )
)]

mod api;
mod context;
mod database;
mod embedded;
mod foreign;
mod journal;
#[cfg(feature = "models")]
pub mod models;
mod point;
mod protocol;
mod script;
mod sql;
mod syntax;
#[cfg(feature = "to_sqlx")]
mod to_sqlx;
mod values;

pub use api::fleet::{Fleet, FleetReport, FleetResult};
pub use api::runner::Runner;
pub use context::{Batch, Batches, Context, FromRow, FromValue, Query, Row, Value};
pub use database::Database;
pub use database::any::AnyPool;
pub use embedded::migrations::{LoadError, Migrations};
/// The faults of a chain, as data: for those who want them as JSON, or in colour.
#[doc(inline)]
pub use migrate_chain::diagnostic;
pub use migrate_chain::plan::Direction;
pub use migrate_chain::{
    Checksum, Diagnostic, Dialect, Digest, DirectoryEntry, Place, Position, Revision, Source, Tree,
};
#[cfg(feature = "models")]
pub use migrate_macros::{Table, TableEnum, TableType};
#[doc(inline)]
pub use migrate_render as render;
#[cfg(feature = "models")]
pub use models::Table;
pub use values::error::{Error, ErrorKind, RevisionError};
pub use values::event::Event;
#[doc(hidden)]
pub use values::options::defaults;
pub use values::options::{Ahead, Resolution, TransactionMode};
pub use values::plan::{Plan, PlannedStep};
pub use values::report::{Report, StepReport};
pub use values::status::{Adoption, AheadRevision, Status, Unfinished};

/// The result of a Rust revision, and of this crate's calls with [`Error`] named.
pub type Result<T, E = RevisionError> = std::result::Result<T, E>;

/// Reads, checks and embeds a migration directory at build time. The value is a [`Migrations`], and a constant.
///
/// `embed_migrations!()` reads `migrations` next to the Cargo.toml of the calling crate, `embed_migrations!("path")`
/// another directory, relative to that Cargo.toml or absolute. Every setting lives in the directory's `migrate.toml`.
///
/// A broken chain fails the build, with each fault at its file, line and column.
#[macro_export]
macro_rules! embed_migrations {
    ($($directory:tt)*) => {
        $crate::__private::embed_migrations!($crate, $($directory)*)
    };
}

/// The names that the expansion of [`embed_migrations!`] uses. Not part of the API.
#[doc(hidden)]
pub mod __private {

    pub use std::borrow::Cow;

    pub use migrate_macros::embed_migrations;

    pub use crate::Migrations;
    use crate::RevisionError;
    pub use crate::context::RevisionFn;
    pub use crate::embedded::migrations::{EmbeddedMigrations, Functions};
    pub use crate::embedded::store::{Packed, Unpacked};

    /// The chain that replaces one with faults.
    pub const EMPTY: Migrations = Migrations::embedded(EmbeddedMigrations {
        directory: "",
        has_config_file: false,
        versions: &[],
        recursive: false,
        many_heads: false,
        version_table: "",
        version_table_schema: None,
        journal_table: "",
        connect: [None; 3],
        lease: false,
        adopt: None,
        chain: Packed {
            texts: &[],
            table: "",
            heads: &[],
            unpacked: empty,
        },
        functions: &[],
        source: None,
    });

    fn empty() -> &'static Unpacked {
        static EMPTY: Unpacked = Unpacked::new();
        &EMPTY
    }

    pub fn boxed<'a>(
        future: impl Future<Output = Result<(), RevisionError>> + Send + 'a,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), RevisionError>> + Send + 'a>> {
        Box::pin(future)
    }
}
