//! Everything that differs between databases, and nothing else: [`Session`] is the seam, one file implements it for each.

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod answer;
pub(crate) mod any;
mod failure;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod held;
#[cfg(any(feature = "postgres", feature = "mysql"))]
mod lease;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod rows;
mod session;
#[cfg(feature = "sqlite")]
mod sqlite;
pub(crate) mod url;
mod work;

pub(crate) use failure::{Cause, Explained, Failure, rust_cause};
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
pub(crate) use held::UntilCommit;
pub use session::Database;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) use session::local_help;
pub(crate) use session::{
    InFlight, Opened, Progress, Session, Texts, Untold, connect_refused, inside_a_transaction,
    sealed,
};
pub(crate) use work::{Transactional, Work};
