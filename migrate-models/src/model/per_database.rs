//! A text for each database.

use migrate_chain::Dialect;

/// A text for each database, by [`Dialect::index`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PerDatabase(pub [Option<String>; 3]);

impl PerDatabase {
    /// The text for one.
    pub fn get(&self, dialect: Dialect) -> Option<&str> {
        self.0[dialect.index()].as_deref()
    }
}
