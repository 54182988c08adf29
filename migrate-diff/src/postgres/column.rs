//! Columns of PostgreSQL.

use super::name::qualified;
use crate::ddl::Schemas;
use crate::model::{Kind, Object};
use crate::step::Step;

/// Marks a column whose type is made anew under the same name.
pub(super) const RECREATED: &str = "recreated type";

/// A column in a `CREATE TABLE` or an `ADD COLUMN`.
pub(super) fn definition(column: &Object) -> String {
    let clause = |word: &str, attribute: &str, end: &str| {
        column
            .attribute(attribute)
            .map_or_else(String::new, |value| format!(" {word}{value}{end}"))
    };
    let not_null = column.attribute("not null").map_or("", |_| " NOT NULL");
    format!(
        "{} {}{}{not_null}{}{}{}",
        column.id.name,
        column.attribute("type").unwrap_or_default(),
        clause("COLLATE ", "collation", ""),
        clause("DEFAULT ", "default", ""),
        clause("GENERATED ALWAYS AS (", "generated", ") STORED"),
        clause("GENERATED ", "identity", ""),
    )
}

pub(super) fn add(column: &Object) -> Step {
    let table = column.id.owner();
    let step = Step::new(format!(
        "ALTER TABLE {table} ADD COLUMN {}",
        definition(column)
    ));
    let has_value = ["default", "identity", "generated"]
        .iter()
        .any(|name| column.attribute(name).is_some());
    let is_volatile = column
        .attribute("default")
        .is_some_and(|default| default.contains('('))
        || column.attribute("identity").is_some()
        || column.attribute("generated").is_some();
    if column.attribute("not null").is_some() && !has_value {
        step.blocking(format!(
            "fails if table {table} has rows: column {} is NOT NULL and has no default",
            column.id.name
        ))
    } else if is_volatile {
        step.blocking(format!(
            "may rewrite table {table} to compute column {}",
            column.id.name
        ))
    } else {
        step
    }
}

pub(super) fn changes_type(from: &Object, to: &Object) -> bool {
    to.attribute(RECREATED).is_some()
        || ["type", "collation"]
            .iter()
            .any(|name| from.attribute(name) != to.attribute(name))
}

pub(super) fn alter(
    from: &Object,
    to: &Object,
    schemas: Schemas<'_>,
    online: bool,
) -> Option<Vec<Step>> {
    let column = format!("ALTER TABLE {} ALTER COLUMN {}", to.id.owner(), to.id.name);
    let changed = |name: &str| from.attribute(name) != to.attribute(name);
    let mut steps = Vec::new();
    if changed("generated") {
        if to.attribute("generated").is_some() {
            return None;
        }
        steps.push(Step::new(format!("{column} DROP EXPRESSION")));
    }
    if changed("identity") && from.attribute("identity").is_some() {
        steps.push(Step::new(format!("{column} DROP IDENTITY")));
    }
    let types = changes_type(from, to);
    if from.attribute("default").is_some()
        && (types || (changed("default") && to.attribute("default").is_none()))
    {
        steps.push(Step::new(format!("{column} DROP DEFAULT")));
    }
    if types {
        steps.push(alter_type(&column, from, to, schemas));
    }
    if let Some(default) = to
        .attribute("default")
        .filter(|_| types || changed("default"))
    {
        steps.push(Step::new(format!("{column} SET DEFAULT {default}")));
    }
    if changed("not null") {
        steps.extend(nullability(&column, to, online));
    }
    if let Some(identity) = to.attribute("identity").filter(|_| changed("identity")) {
        steps.push(Step::new(format!("{column} ADD GENERATED {identity}")));
    }
    Some(steps)
}

fn alter_type(column: &str, from: &Object, to: &Object, schemas: Schemas<'_>) -> Step {
    let (old, new) = (
        from.attribute("type").unwrap_or_default(),
        to.attribute("type").unwrap_or_default(),
    );
    let name = &to.id.name;
    let collate = to
        .attribute("collation")
        .map_or_else(String::new, |collation| format!(" COLLATE {collation}"));
    let is_enum = |kind: &str| {
        schemas.to.has(Kind::Type, kind.trim_end_matches("[]"))
            || schemas.from.has(Kind::Type, kind.trim_end_matches("[]"))
    };
    let list = if new.ends_with("[]") { "[]" } else { "" };
    let using = if is_enum(old) || is_enum(new) {
        format!("{name}::text{list}::{new}")
    } else {
        format!("{name}::{new}")
    };
    let step = Step::new(format!("{column} TYPE {new}{collate} USING {using}"));
    let id = &to.id;
    if to.attribute(RECREATED).is_some() {
        return step.blocking(format!(
            "rewrites table {}, and fails if {id} holds a value that {new} no longer has",
            id.owner()
        ));
    }
    match loss(old, new) {
        Loss::Nothing => step,
        Loss::Time => step.blocking(format!("rewrites table {}", id.owner())),
        Loss::Data => step
            .destructive(format!("narrows {id}: type {old} becomes {new}"))
            .blocking(format!("rewrites table {}", id.owner())),
    }
}

enum Loss {
    /// The catalog is all that changes.
    Nothing,
    Time,
    Data,
}

/// What it costs to read values of one type as another; what is not known to be safe loses data.
fn loss(old: &str, new: &str) -> Loss {
    let family = |kind: &str| kind.split('(').next().unwrap_or_default().trim().to_owned();
    let rank = |kind: &str| {
        ["smallint", "integer", "bigint", "numeric"]
            .iter()
            .position(|integer| *integer == kind)
    };
    let length = |kind: &str| {
        kind.split_once('(')
            .and_then(|(_, rest)| rest.split([',', ')']).next()?.parse::<u32>().ok())
    };
    let (old_family, new_family) = (family(old), family(new));
    if new == "text" {
        let is_text = ["character varying", "text"].contains(&old_family.as_str());
        return if is_text { Loss::Nothing } else { Loss::Time };
    }
    if old_family == "character varying" && new_family == old_family {
        return match (length(old), length(new)) {
            (_, None) => Loss::Nothing,
            (Some(old), Some(new)) if old <= new => Loss::Nothing,
            _ => Loss::Data,
        };
    }
    if old == new {
        return Loss::Time;
    }
    let widens = rank(&old_family)
        .zip(rank(new))
        .is_some_and(|(old, new)| old < new)
        || matches!(
            (old, new),
            ("real", "double precision") | ("date", "timestamp without time zone")
        );
    if widens { Loss::Time } else { Loss::Data }
}

fn nullability(column: &str, to: &Object, online: bool) -> Vec<Step> {
    let (table, name) = (to.id.owner(), &to.id.name);
    if to.attribute("not null").is_none() {
        return vec![Step::new(format!("{column} DROP NOT NULL"))];
    }
    let fails = format!("fails if {} holds NULL", to.id);
    let set = Step::new(format!("{column} SET NOT NULL"));
    if !online {
        return vec![
            set.blocking(fails)
                .blocking(format!("locks table {table} while its rows are read")),
        ];
    }
    // A check that is known to hold spares the reading under the lock.
    let check = qualified(&format!("{}_not_null", name.trim_matches('"')));
    let table_sql = format!("ALTER TABLE {table}");
    [
        Step::new(format!(
            "{table_sql} ADD CONSTRAINT {check} CHECK ({name} IS NOT NULL) NOT VALID"
        )),
        Step::new(format!("{table_sql} VALIDATE CONSTRAINT {check}")).blocking(fails),
        set,
        Step::new(format!("{table_sql} DROP CONSTRAINT {check}")),
    ]
    .map(Step::online)
    .into()
}
