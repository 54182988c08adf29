//! PostgreSQL's DDL.

use std::collections::BTreeSet;

use super::comment::{comment, comment_target};
use super::schemas::Schemas;
use super::{column, constraint, recreate, sequence, table};
use crate::model::{Kind, Object, Schema};
use crate::step::Step;

/// PostgreSQL, and whether indexes and constraints are created while others go on.
pub struct Postgres {
    pub online: bool,
    /// The tables that have partitions: on them it cannot be done.
    pub partitioned: BTreeSet<String>,
}

impl Postgres {
    pub fn create_table(table: &Object, to: &Schema, constraints: &[&Object]) -> Vec<Step> {
        table::create(table, to, constraints)
    }

    /// Creates anything but a table. `is_new` says that its table is created by the same plan, and empty.
    pub fn create(&self, object: &Object, is_new: bool, schemas: Schemas<'_>) -> Vec<Step> {
        let online = self.is_online(object);
        let mut steps = match object.id.kind {
            Kind::Column => vec![column::add(object)],
            Kind::Constraint | Kind::Index if object.attribute("attached").is_some() => {
                constraint::create_attached(object, schemas)
            }
            Kind::Constraint => constraint::add(object, is_new, online),
            Kind::Index => vec![constraint::create_index(object, is_new, online)],
            Kind::MaterializedView if schemas.from.get(&object.id).is_some() => {
                vec![Step::new(&object.create).blocking(format!(
                    "computes {} again, which nobody can read meanwhile",
                    object.id
                ))]
            }
            Kind::Privilege | Kind::DefaultPrivilege => statements(&object.create),
            _ => vec![Step::new(&object.create)],
        };
        let state = object.attribute("state").map(|word| state(object, word));
        let target = object
            .attribute("target")
            .map(|target| statistics_target(object, target));
        steps.extend(state.into_iter().chain(target).chain(comment(object)));
        steps
    }

    /// Whether something of a table is created or dropped while others use the table.
    fn is_online(&self, object: &Object) -> bool {
        self.online && !self.partitioned.contains(object.id.owner())
    }

    /// Removes something.
    pub fn drop(&self, object: &Object, schemas: Schemas<'_>) -> Vec<Step> {
        let id = &object.id;
        let step = Step::new(&object.drop);
        match id.kind {
            Kind::Table => table::drop(object, schemas),
            // Its parent is dropped, and it with it.
            Kind::Constraint | Kind::Index if object.attribute("attached").is_some() => Vec::new(),
            Kind::Column if object.attribute("generated").is_none() => {
                vec![step.destructive(format!("drops {id} and its values"))]
            }
            Kind::Sequence => vec![step.destructive(format!("drops {id} and its position"))],
            Kind::Extension => vec![step.destructive(format!("drops {id} and what it holds"))],
            Kind::Index if self.is_online(object) => {
                let sql = &object.drop;
                let sql = sql.replacen("DROP INDEX ", "DROP INDEX CONCURRENTLY ", 1);
                vec![Step::new(sql).online()]
            }
            Kind::Privilege | Kind::DefaultPrivilege => statements(&object.drop),
            _ => vec![step],
        }
    }

    /// Changes something in place; `None` when it must be dropped and recreated.
    pub fn alter(&self, from: &Object, to: &Object, schemas: Schemas<'_>) -> Option<Vec<Step>> {
        if to.attribute(recreate::RECREATED).is_some() {
            let steps = recreate::steps(to).into_iter();
            return Some(steps.chain(comment(to)).collect());
        }
        let same = |name: &str| from.attribute(name) == to.attribute(name);
        let mut steps = match to.id.kind {
            Kind::Table => table::alter(from, to, schemas)?,
            Kind::Column => column::alter(from, to, schemas, self.is_online(to))?,
            Kind::Type => alter_type(from, to)?,
            Kind::Domain => alter_domain(from, to)?,
            Kind::Sequence => sequence::alter(from, to)?,
            Kind::Setting => alter_setting(from, to),
            Kind::Extension => vec![Step::new(format!(
                "ALTER EXTENSION {} SET SCHEMA {}",
                to.id.name,
                to.attribute("schema")?
            ))],
            Kind::Constraint | Kind::Index if !same("attached") => {
                constraint::attach(from, to, schemas)?
            }
            _ if same("definition") && from.attribute("invalid").is_none() => Vec::new(),
            Kind::Constraint => constraint::validate(from, to)?,
            Kind::Function | Kind::Procedure if same("signature") => vec![Step::new(&to.create)],
            Kind::View if keeps_columns(from, to) => vec![Step::new(to.create.replacen(
                "CREATE VIEW",
                "CREATE OR REPLACE VIEW",
                1,
            ))],
            _ => return None,
        };
        if !same("state") {
            steps.push(state(to, to.attribute("state").unwrap_or("ENABLE")));
        }
        if !same("target") {
            let target = to.attribute("target").unwrap_or("-1");
            steps.push(statistics_target(to, target));
        }
        if !same("comment") {
            steps.push(comment(to).unwrap_or_else(|| {
                Step::new(format!("COMMENT ON {} IS NULL", comment_target(to)))
            }));
        }
        Some(steps)
    }

    /// Whether `dependent`, which does not change itself, must be dropped while `changed` changes in place.
    pub fn disturbs((from, to): (&Object, &Object), dependent: &Object) -> bool {
        if from.id.kind != Kind::Column {
            return false;
        }
        let changed = |name: &str| from.attribute(name) != to.attribute(name);
        if dependent.id.kind == Kind::Setting {
            // A table's own settings are made again once its parents have changed.
            let is_own = |word: &str| dependent.id.name.starts_with(word);
            return changed("type")
                || changed("default") && is_own("default of ")
                || changed("not null") && is_own("NOT NULL of ");
        }
        if !column::changes_type(from, to) {
            return false;
        }
        let is_recreated = to.attribute(recreate::TYPE_RECREATED).is_some();
        match dependent.id.kind {
            Kind::View
            | Kind::MaterializedView
            | Kind::Rule
            | Kind::Policy
            | Kind::Trigger
            | Kind::Function
            | Kind::Procedure
            | Kind::Column => true,
            // An index of expressions and a check are not read again with another type of the same name.
            Kind::Index | Kind::Statistics => is_recreated,
            // A foreign key cannot be between two types, of which one changes first.
            Kind::Constraint => dependent.attribute("definition").is_some_and(|text| {
                text.starts_with("FOREIGN KEY")
                    || is_recreated && (text.starts_with("CHECK") || text.starts_with("EXCLUDE"))
            }),
            _ => false,
        }
    }

    /// Takes something that stays off what it depends on: the steps, and what is left of it.
    pub fn loosen(object: &Object) -> Option<(Vec<Step>, Object)> {
        let mut loose = object.clone();
        match object.id.kind {
            Kind::Column => {
                loose.attributes.remove("default")?;
                let (table, name) = (object.id.owner(), &object.id.name);
                let off = format!("ALTER TABLE {table} ALTER COLUMN {name} DROP DEFAULT");
                Some((vec![Step::new(off)], loose))
            }
            Kind::Table => {
                loose.attributes.remove("parent")?;
                loose.attributes.remove("bound");
                Some((table::inheritance(object, false), loose))
            }
            _ => None,
        }
    }

    /// Renames an index or a constraint that is otherwise the same.
    pub fn rename(from: &Object, to: &Object) -> Option<Step> {
        let (old, new) = (&from.id.name, &to.id.name);
        if from.attribute("comment") != to.attribute("comment") {
            return None;
        }
        let is_attached = from.attribute("attached").is_some();
        let is_same =
            from.owner == to.owner && from.attribute("attached") == to.attribute("attached");
        match to.id.kind {
            Kind::Constraint if from.attributes == to.attributes || is_attached && is_same => {
                let table = to.id.owner();
                Some(Step::new(format!(
                    "ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}"
                )))
            }
            Kind::Index
                if is_same
                    && (is_attached || unnamed_index(from) == unnamed_index(to))
                    && from.attribute("invalid").is_none() =>
            {
                let name = from.drop.trim_start_matches("DROP INDEX ");
                Some(Step::new(format!("ALTER INDEX {name} RENAME TO {new}")))
            }
            // Only if both belong to the same column.
            Kind::Sequence
                if from.attributes == to.attributes
                    && from.owner.is_some()
                    && from.owner == to.owner =>
            {
                let bare = recreate::bare(new);
                Some(Step::new(format!("ALTER SEQUENCE {old} RENAME TO {bare}")))
            }
            _ => None,
        }
    }
}

fn statements(text: &str) -> Vec<Step> {
    text.split(";\n").map(Step::new).collect()
}

/// Whether a trigger, a rule or an event trigger runs.
fn state(object: &Object, state: &str) -> Step {
    let (table, name) = (object.id.owner(), &object.id.name);
    Step::new(match object.id.kind {
        Kind::EventTrigger => format!("ALTER EVENT TRIGGER {name} {state}"),
        Kind::Rule => format!("ALTER TABLE {table} {state} RULE {name}"),
        _ => format!("ALTER TABLE {table} {state} TRIGGER {name}"),
    })
}

fn statistics_target(object: &Object, target: &str) -> Step {
    let name = &object.id.name;
    Step::new(format!("ALTER STATISTICS {name} SET STATISTICS {target}"))
}

/// The statement of an index without its name.
fn unnamed_index(index: &Object) -> Option<String> {
    let definition = index.attribute("definition")?;
    Some(definition.replacen(&format!(" {} ON ", index.id.name), " ON ", 1))
}

/// A view can be replaced if it keeps its columns and only adds others after them.
fn keeps_columns(from: &Object, to: &Object) -> bool {
    match (from.attribute("columns"), to.attribute("columns")) {
        (Some(old), Some(new)) => new == old || new.starts_with(&format!("{old}, ")),
        _ => false,
    }
}

/// Options that are no longer set would stay, and a user mapping is created once.
fn alter_setting(from: &Object, to: &Object) -> Vec<Step> {
    let reset = [" RESET (", " OPTIONS (", "DROP USER MAPPING "];
    let reset = reset.iter().any(|word| from.drop.contains(word));
    let off = reset.then(|| Step::new(&from.drop));
    off.into_iter().chain([Step::new(&to.create)]).collect()
}

/// New labels of an enum are added in place, and so do attributes of a composite type change.
fn alter_type(from: &Object, to: &Object) -> Option<Vec<Step>> {
    if from.attribute("attributes").is_some() && to.attribute("attributes").is_some() {
        return recreate::changed_fields(from, to, false);
    }
    if from.attribute("definition").is_some() || to.attribute("definition").is_some() {
        return (from.attribute("definition") == to.attribute("definition")).then(Vec::new);
    }
    recreate::added_labels(from, to)
}

fn alter_domain(from: &Object, to: &Object) -> Option<Vec<Step>> {
    let same = |name: &str| from.attribute(name) == to.attribute(name);
    if !same("type") || !same("collation") {
        return None;
    }
    let domain = format!("ALTER DOMAIN {}", to.id.name);
    let mut steps = Vec::new();
    if !same("default") {
        let default = to.attribute("default").map_or_else(
            || "DROP DEFAULT".to_owned(),
            |default| format!("SET DEFAULT {default}"),
        );
        steps.push(Step::new(format!("{domain} {default}")));
    }
    if !same("not null") {
        let sets = to.attribute("not null").is_some();
        let step = Step::new(format!(
            "{domain} {} NOT NULL",
            if sets { "SET" } else { "DROP" }
        ));
        steps.push(if sets {
            step.blocking(format!("fails if a column of {} holds NULL", to.id))
        } else {
            step
        });
    }
    let checks = |object: &Object| -> Vec<String> {
        object
            .attribute("checks")
            .into_iter()
            .flat_map(str::lines)
            .map(str::to_owned)
            .collect()
    };
    let (old, new) = (checks(from), checks(to));
    for gone in old.iter().filter(|check| !new.contains(check)) {
        let name = gone.split(" CHECK ").next().unwrap_or_default();
        steps.push(Step::new(format!("{domain} DROP {name}")));
    }
    for added in new.iter().filter(|check| !old.contains(check)) {
        steps.push(Step::new(format!("{domain} ADD {added}")).blocking(format!(
            "fails if a value of {} breaks the constraint",
            to.id
        )));
    }
    Some(steps)
}
