//! Tables: how they are created, change, join their parents and leave them.

use super::comment::comment;
use super::details::{Part, Table};
use super::schemas::Schemas;
use super::{column, hazard, inherit};
use crate::model::{Kind, Object};
use crate::operation::Operation;

/// Creates a table with its columns and the constraints that need no other table to come first.
pub(super) fn create(
    object: &Object,
    schemas: Schemas<'_>,
    constraints: &[&Object],
) -> Vec<Operation> {
    let Some(table) = object.pg_table() else {
        return Vec::new();
    };
    let name = &object.id.name;
    let mut columns: Vec<&Object> = schemas.to.parts(Kind::Column, name).collect();
    columns.sort_by_key(|column| column.position);
    let definitions = columns.iter().filter_map(|column| match table.of_type {
        Some(_) => column::with_options(column),
        None => Some(column::definition(column)),
    });
    let mut lines: Vec<String> = definitions
        .chain(table.own_columns.iter().cloned())
        .collect();
    // A constraint that is not valid would be without its NOT VALID.
    let (apart, inside): (Vec<&Object>, Vec<&Object>) = constraints
        .iter()
        .partition(|constraint| table.bound.is_some() || is_not_valid(constraint));
    lines.extend(
        inside
            .iter()
            .filter_map(|constraint| constraint_line(constraint)),
    );
    let mut step = Operation::new(head(name, table, &lines));
    if let Some(text) = hazard::in_default(object, schemas) {
        step = step.blocking(text);
    }
    let mut steps = vec![step];
    steps.extend(
        apart
            .iter()
            .map(|constraint| Operation::new(&constraint.create)),
    );
    let row_security = row_security(table).into_iter().zip(ROW_SECURITY);
    let on = row_security.filter_map(|(is_on, words)| is_on.then_some(words[0]));
    steps.extend(on.map(|word| security(name, word)));
    let commented = std::iter::once(object)
        .chain(columns)
        .chain(constraints.iter().copied());
    steps.extend(commented.filter_map(comment));
    steps
}

fn is_not_valid(constraint: &Object) -> bool {
    matches!(constraint.part(), Some(Part::Constraint(constraint)) if constraint.is_not_valid())
}

const ROW_SECURITY: [[&str; 2]; 2] = [["ENABLE", "DISABLE"], ["FORCE", "NO FORCE"]];

fn row_security(table: &Table) -> [bool; 2] {
    [table.row_security, table.force_row_security]
}

fn security(name: &str, word: &str) -> Operation {
    Operation::new(format!("ALTER TABLE {name} {word} ROW LEVEL SECURITY"))
}

fn head(name: &str, table: &Table, lines: &[String]) -> String {
    let unlogged = if table.unlogged { "UNLOGGED " } else { "" };
    let clause = |word: &str, values: &[String], end: &str| match values {
        [] => String::new(),
        values => format!("{word}{}{end}", values.join(", ")),
    };
    let tail = format!(
        "{}{}",
        clause(" PARTITION BY ", table.partition_by.as_slice(), ""),
        clause(" WITH (", &table.options, ")")
    );
    if let (Some(bound), Some(parent)) = (&table.bound, table.parents.first()) {
        return format!("CREATE {unlogged}TABLE {name} PARTITION OF {parent} {bound}{tail}");
    }
    let body = if lines.is_empty() {
        String::new()
    } else {
        format!("\n    {}\n", lines.join(",\n    "))
    };
    if let Some(kind) = &table.of_type {
        let body = if body.is_empty() {
            body
        } else {
            format!(" ({body})")
        };
        return format!("CREATE {unlogged}TABLE {name} OF {kind}{body}{tail}");
    }
    let inherits = clause(" INHERITS (", &table.parents, ")");
    if let Some(server) = &table.server {
        let (server, options) = server
            .split_once(" OPTIONS ")
            .map_or((&**server, String::new()), |(server, options)| {
                (server, format!(" OPTIONS {options}"))
            });
        return format!("CREATE FOREIGN TABLE {name} ({body}){inherits} SERVER {server}{options}");
    }
    format!("CREATE {unlogged}TABLE {name} ({body}){inherits}{tail}")
}

fn constraint_line(constraint: &Object) -> Option<String> {
    let definition = constraint.part()?.definition()?;
    Some(format!("CONSTRAINT {} {definition}", constraint.id.name))
}

/// Drops a table. A partition leaves its parent first, as tables may refer to that.
pub(super) fn drop(object: &Object, schemas: Schemas<'_>) -> Vec<Operation> {
    let step =
        Operation::new(&object.drop).destructive(format!("drops {} and its rows", object.id));
    let stays = |parent: &&String| schemas.to.has(Kind::Table, parent);
    let table = object.pg_table().filter(|table| table.bound.is_some());
    let leaves = table.is_some_and(|table| table.parents.iter().any(|parent| stays(&parent)));
    let off = if leaves {
        inheritance(object, false, schemas)
    } else {
        Vec::new()
    };
    off.into_iter().chain([step]).collect()
}

pub(super) fn alter(from: &Object, to: &Object, schemas: Schemas<'_>) -> Option<Vec<Operation>> {
    let name = &to.id.name;
    let (old, new) = from.pg_table().zip(to.pg_table())?;
    if old.partition_by != new.partition_by || old.server != new.server {
        return None;
    }
    let mut steps = Vec::new();
    if old.bound != new.bound || old.parents != new.parents {
        if old.bound.is_some() || new.bound.is_some() {
            steps.extend(inheritance(from, false, schemas));
            steps.extend(inheritance(to, true, schemas));
        } else {
            steps.extend(inherit::change(name, (old, new), schemas));
        }
    }
    if old.of_type != new.of_type {
        let word = new.of_type.as_ref();
        let word = word.map_or_else(|| "NOT OF".to_owned(), |kind| format!("OF {kind}"));
        steps.push(Operation::new(format!("ALTER TABLE {name} {word}")));
    }
    if old.unlogged != new.unlogged {
        let word = if new.unlogged { "UNLOGGED" } else { "LOGGED" };
        steps.push(
            Operation::new(format!("ALTER TABLE {name} SET {word}"))
                .blocking(format!("rewrites table {name}")),
        );
    }
    let security = row_security(old)
        .into_iter()
        .zip(row_security(new))
        .zip(ROW_SECURITY);
    let changed = security.filter(|((old, new), _)| old != new);
    steps.extend(
        changed.map(|((_, is_on), words)| self::security(name, words[usize::from(!is_on)])),
    );
    if old.options != new.options {
        steps.extend(options(name, &old.options, &new.options));
    }
    Some(steps)
}

/// The steps that take a table to its parents, or off them.
pub(super) fn inheritance(object: &Object, joins: bool, schemas: Schemas<'_>) -> Vec<Operation> {
    let name = &object.id.name;
    let Some(table) = object.pg_table() else {
        return Vec::new();
    };
    let (Some(bound), Some(parent)) = (&table.bound, table.parents.first()) else {
        return inherit::steps(name, &table.parents, joins);
    };
    if joins {
        let attach = format!("ALTER TABLE {parent} ATTACH PARTITION {name} {bound}");
        let step = Operation::new(attach).blocking(format!("reads the rows of table {name}"));
        let in_default = hazard::in_default(object, schemas).into_iter();
        return vec![in_default.fold(step, Operation::blocking)];
    }
    let step = Operation::new(format!("ALTER TABLE {parent} DETACH PARTITION {name}"));
    let referring = hazard::referring(name, parent, schemas).into_iter();
    vec![referring.fold(step, Operation::blocking)]
}

fn options(name: &str, from: &[String], to: &[String]) -> Vec<Operation> {
    let key = |option: &String| option.split('=').next().unwrap_or_default().to_owned();
    let kept: Vec<String> = to.iter().map(key).collect();
    let gone: Vec<String> = from
        .iter()
        .map(key)
        .filter(|key| !kept.contains(key))
        .collect();
    let alter = |word: &str, list: &[String]| {
        let step = || Operation::new(format!("ALTER TABLE {name} {word} ({})", list.join(", ")));
        (!list.is_empty()).then(step)
    };
    let (reset, set) = (alter("RESET", &gone), alter("SET", to));
    reset.into_iter().chain(set).collect()
}
