//! Both sides of a plan.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{ObjectId, Schema};

/// The schema that is there, and the one that is wanted.
#[derive(Clone, Copy)]
pub struct Schemas<'s> {
    pub from: &'s Schema,
    pub to: &'s Schema,
    pub turns: &'s Turns,
}

/// Changes that take several objects at once, and that no object shows by itself.
#[derive(Clone, Debug, Default)]
pub struct Turns {
    /// The types that are recreated under their name.
    pub types: BTreeSet<ObjectId>,
    /// The columns that have one of these types.
    pub columns: BTreeSet<ObjectId>,
    /// By identity column that was serial, its old sequence.
    pub from_serial: BTreeMap<ObjectId, String>,
    /// By serial column that was an identity column, its new sequence.
    pub to_serial: BTreeMap<ObjectId, Serial>,
}

/// The sequence of a serial column.
#[derive(Clone, Debug)]
pub struct Serial {
    pub name: String,
    /// The statement that creates it.
    pub create: String,
}

impl Turns {
    /// Whether an object changes although it says the same.
    pub fn has(&self, id: &ObjectId) -> bool {
        self.types.contains(id)
            || self.columns.contains(id)
            || self.from_serial.contains_key(id)
            || self.to_serial.contains_key(id)
    }
}
