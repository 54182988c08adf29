//! Constraints and indexes.

use super::schemas::Schemas;
use super::table::is_not_valid;
use crate::model::{Kind, Object, ObjectId};
use crate::step::Step;

pub fn add(constraint: &Object, is_new: bool, online: bool) -> Vec<Step> {
    let (table, name) = (constraint.id.owner(), &constraint.id.name);
    let definition = constraint.attribute("definition").unwrap_or_default();
    let validates = definition.starts_with("CHECK") || definition.starts_with("FOREIGN KEY");
    let step = Step::new(&constraint.create);
    if is_new || is_not_valid(constraint) {
        return vec![step];
    }
    if !online {
        let text = format!(
            "locks table {table} while its rows are read, and fails if they break the constraint"
        );
        return vec![step.blocking(text)];
    }
    if validates {
        let validate = format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name}");
        let text = format!("fails if rows of table {table} break the constraint");
        return vec![
            Step::new(format!("{} NOT VALID", constraint.create)),
            Step::new(validate).blocking(text).online(),
        ];
    }
    unique_online(constraint).unwrap_or_else(|| {
        vec![step.blocking(format!("locks table {table} while its rows are read"))]
    })
}

pub fn create_index(index: &Object, is_new: bool, online: bool) -> Step {
    let table = index.id.owner();
    if is_new {
        return Step::new(&index.create);
    }
    let fails = index
        .create
        .starts_with("CREATE UNIQUE")
        .then(|| format!("fails if rows of table {table} are not unique"));
    let step = if online {
        Step::new(index.create.replacen("INDEX ", "INDEX CONCURRENTLY ", 1)).online()
    } else {
        Step::new(&index.create).blocking(format!(
            "keeps writers off {table} while the index is built"
        ))
    };
    match fails {
        Some(text) => step.blocking(text),
        None => step,
    }
}

/// A unique constraint takes over an index that was made concurrently.
fn unique_online(constraint: &Object) -> Option<Vec<Step>> {
    let (table, name) = (constraint.id.owner(), &constraint.id.name);
    let definition = constraint.attribute("definition")?;
    let word = ["PRIMARY KEY", "UNIQUE"]
        .into_iter()
        .find(|word| definition.starts_with(word))?;
    let columns = &definition[word.len()..];
    let (columns, rest) = columns.split_at(columns.find(')')? + 1);
    if !rest.is_empty() && !rest.trim_start().starts_with("DEFERRABLE") {
        return None;
    }
    let index = format!("CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table}{columns}");
    let adopt =
        format!("ALTER TABLE {table} ADD CONSTRAINT {name} {word} USING INDEX {name}{rest}");
    let text = format!("fails if rows of table {table} are not unique");
    Some(vec![
        Step::new(index).blocking(text).online(),
        Step::new(adopt).online(),
    ])
}

pub fn validate(from: &Object, to: &Object) -> Option<Vec<Step>> {
    let old = from.attribute("definition")?.strip_suffix(" NOT VALID")?;
    (Some(old) == to.attribute("definition")).then(|| {
        let (table, name) = (to.id.owner(), &to.id.name);
        vec![
            Step::new(format!("ALTER TABLE {table} VALIDATE CONSTRAINT {name}")).blocking(format!(
                "fails if rows of table {table} break the constraint"
            )),
        ]
    })
}

/// An index or a key of a partition is created with its parent's. If it has a name of its own, it is created before that one,
/// which takes it over; if only the partition is new, it is renamed.
pub fn create_attached(object: &Object, schemas: Schemas<'_>) -> Vec<Step> {
    let Some(chosen) = object.attribute("chosen name") else {
        return Vec::new();
    };
    let parent = object.owner.as_ref().map(ObjectId::owner);
    // The key of a new table is part of its statement.
    let is_inline = object.id.kind == Kind::Constraint
        && parent.is_some_and(|parent| !schemas.from.has(Kind::Table, parent));
    if !has_parent(object, schemas) && !is_inline {
        return vec![Step::new(&object.create)];
    }
    let (table, name) = (object.id.owner(), &object.id.name);
    if object.id.kind == Kind::Constraint {
        return vec![Step::new(format!(
            "ALTER TABLE {table} RENAME CONSTRAINT {chosen} TO {name}"
        ))];
    }
    let full = object.drop.trim_start_matches("DROP INDEX ");
    let schema = full.strip_suffix(name.as_str()).unwrap_or_default();
    vec![Step::new(format!(
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
pub fn attach(from: &Object, to: &Object, schemas: Schemas<'_>) -> Option<Vec<Step>> {
    if from.attribute("definition") != to.attribute("definition") {
        return None;
    }
    let parent_of = |object: &Object| object.attribute("attached").and(object.owner.clone());
    if let Some(old) = parent_of(from) {
        // A partition that leaves its parent keeps its indexes.
        let partition = ObjectId::new(Kind::Table, from.id.owner());
        let both = schemas.from.get(&partition).zip(schemas.to.get(&partition));
        let leaves =
            both.is_some_and(|(old, new)| old.attribute("parent") != new.attribute("parent"));
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
    Some(vec![Step::new(format!(
        "ALTER INDEX {parent} ATTACH PARTITION {index}"
    ))])
}
