//! How long a lease is good for, on each database that has one.

use std::time::Duration;

/// The seconds that a lease is good for: its owner may be gone for so long before another run starts.
pub const LENGTH: u64 = 30;

/// How often its owner renews it.
pub const BEAT: Duration = Duration::from_secs(LENGTH / 3);
