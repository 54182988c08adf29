//! The lease, on each database that has one: how long it is good for, and who can take it.

use std::time::Duration;

use crate::values::error::{Error, ErrorKind};

/// The seconds that a lease is good for: its owner may be gone for so long before another run starts.
pub const LENGTH: u64 = 30;

/// How often its owner renews it.
pub const BEAT: Duration = Duration::from_secs(LENGTH / 3);

/// The lease cannot be taken on a connection that was passed.
pub fn needs_a_pool() -> Error {
    Error::new(
        ErrorKind::Unsupported,
        "runs keep each other out by a lease here, which needs a second connection to renew it",
    )
    .help("pass a pool instead of a connection; nothing was changed")
}
