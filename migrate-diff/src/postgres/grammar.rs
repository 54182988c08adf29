//! PostgreSQL's DDL.

use std::collections::BTreeSet;

use super::comment::{self, comment, comment_target};
use super::details::{Index, Part};
use super::schemas::Schemas;
use super::{column, constraint, domain, recreate, sequence, table};
use crate::model::{self, Details, Kind, Object, TableDetails};
use crate::operation::Operation;

/// PostgreSQL, and whether indexes and constraints are created while others go on.
pub struct Postgres {
    pub online: bool,
    /// The tables that have partitions: on them it cannot be done.
    pub partitioned: BTreeSet<String>,
}

impl Postgres {
    pub fn create_table(
        table: &Object,
        schemas: Schemas<'_>,
        constraints: &[&Object],
    ) -> Vec<Operation> {
        table::create(table, schemas, constraints)
    }

    /// Creates anything but a table. `is_new` says that its table is created by the same plan, and empty.
    pub fn create(&self, object: &Object, is_new: bool, schemas: Schemas<'_>) -> Vec<Operation> {
        let online = self.is_online(object);
        let mut steps = match object.part() {
            _ if object.id.kind == Kind::Column => vec![column::add(object)],
            _ if is_attached(object) => constraint::create_attached(object, schemas),
            Some(Part::Constraint(part)) => constraint::add(object, part, is_new, online),
            Some(Part::Index(part)) => {
                vec![constraint::create_index(object, part, is_new, online)]
            }
            Some(Part::View(_)) if is_rebuilt(object, schemas) => {
                vec![Operation::new(&object.create).blocking(format!(
                    "computes {} again, which nobody can read meanwhile",
                    object.id
                ))]
            }
            _ if is_of_privileges(object) => statements(&object.create),
            _ => vec![Operation::new(&object.create)],
        };
        match object.part() {
            Some(Part::Trigger(part)) => {
                steps.extend(part.state.as_ref().map(|word| state(object, word)));
            }
            Some(Part::Statistics(part)) => {
                let target = part.target.as_ref();
                steps.extend(target.map(|target| statistics_target(object, target)));
            }
            _ => {}
        }
        steps.extend(comment(object));
        steps
    }

    /// Whether something of a table is created or dropped while others use the table.
    fn is_online(&self, object: &Object) -> bool {
        self.online && !self.partitioned.contains(object.id.owner())
    }

    /// Removes something.
    pub fn drop(&self, object: &Object, schemas: Schemas<'_>) -> Vec<Operation> {
        let id = &object.id;
        let step = Operation::new(&object.drop);
        let is_computed = object
            .column()
            .is_some_and(|column| column.generated.is_some());
        match id.kind {
            Kind::Table => table::drop(object, schemas),
            // Its parent is dropped, and it with it.
            Kind::Constraint | Kind::Index if is_attached(object) => Vec::new(),
            Kind::Column if !is_computed => {
                vec![step.destructive(format!("drops {id} and its values"))]
            }
            Kind::Sequence => vec![step.destructive(format!("drops {id} and its position"))],
            Kind::Extension => vec![step.destructive(format!("drops {id} and what it holds"))],
            Kind::Index if self.is_online(object) => {
                let sql = &object.drop;
                let sql = sql.replacen("DROP INDEX ", "DROP INDEX CONCURRENTLY ", 1);
                vec![Operation::new(sql).online()]
            }
            Kind::Privilege | Kind::DefaultPrivilege => statements(&object.drop),
            _ => vec![step],
        }
    }

    /// Changes something in place; `None` when it must be dropped and recreated.
    pub fn alter(
        &self,
        from: &Object,
        to: &Object,
        schemas: Schemas<'_>,
    ) -> Option<Vec<Operation>> {
        if schemas.turns.types.contains(&to.id) {
            let steps = recreate::steps(to).into_iter();
            return Some(steps.chain(comment(to)).collect());
        }
        let (id, online) = (&to.id, self.is_online(to));
        let mut steps = match (&from.details, &to.details) {
            (Details::Table(_), Details::Table(_)) => table::alter(from, to, schemas)?,
            (Details::Column(old), Details::Column(new)) => {
                column::alter(id, old, new, schemas, online)?
            }
            (Details::Enum(old), Details::Enum(new)) => {
                recreate::added_labels(&id.name, &old.labels, &new.labels)?
            }
            (Details::Domain(old), Details::Domain(new)) => domain::alter(id, old, new, schemas)?,
            (Details::Sequence(old), Details::Sequence(new)) => {
                sequence::alter(&id.name, old, new)?
            }
            (Details::Postgres(_), Details::Postgres(_)) => alter_part(from, to, schemas)?,
            _ => return None,
        };
        let text = |object: &Object| comment::text(&object.details).map(str::to_owned);
        if text(from) != text(to) {
            steps.push(comment(to).unwrap_or_else(|| {
                Operation::new(format!("COMMENT ON {} IS NULL", comment_target(to)))
            }));
        }
        Some(steps)
    }

    /// Whether `dependent`, which does not change itself, must be dropped while `changed` changes in place.
    pub fn disturbs(
        (from, to): (&Object, &Object),
        dependent: &Object,
        schemas: Schemas<'_>,
    ) -> bool {
        let Some((old, new)) = from.column().zip(to.column()) else {
            return false;
        };
        if dependent.id.kind == Kind::Setting {
            // A table's own settings are made again once its parents have changed.
            let is_own = |word: &str| dependent.id.name.starts_with(word);
            return old.data_type != new.data_type
                || old.default != new.default && is_own("default of ")
                || old.not_null != new.not_null && is_own("NOT NULL of ");
        }
        if !column::changes_type(&to.id, (old, new), schemas) {
            return false;
        }
        let is_recreated = schemas.turns.columns.contains(&to.id);
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
            Kind::Constraint => {
                dependent.foreign_key().is_some() || is_recreated && dependent.key().is_none()
            }
            _ => false,
        }
    }

    /// Takes something that stays off what it depends on: the steps, and what is left of it.
    pub fn loosen(object: &Object, schemas: Schemas<'_>) -> Option<(Vec<Operation>, Object)> {
        let mut loose = object.clone();
        match &mut loose.details {
            Details::Column(column) => {
                column.default.take()?;
                let (table, name) = (object.id.owner(), &object.id.name);
                let off = format!("ALTER TABLE {table} ALTER COLUMN {name} DROP DEFAULT");
                Some((vec![Operation::new(off)], loose))
            }
            Details::Table(model::Table {
                details: TableDetails::Postgres(table),
                ..
            }) if !table.parents.is_empty() => {
                table.parents.clear();
                table.bound = None;
                Some((table::inheritance(object, false, schemas), loose))
            }
            _ => None,
        }
    }

    /// Renames an index, a constraint or a sequence that is otherwise the same.
    pub fn rename(from: &Object, to: &Object) -> Option<Operation> {
        let (old, new) = (&from.id.name, &to.id.name);
        if comment::text(&from.details) != comment::text(&to.details) {
            return None;
        }
        let attached = |object: &Object| {
            let attached = object.part().and_then(Part::attached);
            attached.map(|(name, _)| name.to_owned())
        };
        let is_same = from.owner == to.owner && attached(from) == attached(to);
        let is_part = is_attached(from) && is_same;
        match (&from.details, &to.details) {
            (Details::Postgres(Part::Constraint(_)), _) if from.says_what(to) || is_part => {
                let table = to.id.owner();
                Some(Operation::new(format!(
                    "ALTER TABLE {table} RENAME CONSTRAINT {old} TO {new}"
                )))
            }
            (Details::Postgres(Part::Index(one)), Details::Postgres(Part::Index(other)))
                if is_same
                    && (is_part || unnamed(one, old) == unnamed(other, new))
                    && !one.invalid =>
            {
                let name = from.drop.trim_start_matches("DROP INDEX ");
                Some(Operation::new(format!(
                    "ALTER INDEX {name} RENAME TO {new}"
                )))
            }
            // Only if both belong to the same column.
            (Details::Sequence(_), _)
                if from.says_what(to) && from.owner.is_some() && from.owner == to.owner =>
            {
                let bare = recreate::bare(new);
                Some(Operation::new(format!(
                    "ALTER SEQUENCE {old} RENAME TO {bare}"
                )))
            }
            _ => None,
        }
    }
}

/// Whether an index or a key is a part of one of the parent.
fn is_attached(object: &Object) -> bool {
    object.part().and_then(Part::attached).is_some()
}

/// Whether a materialized view is recreated.
fn is_rebuilt(object: &Object, schemas: Schemas<'_>) -> bool {
    object.id.kind == Kind::MaterializedView && schemas.from.get(&object.id).is_some()
}

fn is_of_privileges(object: &Object) -> bool {
    matches!(object.id.kind, Kind::Privilege | Kind::DefaultPrivilege)
}

/// Changes in place what has a form of PostgreSQL's own.
fn alter_part(from: &Object, to: &Object, schemas: Schemas<'_>) -> Option<Vec<Operation>> {
    let (old, new) = from.part().zip(to.part())?;
    let same = old.definition() == new.definition();
    let attached = |part: &Part| part.attached().map(|(name, _)| name.to_owned());
    let steps = match (old, new) {
        (Part::Extension(_), Part::Extension(new)) => vec![Operation::new(format!(
            "ALTER EXTENSION {} SET SCHEMA {}",
            to.id.name, new.schema
        ))],
        (Part::Composite(old), Part::Composite(new)) => {
            recreate::changed_fields(&to.id, &old.attributes, &new.attributes, false)?
        }
        (Part::Statement(_), _) if to.id.kind == Kind::Setting => alter_setting(from, to),
        (Part::Constraint(_) | Part::Index(_), _) if attached(old) != attached(new) => {
            constraint::attach(from, to, schemas)?
        }
        (Part::Index(old), _) if same && !old.invalid => Vec::new(),
        (Part::Index(_), _) => return None,
        (Part::Trigger(old), Part::Trigger(new)) if same => {
            let word = new.state.as_deref().unwrap_or("ENABLE");
            let changed = old.state != new.state;
            changed.then(|| state(to, word)).into_iter().collect()
        }
        (Part::Statistics(old), Part::Statistics(new)) if same => {
            let target = new.target.as_deref().unwrap_or("-1");
            let changed = old.target != new.target;
            changed
                .then(|| statistics_target(to, target))
                .into_iter()
                .collect()
        }
        _ if same => Vec::new(),
        (Part::Constraint(old), Part::Constraint(new)) => constraint::validate(&to.id, old, new)?,
        (Part::Function(old), Part::Function(new)) if old.signature == new.signature => {
            vec![Operation::new(&to.create)]
        }
        // A view can be replaced while it keeps its columns and adds some after them.
        (Part::View(old), Part::View(new))
            if to.id.kind == Kind::View && new.columns.starts_with(&old.columns) =>
        {
            let replace = to
                .create
                .replacen("CREATE VIEW", "CREATE OR REPLACE VIEW", 1);
            vec![Operation::new(replace)]
        }
        _ => return None,
    };
    Some(steps)
}

fn statements(text: &str) -> Vec<Operation> {
    text.split(";\n").map(Operation::new).collect()
}

/// Whether a trigger, a rule or an event trigger runs.
fn state(object: &Object, state: &str) -> Operation {
    let (table, name) = (object.id.owner(), &object.id.name);
    Operation::new(match object.id.kind {
        Kind::EventTrigger => format!("ALTER EVENT TRIGGER {name} {state}"),
        Kind::Rule => format!("ALTER TABLE {table} {state} RULE {name}"),
        _ => format!("ALTER TABLE {table} {state} TRIGGER {name}"),
    })
}

fn statistics_target(object: &Object, target: &str) -> Operation {
    let name = &object.id.name;
    Operation::new(format!("ALTER STATISTICS {name} SET STATISTICS {target}"))
}

/// The statement of an index without its name.
fn unnamed(index: &Index, name: &str) -> String {
    index
        .definition
        .replacen(&format!(" {name} ON "), " ON ", 1)
}

/// Options that are no longer set would stay, and a user mapping is created once.
fn alter_setting(from: &Object, to: &Object) -> Vec<Operation> {
    let reset = [" RESET (", " OPTIONS (", "DROP USER MAPPING "];
    let reset = reset.iter().any(|word| from.drop.contains(word));
    let off = reset.then(|| Operation::new(&from.drop));
    off.into_iter()
        .chain([Operation::new(&to.create)])
        .collect()
}
