//! Decides the fate of each object that changes.

use std::collections::BTreeMap;

use super::super::grammar::Postgres;
use super::super::schemas::Schemas;
use super::planner::{Fate, Planner};
use crate::model::{Details, Kind, Object, ObjectId};

impl Planner<'_> {
    pub fn decide(&mut self) {
        let Schemas { from, to, turns } = self.schemas;
        for old in from.objects() {
            match to.get(&old.id) {
                None => {
                    self.fates.insert(old.id.clone(), Fate::Dropped);
                }
                Some(new) if !new.says_what(old) || turns.has(&old.id) => {
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

    /// Drops the dependents of a dropped object, or detaches them from it; those that stay are recreated.
    pub fn spread(&mut self) {
        let mut open: Vec<ObjectId> = self.fates.keys().cloned().collect();
        while let Some(id) = open.pop() {
            for dependent in self.dependents_of(&id).to_vec() {
                let now = self.fate(&dependent.id);
                if let Some(fate) = self.disturbed(dependent).filter(|fate| Some(*fate) > now) {
                    self.fates.insert(dependent.id.clone(), fate);
                    open.push(dependent.id.clone());
                }
            }
        }
    }

    /// The effect on an object of both schemas when one of its dependencies changes.
    fn disturbed(&self, old: &Object) -> Option<Fate> {
        let new = self.schemas.to.get(&old.id)?;
        let stays = stays(old, new);
        let owner_goes = old
            .owner
            .as_ref()
            .is_some_and(|owner| self.fate(owner) == Some(Fate::Replaced));
        if owner_goes && (!stays || old.id.kind == Kind::Column) {
            return Some(Fate::Replaced);
        }
        let parent_goes = owner_goes && new.owner == old.owner;
        let default_goes = old.default_needs.iter().any(|need| self.goes(need));
        let replaced = old
            .depends_on
            .iter()
            .any(|need| self.is_replaced_with(old, new, need, stays));
        if replaced {
            return Some(Fate::Replaced);
        }
        (parent_goes || default_goes).then_some(Fate::Detached)
    }

    /// Whether an object is dropped and recreated because of one that it depends on.
    fn is_replaced_with(&self, old: &Object, new: &Object, need: &ObjectId, stays: bool) -> bool {
        match self.fate(need) {
            Some(Fate::Dropped) if self.fate(&old.id) == Some(Fate::Altered) => {
                !stays && !is_rewritten(old.id.kind)
            }
            Some(Fate::Replaced) if self.fate(&old.id) == Some(Fate::Altered) => {
                !stays && (new.depends_on.contains(need) || !is_rewritten(old.id.kind))
            }
            Some(Fate::Dropped | Fate::Replaced) => !stays,
            Some(Fate::Altered | Fate::Detached) => {
                let both = self.schemas.from.get(need).zip(self.schemas.to.get(need));
                both.is_some_and(|both| Postgres::disturbs(both, old, self.schemas))
            }
            _ => false,
        }
    }

    /// An index or a constraint that is dropped while one of the same meaning is created has a new name only.
    pub fn find_renames(&mut self) {
        let Schemas { from, to, .. } = self.schemas;
        let mut created: BTreeMap<(Kind, Option<&str>), Vec<&Object>> = BTreeMap::new();
        for new in to.objects() {
            if self.fate(&new.id) == Some(Fate::Created) {
                let place = (new.id.kind, new.id.table.as_deref());
                created.entry(place).or_default().push(new);
            }
        }
        for old in from.objects() {
            if self.fate(&old.id) != Some(Fate::Dropped) {
                continue;
            }
            let twins = created.get_mut(&(old.id.kind, old.id.table.as_deref()));
            let Some(twins) = twins else { continue };
            let twin = twins
                .iter()
                .position(|new| Postgres::rename(old, new).is_some());
            if let Some(n) = twin {
                let new = twins.remove(n);
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
        let to = self.schemas.to;
        let literal = |name: &str| format!("'{name}'");
        let columns = self.dependents_of(old).to_vec();
        for column in columns
            .iter()
            .filter(|object| object.id.kind == Kind::Column)
        {
            let mut renamed = Object::clone(column);
            if let Details::Column(renamed) = &mut renamed.details
                && let Some(default) = &mut renamed.default
            {
                *default = default.replace(&literal(&old.name), &literal(&new.name));
            }
            if to
                .get(&column.id)
                .is_some_and(|column| column.says_what(&renamed))
                && !self.schemas.turns.has(&renamed.id)
            {
                self.fates.remove(&column.id);
            }
        }
    }
}

/// Whether an object keeps its rows or values, whatever becomes of what it depends on.
fn stays(old: &Object, new: &Object) -> bool {
    let is_computed = |object: &Object| {
        object
            .column()
            .is_some_and(|column| column.generated.is_some())
    };
    match old.id.kind {
        Kind::Column => !is_computed(old) || !is_computed(new),
        Kind::Table | Kind::Type | Kind::Domain | Kind::Collation => true,
        _ => false,
    }
}

/// Whether changing an object in place states all of it again, so that it no longer depends on what its old form did.
fn is_rewritten(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::View | Kind::Function | Kind::Procedure | Kind::Sequence
    )
}
