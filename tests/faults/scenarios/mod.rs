//! Cases whose fault has no moment.

pub mod concurrent_index;
pub mod empty_database;
pub mod errors;
pub mod refused;
pub mod two_versions;
