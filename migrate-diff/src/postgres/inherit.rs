//! Tables that inherit: how one joins parents and leaves them with the columns that it shares with them.

use std::collections::BTreeSet;

use super::column;
use super::details::Table;
use super::recreate::old_name;
use super::schemas::Schemas;
use crate::model::{Kind, Object, ObjectId, Schema};
use crate::operation::Operation;

/// The steps that take a table to some parents, or off them.
pub fn steps(name: &str, parents: &[String], joins: bool) -> Vec<Operation> {
    let word = if joins { "INHERIT" } else { "NO INHERIT" };
    let step = |parent: &String| Operation::new(format!("ALTER TABLE {name} {word} {parent}"));
    parents.iter().map(step).collect()
}

/// The steps from the parents of one form of a table to those of the other. A column that two parents share for a moment
/// stays an inherited one.
pub fn change(name: &str, (from, to): (&Table, &Table), schemas: Schemas<'_>) -> Vec<Operation> {
    let both = from.parents.iter().zip(&to.parents);
    let kept = both.take_while(|(old, new)| old == new).count();
    let mut all = missing_columns(name, to, schemas);
    let (before, after) = handed_over(name, to, schemas);
    all.extend(before);
    all.extend(steps(name, &to.parents[kept..], true));
    all.extend(steps(name, &from.parents[kept..], false));
    all.extend(after);
    all.extend(left_columns(name, schemas));
    all
}

/// Adds the columns of new parents that a table does not have.
fn missing_columns(name: &str, table: &Table, schemas: Schemas<'_>) -> Vec<Operation> {
    let mut has = column_names(name, schemas.from);
    let own = schemas.to.parts(Kind::Column, name);
    has.extend(own.map(|column| column.id.name.clone()));
    let mut steps = Vec::new();
    for parent in &table.parents {
        for column in columns_of(parent, schemas.to) {
            if !has.contains(&column.id.name) {
                has.push(column.id.name.clone());
                let definition = column::definition(column);
                steps.push(Operation::new(format!(
                    "ALTER TABLE {name} ADD COLUMN {definition}"
                )));
            }
        }
    }
    steps
}

/// Drops the columns that a table inherited from parents that it leaves, and is not to have itself.
fn left_columns(name: &str, schemas: Schemas<'_>) -> Vec<Operation> {
    let kept = column_names(name, schemas.to);
    let inherited = columns_of(name, schemas.from).into_iter();
    let inherited = inherited.filter(|column| column.id.owner() != name);
    let names: BTreeSet<&String> = inherited.map(|column| &column.id.name).collect();
    let left = names.into_iter().filter(|name| !kept.contains(name));
    left.map(|column| {
        Operation::new(format!("ALTER TABLE {name} DROP COLUMN {column}"))
            .destructive(format!("drops column {name}.{column} and its values"))
    })
    .collect()
}

/// The steps before and after a table joins its parents that make its own columns its parents' alone. No ALTER says so: each
/// is added again by way of a parent that is there meanwhile, and its values are copied.
fn handed_over(
    name: &str,
    table: &Table,
    schemas: Schemas<'_>,
) -> (Vec<Operation>, Vec<Operation>) {
    let is_own = |column: &str| {
        let start = format!("{column} ");
        table
            .own_columns
            .iter()
            .any(|line| line.starts_with(&start))
    };
    let inherited: BTreeSet<&String> = table
        .parents
        .iter()
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
    let mut before = vec![Operation::new(format!("CREATE TABLE {helper} ()"))];
    before.extend(steps(name, std::slice::from_ref(&helper), true));
    before.extend(
        columns
            .into_iter()
            .flat_map(|column| copied(column, &helper)),
    );
    let mut after = steps(name, std::slice::from_ref(&helper), false);
    after.push(Operation::new(format!("DROP TABLE {helper}")));
    (before, after)
}

/// Adds a column again by way of a parent.
fn copied(column: &Object, parent: &str) -> Vec<Operation> {
    let (table, name) = (column.id.owner(), &column.id.name);
    let (alter, old) = (format!("ALTER TABLE {table}"), old_name(name));
    let Some(details) = column.column() else {
        return Vec::new();
    };
    let kind = &details.data_type;
    let collation = details.collation.as_ref();
    let collation = collation.map_or_else(String::new, |name| format!(" COLLATE {name}"));
    let default = details.default.as_ref();
    let default =
        default.map(|default| format!("{alter} ALTER COLUMN {name} SET DEFAULT {default}"));
    let not_null = format!("{alter} ALTER COLUMN {name} SET NOT NULL");
    let not_null = details.not_null.then_some(not_null);
    let text = format!("rewrites table {table}");
    let copy = Operation::new(format!("UPDATE ONLY {table} SET {name} = {old}")).blocking(text);
    let first = [
        format!("{alter} RENAME COLUMN {name} TO {old}"),
        format!("ALTER TABLE {parent} ADD COLUMN {name} {kind}{collation}"),
    ];
    let last = [
        Some(format!("{alter} DROP COLUMN {old}")),
        default,
        not_null,
    ];
    let first = first.into_iter().map(Operation::new);
    first
        .chain([copy])
        .chain(last.into_iter().flatten().map(Operation::new))
        .collect()
}

/// The names of the columns of a table, with those that it inherits.
pub fn column_names(table: &str, schema: &Schema) -> Vec<String> {
    let columns = columns_of(table, schema).into_iter();
    columns.map(|column| column.id.name.clone()).collect()
}

/// The columns of a table with those that it inherits.
fn columns_of<'s>(table: &str, schema: &'s Schema) -> Vec<&'s Object> {
    let mut found = Vec::new();
    let mut open = vec![table.to_owned()];
    while let Some(table) = open.pop() {
        let columns = schema.of_kind(Kind::Column);
        found.extend(columns.filter(|column| column.id.owner() == table));
        let table = schema.get(&ObjectId::new(Kind::Table, &table));
        let table = table.and_then(Object::pg_table).into_iter();
        open.extend(table.flat_map(|table| table.parents.iter().cloned()));
    }
    found
}
