//! A plan in the making.

use std::collections::{BTreeMap, BTreeSet};

use super::super::grammar::Postgres;
use super::super::schemas::Schemas;
use crate::model::{Object, ObjectId};

/// What becomes of an object, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fate {
    Created,
    /// It changes in place.
    Altered,
    /// It is taken off what it depends on first, and gets its new form later: its values stay.
    Detached,
    /// It is dropped and recreated.
    Replaced,
    Dropped,
}

pub(super) struct Planner<'s> {
    pub(super) grammar: &'s Postgres,
    pub(super) schemas: Schemas<'s>,
    /// By object of the first schema, those that need it there or belong to it.
    pub(super) dependents: BTreeMap<&'s ObjectId, Vec<&'s Object>>,
    pub(super) fates: BTreeMap<ObjectId, Fate>,
    /// By the new id, the old one.
    pub(super) renamed: BTreeMap<ObjectId, ObjectId>,
    /// The constraints that are part of the statement of their new table.
    pub(super) inline: BTreeSet<ObjectId>,
    /// The constraints that must be dropped before their table, since tables refer to each other.
    pub(super) circular: BTreeSet<ObjectId>,
}
