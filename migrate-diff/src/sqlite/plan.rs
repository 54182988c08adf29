//! The steps between two schemas of SQLite.

use std::collections::{BTreeMap, BTreeSet};

use super::introspect::{self, table_of};
use super::parse::{Column, Table};
use super::rebuild;
use super::refusal::{Refusals, tables};
use super::words::{mentions, pieces, quote};
use crate::difference::{Change, Comparison};
use crate::model::{Details, Kind, Object, ObjectId, Schema};
use crate::operation::{Operation, Operations};
use crate::order::order;

pub fn plan(comparison: Comparison<'_>) -> Operations {
    let fates = fates(comparison);
    let gone = outlived(comparison, &fates);
    let mut steps = Vec::new();
    steps.extend(drops(comparison.from, &gone));
    steps.extend(table_drops(comparison.from, &fates));
    steps.extend(table_changes(comparison, &fates));
    steps.extend(creations(comparison, &gone, &fates));
    let rebuilds = fates
        .values()
        .any(|fate| matches!(fate, TableFate::Dropped | TableFate::Rebuilt));
    Operations {
        steps,
        foreign_keys: !rebuilds,
        ..Operations::default()
    }
}

/// The fate of a table.
enum TableFate {
    Kept,
    Created,
    Dropped,
    /// Columns that come and columns that go, which ALTER TABLE can do.
    Altered {
        added: Vec<String>,
        removed: Vec<String>,
    },
    Rebuilt,
}

fn fates(comparison: Comparison<'_>) -> BTreeMap<String, TableFate> {
    let Comparison { from, to, .. } = comparison;
    let names = from
        .of_kind(Kind::Table)
        .chain(to.of_kind(Kind::Table))
        .map(|table| table.id.name.clone());
    names
        .map(|name| (name.clone(), fate(comparison, &name)))
        .collect()
}

fn fate(comparison: Comparison<'_>, name: &str) -> TableFate {
    let id = ObjectId::new(Kind::Table, name);
    let (old, new) = match (comparison.from.get(&id), comparison.to.get(&id)) {
        (Some(old), Some(new)) => (old, new),
        (Some(_), None) => return TableFate::Dropped,
        (None, _) => return TableFate::Created,
    };
    let columns = Delta::of(comparison, Kind::Column, name);
    let constraints = Delta::of(comparison, Kind::Constraint, name);
    let has_options = comparison.is_same(&id);
    if columns.is_empty() && constraints.is_empty() && has_options {
        return TableFate::Kept;
    }
    let alterable = columns.changed.is_empty()
        && constraints.changed.is_empty()
        && has_options
        && can_alter(&table_of(old), &table_of(new), &columns, &constraints);
    if alterable {
        TableFate::Altered {
            added: columns.added,
            removed: columns.removed,
        }
    } else {
        TableFate::Rebuilt
    }
}

/// The parts of a table that differ, by name.
#[derive(Default)]
struct Delta {
    added: Vec<String>,
    removed: Vec<String>,
    changed: Vec<String>,
}

impl Delta {
    fn of(comparison: Comparison<'_>, kind: Kind, table: &str) -> Self {
        let mut delta = Self::default();
        let old = comparison.from.parts(kind, table);
        for id in old.map(|old| &old.id).filter(|id| comparison.goes(id)) {
            match comparison.difference.of(id) {
                Some(Change::Altered { .. }) => delta.changed.push(id.name.clone()),
                _ => delta.removed.push(id.name.clone()),
            }
        }
        let new = comparison.to.parts(kind, table).map(|new| &new.id);
        let new = new.filter(|id| comparison.from.get(id).is_none());
        delta.added.extend(new.map(|id| id.name.clone()));
        delta
    }

    fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

fn can_alter(old: &Table, new: &Table, columns: &Delta, constraints: &Delta) -> bool {
    let inline = |table: &Table, columns: &[String], name: &String| {
        table.constraints.iter().any(|constraint| {
            introspect::constraint_id("", constraint).name == *name
                && constraint
                    .column
                    .as_ref()
                    .is_some_and(|column| columns.contains(&column.to_ascii_lowercase()))
        })
    };
    columns.added.iter().all(|column| can_add(new, column))
        && columns.removed.iter().all(|column| can_drop(old, column))
        && constraints
            .added
            .iter()
            .all(|name| inline(new, &columns.added, name))
        && constraints
            .removed
            .iter()
            .all(|name| inline(old, &columns.removed, name))
}

/// Whether ALTER TABLE can add the column to a table with rows. NOT NULL without a default cannot be, by any means.
fn can_add(table: &Table, name: &str) -> bool {
    let Some(column) = table.column(name).map(|column| &column.details) else {
        return false;
    };
    let constant = column
        .default
        .as_deref()
        .is_none_or(|default| !default.starts_with('(') && !default.starts_with("current_"));
    let has_value = column
        .default
        .as_deref()
        .is_some_and(|default| default != "null");
    let stored = column
        .generated
        .as_ref()
        .is_some_and(|generated| generated.stored);
    let mut own = table.constraints.iter().filter(|constraint| {
        constraint.columns.iter().any(|column| column == name)
            || constraint
                .column
                .as_deref()
                .is_some_and(|column| column.eq_ignore_ascii_case(name))
    });
    constant
        && !stored
        && own.all(|constraint| match constraint.details {
            Details::Key(_) => false,
            Details::ForeignKey(_) => !has_value && constraint.column.is_some(),
            _ => true,
        })
}

/// Whether ALTER TABLE can drop the column: nothing that stays in the table names it.
fn can_drop(table: &Table, name: &str) -> bool {
    let own = |column: &Option<String>| {
        column
            .as_deref()
            .is_some_and(|column| column.eq_ignore_ascii_case(name))
    };
    let constraints = table
        .constraints
        .iter()
        .all(|constraint| match constraint.details {
            Details::Check(_) => own(&constraint.column) || !mentions(&constraint.text, name),
            _ => !constraint.columns.iter().any(|column| column == name),
        });
    let generated = table.columns.iter().all(|column| {
        column.name.eq_ignore_ascii_case(name)
            || column
                .details
                .generated
                .as_ref()
                .is_none_or(|generated| !mentions(&generated.expression, name))
    });
    constraints && generated
}

/// The views, triggers, indexes and virtual tables that must go: for good, to come back changed, or because SQLite
/// reads them all while it alters a table.
fn outlived(comparison: Comparison<'_>, fates: &BTreeMap<String, TableFate>) -> BTreeSet<ObjectId> {
    let mut gone: BTreeSet<ObjectId> = comparison
        .from
        .objects()
        .filter(|object| {
            !matches!(
                object.id.kind,
                Kind::Table | Kind::Column | Kind::Constraint
            )
        })
        .filter(|object| comparison.goes(&object.id))
        .map(|object| object.id.clone())
        .collect();
    loop {
        let programs = [Kind::View, Kind::Trigger];
        let more: Vec<ObjectId> = programs
            .into_iter()
            .flat_map(|kind| comparison.from.of_kind(kind))
            .filter(|object| !gone.contains(&object.id) && is_disturbed(object, &gone, fates))
            .map(|object| object.id.clone())
            .collect();
        if more.is_empty() {
            return gone;
        }
        gone.extend(more);
    }
}

fn is_disturbed(
    object: &Object,
    gone: &BTreeSet<ObjectId>,
    fates: &BTreeMap<String, TableFate>,
) -> bool {
    let own = object
        .id
        .table
        .as_ref()
        .map(|table| [Kind::Table, Kind::View].map(|kind| ObjectId::new(kind, table)));
    let on = object
        .depends_on
        .iter()
        .cloned()
        .chain(own.into_iter().flatten());
    on.into_iter().any(|id| {
        gone.contains(&id)
            || id.kind == Kind::Table
                && fates.get(&id.name).is_some_and(|fate| match fate {
                    TableFate::Dropped | TableFate::Rebuilt => true,
                    TableFate::Altered { removed, .. } => removed
                        .iter()
                        .any(|column| mentions(&object.create, column)),
                    TableFate::Kept | TableFate::Created => false,
                })
    })
}

fn drops(from: &Schema, gone: &BTreeSet<ObjectId>) -> Vec<Operation> {
    let kinds = [Kind::Trigger, Kind::View, Kind::Index, Kind::VirtualTable];
    let of_kind = |kind| {
        from.of_kind(kind)
            .filter(|object| gone.contains(&object.id))
    };
    let step = |object: &Object| {
        let step = Operation::new(&object.drop);
        if object.id.kind == Kind::VirtualTable {
            step.destructive(format!("drops {} and all that it holds", object.id))
        } else {
            step
        }
    };
    kinds.into_iter().flat_map(of_kind).map(step).collect()
}

/// Children before their parents.
fn table_drops(from: &Schema, fates: &BTreeMap<String, TableFate>) -> Vec<Operation> {
    let dropped = in_order(from, |name| {
        matches!(fates.get(name), Some(TableFate::Dropped))
    });
    let step = |table: &Object| {
        Operation::new(&table.drop).destructive(format!("drops {} and its rows", table.id))
    };
    dropped.into_iter().rev().map(step).collect()
}

/// The tables that are chosen, parents before their children.
fn in_order(schema: &Schema, chosen: impl Fn(&str) -> bool) -> Vec<&Object> {
    let needs = schema
        .of_kind(Kind::Table)
        .filter(|table| chosen(&table.id.name))
        .map(|table| (table.id.clone(), table.depends_on.clone()))
        .collect();
    order(&needs)
        .iter()
        .filter_map(|id| schema.get(id))
        .collect()
}

fn table_changes(
    comparison: Comparison<'_>,
    fates: &BTreeMap<String, TableFate>,
) -> Vec<Operation> {
    let mut steps = Vec::new();
    for new in in_order(comparison.to, |_| true) {
        let old = comparison.from.get(&new.id);
        match (fates.get(&new.id.name), old) {
            (Some(TableFate::Created), _) => steps.push(Operation::new(&new.create)),
            (Some(TableFate::Altered { added, removed }), Some(_)) => {
                steps.extend(alterations(comparison, new, added, removed));
            }
            (Some(TableFate::Rebuilt), Some(old)) => {
                steps.extend(rebuild::rebuild(comparison, old, new));
            }
            _ => {}
        }
    }
    steps
}

fn alterations(
    comparison: Comparison<'_>,
    object: &Object,
    added: &[String],
    removed: &[String],
) -> Vec<Operation> {
    let Some((was, table)) = tables(comparison, &object.id.name) else {
        return Vec::new();
    };
    let refusals = Refusals {
        comparison,
        table: &object.id.name,
        written: &object.written,
        was: &was,
        becomes: &table,
    };
    let name = quote(&object.written);
    let add = added
        .iter()
        .filter_map(|column| table.column(column))
        .map(|column| {
            let definition = definition(&object.create, column);
            let step = Operation::new(format!("ALTER TABLE {name} ADD COLUMN {definition}"));
            let checks = table.constraints.iter().filter(|constraint| {
                let own = constraint.column.as_deref() == Some(&*column.name);
                own && matches!(constraint.details, Details::Check(_))
            });
            let checks = checks.map(|check| refusals.of_constraint(check));
            let all = refusals.of_new_column(column).into_iter().chain(checks);
            all.fold(step, Operation::blocking)
        });
    let drop = removed.iter().map(|column| {
        Operation::new(format!("ALTER TABLE {name} DROP COLUMN {}", quote(column))).destructive(
            format!("drops column {}.{column} and its values", object.id.name),
        )
    });
    add.chain(drop).collect()
}

/// A column's definition on one line, without comments.
fn definition(sql: &str, column: &Column) -> String {
    let text = &sql[column.place.clone()];
    let mut line = String::new();
    let mut end = 0;
    for piece in pieces(text) {
        if piece.place.start > end {
            line.push(' ');
        }
        line.push_str(piece.text);
        end = piece.place.end;
    }
    line
}

fn creations(
    comparison: Comparison<'_>,
    gone: &BTreeSet<ObjectId>,
    fates: &BTreeMap<String, TableFate>,
) -> Vec<Operation> {
    let Comparison { from, to, .. } = comparison;
    // With a table that is rebuilt its indexes and triggers are gone.
    let with_table = |id: &ObjectId| {
        id.table.as_ref().is_some_and(|table| {
            matches!(
                fates.get(table),
                Some(TableFate::Rebuilt | TableFate::Dropped)
            )
        })
    };
    let absent = |id: &ObjectId| from.get(id).is_none() || gone.contains(id) || with_table(id);
    let mut steps = Vec::new();
    for kind in [Kind::VirtualTable, Kind::Index, Kind::View, Kind::Trigger] {
        let needs = to
            .of_kind(kind)
            .filter(|object| absent(&object.id))
            .map(|object| (object.id.clone(), object.depends_on.clone()))
            .collect();
        for object in order(&needs).iter().filter_map(|id| to.get(id)) {
            let step = Operation::new(&object.create);
            steps.push(match refuses_rows(comparison, object) {
                Some(why) => step.blocking(why),
                None => step,
            });
        }
    }
    steps
}

/// Why a unique index may fail on a table that may have rows: it is new, or a rebuild changes the values of its columns.
fn refuses_rows(comparison: Comparison<'_>, object: &Object) -> Option<String> {
    let index = object.index().filter(|index| index.unique)?;
    let table = object.id.owner();
    let (was, becomes) = tables(comparison, table)?;
    let old = comparison.from.get(&ObjectId::new(Kind::Table, table))?;
    let refusals = Refusals {
        comparison,
        table,
        written: &old.written,
        was: &was,
        becomes: &becomes,
    };
    let predicate = index.predicate.as_deref().unwrap_or_default();
    let before = match comparison.difference.of(&object.id) {
        Some(Change::Altered { from, .. } | Change::Renamed { from, .. }) => from.index(),
        Some(_) => None,
        None => Some(index),
    };
    let was_unique = before.is_some_and(|before| {
        before.unique && before.columns == index.columns && before.predicate == index.predicate
    });
    let may_fail = !was_unique || refusals.is_touched(&index.columns, predicate);
    may_fail.then(|| refusals.of_index(index))
}
