//! Columns of PostgreSQL.

use super::details::{self, Part};
use super::hazard;
use super::name::{self, qualified};
use super::schemas::Schemas;
use super::sequence;
use crate::model::{Column, Domain, Kind, Object, ObjectId, Schema};
use crate::operation::Operation;

/// A column in a `CREATE TABLE` or an `ADD COLUMN`.
pub fn definition(object: &Object) -> String {
    let Some(column) = object.column() else {
        return String::new();
    };
    let clause = |word: &str, value: &Option<String>| {
        let value = value.as_ref();
        value.map_or_else(String::new, |value| format!(" {word}{value}"))
    };
    let generated = column.generated.as_ref();
    let generated = generated.map_or_else(String::new, |generated| {
        let kind = if generated.stored {
            "STORED"
        } else {
            "VIRTUAL"
        };
        format!(" GENERATED ALWAYS AS ({}) {kind}", generated.expression)
    });
    format!(
        "{} {}{}{}{}{generated}{}",
        object.id.name,
        column.data_type,
        clause("COLLATE ", &column.collation),
        not_null(column),
        clause("DEFAULT ", &column.default),
        identity(&object.id, column)
            .map_or_else(String::new, |identity| format!(" GENERATED {identity}")),
    )
}

fn not_null(column: &Column) -> &'static str {
    if column.not_null { " NOT NULL" } else { "" }
}

/// A column of a typed table, whose type has the rest; nothing if it adds nothing.
pub fn with_options(object: &Object) -> Option<String> {
    let column = object.column()?;
    let default = column.default.as_ref();
    let default = default.map_or_else(String::new, |default| format!(" DEFAULT {default}"));
    let options = format!("{default}{}", not_null(column));
    (!options.is_empty()).then(|| format!("{} WITH OPTIONS{options}", object.id.name))
}

/// The words after GENERATED for an identity column, with the name of its sequence unless the server chooses that.
fn identity(id: &ObjectId, column: &Column) -> Option<String> {
    let (head, options) = sequence::identity_words(column.identity.as_ref()?);
    let sequence = sequence::sequence_of(column);
    let table = crate::model::unquoted(id.owner());
    let chosen = name::chosen(&table, &crate::model::unquoted(&id.name), "seq");
    let own =
        (crate::model::unquoted(sequence) != chosen).then(|| format!("SEQUENCE NAME {sequence}"));
    let options = own
        .into_iter()
        .chain(Some(options.to_owned()).filter(|options| !options.is_empty()));
    let options = options.collect::<Vec<_>>().join(" ");
    let options = if options.is_empty() {
        options
    } else {
        format!(" ({options})")
    };
    Some(format!("{head} AS IDENTITY{options}"))
}

pub fn add(object: &Object) -> Operation {
    let table = object.id.owner();
    let step = Operation::new(format!(
        "ALTER TABLE {table} ADD COLUMN {}",
        definition(object)
    ));
    let Some(column) = object.column() else {
        return step;
    };
    let is_computed = column.identity.is_some() || column.generated.is_some();
    let is_volatile = column
        .default
        .as_ref()
        .is_some_and(|default| default.contains('('));
    if column.not_null && column.default.is_none() && !is_computed {
        step.blocking(format!(
            "fails if table {table} has rows: column {} is NOT NULL and has no default",
            object.id.name
        ))
    } else if is_volatile || is_computed {
        step.blocking(format!(
            "may rewrite table {table} to compute column {}",
            object.id.name
        ))
    } else {
        step
    }
}

pub fn changes_type(id: &ObjectId, (from, to): (&Column, &Column), schemas: Schemas<'_>) -> bool {
    schemas.turns.columns.contains(id)
        || from.data_type != to.data_type
        || from.collation != to.collation
}

pub fn alter(
    id: &ObjectId,
    from: &Column,
    to: &Column,
    schemas: Schemas<'_>,
    online: bool,
) -> Option<Vec<Operation>> {
    let column = format!("ALTER TABLE {} ALTER COLUMN {}", id.owner(), id.name);
    let mut steps = Vec::new();
    if from.generated != to.generated {
        if to.generated.is_some() || from.generated.as_ref().is_some_and(|old| !old.stored) {
            return None;
        }
        steps.push(Operation::new(format!("{column} DROP EXPRESSION")));
    }
    let types = changes_type(id, (from, to), schemas);
    let new_default = from.default != to.default;
    if from.default.is_some() && (types || new_default && to.default.is_none()) {
        steps.push(Operation::new(format!("{column} DROP DEFAULT")));
    }
    // An identity column is NOT NULL, and of an integer type.
    let loses_identity = from.identity.is_some() && to.identity.is_none();
    if loses_identity {
        steps.extend(identity_change(&column, id, (from, to), schemas));
    }
    if types {
        steps.push(alter_type(&column, id, (from, to), schemas));
    }
    if let Some(default) = to
        .default
        .as_ref()
        .filter(|_| types || new_default)
        .filter(|_| !schemas.turns.to_serial.contains_key(id))
    {
        steps.push(Operation::new(format!("{column} SET DEFAULT {default}")));
    }
    if from.not_null != to.not_null {
        steps.extend(nullability(&column, id, to, schemas, online));
    }
    if !loses_identity {
        steps.extend(identity_change(&column, id, (from, to), schemas));
    }
    Some(steps)
}

/// The steps that make a column count by itself, or otherwise than before. Where it counted, it goes on from there.
fn identity_change(
    column: &str,
    id: &ObjectId,
    (from, to): (&Column, &Column),
    schemas: Schemas<'_>,
) -> Vec<Operation> {
    if from.identity == to.identity && sequence::sequence_of(from) == sequence::sequence_of(to) {
        return Vec::new();
    }
    match (&from.identity, identity(id, to)) {
        (None, None) => Vec::new(),
        (None, Some(new)) => {
            let sequence = sequence::sequence_of(to);
            if let Some(serial) = schemas.turns.from_serial.get(id) {
                sequence::serial_to_identity(column, serial, &new, sequence)
            } else {
                vec![
                    Operation::new(format!("{column} ADD GENERATED {new}")),
                    sequence::after_rows(sequence, id),
                ]
            }
        }
        (Some(_), None) => match schemas.turns.to_serial.get(id) {
            Some(serial) => sequence::identity_to_serial(column, id, (from, to), serial),
            None => vec![Operation::new(format!("{column} DROP IDENTITY"))],
        },
        (Some(_), Some(_)) => sequence::alter_identity(column, from, to),
    }
}

fn alter_type(
    column: &str,
    id: &ObjectId,
    (from, to): (&Column, &Column),
    schemas: Schemas<'_>,
) -> Operation {
    let (old, new) = (&*from.data_type, &*to.data_type);
    let collate = to
        .collation
        .as_ref()
        .map_or_else(String::new, |collation| format!(" COLLATE {collation}"));
    let using = conversion(id, old, new, schemas);
    let step = Operation::new(format!("{column} TYPE {new}{collate} USING {using}"));
    let rewrites = format!("rewrites table {} and its indexes", id.owner());
    let labels = labels(schemas.to, new);
    let lost = labels_lost(old, new, schemas);
    if schemas.turns.columns.contains(id) && old == new {
        let fails = format!("{rewrites}, and fails if {id} holds a value that {new} no longer has");
        return step.blocking(match labels.filter(|_| lost) {
            Some(labels) => hazard::found(&fails, &hazard::other_labels(id, new, labels)),
            None if lost => fails,
            None => rewrites,
        });
    }
    if let Some(labels) = labels {
        let fails = format!("{rewrites}, and fails on other values than the labels of {new}");
        let query = hazard::other_labels(id, new, labels);
        return step.blocking(hazard::found(&fails, &query));
    }
    if schemas.from.has(Kind::Type, old.trim_end_matches("[]"))
        && new.trim_end_matches("[]") == "text"
    {
        return step.blocking(rewrites);
    }
    let was = domain(schemas.from, old).map_or(old, |domain| &domain.data_type);
    match loss(was, new) {
        Loss::Nothing => step,
        Loss::Time => step.blocking(rewrites),
        Loss::Data => {
            let narrows = format!("narrows {id}: type {old} becomes {new}");
            let query = match domain(schemas.to, new) {
                Some(domain) if domain.data_type == was => hazard::outside(id, domain),
                Some(domain) => hazard::beyond(id, was, &domain.data_type),
                None => hazard::beyond(id, was, new),
            };
            let fails = format!("{narrows}, and fails if a value does not fit");
            step.destructive(query.map_or(narrows, |query| hazard::found(&fails, &query)))
                .blocking(rewrites)
        }
    }
}

fn domain<'s>(schema: &'s Schema, name: &str) -> Option<&'s Domain> {
    schema.get(&ObjectId::new(Kind::Domain, name))?.domain()
}

/// The labels of an enum, or of the elements of an array.
fn labels<'s>(schema: &'s Schema, data_type: &str) -> Option<&'s [String]> {
    let name = data_type.trim_end_matches("[]");
    schema.get(&ObjectId::new(Kind::Type, name))?.labels()
}

/// Whether a type that is recreated has no room for some values; anything but an enum may have none.
fn labels_lost(old: &str, new: &str, schemas: Schemas<'_>) -> bool {
    let both = labels(schemas.from, old).zip(labels(schemas.to, new));
    both.is_none_or(|(old, new)| old.iter().any(|label| !new.contains(label)))
}

/// The expression that makes a value of the new type of one of the old.
fn conversion(id: &ObjectId, old: &str, new: &str, schemas: Schemas<'_>) -> String {
    let name = &id.name;
    let list = if new.ends_with("[]") { "[]" } else { "" };
    let element = |kind: &str| kind.trim_end_matches("[]").to_owned();
    let kind = |kind: Kind, name: &str| schemas.to.get(&ObjectId::new(kind, element(name)));
    let is_recreated = schemas.turns.columns.contains(id) && old == new;
    if is_recreated
        && list.is_empty()
        && let Some(new_kind) = kind(Kind::Type, new)
        && let Some(Part::Composite(to)) = new_kind.part()
    {
        let from = schemas.from.get(&new_kind.id).and_then(Object::part);
        return match from {
            Some(Part::Composite(from)) => row(name, from, (&new_kind.id.name, to), schemas),
            _ => String::new(),
        };
    }
    if let Some(domain) = kind(Kind::Domain, new)
        .filter(|_| is_recreated)
        .and_then(Object::domain)
    {
        let base = &*domain.data_type;
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
fn row(
    column: &str,
    old: &details::Composite,
    (name, new): (&str, &details::Composite),
    schemas: Schemas<'_>,
) -> String {
    let values = new.attributes.iter().map(|attribute| {
        let field = &attribute.name;
        let Some(was) = old.attributes.iter().find(|other| other.name == *field) else {
            return "NULL".to_owned();
        };
        let kind = attribute
            .data_type
            .split(" COLLATE ")
            .next()
            .unwrap_or_default();
        let element = kind.trim_end_matches("[]");
        let list = &kind[element.len()..];
        let is_own = schemas.to.has(Kind::Type, element) || schemas.to.has(Kind::Domain, element);
        match (is_own, was.data_type == kind) {
            (true, _) => format!("({column}).{field}::text{list}::{kind}"),
            (false, true) => format!("({column}).{field}"),
            (false, false) => format!("({column}).{field}::{kind}"),
        }
    });
    let values: Vec<String> = values.collect();
    format!(
        "CASE WHEN {column} IS DISTINCT FROM NULL THEN ROW({})::{name} END",
        values.join(", ")
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

fn nullability(
    column: &str,
    id: &ObjectId,
    to: &Column,
    schemas: Schemas<'_>,
    online: bool,
) -> Vec<Operation> {
    let (table, name) = (id.owner(), &id.name);
    if !to.not_null {
        let head = Operation::new(format!("{column} DROP NOT NULL"));
        let children = children(table, schemas);
        let rest = children.into_iter().map(|child| {
            Operation::new(format!(
                "ALTER TABLE {child} ALTER COLUMN {name} DROP NOT NULL"
            ))
        });
        return std::iter::once(head).chain(rest).collect();
    }
    let fails = hazard::found(&format!("fails if {id} holds NULL"), &hazard::nulls(id));
    let set = Operation::new(format!("{column} SET NOT NULL"));
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
        Operation::new(format!(
            "{table_sql} ADD CONSTRAINT {check} CHECK ({name} IS NOT NULL) NOT VALID"
        )),
        Operation::new(format!("{table_sql} VALIDATE CONSTRAINT {check}")).blocking(fails),
        set,
        Operation::new(format!("{table_sql} DROP CONSTRAINT {check}")),
    ]
    .map(Operation::online)
    .into()
}

/// The tables that inherit from one and stay so, children before grandchildren: the server takes NOT NULL from none of them.
fn children<'s>(table: &str, schemas: Schemas<'s>) -> Vec<&'s str> {
    let mut found: Vec<&str> = Vec::new();
    let mut open = vec![table.to_owned()];
    while let Some(parent) = open.pop() {
        let is_child = |object: &Object| {
            let table = object.pg_table();
            table.is_some_and(|table| table.parents.contains(&parent))
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
