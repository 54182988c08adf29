//! A plan in the making.

use std::collections::{BTreeMap, BTreeSet};

use super::super::grammar::Postgres;
use super::super::schemas::Schemas;
use crate::model::{Object, ObjectId};

/// The fate of an object, the weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    Created,
    /// It changes in place.
    Altered,
    /// It is taken off what it depends on first, and gets its new form later: its values stay.
    Detached,
    /// It is dropped and recreated.
    Replaced,
    Dropped,
}

pub struct Planner<'s> {
    pub grammar: &'s Postgres,
    pub schemas: Schemas<'s>,
    /// By object of the first schema, those that need it there or belong to it.
    pub dependents: BTreeMap<&'s ObjectId, Vec<&'s Object>>,
    pub fates: BTreeMap<ObjectId, Fate>,
    /// By the new id, the old one.
    pub renamed: BTreeMap<ObjectId, ObjectId>,
    /// The constraints that are part of the statement of their new table.
    pub inline: BTreeSet<ObjectId>,
    /// The constraints that must be dropped before their table, since tables refer to each other.
    pub circular: BTreeSet<ObjectId>,
}
