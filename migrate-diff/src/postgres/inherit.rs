//! Tables that inherit: how one joins parents and leaves them with the columns that it shares with them.

use std::collections::BTreeSet;

use super::column;
use super::recreate::old_name;
use super::schemas::Schemas;
use super::table::{column_names, columns_of};
use crate::model::{Kind, Object, ObjectId};
use crate::step::Step;

/// The steps that take a table to some parents, or off them.
pub fn steps<'p>(name: &str, parents: impl Iterator<Item = &'p str>, joins: bool) -> Vec<Step> {
    let word = if joins { "INHERIT" } else { "NO INHERIT" };
    let step = |parent: &str| Step::new(format!("ALTER TABLE {name} {word} {parent}"));
    parents.map(step).collect()
}

/// The steps from the parents of one form of a table to those of the other.
pub fn change(from: &Object, to: &Object, schemas: Schemas<'_>) -> Vec<Step> {
    let name = &to.id.name;
    let (old, new) = (parents(from), parents(to));
    let kept = old
        .iter()
        .zip(&new)
        .take_while(|(old, new)| old == new)
        .count();
    let mut all = missing_columns(to, schemas);
    let (before, after) = handed_over(to, schemas);
    all.extend(before);
    all.extend(steps(name, new[kept..].iter().copied(), true));
    all.extend(steps(name, old[kept..].iter().copied(), false));
    all.extend(after);
    all.extend(left_columns(name, schemas));
    all
}

fn parents(table: &Object) -> Vec<&str> {
    let parents = table.attribute("parent").into_iter();
    parents.flat_map(|parents| parents.split(", ")).collect()
}

/// Adds the columns of new parents that a table does not have.
fn missing_columns(table: &Object, schemas: Schemas<'_>) -> Vec<Step> {
    let name = &table.id.name;
    let mut has = column_names(name, schemas.from);
    let own = schemas.to.parts(Kind::Column, name);
    has.extend(own.map(|column| column.id.name.clone()));
    let mut steps = Vec::new();
    for parent in parents(table) {
        for column in columns_of(parent, schemas.to) {
            if !has.contains(&column.id.name) {
                has.push(column.id.name.clone());
                let definition = column::definition(column);
                steps.push(Step::new(format!(
                    "ALTER TABLE {name} ADD COLUMN {definition}"
                )));
            }
        }
    }
    steps
}

/// Drops the columns that a table inherited from parents that it leaves, and is not to have itself.
fn left_columns(name: &str, schemas: Schemas<'_>) -> Vec<Step> {
    let kept = column_names(name, schemas.to);
    let inherited = columns_of(name, schemas.from).into_iter();
    let inherited = inherited.filter(|column| column.id.owner() != name);
    let names: BTreeSet<&String> = inherited.map(|column| &column.id.name).collect();
    let left = names.into_iter().filter(|name| !kept.contains(name));
    left.map(|column| {
        Step::new(format!("ALTER TABLE {name} DROP COLUMN {column}"))
            .destructive(format!("drops column {name}.{column} and its values"))
    })
    .collect()
}

/// The steps before and after a table joins its parents that make its own columns its parents' alone. No ALTER says so: each
/// is added again by way of a parent that is there meanwhile, and its values are copied.
fn handed_over(table: &Object, schemas: Schemas<'_>) -> (Vec<Step>, Vec<Step>) {
    let name = &table.id.name;
    let own = table.attribute("own columns").unwrap_or_default();
    let is_own = |column: &str| {
        own.split(", ")
            .any(|line| line.starts_with(&format!("{column} ")))
    };
    let inherited: BTreeSet<&String> = parents(table)
        .into_iter()
        .flat_map(|parent| columns_of(parent, schemas.to))
        .map(|column| &column.id.name)
        .collect();
    let columns = inherited.into_iter().filter(|column| !is_own(column));
    let columns: Vec<&Object> = columns
        .filter_map(|column| schemas.from.get(&ObjectId::of(Kind::Column, name, column)))
        .collect();
    if columns.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let helper = format!("{}__parent", name.trim_end_matches('"'));
    let helper = if name.ends_with('"') {
        format!("{helper}\"")
    } else {
        helper
    };
    let mut before = vec![Step::new(format!("CREATE TABLE {helper} ()"))];
    before.extend(steps(name, std::iter::once(&*helper), true));
    before.extend(
        columns
            .into_iter()
            .flat_map(|column| copied(column, &helper)),
    );
    let mut after = steps(name, std::iter::once(&*helper), false);
    after.push(Step::new(format!("DROP TABLE {helper}")));
    (before, after)
}

/// Adds a column again by way of a parent.
fn copied(column: &Object, parent: &str) -> Vec<Step> {
    let (table, name) = (column.id.owner(), &column.id.name);
    let (alter, old) = (format!("ALTER TABLE {table}"), old_name(name));
    let kind = column.attribute("type").unwrap_or_default();
    let collation = column.attribute("collation");
    let collation = collation.map_or_else(String::new, |name| format!(" COLLATE {name}"));
    let default = column.attribute("default");
    let default =
        default.map(|default| format!("{alter} ALTER COLUMN {name} SET DEFAULT {default}"));
    let not_null = column.attribute("not null");
    let not_null = not_null.map(|_| format!("{alter} ALTER COLUMN {name} SET NOT NULL"));
    let text = format!("rewrites table {table}");
    let copy = Step::new(format!("UPDATE ONLY {table} SET {name} = {old}")).blocking(text);
    let first = [
        format!("{alter} RENAME COLUMN {name} TO {old}"),
        format!("ALTER TABLE {parent} ADD COLUMN {name} {kind}{collation}"),
    ];
    let last = [
        Some(format!("{alter} DROP COLUMN {old}")),
        default,
        not_null,
    ];
    let first = first.into_iter().map(Step::new);
    first
        .chain([copy])
        .chain(last.into_iter().flatten().map(Step::new))
        .collect()
}
