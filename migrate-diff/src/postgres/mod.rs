//! PostgreSQL.

mod catalog;
mod column;
mod enums;
pub(crate) mod eye;
mod grammar;
mod introspect;
mod name;
pub(crate) mod scratch;
pub(crate) mod values;

pub(crate) use introspect::introspect;
pub(crate) use name::qualified;

use grammar::Postgres;

use crate::ddl;
use crate::model::{Kind, Object, Schema};
use crate::step::{Options, Plan, Step};

/// The steps between two schemas.
pub(crate) fn plan(from: &Schema, to: &Schema, options: Options) -> Plan {
    let mut plan = once(from, to, options, false);
    let (labels, rest): (Vec<Step>, Vec<Step>) =
        plan.steps.iter().cloned().partition(enums::adds_label);
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

fn once(from: &Schema, to: &Schema, options: Options, never_in_place: bool) -> Plan {
    let (mut from, mut to) = (from.clone(), to.clone());
    for id in enums::to_recreate(&from, &to, never_in_place) {
        enums::recreate(&mut from, &mut to, &id);
    }
    forget_parts_that_move(&mut from, &mut to);
    let mut plan = ddl::plan(
        &Postgres {
            online: options.online,
        },
        &from,
        &to,
    );
    postpone_bodies(&mut plan);
    plan
}

/// A table that joins its parents or leaves them keeps its columns and constraints, which are then read as its own or
/// as its parents'.
fn forget_parts_that_move(from: &mut Schema, to: &mut Schema) {
    let moved = |table: &Object| {
        to.get(&table.id).is_some_and(|new| {
            ["bound", "parent"]
                .iter()
                .any(|name| new.attribute(name) != table.attribute(name))
        })
    };
    let names: Vec<String> = from
        .of_kind(Kind::Table)
        .filter(|table| moved(table))
        .map(|table| table.id.name.clone())
        .collect();
    for name in names {
        let ids: Vec<_> = from
            .objects
            .keys()
            .chain(to.objects.keys())
            .cloned()
            .collect();
        for id in ids {
            let is_part = matches!(
                id.kind,
                Kind::Column | Kind::Constraint | Kind::Index | Kind::Trigger
            );
            if is_part && id.owner() == name && from.get(&id).is_some() != to.get(&id).is_some() {
                from.objects.remove(&id);
                to.objects.remove(&id);
            }
        }
    }
}

/// What a function's body names may be made after it.
fn postpone_bodies(plan: &mut Plan) {
    let makes_function = |step: &Step| {
        step.sql.starts_with("CREATE OR REPLACE FUNCTION")
            || step.sql.starts_with("CREATE OR REPLACE PROCEDURE")
    };
    if plan.steps.len() > 1 && plan.steps.iter().any(makes_function) {
        plan.steps
            .insert(0, Step::new("SET LOCAL check_function_bodies = off"));
    }
}
