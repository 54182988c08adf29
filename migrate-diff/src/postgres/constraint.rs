//! Constraints and indexes.

use super::details::{Constraint, ConstraintKind, Index, Part};
use super::hazard;
use super::schemas::Schemas;
use crate::model::{Key, Kind, Object, ObjectId};
use crate::operation::Operation;

pub fn add(object: &Object, constraint: &Constraint, is_new: bool, online: bool) -> Vec<Operation> {
    let id = &object.id;
    let table = id.owner();
    let step = Operation::new(&object.create);
    if is_new || constraint.is_not_valid() {
        return vec![step];
    }
    if !online {
        let locks = format!("locks table {table} while its rows are read");
        return vec![step.blocking(breaks(&format!("{locks}, and fails if"), id, constraint))];
    }
    match &constraint.kind {
        ConstraintKind::Check(_) | ConstraintKind::ForeignKey(_) => Some(vec![
            Operation::new(format!("{} NOT VALID", object.create)),
            validation(id, constraint).online(),
        ]),
        ConstraintKind::Key(key) => unique_online(id, constraint, key),
        ConstraintKind::Exclusion => None,
    }
    .unwrap_or_else(|| vec![step.blocking(format!("locks table {table} while its rows are read"))])
}

/// That it fails if rows break the constraint, with the query that finds them.
fn breaks(fails: &str, id: &ObjectId, constraint: &Constraint) -> String {
    let text = match &constraint.kind {
        ConstraintKind::Key(_) => format!("{fails} rows of table {} are not unique", id.owner()),
        _ => format!("{fails} rows of table {} break the constraint", id.owner()),
    };
    match hazard::breaking(id, constraint) {
        Some(query) => hazard::found(&text, &query),
        None => text,
    }
}

fn validation(id: &ObjectId, constraint: &Constraint) -> Operation {
    let (table, name) = (id.owner(), &id.name);
    Operation::new(format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name}"))
        .blocking(breaks("fails if", id, constraint))
}

pub fn create_index(object: &Object, index: &Index, is_new: bool, online: bool) -> Operation {
    let table = object.id.owner();
    if is_new {
        return Operation::new(&object.create);
    }
    let step = if online {
        Operation::new(object.create.replacen("INDEX ", "INDEX CONCURRENTLY ", 1)).online()
    } else {
        Operation::new(&object.create).blocking(format!(
            "keeps writers off {table} while the index is built"
        ))
    };
    if !index.shape.unique {
        return step;
    }
    let fails = format!("fails if rows of table {table} are not unique");
    step.blocking(hazard::found(
        &fails,
        &hazard::duplicates_of(&object.id, index),
    ))
}

/// A unique constraint takes over an index that was made concurrently.
fn unique_online(id: &ObjectId, constraint: &Constraint, key: &Key) -> Option<Vec<Operation>> {
    let (table, name) = (id.owner(), &id.name);
    let word = if key.primary { "PRIMARY KEY" } else { "UNIQUE" };
    let columns = format!(" ({})", key.columns.join(", "));
    let rest = constraint
        .definition
        .strip_prefix(word)?
        .strip_prefix(&*columns)?;
    if !rest.is_empty() && !rest.trim_start().starts_with("DEFERRABLE") {
        return None;
    }
    let index = format!("CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table}{columns}");
    let adopt =
        format!("ALTER TABLE {table} ADD CONSTRAINT {name} {word} USING INDEX {name}{rest}");
    Some(vec![
        Operation::new(index)
            .blocking(breaks("fails if", id, constraint))
            .online(),
        Operation::new(adopt).online(),
    ])
}

/// A constraint that was not valid, and is to be.
pub fn validate(id: &ObjectId, from: &Constraint, to: &Constraint) -> Option<Vec<Operation>> {
    let old = from.definition.strip_suffix(" NOT VALID")?;
    (old == to.definition).then(|| vec![validation(id, to)])
}

/// An index or a key of a partition is created with its parent's. If it has a name of its own, it is created before that one,
/// which takes it over; if only the partition is new, it is renamed.
pub fn create_attached(object: &Object, schemas: Schemas<'_>) -> Vec<Operation> {
    let Some((_, Some(chosen))) = object.part().and_then(Part::attached) else {
        return Vec::new();
    };
    let parent = object.owner.as_ref().map(ObjectId::owner);
    // The key of a new table is part of its statement.
    let is_inline = object.id.kind == Kind::Constraint
        && parent.is_some_and(|parent| !schemas.from.has(Kind::Table, parent));
    if !has_parent(object, schemas) && !is_inline {
        return vec![Operation::new(&object.create)];
    }
    let (table, name) = (object.id.owner(), &object.id.name);
    if object.id.kind == Kind::Constraint {
        return vec![Operation::new(format!(
            "ALTER TABLE {table} RENAME CONSTRAINT {chosen} TO {name}"
        ))];
    }
    let full = object.drop.trim_start_matches("DROP INDEX ");
    let schema = full.strip_suffix(name.as_str()).unwrap_or_default();
    vec![Operation::new(format!(
        "ALTER INDEX {schema}{chosen} RENAME TO {name}"
    ))]
}

/// Whether the parent of an attached one is there already and stays as it is.
pub fn has_parent(object: &Object, schemas: Schemas<'_>) -> bool {
    let parent = object.owner.as_ref();
    let both = parent.and_then(|parent| schemas.from.get(parent).zip(schemas.to.get(parent)));
    both.is_some_and(|(old, new)| old.says_what(new))
}

/// An index or a key of a partition becomes part of its parent's, or leaves it; `None` if it is dropped with that.
pub fn attach(from: &Object, to: &Object, schemas: Schemas<'_>) -> Option<Vec<Operation>> {
    if from.part()?.definition() != to.part()?.definition() {
        return None;
    }
    let parent_of = |object: &Object| {
        let attached = object.part().and_then(Part::attached);
        attached.and(object.owner.clone())
    };
    if let Some(old) = parent_of(from) {
        // A partition that leaves its parent keeps its indexes.
        let partition = ObjectId::new(Kind::Table, from.id.owner());
        let both = schemas.from.get(&partition).zip(schemas.to.get(&partition));
        let parents = |table: &Object| Some(table.pg_table()?.parents.clone());
        let leaves = both.is_some_and(|(old, new)| parents(old) != parents(new));
        return (leaves || parent_of(to).is_some() && schemas.to.get(&old).is_none())
            .then(Vec::new);
    }
    // One that is created takes over what fits.
    if !has_parent(to, schemas) || to.id.kind == Kind::Constraint {
        return Some(Vec::new());
    }
    let parent = to
        .owner
        .as_ref()
        .and_then(|parent| schemas.to.get(parent))?;
    let parent = parent.drop.trim_start_matches("DROP INDEX ");
    let index = to.drop.trim_start_matches("DROP INDEX ");
    Some(vec![Operation::new(format!(
        "ALTER INDEX {parent} ATTACH PARTITION {index}"
    ))])
}
