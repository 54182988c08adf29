//! The steps between two schemas of a database whose objects depend on one another: what goes, what changes in place,
//! what must go and come back, and in which order.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Kind, Object, ObjectId, Schema};
use crate::order::order;
use crate::step::{Plan, Step};

/// How a database writes its DDL.
pub(crate) trait Grammar {
    /// Creates a table with its columns and the constraints that need no other table to come first.
    fn create_table(&self, table: &Object, to: &Schema, constraints: &[&Object]) -> Vec<Step>;

    /// Creates anything else. `is_new` says that its table is made by the same plan, and empty.
    fn create(&self, object: &Object, is_new: bool) -> Vec<Step>;

    /// Removes something.
    fn drop(&self, object: &Object) -> Vec<Step>;

    /// Changes something in place; `None` when it must go and come back.
    fn alter(&self, from: &Object, to: &Object, schemas: Schemas<'_>) -> Option<Vec<Step>>;

    /// Whether `dependent`, which does not change itself, must go while `changed` changes in place.
    fn disturbs(&self, changed: (&Object, &Object), dependent: &Object) -> bool;

    /// Takes something off what it depends on and puts it back on, where it cannot go; a column off its default.
    fn detach(&self, object: &Object) -> Option<(Vec<Step>, Vec<Step>)>;

    /// Renames an index or a constraint that is otherwise the same.
    fn rename(&self, from: &Object, to: &Object) -> Option<Step>;
}

/// Both sides of a plan.
#[derive(Clone, Copy)]
pub(crate) struct Schemas<'s> {
    pub(crate) from: &'s Schema,
    pub(crate) to: &'s Schema,
}

/// What becomes of an object that does not stay as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Created,
    Dropped,
    Altered,
    Replaced,
    Detached,
}

/// One operation; the order of the variants is that of a script in which nothing depends on anything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Operation {
    Drop(ObjectId),
    Rename(ObjectId),
    Alter(ObjectId),
    Create(ObjectId),
}

pub(crate) fn plan(grammar: &dyn Grammar, from: &Schema, to: &Schema) -> Plan {
    let planner = Planner::new(grammar, Schemas { from, to });
    let needs = planner.needs();
    let mut plan = Plan::default();
    let mut late: BTreeSet<Operation> = BTreeSet::new();
    for operation in order(&needs) {
        // What stands on something that is made online comes behind it.
        let is_late = needs.get(&operation).is_some_and(|needs| {
            needs
                .iter()
                .any(|need| !matches!(need, Operation::Alter(_)) && late.contains(need))
        });
        let steps = planner.steps(&operation);
        if is_late || steps.iter().any(|step| step.online) {
            late.insert(operation);
        }
        let (online, now): (Vec<Step>, Vec<Step>) =
            steps.into_iter().partition(|step| is_late || step.online);
        plan.steps.extend(now);
        plan.online.extend(online);
    }
    plan
}

struct Planner<'s> {
    grammar: &'s dyn Grammar,
    schemas: Schemas<'s>,
    fates: BTreeMap<ObjectId, Fate>,
    /// By the new id, the old one.
    renamed: BTreeMap<ObjectId, ObjectId>,
    /// The constraints that stand in the statement of their new table.
    inline: BTreeSet<ObjectId>,
    /// The constraints that must go before their table does, for tables that point at each other.
    circular: BTreeSet<ObjectId>,
}

impl<'s> Planner<'s> {
    fn new(grammar: &'s dyn Grammar, schemas: Schemas<'s>) -> Self {
        let mut planner = Self {
            grammar,
            schemas,
            fates: BTreeMap::new(),
            renamed: BTreeMap::new(),
            inline: BTreeSet::new(),
            circular: BTreeSet::new(),
        };
        planner.decide();
        planner.find_renames();
        planner.spread();
        planner.inline = planner.inline_constraints();
        planner.circular = planner.circular_constraints();
        planner
    }

    fn decide(&mut self) {
        let Schemas { from, to } = self.schemas;
        for old in from.objects() {
            match to.get(&old.id) {
                None => {
                    self.fates.insert(old.id.clone(), Fate::Dropped);
                }
                Some(new) if !new.says_what(old) => {
                    let in_place = self.grammar.alter(old, new, self.schemas).is_some();
                    let fate = if in_place {
                        Fate::Altered
                    } else {
                        Fate::Replaced
                    };
                    self.fates.insert(old.id.clone(), fate);
                }
                Some(_) => {}
            }
        }
        for new in to.objects().filter(|new| from.get(&new.id).is_none()) {
            self.fates.insert(new.id.clone(), Fate::Created);
        }
    }

    /// What depends on something that goes must go as well, and come back if it stays.
    fn spread(&mut self) {
        loop {
            let mut more = Vec::new();
            for old in self.schemas.from.objects() {
                if matches!(self.fate(&old.id), None | Some(Fate::Altered)) {
                    more.extend(self.disturbed(old).map(|fate| (old.id.clone(), fate)));
                }
            }
            if more.is_empty() {
                return;
            }
            self.fates.extend(more);
        }
    }

    fn disturbed(&self, old: &Object) -> Option<Fate> {
        let owner_goes = old
            .owner
            .as_ref()
            .is_some_and(|owner| self.fate(owner) == Some(Fate::Replaced));
        if owner_goes {
            return Some(Fate::Replaced);
        }
        let new = self.schemas.to.get(&old.id)?;
        for need in &old.depends_on {
            match self.fate(need) {
                Some(Fate::Dropped | Fate::Replaced) if self.fate(&old.id).is_none() => {
                    let can_detach = self.grammar.detach(new).is_some();
                    return Some(if can_detach {
                        Fate::Detached
                    } else {
                        Fate::Replaced
                    });
                }
                Some(Fate::Replaced)
                    if new.depends_on.contains(need) && self.grammar.detach(new).is_none() =>
                {
                    return Some(Fate::Replaced);
                }
                Some(Fate::Dropped) if self.grammar.detach(new).is_none() => {
                    return Some(Fate::Replaced);
                }
                Some(Fate::Altered) => {
                    let (from, to) = (self.schemas.from.get(need)?, self.schemas.to.get(need)?);
                    if self.grammar.disturbs((from, to), old) {
                        return Some(Fate::Replaced);
                    }
                }
                _ => {}
            }
        }
        None
    }

    fn fate(&self, id: &ObjectId) -> Option<Fate> {
        self.fates.get(id).copied()
    }

    fn goes(&self, id: &ObjectId) -> bool {
        matches!(self.fate(id), Some(Fate::Dropped | Fate::Replaced))
    }

    fn comes(&self, id: &ObjectId) -> bool {
        matches!(self.fate(id), Some(Fate::Created | Fate::Replaced))
    }

    /// An index or a constraint that goes while one of the same meaning comes has a new name only.
    fn find_renames(&mut self) {
        let Schemas { from, to } = self.schemas;
        let gone: Vec<&Object> = from
            .objects()
            .filter(|old| self.fate(&old.id) == Some(Fate::Dropped))
            .collect();
        for old in gone {
            let twin = to.objects().find(|new| {
                self.fate(&new.id) == Some(Fate::Created)
                    && new.id.kind == old.id.kind
                    && new.id.table == old.id.table
                    && self.grammar.rename(old, new).is_some()
            });
            if let Some(new) = twin {
                self.fates.remove(&old.id);
                self.fates.remove(&new.id);
                self.renamed.insert(new.id.clone(), old.id.clone());
                self.forget_followers(&old.id, &new.id);
            }
        }
    }

    /// A column knows its sequence whatever that is called, and so does its default.
    fn forget_followers(&mut self, old: &ObjectId, new: &ObjectId) {
        if old.kind != Kind::Sequence {
            return;
        }
        self.fates
            .remove(&ObjectId::new(Kind::Ownership, &old.name));
        self.fates
            .remove(&ObjectId::new(Kind::Ownership, &new.name));
        let Schemas { from, to } = self.schemas;
        let literal = |name: &str| format!("'{name}'");
        for column in from
            .of_kind(Kind::Column)
            .filter(|column| column.depends_on.contains(old))
        {
            let mut attributes = column.attributes.clone();
            if let Some(default) = attributes.get_mut("default") {
                *default = default.replace(&literal(&old.name), &literal(&new.name));
            }
            if to
                .get(&column.id)
                .is_some_and(|column| column.attributes == attributes)
            {
                self.fates.remove(&column.id);
            }
        }
    }

    /// The constraints of new tables that need nothing which is made after their table.
    fn inline_constraints(&self) -> BTreeSet<ObjectId> {
        let to = self.schemas.to;
        let constraints: Vec<&Object> = to
            .of_kind(Kind::Constraint)
            .filter(|constraint| {
                self.comes(&constraint.id)
                    && self.comes(&ObjectId::new(Kind::Table, constraint.id.owner()))
            })
            .collect();
        let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for constraint in &constraints {
            needs
                .entry(constraint.id.owner())
                .or_default()
                .extend(other_tables(constraint));
        }
        let sorted = order(&needs);
        let place = |table: &str| sorted.iter().position(|other| *other == table);
        let inline = constraints.into_iter().filter(|constraint| {
            let own = place(constraint.id.owner());
            other_tables(constraint).all(|other| place(other).is_none() || place(other) < own)
        });
        inline.map(|constraint| constraint.id.clone()).collect()
    }

    /// The constraints of tables that go, to tables that go before them.
    fn circular_constraints(&self) -> BTreeSet<ObjectId> {
        let table = |name: &str| ObjectId::new(Kind::Table, name);
        let constraints: Vec<&Object> = self
            .schemas
            .from
            .of_kind(Kind::Constraint)
            .filter(|constraint| self.goes(&table(constraint.id.owner())))
            .collect();
        let mut needs: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for constraint in &constraints {
            for other in other_tables(constraint).filter(|other| self.goes(&table(other))) {
                needs
                    .entry(other)
                    .or_default()
                    .insert(constraint.id.owner());
                needs.entry(constraint.id.owner()).or_default();
            }
        }
        let sorted = order(&needs);
        let place = |table: &str| sorted.iter().position(|other| *other == table);
        let circular = constraints.into_iter().filter(|constraint| {
            let own = place(constraint.id.owner());
            other_tables(constraint)
                .any(|other| place(other).is_some_and(|other| Some(other) < own))
        });
        circular.map(|constraint| constraint.id.clone()).collect()
    }

    /// The operation that removes an object: that of the table it goes with, if it does.
    fn drop_of(&self, id: &ObjectId) -> Option<Operation> {
        if !self.goes(id) {
            return None;
        }
        let owner = self
            .schemas
            .from
            .get(id)
            .and_then(|object| object.owner.as_ref());
        if let Some(drop) = owner
            .filter(|_| !self.circular.contains(id))
            .and_then(|owner| self.drop_of(owner))
        {
            return Some(drop);
        }
        Some(Operation::Drop(id.clone()))
    }

    /// The operation that creates an object: that of the table whose statement it stands in, if it does.
    fn create_of(&self, id: &ObjectId) -> Option<Operation> {
        if !self.comes(id) {
            return self
                .renamed
                .contains_key(id)
                .then(|| Operation::Rename(id.clone()));
        }
        let table = ObjectId::new(Kind::Table, id.owner());
        let within = id.kind == Kind::Column || self.inline.contains(id);
        let id = if within && id.kind != Kind::Table && self.comes(&table) {
            &table
        } else {
            id
        };
        Some(Operation::Create(id.clone()))
    }

    fn alter_of(&self, id: &ObjectId) -> Option<Operation> {
        (self.fate(id) == Some(Fate::Altered)).then(|| Operation::Alter(id.clone()))
    }

    fn needs(&self) -> BTreeMap<Operation, BTreeSet<Operation>> {
        let mut needs = BTreeMap::new();
        for (id, fate) in &self.fates {
            match fate {
                Fate::Dropped => self.note_drop(&mut needs, id),
                Fate::Created => self.note_create(&mut needs, id),
                Fate::Replaced | Fate::Detached => {
                    self.note_drop(&mut needs, id);
                    self.note_create(&mut needs, id);
                }
                Fate::Altered => self.note_alter(&mut needs, id),
            }
        }
        for (new, old) in &self.renamed {
            let drop = self.drop_of(&ObjectId::of(old.kind, old.owner(), &new.name));
            add(&mut needs, Operation::Rename(new.clone()), drop);
        }
        needs
    }

    fn note_drop(&self, needs: &mut Needs, id: &ObjectId) {
        let drop = self
            .drop_of(id)
            .unwrap_or_else(|| Operation::Drop(id.clone()));
        add(needs, drop.clone(), None);
        // Whoever stands on it goes first, or changes to stand elsewhere.
        for dependent in self
            .schemas
            .from
            .objects()
            .filter(|object| object.depends_on.contains(id))
        {
            let detaches = self.fate(&dependent.id) == Some(Fate::Detached);
            let before = self
                .drop_of(&dependent.id)
                .or_else(|| detaches.then(|| Operation::Drop(dependent.id.clone())))
                .or_else(|| self.alter_of(&dependent.id));
            add(needs, drop.clone(), before);
        }
    }

    fn note_create(&self, needs: &mut Needs, id: &ObjectId) {
        let create = self
            .create_of(id)
            .unwrap_or_else(|| Operation::Create(id.clone()));
        add(needs, create.clone(), None);
        let detached = (self.fate(id) == Some(Fate::Detached)).then(|| Operation::Drop(id.clone()));
        add(needs, create.clone(), self.drop_of(id).or(detached));
        self.note_needs(needs, &create, id);
        // A trigger, an index or a policy stands on its table without saying so everywhere.
        let table = id
            .table
            .as_ref()
            .map(|table| ObjectId::new(Kind::Table, table));
        add(
            needs,
            create,
            table.and_then(|table| self.create_of(&table)),
        );
    }

    fn note_alter(&self, needs: &mut Needs, id: &ObjectId) {
        let alter = Operation::Alter(id.clone());
        add(needs, alter.clone(), None);
        self.note_needs(needs, &alter, id);
        for dependent in self
            .schemas
            .from
            .objects()
            .filter(|object| object.depends_on.contains(id))
        {
            add(needs, alter.clone(), self.drop_of(&dependent.id));
        }
    }

    fn note_needs(&self, needs: &mut Needs, operation: &Operation, id: &ObjectId) {
        let object = self.schemas.to.get(id);
        for need in object.into_iter().flat_map(|object| &object.depends_on) {
            add(needs, operation.clone(), self.create_of(need));
            add(needs, operation.clone(), self.alter_of(need));
        }
    }

    fn steps(&self, operation: &Operation) -> Vec<Step> {
        let Schemas { from, to } = self.schemas;
        match operation {
            Operation::Drop(id) if self.fate(id) == Some(Fate::Detached) => to
                .get(id)
                .and_then(|object| self.grammar.detach(object))
                .map_or_else(Vec::new, |(off, _)| off),
            Operation::Create(id) if self.fate(id) == Some(Fate::Detached) => to
                .get(id)
                .and_then(|object| self.grammar.detach(object))
                .map_or_else(Vec::new, |(_, on)| on),
            Operation::Drop(id) => from
                .get(id)
                .map_or_else(Vec::new, |object| self.grammar.drop(object)),
            Operation::Rename(id) => {
                let old = self.renamed.get(id).and_then(|old| from.get(old));
                let step = old
                    .zip(to.get(id))
                    .and_then(|(old, new)| self.grammar.rename(old, new));
                step.into_iter().collect()
            }
            Operation::Alter(id) => {
                let both = from.get(id).zip(to.get(id));
                both.and_then(|(old, new)| self.grammar.alter(old, new, self.schemas))
                    .unwrap_or_default()
            }
            Operation::Create(id) => self.creation(id),
        }
    }

    fn creation(&self, id: &ObjectId) -> Vec<Step> {
        let to = self.schemas.to;
        let Some(object) = to.get(id) else {
            return Vec::new();
        };
        if id.kind != Kind::Table {
            let table = ObjectId::new(Kind::Table, id.owner());
            return self.grammar.create(object, self.comes(&table));
        }
        let constraints: Vec<&Object> = to
            .parts(Kind::Constraint, &id.name)
            .filter(|constraint| self.inline.contains(&constraint.id))
            .collect();
        self.grammar.create_table(object, to, &constraints)
    }
}

type Needs = BTreeMap<Operation, BTreeSet<Operation>>;

fn add(needs: &mut Needs, operation: Operation, need: Option<Operation>) {
    let need = need.filter(|need| *need != operation);
    needs.entry(operation).or_default().extend(need);
}

/// The tables that a constraint needs beside its own.
fn other_tables(constraint: &Object) -> impl Iterator<Item = &str> {
    let own = constraint.id.owner();
    let tables = constraint.depends_on.iter().filter(|id| {
        matches!(
            id.kind,
            Kind::Table | Kind::Column | Kind::Constraint | Kind::Index
        )
    });
    tables
        .map(ObjectId::owner)
        .filter(move |table| *table != own)
}
