//! Everything that differs between databases, and nothing else: [`Session`] is the seam, one file implements it for each.

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
mod answer;
pub(crate) mod any;
mod failure;
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

pub(crate) use failure::{Failure, rust_failure};
pub use session::Database;
#[cfg(any(feature = "postgres", feature = "mysql"))]
pub(crate) use session::local_help;
pub(crate) use session::{
    Explained, InFlight, Opened, Progress, Session, connect_refused, inside_a_transaction, sealed,
};
pub(crate) use work::{Transactional, Work};
