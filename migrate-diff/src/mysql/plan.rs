//! The steps between two schemas of MySQL or MariaDB. All that changes of a table is one ALTER TABLE: an `AUTO_INCREMENT`
//! column and its key have to come together, and a table is copied once at most.

use std::collections::{BTreeMap, BTreeSet};

use super::loss;
use crate::model::{Kind, Object, ObjectId, Schema};
use crate::order::order;
use crate::step::{Hazard, Plan, Step};

pub(crate) fn plan(from: &Schema, to: &Schema) -> Plan {
    let planner = Planner {
        from,
        to,
        foreign: foreign_keys_to_drop(from, to),
    };
    let mut steps = planner.programs_dropped();
    steps.extend(planner.foreign_keys_dropped());
    steps.extend(planner.tables_dropped());
    steps.extend(planner.tables_altered());
    let created = planner.tables_created();
    steps.extend(created.steps);
    steps.extend(planner.foreign_keys_added(&created.inline));
    steps.extend(planner.programs_created());
    Plan {
        steps,
        ..Plan::default()
    }
}

fn is_foreign(object: &Object) -> bool {
    object.id.kind == Kind::Constraint && object.create.contains(" FOREIGN KEY ")
}

fn differs(object: &Object, other: &Schema) -> bool {
    other
        .get(&object.id)
        .is_none_or(|other| other.attributes != object.attributes)
}

/// The foreign keys that must go before their tables are altered: those that change, and those that the columns or the
/// keys under them would hold.
fn foreign_keys_to_drop(from: &Schema, to: &Schema) -> BTreeSet<ObjectId> {
    let disturbing: Vec<&Object> = from
        .objects()
        .filter(|object| {
            matches!(
                object.id.kind,
                Kind::Column | Kind::Index | Kind::Constraint
            )
        })
        .filter(|object| {
            !is_foreign(object) && differs(object, to) && twin(object, from, to).is_none()
        })
        .collect();
    let disturbs = |object: &Object, key: &Object| {
        let is_under =
            object.id.owner() == key.id.owner() || parent(key) == Some(object.id.owner());
        // A column that the foreign key does not name is none of its business.
        is_under && (object.id.kind != Kind::Column || key.create.contains(&object.id.name))
    };
    let keys = from.objects().filter(|object| is_foreign(object));
    keys.filter(|key| differs(key, to) || disturbing.iter().any(|object| disturbs(object, key)))
        .map(|key| key.id.clone())
        .collect()
}

/// The new index that an old one becomes by another name alone.
fn twin<'s>(old: &'s Object, from: &Schema, to: &'s Schema) -> Option<&'s Object> {
    let unnamed = |part: &Object| part.create.replacen(&part.id.name, "", 1);
    let comes = |new: &&Object| from.get(&new.id).is_none() && unnamed(new) == unnamed(old);
    (old.id.kind == Kind::Index && to.get(&old.id).is_none())
        .then(|| to.parts(Kind::Index, old.id.table.as_deref()?).find(comes))?
}

/// The table that a foreign key points to.
fn parent(key: &Object) -> Option<&str> {
    let rest = key.create.split_once(") REFERENCES ")?.1;
    let end = rest.find("` ")?;
    Some(&rest[..=end])
}

struct Planner<'s> {
    from: &'s Schema,
    to: &'s Schema,
    foreign: BTreeSet<ObjectId>,
}

/// New tables, and the foreign keys that stand in their statements.
struct Created {
    steps: Vec<Step>,
    inline: BTreeSet<ObjectId>,
}

impl Planner<'_> {
    fn is_kept(&self, table: &str) -> bool {
        self.from.has(Kind::Table, table) && self.to.has(Kind::Table, table)
    }

    fn programs_dropped(&self) -> Vec<Step> {
        let kinds = [Kind::Trigger, Kind::View, Kind::Procedure, Kind::Function];
        let gone = |object: &&Object| {
            // A view is replaced in place, and a trigger goes with its table.
            let in_place = object.id.kind == Kind::View && self.to.get(&object.id).is_some();
            let with_table =
                object.id.kind == Kind::Trigger && !self.to.has(Kind::Table, object.id.owner());
            differs(object, self.to) && !in_place && !with_table
        };
        let of_kind = |kind| self.from.of_kind(kind).filter(gone);
        kinds
            .into_iter()
            .flat_map(of_kind)
            .map(|object| Step::new(&object.drop))
            .collect()
    }

    fn programs_created(&self) -> Vec<Step> {
        let new = |kind| {
            self.to
                .of_kind(kind)
                .filter(|object| differs(object, self.from))
        };
        let routines = new(Kind::Function)
            .chain(new(Kind::Procedure))
            .map(|object| Step::new(&object.create));
        let needs: BTreeMap<ObjectId, BTreeSet<ObjectId>> = new(Kind::View)
            .map(|view| (view.id.clone(), view.depends_on.clone()))
            .collect();
        let views = order(&needs)
            .into_iter()
            .filter_map(|id| self.to.get(&id))
            .map(|view| {
                let replaces = self.from.get(&view.id).is_some();
                Step::new(if replaces {
                    view.create.replacen("CREATE ", "CREATE OR REPLACE ", 1)
                } else {
                    view.create.clone()
                })
            });
        let mut triggers: Vec<&Object> = new(Kind::Trigger).collect();
        triggers.sort_by_key(|trigger| trigger.position);
        routines
            .chain(views)
            .chain(
                triggers
                    .into_iter()
                    .map(|trigger| Step::new(&trigger.create)),
            )
            .collect()
    }

    /// Those of kept tables, and those between tables that go in a circle.
    fn foreign_keys_dropped(&self) -> Vec<Step> {
        let gone = self.dropped_in_order();
        let place = |table: &str| gone.iter().position(|other| other.id.name == table);
        let keys = self
            .from
            .objects()
            .filter(|object| is_foreign(object))
            .filter(|key| {
                let table = key.id.owner();
                if self.is_kept(table) {
                    return self.foreign.contains(&key.id);
                }
                // Its parent would go before it.
                parent(key).is_some_and(|parent| {
                    parent != table && place(parent).is_some() && place(parent) < place(table)
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
    fn dropped_in_order(&self) -> Vec<&Object> {
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

    fn tables_dropped(&self) -> Vec<Step> {
        let step = |table: &Object| {
            Step::new(&table.drop).destructive(format!("drops {} and its rows", table.id))
        };
        self.dropped_in_order().into_iter().map(step).collect()
    }

    fn tables_altered(&self) -> Vec<Step> {
        let kept = self
            .to
            .of_kind(Kind::Table)
            .filter(|table| self.from.get(&table.id).is_some());
        kept.flat_map(|table| self.table_altered(table)).collect()
    }

    fn table_altered(&self, new: &Object) -> Vec<Step> {
        let table = &new.id.name;
        let Some(old) = self.from.get(&new.id) else {
            return Vec::new();
        };
        let mut change = TableChange::default();
        self.keys(table, &mut change);
        self.columns(table, &mut change);
        change.options(old.attribute("options"), new.attribute("options"));
        let mut steps = Vec::new();
        let clauses = change.clauses();
        if !clauses.is_empty() {
            let mut step = alter(table, &clauses);
            step.hazards = change.hazards;
            steps.push(step);
        }
        if old.attribute("partitions") != new.attribute("partitions") {
            let partitions = new.attribute("partitions").unwrap_or("REMOVE PARTITIONING");
            steps.push(
                Step::new(format!("ALTER TABLE {table} {partitions}"))
                    .blocking(format!("copies table {table}")),
            );
        }
        steps
    }

    fn keys(&self, table: &str, change: &mut TableChange) {
        let parts = |schema: &'_ Schema| -> Vec<Object> {
            let parts = schema
                .parts(Kind::Index, table)
                .chain(schema.parts(Kind::Constraint, table));
            parts.filter(|part| !is_foreign(part)).cloned().collect()
        };
        let mut added: Vec<Object> = parts(self.to)
            .into_iter()
            .filter(|part| differs(part, self.from))
            .collect();
        for old in parts(self.from)
            .iter()
            .filter(|part| differs(part, self.to))
        {
            let place = twin(old, self.from, self.to)
                .and_then(|twin| added.iter().position(|new| new.id == twin.id));
            match place {
                Some(n) => change.dropped.push(format!(
                    "RENAME KEY {} TO {}",
                    old.id.name,
                    added.remove(n).id.name
                )),
                None => change.dropped.push(drop_clause(old)),
            }
        }
        for new in &added {
            change.added.push(format!("ADD {}", new.create));
            let fails = if new.create.starts_with("UNIQUE") || new.id.name == "PRIMARY" {
                Some("are not unique")
            } else {
                new.create
                    .starts_with("CONSTRAINT")
                    .then_some("break the constraint")
            };
            change.hazards.extend(
                fails.map(|fails| {
                    Hazard::Blocking(format!("fails if rows of table {table} {fails}"))
                }),
            );
        }
    }

    fn columns(&self, table: &str, change: &mut TableChange) {
        for old in self
            .from
            .parts(Kind::Column, table)
            .filter(|old| self.to.get(&old.id).is_none())
        {
            change.dropped.push(format!("DROP COLUMN {}", old.id.name));
            change.hazards.push(Hazard::Destructive(format!(
                "drops {} and its values",
                old.id
            )));
        }
        let mut columns: Vec<&Object> = self.to.parts(Kind::Column, table).collect();
        columns.sort_by_key(|column| column.position);
        let mut before: Option<&Object> = None;
        for column in columns {
            match self.from.get(&column.id) {
                None => change.add_column(column, before),
                Some(old) if old.attributes != column.attributes => {
                    change.modify_column(old, column);
                }
                Some(_) => {}
            }
            before = Some(column);
        }
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
            let keys = self
                .to
                .parts(Kind::Constraint, &table.id.name)
                .filter(|part| is_foreign(part));
            created.inline.extend(
                keys.filter(|key| parent(key).is_some_and(|parent| there.contains(parent)))
                    .map(|key| key.id.clone()),
            );
            created
                .steps
                .push(Step::new(self.create_table(table, &created.inline)));
        }
        created
    }

    fn create_table(&self, table: &Object, inline: &BTreeSet<ObjectId>) -> String {
        let name = &table.id.name;
        let kinds = [Kind::Column, Kind::Constraint, Kind::Index];
        let mut parts: Vec<&Object> = kinds
            .into_iter()
            .flat_map(|kind| self.to.parts(kind, name))
            .collect();
        parts.sort_by_key(|part| part.position);
        let lines: Vec<&str> = parts
            .into_iter()
            .filter(|part| !is_foreign(part) || inline.contains(&part.id))
            .map(|part| part.create.as_str())
            .collect();
        let options = table
            .attribute("options")
            .map_or_else(String::new, |options| format!(" {options}"));
        let partitions = table
            .attribute("partitions")
            .map_or_else(String::new, |partitions| format!("\n{partitions}"));
        format!(
            "CREATE TABLE {name} (\n  {}\n){options}{partitions}",
            lines.join(",\n  ")
        )
    }

    /// The server takes an index that it made for a foreign key away when another comes. Said once more, the index stays.
    fn own_index(&self, key: &Object) -> Vec<String> {
        let columns = key
            .create
            .split_once("FOREIGN KEY (")
            .and_then(|(_, rest)| Some(rest.split_once(')')?.0));
        let Some(columns) = columns.filter(|_| self.is_kept(key.id.owner())) else {
            return Vec::new();
        };
        let indexes = self.to.parts(Kind::Index, key.id.owner());
        indexes
            .filter(|index| {
                !differs(index, self.from) && index.create.contains(&format!("({columns}"))
            })
            .flat_map(|index| {
                [
                    format!("DROP KEY {}", index.id.name),
                    format!("ADD {}", index.create),
                ]
            })
            .collect()
    }

    fn foreign_keys_added(&self, inline: &BTreeSet<ObjectId>) -> Vec<Step> {
        let mut clauses: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        let keys = self
            .to
            .objects()
            .filter(|object| is_foreign(object) && !inline.contains(&object.id));
        for key in keys.filter(|key| differs(key, self.from) || self.foreign.contains(&key.id)) {
            let clauses = clauses.entry(key.id.owner()).or_default();
            for clause in self
                .own_index(key)
                .into_iter()
                .chain([format!("ADD {}", key.create)])
            {
                if !clauses.contains(&clause) {
                    clauses.push(clause);
                }
            }
        }
        let step = |(table, clauses): (&str, Vec<String>)| {
            let step = alter(table, &clauses);
            if self.is_kept(table) {
                step.blocking(format!(
                    "reads the rows of table {table}, and fails if they break the constraint"
                ))
            } else {
                step
            }
        };
        clauses.into_iter().map(step).collect()
    }
}

fn drop_clause(part: &Object) -> String {
    let name = &part.id.name;
    match (part.id.kind, name.as_str()) {
        (_, "PRIMARY") => "DROP PRIMARY KEY".to_owned(),
        (Kind::Index, _) => format!("DROP KEY {name}"),
        _ => format!("DROP CONSTRAINT {name}"),
    }
}

fn alter(table: &str, clauses: &[String]) -> Step {
    let separator = if clauses.len() == 1 { " " } else { "\n  " };
    Step::new(format!(
        "ALTER TABLE {table}{separator}{}",
        clauses.join(",\n  ")
    ))
}

/// The clauses of one ALTER TABLE.
#[derive(Default)]
struct TableChange {
    dropped: Vec<String>,
    columns: Vec<String>,
    added: Vec<String>,
    options: Option<String>,
    hazards: Vec<Hazard>,
}

impl TableChange {
    fn clauses(&self) -> Vec<String> {
        let lists = [&self.dropped, &self.columns, &self.added];
        lists
            .into_iter()
            .flatten()
            .chain(&self.options)
            .cloned()
            .collect()
    }

    fn add_column(&mut self, column: &Object, before: Option<&Object>) {
        let place = before.map_or_else(
            || " FIRST".to_owned(),
            |before| format!(" AFTER {}", before.id.name),
        );
        self.columns
            .push(format!("ADD COLUMN {}{place}", column.create));
        let definition = column.attribute("definition").unwrap_or_default();
        let fills = ["DEFAULT", "AUTO_INCREMENT", " GENERATED ", " AS ("]
            .iter()
            .any(|word| definition.contains(word));
        if definition.contains("NOT NULL") && !fills {
            self.hazards.push(Hazard::Blocking(format!(
                "table {} may have rows: {} is NOT NULL, has no default, and is filled with an empty value",
                column.id.owner(),
                column.id
            )));
        }
    }

    fn modify_column(&mut self, old: &Object, new: &Object) {
        self.columns.push(format!("MODIFY COLUMN {}", new.create));
        let definition = |column: &Object| {
            column
                .attribute("definition")
                .unwrap_or_default()
                .to_owned()
        };
        let (was, becomes) = (definition(old), definition(new));
        if loss::narrows(&was, &becomes) {
            self.hazards.push(Hazard::Destructive(format!(
                "narrows {}: {} becomes {}",
                new.id,
                loss::kind(&was),
                loss::kind(&becomes)
            )));
        }
        if loss::kind(&was) != loss::kind(&becomes)
            || old.attribute("collation") != new.attribute("collation")
        {
            self.hazards
                .push(Hazard::Blocking(format!("copies table {}", new.id.owner())));
        }
        if becomes.contains("NOT NULL") && !was.contains("NOT NULL") {
            self.hazards
                .push(Hazard::Blocking(format!("fails if {} holds NULL", new.id)));
        }
    }

    /// What a table no longer says has to be taken back.
    fn options(&mut self, from: Option<&str>, to: Option<&str>) {
        if from == to {
            return;
        }
        let mut options = to.unwrap_or_default().to_owned();
        let says =
            |options: Option<&str>| options.is_some_and(|options| options.contains("COMMENT="));
        if says(from) && !says(to) {
            options.push_str(" COMMENT=''");
        }
        self.options = Some(options);
    }
}
