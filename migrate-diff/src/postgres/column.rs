//! Columns of PostgreSQL.

use super::name::{self, qualified};
use super::recreate::{self, TYPE_RECREATED};
use super::schemas::Schemas;
use super::sequence;
use crate::model::{Kind, Object, ObjectId};
use crate::step::Step;

/// A column in a `CREATE TABLE` or an `ADD COLUMN`.
pub fn definition(column: &Object) -> String {
    let clause = |word: &str, attribute: &str, end: &str| {
        column
            .attribute(attribute)
            .map_or_else(String::new, |value| format!(" {word}{value}{end}"))
    };
    let not_null = column.attribute("not null").map_or("", |_| " NOT NULL");
    let computed = match column.attribute("virtual") {
        Some(_) => ") VIRTUAL",
        None => ") STORED",
    };
    format!(
        "{} {}{}{not_null}{}{}{}",
        column.id.name,
        column.attribute("type").unwrap_or_default(),
        clause("COLLATE ", "collation", ""),
        clause("DEFAULT ", "default", ""),
        clause("GENERATED ALWAYS AS (", "generated", computed),
        identity(column).map_or_else(String::new, |identity| format!(" GENERATED {identity}")),
    )
}

/// A column of a typed table, whose type has the rest; nothing if it adds nothing.
pub fn with_options(column: &Object) -> Option<String> {
    let not_null = column.attribute("not null").map_or("", |_| " NOT NULL");
    let default = column.attribute("default");
    let default = default.map_or_else(String::new, |default| format!(" DEFAULT {default}"));
    let options = format!("{default}{not_null}");
    (!options.is_empty()).then(|| format!("{} WITH OPTIONS{options}", column.id.name))
}

/// The words after GENERATED for an identity column; with the name of its sequence, unless the server chooses that.
fn identity(column: &Object) -> Option<String> {
    let identity = column.attribute("identity")?;
    let sequence = column.attribute("sequence").unwrap_or_default();
    let table = crate::model::unquoted(column.id.owner());
    let chosen = name::chosen(&table, &crate::model::unquoted(&column.id.name), "seq");
    if crate::model::unquoted(sequence) == chosen {
        return Some(identity.to_owned());
    }
    let (head, options) = identity.split_once(" (").unwrap_or((identity, ""));
    let options = options.trim_end_matches(')');
    let space = if options.is_empty() { "" } else { " " };
    Some(format!("{head} (SEQUENCE NAME {sequence}{space}{options})"))
}

pub fn add(column: &Object) -> Step {
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

pub fn changes_type(from: &Object, to: &Object) -> bool {
    to.attribute(TYPE_RECREATED).is_some()
        || ["type", "collation"]
            .iter()
            .any(|name| from.attribute(name) != to.attribute(name))
}

pub fn alter(from: &Object, to: &Object, schemas: Schemas<'_>, online: bool) -> Option<Vec<Step>> {
    let column = format!("ALTER TABLE {} ALTER COLUMN {}", to.id.owner(), to.id.name);
    let changed = |name: &str| from.attribute(name) != to.attribute(name);
    let mut steps = Vec::new();
    if changed("generated") || changed("virtual") {
        if to.attribute("generated").is_some() || from.attribute("virtual").is_some() {
            return None;
        }
        steps.push(Step::new(format!("{column} DROP EXPRESSION")));
    }
    let types = changes_type(from, to);
    if from.attribute("default").is_some()
        && (types || (changed("default") && to.attribute("default").is_none()))
    {
        steps.push(Step::new(format!("{column} DROP DEFAULT")));
    }
    // An identity column is NOT NULL, and of an integer type.
    let loses_identity = from.attribute("identity").is_some() && to.attribute("identity").is_none();
    if loses_identity {
        steps.extend(identity_change(&column, from, to));
    }
    if types {
        steps.push(alter_type(&column, from, to, schemas));
    }
    if let Some(default) = to
        .attribute("default")
        .filter(|_| types || changed("default"))
        .filter(|_| to.attribute(sequence::TO_SERIAL).is_none())
    {
        steps.push(Step::new(format!("{column} SET DEFAULT {default}")));
    }
    if changed("not null") {
        steps.extend(nullability(&column, to, schemas, online));
    }
    if !loses_identity {
        steps.extend(identity_change(&column, from, to));
    }
    Some(steps)
}

/// The steps that make a column number its rows, or number them in another way. An existing counter continues.
fn identity_change(column: &str, from: &Object, to: &Object) -> Vec<Step> {
    if from.attribute("identity") == to.attribute("identity")
        && from.attribute("sequence") == to.attribute("sequence")
    {
        return Vec::new();
    }
    match (from.attribute("identity"), identity(to)) {
        (None, None) => Vec::new(),
        (None, Some(new)) => {
            if let Some(serial) = to.attribute(sequence::FROM_SERIAL) {
                sequence::serial_to_identity(column, serial, &new, to)
            } else {
                let sequence = to.attribute("sequence").unwrap_or_default();
                vec![
                    Step::new(format!("{column} ADD GENERATED {new}")),
                    sequence::after_rows(sequence, to),
                ]
            }
        }
        (Some(_), None) => match to.attribute(sequence::TO_SERIAL) {
            Some(create) => sequence::identity_to_serial(column, from, to, create),
            None => vec![Step::new(format!("{column} DROP IDENTITY"))],
        },
        (Some(_), Some(_)) => sequence::alter_identity(column, from, to),
    }
}

fn alter_type(column: &str, from: &Object, to: &Object, schemas: Schemas<'_>) -> Step {
    let (old, new) = (
        from.attribute("type").unwrap_or_default(),
        to.attribute("type").unwrap_or_default(),
    );
    let collate = to
        .attribute("collation")
        .map_or_else(String::new, |collation| format!(" COLLATE {collation}"));
    let using = conversion(old, new, to, schemas);
    let step = Step::new(format!("{column} TYPE {new}{collate} USING {using}"));
    let id = &to.id;
    if to.attribute(TYPE_RECREATED).is_some() && old == new {
        return step.blocking(format!(
            "rewrites table {} and its indexes, and fails if {id} holds a value that {new} no longer has",
            id.owner()
        ));
    }
    let enumeration = schemas.to.get(&ObjectId::new(Kind::Type, new));
    if let Some(labels) = enumeration.and_then(|kind| kind.attribute("labels")) {
        return step.blocking(format!(
            "rewrites table {table} and its indexes, and fails on other values than the labels of {new}; this query finds them: \
             SELECT DISTINCT {name} FROM {table} WHERE {name}::text <> ALL (ARRAY[{labels}])",
            table = id.owner(),
            name = id.name,
        ));
    }
    if schemas.from.has(Kind::Type, old.trim_end_matches("[]"))
        && new.trim_end_matches("[]") == "text"
    {
        return step.blocking(format!("rewrites table {} and its indexes", id.owner()));
    }
    let domain = schemas.from.get(&ObjectId::new(Kind::Domain, old));
    let base = domain.and_then(|domain| domain.attribute("type"));
    match loss(base.unwrap_or(old), new) {
        Loss::Nothing => step,
        Loss::Time => step.blocking(format!("rewrites table {} and its indexes", id.owner())),
        Loss::Data => step
            .destructive(format!("narrows {id}: type {old} becomes {new}"))
            .blocking(format!("rewrites table {} and its indexes", id.owner())),
    }
}

/// The expression that makes a value of the new type of one of the old.
fn conversion(old: &str, new: &str, to: &Object, schemas: Schemas<'_>) -> String {
    let name = &to.id.name;
    let list = if new.ends_with("[]") { "[]" } else { "" };
    let element = |kind: &str| kind.trim_end_matches("[]").to_owned();
    let kind = |kind: Kind, name: &str| schemas.to.get(&ObjectId::new(kind, element(name)));
    let is_recreated = to.attribute(TYPE_RECREATED).is_some() && old == new;
    let composite = kind(Kind::Type, new).filter(|kind| kind.attribute("attributes").is_some());
    if let Some(new_kind) = composite.filter(|_| is_recreated && list.is_empty()) {
        let old_kind = schemas.from.get(&new_kind.id);
        return old_kind.map_or_else(String::new, |old_kind| {
            row(name, old_kind, new_kind, schemas)
        });
    }
    if let Some(domain) = kind(Kind::Domain, new).filter(|_| is_recreated) {
        let base = domain.attribute("type").unwrap_or_default();
        let via = if kind(Kind::Type, base).is_some() {
            "text"
        } else {
            base
        };
        return format!("{name}::{via}{list}::{new}");
    }
    let is_own = |name: &str| {
        let name = element(name);
        schemas.to.has(Kind::Type, &name) || schemas.from.has(Kind::Type, &name)
    };
    let is_list = old.ends_with("[]");
    if is_list == list.is_empty() && new != "text" {
        format!("{name}::text::{new}")
    } else if is_own(old) || is_own(new) || !has_cast(&element(old), &element(new)) {
        format!("{name}::text{list}::{new}")
    } else {
        format!("{name}::{new}")
    }
}

/// Whether values of a built-in type can be made of another one without going by way of their text.
fn has_cast(old: &str, new: &str) -> bool {
    const FAMILIES: [&[&str]; 6] = [
        &[
            "smallint",
            "integer",
            "bigint",
            "numeric",
            "real",
            "double precision",
        ],
        &["date", "timestamp", "time", "interval"],
        &["integer", "boolean"],
        &["json", "jsonb"],
        &["inet", "cidr"],
        &["bit", "bit varying"],
    ];
    const TEXTS: [&str; 5] = ["text", "character varying", "character", "name", "citext"];
    let family = |kind: &str| {
        let kind = kind.split('(').next().unwrap_or_default();
        let kind = kind.split(" with").next().unwrap_or_default();
        kind.trim().to_owned()
    };
    let (old, new) = (family(old), family(new));
    let is_text = |kind: &str| TEXTS.contains(&kind);
    let both = |family: &&[&str]| family.contains(&&*old) && family.contains(&&*new);
    old == new || is_text(&old) || is_text(&new) || FAMILIES.iter().any(both)
}

/// A row of a recreated composite type, of the values that both have.
fn row(name: &str, old: &Object, new: &Object, schemas: Schemas<'_>) -> String {
    let old_fields = recreate::fields(old);
    let values = recreate::fields(new).into_iter().map(|(field, kind)| {
        let Some((_, was)) = old_fields.iter().find(|(other, _)| *other == field) else {
            return "NULL".to_owned();
        };
        let kind = kind.split(" COLLATE ").next().unwrap_or(kind);
        let element = kind.trim_end_matches("[]");
        let list = &kind[element.len()..];
        let is_own = schemas.to.has(Kind::Type, element) || schemas.to.has(Kind::Domain, element);
        match (is_own, *was == kind) {
            (true, _) => format!("({name}).{field}::text{list}::{kind}"),
            (false, true) => format!("({name}).{field}"),
            (false, false) => format!("({name}).{field}::{kind}"),
        }
    });
    let values: Vec<String> = values.collect();
    format!(
        "CASE WHEN {name} IS DISTINCT FROM NULL THEN ROW({})::{} END",
        values.join(", "),
        new.id.name
    )
}

enum Loss {
    /// The catalog is all that changes.
    Nothing,
    Time,
    Data,
}

/// The loss from reading values of one type as another; an unknown conversion loses data.
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

fn nullability(column: &str, to: &Object, schemas: Schemas<'_>, online: bool) -> Vec<Step> {
    let (table, name) = (to.id.owner(), &to.id.name);
    if to.attribute("not null").is_none() {
        let head = Step::new(format!("{column} DROP NOT NULL"));
        let children = children(table, schemas);
        let rest = children.into_iter().map(|child| {
            Step::new(format!(
                "ALTER TABLE {child} ALTER COLUMN {name} DROP NOT NULL"
            ))
        });
        return std::iter::once(head).chain(rest).collect();
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

/// The tables that inherit from one and stay so, children before grandchildren: the server takes NOT NULL from none of them.
fn children<'s>(table: &str, schemas: Schemas<'s>) -> Vec<&'s str> {
    let mut found: Vec<&str> = Vec::new();
    let mut open = vec![table.to_owned()];
    while let Some(parent) = open.pop() {
        let is_child = |object: &Object| {
            let parents = object.attribute("parent");
            parents.is_some_and(|parents| parents.split(", ").any(|other| other == parent))
        };
        let tables = schemas.from.of_kind(Kind::Table);
        for child in tables.filter(|child| is_child(child)) {
            let stays = schemas.to.get(&child.id).is_some_and(is_child);
            if stays && !found.contains(&child.id.name.as_str()) {
                found.push(&child.id.name);
                open.push(child.id.name.clone());
            }
        }
    }
    found
}
