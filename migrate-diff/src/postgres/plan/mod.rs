//! The steps between two schemas whose objects depend on one another: what is dropped, what changes in place, what must be
//! dropped and recreated, and in which order.

mod constraints;
mod fate;
mod planner;

use std::collections::{BTreeMap, BTreeSet};

use self::planner::{Fate, Planner};
use super::details::Part;
use super::grammar::Postgres;
use super::privilege;
use super::schemas::Schemas;
use crate::model::{Kind, Object, ObjectId, Schema};
use crate::operation::{Operation, Operations};
use crate::order::order;

/// One operation; the order of the variants is that of a script in which nothing depends on anything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum PlanNode {
    /// Drops an object, or loosens one that stays.
    Drop(ObjectId),
    Rename(ObjectId),
    Alter(ObjectId),
    /// Creates an object, or brings a loosened one into its new form.
    Create(ObjectId),
}

pub fn plan(grammar: &Postgres, schemas: Schemas<'_>) -> Operations {
    let planner = Planner::new(grammar, schemas);
    let needs = planner.needs();
    let mut plan = Operations::default();
    let mut late: BTreeSet<PlanNode> = BTreeSet::new();
    for operation in order(&needs) {
        // Dependents of an object that is created online come after it.
        let is_late = needs.get(&operation).is_some_and(|needs| {
            needs
                .iter()
                .any(|need| !matches!(need, PlanNode::Alter(_)) && late.contains(need))
        });
        let steps = planner.steps(&operation);
        if is_late || steps.iter().any(|step| step.online) {
            late.insert(operation);
        }
        let (online, now): (Vec<Operation>, Vec<Operation>) =
            steps.into_iter().partition(|step| is_late || step.online);
        plan.steps.extend(now);
        plan.online.extend(online);
    }
    plan
}

impl<'s> Planner<'s> {
    fn new(grammar: &'s Postgres, schemas: Schemas<'s>) -> Self {
        let mut planner = Self {
            grammar,
            schemas,
            dependents: dependents(schemas.from),
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

    fn fate(&self, id: &ObjectId) -> Option<Fate> {
        self.fates.get(id).copied()
    }

    fn goes(&self, id: &ObjectId) -> bool {
        matches!(self.fate(id), Some(Fate::Dropped | Fate::Replaced))
    }

    fn comes(&self, id: &ObjectId) -> bool {
        matches!(self.fate(id), Some(Fate::Created | Fate::Replaced))
    }

    fn dependents_of(&self, id: &ObjectId) -> &[&'s Object] {
        self.dependents.get(id).map_or(&[], Vec::as_slice)
    }

    /// The operation that drops an object: that of the table it is dropped with, if it is.
    fn drop_of(&self, id: &ObjectId) -> Option<PlanNode> {
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
        Some(PlanNode::Drop(id.clone()))
    }

    /// The operation that creates an object: that of the table whose statement it is part of, if it is.
    fn create_of(&self, id: &ObjectId) -> Option<PlanNode> {
        if !self.comes(id) {
            return self
                .renamed
                .contains_key(id)
                .then(|| PlanNode::Rename(id.clone()));
        }
        let table = ObjectId::new(Kind::Table, id.owner());
        let within = id.kind == Kind::Column || self.inline.contains(id);
        let id = if within && id.kind != Kind::Table && self.comes(&table) {
            &table
        } else {
            id
        };
        Some(PlanNode::Create(id.clone()))
    }

    /// The operation that gives an object its new form while it stays.
    fn change_of(&self, id: &ObjectId) -> Option<PlanNode> {
        match self.fate(id)? {
            Fate::Altered => Some(PlanNode::Alter(id.clone())),
            Fate::Detached => Some(PlanNode::Create(id.clone())),
            _ => None,
        }
    }

    fn needs(&self) -> Needs {
        let mut needs = BTreeMap::new();
        for (id, fate) in &self.fates {
            match fate {
                Fate::Dropped => self.note_drop(&mut needs, id),
                Fate::Created => self.note_create(&mut needs, id),
                Fate::Replaced => {
                    self.note_drop(&mut needs, id);
                    self.note_create(&mut needs, id);
                }
                Fate::Detached => {
                    add(&mut needs, PlanNode::Drop(id.clone()), None);
                    let create = PlanNode::Create(id.clone());
                    add(&mut needs, create, Some(PlanNode::Drop(id.clone())));
                    self.note_change(&mut needs, id);
                }
                Fate::Altered => self.note_change(&mut needs, id),
            }
        }
        for (new, old) in &self.renamed {
            let drop = self.drop_of(&ObjectId::of(old.kind, old.owner(), &new.name));
            add(&mut needs, PlanNode::Rename(new.clone()), drop);
        }
        needs
    }

    fn note_drop(&self, needs: &mut Needs, id: &ObjectId) {
        let drop = self
            .drop_of(id)
            .unwrap_or_else(|| PlanNode::Drop(id.clone()));
        add(needs, drop.clone(), None);
        // Its dependents are dropped first, or no longer depend on it.
        for dependent in self.dependents_of(id) {
            let fate = self.fate(&dependent.id);
            let is_loose = dependent.default_needs.contains(id) || dependent.id.kind == Kind::Table;
            if fate == Some(Fate::Detached) && is_loose {
                let off = PlanNode::Drop(dependent.id.clone());
                add(needs, drop.clone(), Some(off));
                if !dependent.depends_on.contains(id) || dependent.id.kind == Kind::Table {
                    continue;
                }
            }
            let before = self
                .drop_of(&dependent.id)
                .or_else(|| self.change_of(&dependent.id));
            add(needs, drop.clone(), before);
        }
    }

    fn note_create(&self, needs: &mut Needs, id: &ObjectId) {
        let create = self
            .create_of(id)
            .unwrap_or_else(|| PlanNode::Create(id.clone()));
        add(needs, create.clone(), None);
        add(needs, create.clone(), self.drop_of(id));
        self.note_needs(needs, &create, id);
        // An index of a partition that is named by hand is there before its parent's, which takes it over.
        let new = self.schemas.to.get(id);
        let attached = new.and_then(Object::part).and_then(Part::attached);
        let is_named = attached.is_some_and(|(_, chosen)| chosen.is_some());
        let parent = new.and_then(|new| new.owner.as_ref());
        if let Some(parent) =
            parent.filter(|parent| is_named && self.comes(parent) && !self.inline.contains(parent))
        {
            add(
                needs,
                PlanNode::Create(parent.clone()),
                Some(create.clone()),
            );
        }
        // A trigger, an index or a policy depends on its table without saying so everywhere.
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

    fn note_change(&self, needs: &mut Needs, id: &ObjectId) {
        let Some(change) = self.change_of(id) else {
            return;
        };
        add(needs, change.clone(), None);
        self.note_needs(needs, &change, id);
        for dependent in self.dependents_of(id) {
            add(needs, change.clone(), self.drop_of(&dependent.id));
        }
    }

    fn note_needs(&self, needs: &mut Needs, operation: &PlanNode, id: &ObjectId) {
        let object = self.schemas.to.get(id);
        for need in object.into_iter().flat_map(Object::needs) {
            add(needs, operation.clone(), self.create_of(need));
            add(needs, operation.clone(), self.change_of(need));
        }
    }

    fn steps(&self, operation: &PlanNode) -> Vec<Operation> {
        let Schemas { from, to, .. } = self.schemas;
        match operation {
            PlanNode::Drop(id) | PlanNode::Create(id) if self.fate(id) == Some(Fate::Detached) => {
                self.detached(id, matches!(operation, PlanNode::Drop(_)))
            }
            PlanNode::Drop(id) => from
                .get(id)
                .map_or_else(Vec::new, |object| self.grammar.drop(object, self.schemas)),
            PlanNode::Rename(id) => {
                let old = self.renamed.get(id).and_then(|old| from.get(old));
                let step = old
                    .zip(to.get(id))
                    .and_then(|(old, new)| Postgres::rename(old, new));
                step.into_iter().collect()
            }
            PlanNode::Alter(id) => {
                let both = from.get(id).zip(to.get(id));
                both.and_then(|(old, new)| self.grammar.alter(old, new, self.schemas))
                    .unwrap_or_default()
            }
            PlanNode::Create(id) => self.creation(id),
        }
    }

    /// Takes something off what it depends on, or gives it its new form afterwards.
    fn detached(&self, id: &ObjectId, is_off: bool) -> Vec<Operation> {
        let loose = self.schemas.from.get(id);
        let loose = loose.and_then(|object| Postgres::loosen(object, self.schemas));
        let Some((off, loose)) = loose else {
            return Vec::new();
        };
        if is_off {
            return off;
        }
        let new = self.schemas.to.get(id);
        new.and_then(|new| self.grammar.alter(&loose, new, self.schemas))
            .unwrap_or_default()
    }

    fn creation(&self, id: &ObjectId) -> Vec<Operation> {
        let to = self.schemas.to;
        let Some(object) = to.get(id) else {
            return Vec::new();
        };
        if id.kind != Kind::Table {
            let table = ObjectId::new(Kind::Table, id.owner());
            let mut steps = self
                .grammar
                .create(object, self.comes(&table), self.schemas);
            steps.extend(privilege::taken_back(object, self.schemas));
            return steps;
        }
        let constraints: Vec<&Object> = to
            .parts(Kind::Constraint, &id.name)
            .filter(|constraint| self.inline.contains(&constraint.id))
            .collect();
        let mut steps = Postgres::create_table(object, self.schemas, &constraints);
        steps.extend(privilege::taken_back(object, self.schemas));
        steps
    }
}

type Needs = BTreeMap<PlanNode, BTreeSet<PlanNode>>;

fn add(needs: &mut Needs, operation: PlanNode, need: Option<PlanNode>) {
    let need = need.filter(|need| *need != operation);
    needs.entry(operation).or_default().extend(need);
}

fn dependents(schema: &Schema) -> BTreeMap<&ObjectId, Vec<&Object>> {
    let mut dependents: BTreeMap<&ObjectId, Vec<&Object>> = BTreeMap::new();
    for object in schema.objects() {
        let needs: BTreeSet<&ObjectId> = object.needs().chain(object.owner.as_ref()).collect();
        for need in needs {
            dependents.entry(need).or_default().push(object);
        }
    }
    dependents
}
