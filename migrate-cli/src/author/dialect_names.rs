//! Databases by the names that they have in files, for serde.

use migrate_chain::Dialect;
use serde::{Serialize as _, Serializer};

/// Writes databases by the names that they have in files.
pub fn dialects<S: Serializer>(dialects: &[Dialect], to: S) -> Result<S::Ok, S::Error> {
    names(dialects).serialize(to)
}

/// Writes a database by the name that it has in files.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
pub fn dialect<S: Serializer>(dialect: &Dialect, to: S) -> Result<S::Ok, S::Error> {
    dialect.name().serialize(to)
}

pub fn names(dialects: &[Dialect]) -> Vec<&'static str> {
    dialects.iter().map(|dialect| dialect.name()).collect()
}
