//! Decides which constraints are part of their table's statement, and which are dropped apart from it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::details::Part;
use super::planner::Planner;
use crate::model::{Kind, Object, ObjectId};
use crate::order::order;

impl Planner<'_> {
    /// The constraints of new tables that need nothing which is created after their table.
    pub fn inline_constraints(&self) -> BTreeSet<ObjectId> {
        let to = self.schemas.to;
        let constraints: Vec<&Object> = to
            .of_kind(Kind::Constraint)
            .filter(|constraint| self.comes(&constraint.id) && self.comes(&table_of(constraint)))
            .collect();
        let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for constraint in &constraints {
            needs
                .entry(constraint.id.owner())
                .or_default()
                .extend(other_tables(constraint));
        }
        let places = places(&needs);
        let inline = constraints.into_iter().filter(|constraint| {
            let own = places.get(constraint.id.owner());
            other_tables(constraint)
                .all(|other| !places.contains_key(other) || places.get(other) < own)
                && constraint.part().and_then(Part::attached).is_none()
        });
        inline.map(|constraint| constraint.id.clone()).collect()
    }

    /// The constraints of tables that are dropped, to tables that are dropped before them.
    pub fn circular_constraints(&self) -> BTreeSet<ObjectId> {
        let goes = |table: &str| self.goes(&ObjectId::new(Kind::Table, table));
        let constraints: Vec<&Object> = self
            .schemas
            .from
            .of_kind(Kind::Constraint)
            .filter(|constraint| self.goes(&table_of(constraint)))
            .collect();
        let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for constraint in &constraints {
            for other in other_tables(constraint).filter(|other| goes(other)) {
                needs
                    .entry(other)
                    .or_default()
                    .insert(constraint.id.owner());
                needs.entry(constraint.id.owner()).or_default();
            }
        }
        let places = places(&needs);
        let circular = constraints.into_iter().filter(|constraint| {
            let own = places.get(constraint.id.owner());
            other_tables(constraint)
                .any(|other| places.get(other).is_some_and(|other| Some(other) < own))
        });
        circular.map(|constraint| constraint.id.clone()).collect()
    }
}

fn table_of(constraint: &Object) -> ObjectId {
    ObjectId::new(Kind::Table, constraint.id.owner())
}

fn places<'t>(needs: &BTreeMap<&'t str, BTreeSet<&'t str>>) -> BTreeMap<&'t str, usize> {
    let sorted = order(needs).into_iter().enumerate();
    sorted.map(|(place, table)| (table, place)).collect()
}

/// The tables that a constraint needs beside its own.
fn other_tables(constraint: &Object) -> impl Iterator<Item = &str> {
    let own = constraint.id.owner();
    let tables = constraint.depends_on.iter().filter(|id| {
        matches!(
            id.kind,
            Kind::Table | Kind::Column | Kind::Constraint | Kind::Index
        )
    });
    tables
        .map(ObjectId::owner)
        .filter(move |table| *table != own)
}
