//! The steps between two schemas of MySQL or MariaDB. All that changes of a table is one ALTER TABLE: an `AUTO_INCREMENT`
//! column and its key have to come together, and a table is copied once at most.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{TableChange, alter};
use super::introspect::column_id;
use super::parse::{self, PartKind, quote};
use super::sequence;
use super::spell::foreign_key;
use crate::difference::{Change, Comparison};
use crate::model::{Details, Kind, Object, ObjectId, Schema, Table, TableDetails};
use crate::operation::{Operation, Operations};
use crate::order::order;

pub fn plan(comparison: Comparison<'_>) -> Operations {
    let planner = Planner {
        comparison,
        from: comparison.from,
        to: comparison.to,
        foreign: foreign_keys_to_drop(comparison),
    };
    let mut steps = planner.programs_dropped();
    steps.extend(planner.foreign_keys_dropped());
    steps.extend(planner.tables_dropped());
    steps.extend(planner.sequences_created());
    steps.extend(planner.tables_altered());
    let created = planner.tables_created();
    steps.extend(created.steps);
    steps.extend(planner.foreign_keys_added(&created.inline));
    steps.extend(planner.sequences_dropped());
    steps.extend(planner.programs_created());
    if planner.changes_history() {
        let keep = "SET SESSION system_versioning_alter_history = 'KEEP'";
        steps.insert(0, Operation::new(keep));
    }
    Operations {
        steps,
        ..Operations::default()
    }
}

/// The foreign keys that must go before their tables are altered: those that change, and those that the columns or the
/// keys under them would hold.
fn foreign_keys_to_drop(comparison: Comparison<'_>) -> BTreeSet<ObjectId> {
    // By table: the columns that change, and whether one of its keys does.
    let mut disturbed: BTreeMap<&str, (BTreeSet<&str>, bool)> = BTreeMap::new();
    for change in comparison.difference.changes() {
        let object = match change {
            Change::Dropped(object) => object,
            Change::Altered { from, .. } => from,
            Change::Created(_) | Change::Renamed { .. } => continue,
        };
        let entry = disturbed.entry(object.id.owner());
        match object.details {
            Details::Column(_) => {
                entry.or_default().0.insert(&object.id.name);
            }
            Details::Index(_) | Details::Key(_) | Details::Check(_) => entry.or_default().1 = true,
            _ => {}
        }
    }
    let is_disturbed = |table: &str, columns: &[String]| {
        disturbed.get(table).is_some_and(|(changed, keys)| {
            *keys
                || columns
                    .iter()
                    .any(|column| changed.contains(&*quote(column)))
        })
    };
    let keys = comparison.from.of_kind(Kind::Constraint);
    let keys = keys.filter_map(|object| Some((object, object.foreign_key()?)));
    keys.filter(|(object, key)| {
        comparison.goes(&object.id)
            || is_disturbed(object.id.owner(), &key.columns)
            || is_disturbed(&quote(&key.table), &key.parent_columns)
    })
    .map(|(object, _)| object.id.clone())
    .collect()
}

/// The table that a foreign key points to, as ids write it.
fn parent(object: &Object) -> Option<String> {
    Some(quote(&object.foreign_key()?.table))
}

struct Planner<'s> {
    comparison: Comparison<'s>,
    from: &'s Schema,
    to: &'s Schema,
    foreign: BTreeSet<ObjectId>,
}

/// New tables, and the foreign keys that are in their statements.
struct Created {
    steps: Vec<Operation>,
    inline: BTreeSet<ObjectId>,
}

impl<'s> Planner<'s> {
    /// Whether a table changes that keeps the history of its rows before and after.
    fn changes_history(&self) -> bool {
        let keeps = |schema: &Schema, id: &ObjectId| {
            let table = schema.get(id).map(|table| &table.details);
            matches!(table, Some(Details::Table(Table { details: TableDetails::MySql(details), .. })) if details.versioned)
        };
        let changed = self.comparison.difference.changes().iter();
        let changed = changed.map(|change| ObjectId::new(Kind::Table, change.id().owner()));
        let own = self.foreign.iter();
        let own = own.map(|key| ObjectId::new(Kind::Table, key.owner()));
        let mut tables = changed.chain(own);
        tables.any(|table| keeps(self.from, &table) && keeps(self.to, &table))
    }

    fn foreign_keys(schema: &'s Schema) -> impl Iterator<Item = &'s Object> {
        let constraints = schema.of_kind(Kind::Constraint);
        constraints.filter(|object| object.foreign_key().is_some())
    }

    fn programs_dropped(&self) -> Vec<Operation> {
        let kinds = [
            Kind::Event,
            Kind::Trigger,
            Kind::View,
            Kind::Procedure,
            Kind::Function,
        ];
        let gone = |object: &&Object| {
            // A view is replaced in place, and a trigger is dropped with its table.
            let in_place = object.id.kind == Kind::View && self.to.get(&object.id).is_some();
            let with_table =
                object.id.kind == Kind::Trigger && !self.to.has(Kind::Table, object.id.owner());
            self.comparison.goes(&object.id) && !in_place && !with_table
        };
        let of_kind = |kind| self.from.of_kind(kind).filter(gone);
        kinds
            .into_iter()
            .flat_map(of_kind)
            .map(|object| Operation::new(&object.drop))
            .collect()
    }

    fn programs_created(&self) -> Vec<Operation> {
        let new = |kind| {
            let objects = self.to.of_kind(kind);
            objects.filter(|object| self.comparison.comes(&object.id))
        };
        let create = |object: &Object| Operation::new(&object.create);
        let routines = new(Kind::Function).chain(new(Kind::Procedure)).map(create);
        let needs: BTreeMap<ObjectId, BTreeSet<ObjectId>> = new(Kind::View)
            .map(|view| (view.id.clone(), view.depends_on.clone()))
            .collect();
        let views = order(&needs)
            .into_iter()
            .filter_map(|id| self.to.get(&id))
            .map(|view| {
                let replaces = self.from.get(&view.id).is_some();
                Operation::new(if replaces {
                    view.create.replacen("CREATE ", "CREATE OR REPLACE ", 1)
                } else {
                    view.create.clone()
                })
            });
        let mut triggers: Vec<&Object> = new(Kind::Trigger).collect();
        triggers.sort_by_key(|trigger| trigger.position);
        routines
            .chain(views)
            .chain(triggers.into_iter().map(create))
            .chain(new(Kind::Event).map(create))
            .collect()
    }

    /// Those that are new or change: a column's default may need them.
    fn sequences_created(&self) -> Vec<Operation> {
        let step = |change: &Change| match change {
            Change::Created(new) if new.id.kind == Kind::Sequence => {
                Some(Operation::new(&new.create))
            }
            Change::Altered { to, .. } => match &to.details {
                Details::Sequence(details) => Some(Operation::new(format!(
                    "ALTER SEQUENCE {} {}",
                    to.id.name,
                    sequence::options(details)
                ))),
                _ => None,
            },
            _ => None,
        };
        let changes = self.comparison.difference.changes();
        changes.iter().filter_map(step).collect()
    }

    fn sequences_dropped(&self) -> Vec<Operation> {
        let gone = self.from.of_kind(Kind::Sequence);
        let gone = gone.filter(|sequence| self.to.get(&sequence.id).is_none());
        gone.map(|sequence| {
            Operation::new(&sequence.drop).destructive(format!(
                "drops {} and the value it has reached",
                sequence.id
            ))
        })
        .collect()
    }

    /// Those of kept tables, and those between tables that go in a circle.
    fn foreign_keys_dropped(&self) -> Vec<Operation> {
        let gone = self.dropped_in_order();
        let place: BTreeMap<&str, usize> = gone
            .iter()
            .enumerate()
            .map(|(n, table)| (&*table.id.name, n))
            .collect();
        let keys = Self::foreign_keys(self.from).filter(|key| {
            let table = key.id.owner();
            if self.comparison.keeps_table(table) {
                return self.foreign.contains(&key.id);
            }
            // Its parent would go before it.
            parent(key).is_some_and(|parent| {
                let parent_goes = place.get(&*parent);
                parent != table && parent_goes.is_some() && parent_goes < place.get(table)
            })
        });
        let mut clauses: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for key in keys {
            clauses
                .entry(key.id.owner())
                .or_default()
                .push(format!("DROP FOREIGN KEY {}", key.id.name));
        }
        clauses
            .into_iter()
            .map(|(table, clauses)| alter(table, &clauses))
            .collect()
    }

    /// Children before their parents.
    fn dropped_in_order(&self) -> Vec<&'s Object> {
        let gone = self
            .from
            .of_kind(Kind::Table)
            .filter(|table| self.to.get(&table.id).is_none());
        let needs: BTreeMap<ObjectId, BTreeSet<ObjectId>> = gone
            .map(|table| (table.id.clone(), table.depends_on.clone()))
            .collect();
        order(&needs)
            .iter()
            .rev()
            .filter_map(|id| self.from.get(id))
            .collect()
    }

    fn tables_dropped(&self) -> Vec<Operation> {
        let step = |table: &Object| {
            Operation::new(&table.drop).destructive(format!("drops {} and its rows", table.id))
        };
        self.dropped_in_order().into_iter().map(step).collect()
    }

    fn tables_altered(&self) -> Vec<Operation> {
        let kept = self.to.of_kind(Kind::Table);
        let kept = kept.filter_map(|new| Some((self.from.get(&new.id)?, new)));
        kept.flat_map(|(old, new)| TableChange::of(self.comparison, old, new).steps())
            .collect()
    }

    fn tables_created(&self) -> Created {
        let new = self
            .to
            .of_kind(Kind::Table)
            .filter(|table| self.from.get(&table.id).is_none());
        let needs: BTreeMap<ObjectId, BTreeSet<ObjectId>> = new
            .map(|table| (table.id.clone(), table.depends_on.clone()))
            .collect();
        let mut created = Created {
            steps: Vec::new(),
            inline: BTreeSet::new(),
        };
        let mut there: BTreeSet<String> = self
            .from
            .of_kind(Kind::Table)
            .map(|table| table.id.name.clone())
            .collect();
        for table in order(&needs).iter().filter_map(|id| self.to.get(id)) {
            there.insert(table.id.name.clone());
            let keys = self.to.parts(Kind::Constraint, &table.id.name);
            let inline =
                keys.filter(|key| parent(key).is_some_and(|parent| there.contains(&parent)));
            created.inline.extend(inline.map(|key| key.id.clone()));
            let sql = create_table(table, &created.inline);
            created.steps.push(Operation::new(sql));
        }
        created
    }

    /// The server drops an index that it made for a foreign key when another of its columns comes, unless that has the same
    /// name. Said once more, the index stays.
    fn own_index(&self, object: &Object) -> Vec<String> {
        let Some(key) = object.foreign_key() else {
            return Vec::new();
        };
        if !self.comparison.keeps_table(object.id.owner()) {
            return Vec::new();
        }
        let was = self.from.get(&object.id).and_then(Object::foreign_key);
        let is_new = was.is_none_or(|was| was.columns != key.columns);
        let indexes = self.to.parts(Kind::Index, object.id.owner());
        let may_be_its_own = |index: &Object| {
            // Without a name of its own, it has that of its first column.
            let is_unnamed = key
                .columns
                .first()
                .is_some_and(|column| index.written.to_lowercase().starts_with(column.as_str()));
            index.id.name != object.id.name && (is_new || is_unnamed)
        };
        indexes
            .filter(|index| {
                let covers = index
                    .index()
                    .is_some_and(|index| index.columns == key.columns);
                covers && may_be_its_own(index) && self.comparison.is_same(&index.id)
            })
            .flat_map(|index| {
                [
                    format!("DROP KEY {}", index.id.name),
                    format!("ADD {}", index.create),
                ]
            })
            .collect()
    }

    fn foreign_keys_added(&self, inline: &BTreeSet<ObjectId>) -> Vec<Operation> {
        let mut clauses: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let mut may_fail = BTreeSet::new();
        let keys = Self::foreign_keys(self.to).filter(|key| !inline.contains(&key.id));
        let comes =
            |key: &&Object| self.comparison.comes(&key.id) || self.foreign.contains(&key.id);
        for key in keys.filter(comes) {
            let clauses = clauses.entry(key.id.owner()).or_default();
            if !self.held_before(key) {
                may_fail.insert(key.id.owner());
            }
            let add = format!("ADD {}", foreign_key(key));
            for clause in self.own_index(key).into_iter().chain([add]) {
                if !clauses.contains(&clause) {
                    clauses.push(clause);
                }
            }
        }
        let step = |(table, clauses): (&str, Vec<String>)| {
            let step = alter(table, &clauses);
            if !self.comparison.keeps_table(table) {
                return step;
            }
            let step = step.alters(table);
            if may_fail.contains(table) {
                step.blocking(format!(
                    "fails if rows of table {table} break the constraint"
                ))
            } else {
                step
            }
        };
        clauses.into_iter().map(step).collect()
    }

    /// Whether the rows have satisfied a foreign key before: it was there between the same columns, which stay as they are.
    fn held_before(&self, key: &Object) -> bool {
        let old = self.from.get(&key.id).and_then(Object::foreign_key);
        let Some((old, new)) = old.zip(key.foreign_key()) else {
            return false;
        };
        let is_kept = |table: &str, columns: &[String]| {
            let mut ids = columns.iter().map(|name| column_id(table, name));
            ids.all(|id| self.comparison.is_same(&id))
        };
        (&old.columns, &old.table, &old.parent_columns)
            == (&new.columns, &new.table, &new.parent_columns)
            && is_kept(key.id.owner(), &new.columns)
            && is_kept(&quote(&new.table), &new.parent_columns)
    }
}

/// The statement of a new table, without the foreign keys to tables that come later.
fn create_table(table: &Object, inline: &BTreeSet<ObjectId>) -> String {
    let name = &table.id.name;
    let Ok(parsed) = parse::table(&table.create) else {
        return table.create.clone();
    };
    let is_in = |part: &&parse::Part| {
        part.kind != PartKind::Foreign
            || inline.contains(&ObjectId::of(Kind::Constraint, name, &part.name))
    };
    let lines: Vec<&str> = parsed
        .parts
        .iter()
        .filter(is_in)
        .map(|part| part.line.as_str())
        .collect();
    let options = match &*parsed.options {
        "" => String::new(),
        options => format!(" {options}"),
    };
    let partitions = parsed
        .partitions
        .map(|partitions| format!("\n{partitions}"));
    format!(
        "CREATE TABLE {name} (\n  {}\n){options}{}",
        lines.join(",\n  "),
        partitions.unwrap_or_default()
    )
}
