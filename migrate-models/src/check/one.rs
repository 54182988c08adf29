//! A struct beside the schema that it is compared with.

use migrate_chain::Dialect;
use migrate_chain::lock::{Built, Lock, Locked};

use crate::model::Model;

/// A struct and the schema of one database.
pub struct One<'c> {
    pub model: &'c Model,
    pub lock: &'c Lock,
    pub locked: &'c Locked,
    /// The columns about which the declaration says enough.
    pub drifted: &'c [String],
}

impl One<'_> {
    pub fn dialect(&self) -> Dialect {
        self.locked.of.dialect
    }

    pub fn built(&self) -> &Built {
        &self.locked.built
    }
}
