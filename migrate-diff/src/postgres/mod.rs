//! PostgreSQL.

mod catalog;
mod column;
mod comment;
mod constraint;
pub mod details;
mod domain;
pub mod eye;
mod grammar;
mod hazard;
mod inherit;
mod introspect;
mod name;
mod plan;
mod privilege;
mod recreate;
mod schemas;
pub mod scratch;
mod sequence;
mod table;
pub mod values;

pub use introspect::introspect;
pub use name::qualified;
pub use scratch::empty;

use grammar::Postgres;
use schemas::Schemas;

use crate::model::{Details, Kind, Object, ObjectId, Schema};
use crate::operation::{Operation, Operations, PlanOptions};

/// The steps between two schemas.
pub fn plan(from: &Schema, to: &Schema, options: PlanOptions) -> Operations {
    let mut plan = once(from, to, options, false);
    let (labels, rest): (Vec<Operation>, Vec<Operation>) =
        plan.steps.iter().cloned().partition(recreate::adds_label);
    if labels.is_empty() || rest.is_empty() {
        return plan;
    }
    // Only the next transaction may use a new label.
    if options.single {
        return once(from, to, options, true);
    }
    plan.before = labels;
    plan.steps = rest;
    plan
}

fn once(from: &Schema, to: &Schema, options: PlanOptions, never_in_place: bool) -> Operations {
    let (mut from, mut to) = (from.clone(), to.clone());
    let types = recreate::to_recreate(&from, &to, never_in_place);
    let mut turns = recreate::recreate(&mut from, &to, &types);
    sequence::note_serials(&mut from, &mut to, &mut turns);
    forget_parts_that_move(&mut from, &mut to);
    forget_parts_of_types(&mut from, &to);
    let tables = from.of_kind(Kind::Table).chain(to.of_kind(Kind::Table));
    let partitioned = tables.filter(|table| {
        let table = table.pg_table();
        table.is_some_and(|table| table.partition_by.is_some())
    });
    let grammar = Postgres {
        online: options.online,
        partitioned: partitioned.map(|table| table.id.name.clone()).collect(),
    };
    let schemas = Schemas {
        from: &from,
        to: &to,
        turns: &turns,
    };
    let mut plan = plan::plan(&grammar, schemas);
    postpone_bodies(&mut plan);
    plan
}

/// The columns of a typed table come, change and are dropped with its type.
fn forget_parts_of_types(from: &mut Schema, to: &Schema) {
    let is_typed = |column: &Object| {
        let table = ObjectId::new(Kind::Table, column.id.owner());
        let both = from.get(&table).zip(to.get(&table));
        let of_type = |table: &Object| table.pg_table()?.of_type.clone();
        both.is_some_and(|(old, new)| of_type(old).is_some_and(|kind| of_type(new) == Some(kind)))
    };
    let columns = from.of_kind(Kind::Column).chain(to.of_kind(Kind::Column));
    let typed: Vec<ObjectId> = columns
        .filter(|column| is_typed(column))
        .map(|column| column.id.clone())
        .collect();
    for id in typed {
        match (from.objects.get_mut(&id), to.get(&id)) {
            (Some(old), Some(new)) => {
                if let (Details::Column(old), Some(new)) = (&mut old.details, new.column()) {
                    old.data_type.clone_from(&new.data_type);
                    old.collation.clone_from(&new.collation);
                }
            }
            (Some(_), None) => {
                from.objects.remove(&id);
            }
            (None, Some(new)) => from.add(new.clone()),
            (None, None) => {}
        }
    }
}

/// A table that joins its parents or leaves them keeps its columns and constraints, which are then read as its own or
/// as its parents'.
fn forget_parts_that_move(from: &mut Schema, to: &mut Schema) {
    let moved = |table: &Object| {
        let new = to.get(&table.id).and_then(Object::pg_table);
        let both = table.pg_table().zip(new);
        both.is_some_and(|(old, new)| old.bound != new.bound || old.parents != new.parents)
    };
    let names: Vec<String> = from
        .of_kind(Kind::Table)
        .filter(|table| moved(table))
        .map(|table| table.id.name.clone())
        .collect();
    for name in names {
        let (was, is) = (
            inherit::column_names(&name, from),
            inherit::column_names(&name, to),
        );
        let ids: Vec<ObjectId> = from
            .objects
            .keys()
            .chain(to.objects.keys())
            .cloned()
            .collect();
        for id in ids.into_iter().filter(|id| id.owner() == name) {
            match (id.kind, from.get(&id), to.get(&id)) {
                (Kind::Column, None, Some(new)) if was.contains(&id.name) => from.add(new.clone()),
                (Kind::Column, Some(old), None) if is.contains(&id.name) => to.add(old.clone()),
                (Kind::Constraint | Kind::Trigger, old, new) if old.is_some() != new.is_some() => {
                    from.objects.remove(&id);
                    to.objects.remove(&id);
                }
                _ => {}
            }
        }
    }
}

/// A function's body may name objects that are created after it.
fn postpone_bodies(plan: &mut Operations) {
    let makes_function = |step: &Operation| {
        step.sql.starts_with("CREATE OR REPLACE FUNCTION")
            || step.sql.starts_with("CREATE OR REPLACE PROCEDURE")
    };
    if plan.steps.len() > 1 && plan.steps.iter().any(makes_function) {
        plan.steps
            .insert(0, Operation::new("SET LOCAL check_function_bodies = off"));
    }
}
