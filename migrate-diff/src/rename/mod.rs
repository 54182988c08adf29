//! Renames: said by a person, never guessed.

pub(crate) mod comment;
mod statement;

use std::fmt;
use std::str::FromStr;

use migrate_chain::Dialect;

use crate::error::{Error, ErrorKind};
use crate::model::{Kind, Object, ObjectId, Schema};
use crate::operation::Operation;

/// Something that has another name in the desired schema.
///
/// ```
/// use migrate_diff::Rename;
///
/// let table: Rename = "users=people".parse()?;
/// assert_eq!(table.to_string(), "table users -> people");
/// let column: Rename = "people.mail=email".parse()?;
/// assert_eq!(column.to_string(), "column people.mail -> email");
/// # Ok::<(), migrate_diff::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rename {
    /// The kinds that it may be of; the first that is there under one of the names.
    kinds: Vec<Kind>,
    /// For a part of a table, its table under the new name; for a label, its type.
    owner: Option<String>,
    from: String,
    to: String,
    /// Whether it has to be done still: a comment stays in the desired schema after its revision.
    is_required: bool,
}

/// The kinds that `old=new` may name.
const WHOLES: [Kind; 11] = [
    Kind::Table,
    Kind::View,
    Kind::MaterializedView,
    Kind::Type,
    Kind::Domain,
    Kind::Sequence,
    Kind::Function,
    Kind::Procedure,
    Kind::Aggregate,
    Kind::Event,
    Kind::Collation,
];

/// The kinds that `table.old=new` may name. A type with an owner is a label of it.
const PARTS: [Kind; 6] = [
    Kind::Column,
    Kind::Constraint,
    Kind::Index,
    Kind::Trigger,
    Kind::Policy,
    Kind::Type,
];

const ROUTINES: [Kind; 3] = [Kind::Function, Kind::Procedure, Kind::Aggregate];

impl Rename {
    /// Whether it gives an object of this id another name.
    pub(crate) fn takes(&self, id: &ObjectId) -> bool {
        let bare = |name: &str| name.replace(['"', '`'], "").to_lowercase();
        self.owner.is_none()
            && id.table.is_none()
            && self.kinds.contains(&id.kind)
            && bare(&self.from) == bare(without_arguments(&id.name))
    }
}

impl FromStr for Rename {
    type Err = Error;

    /// `old=new` for a table or anything else with a name of its own; `table.old=new` for a column or another part of a table,
    /// its table by its new name, and for a label of a type.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::new(ErrorKind::Rename, format!("`{text}` is not a rename"))
                .help("write --rename old=new for a table, --rename table.old=new for a column")
        };
        let (old, new) = text.split_once('=').ok_or_else(wrong)?;
        let (owner, from) = match old.rsplit_once('.') {
            Some((owner, part)) => (Some(owner.trim()), part),
            None => (None, old),
        };
        // `table.old=table.new` is as clear.
        let to = match (owner, new.rsplit_once('.')) {
            (Some(owner), Some((other, part))) if other.trim() == owner => part,
            _ => new,
        };
        let (from, to) = (from.trim(), to.trim());
        if from.is_empty() || to.is_empty() || owner == Some("") {
            return Err(wrong());
        }
        Ok(Self {
            kinds: if owner.is_none() {
                WHOLES.to_vec()
            } else {
                PARTS.to_vec()
            },
            owner: owner.map(str::to_owned),
            from: from.to_owned(),
            to: to.to_owned(),
            is_required: true,
        })
    }
}

impl fmt::Display for Rename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.owner, self.kind()) {
            (None, kind) => write!(f, "{} {} -> {}", kind.name(), self.from, self.to),
            (Some(owner), Kind::Type) => write!(f, "label {owner}.{} -> {}", self.from, self.to),
            (Some(owner), kind) => {
                write!(f, "{} {owner}.{} -> {}", kind.name(), self.from, self.to)
            }
        }
    }
}

/// A rename that applies, as a step and its reverse.
pub(crate) struct Applied {
    pub forth: Operation,
    pub back: Operation,
    pub text: String,
    /// The object under its old name, and under its new one; a part of a table with its table's new name in both.
    pub ids: (ObjectId, ObjectId),
}

/// The name that an object had before some renames.
pub(crate) fn before(renames: &[Applied], id: &ObjectId) -> ObjectId {
    let mut old = id.clone();
    if let Some(rename) = renames.iter().find(|rename| rename.ids.1 == *id) {
        old.name.clone_from(&rename.ids.0.name);
    }
    if let Some(table) = &mut old.table {
        let own = ObjectId::new(Kind::Table, table.clone());
        *table = before(renames, &own).name;
    }
    old
}

/// The renames that have to be done to `current`: routines first, whose arguments have types, then tables and whatever else is
/// a whole, then parts.
///
/// # Errors
/// [`ErrorKind::Rename`] when one names what is not there, what is there under both names, or what the database cannot
/// rename.
pub(crate) fn applicable(
    renames: &[Rename],
    current: &Schema,
    desired: &Schema,
) -> Result<Vec<Applied>, Error> {
    let mut renames = renames.to_vec();
    for rename in renames.iter_mut().filter(|rename| rename.owner.is_none()) {
        rename.settle(current, None);
    }
    renames.sort_by_key(|rename| {
        let is_routine = ROUTINES.contains(&rename.kind());
        (
            rename.owner.is_some(),
            !is_routine,
            rename.kind() != Kind::Table,
        )
    });
    let mut done: Vec<Applied> = Vec::new();
    for mut rename in renames {
        let pairs = match rename.owner.clone() {
            None if ROUTINES.contains(&rename.kind()) => rename.routines(current, desired)?,
            None => rename.pair(current, desired, None)?,
            Some(owner) => {
                let owner = old_owner(&done, spelt(current.dialect, &owner));
                rename.settle(current, Some(&owner));
                rename.pair(current, desired, Some(&owner))?
            }
        };
        for pair in pairs {
            let applied = rename.applied(current.dialect, pair)?;
            if done.iter().all(|done| done.ids != applied.ids) {
                done.push(applied);
            }
        }
    }
    Ok(done)
}

/// The name of a table or a type before some renames.
fn old_owner(done: &[Applied], name: String) -> String {
    let whole = done.iter().map(|done| &done.ids);
    let mut whole = whole.filter(|(_, new)| new.table.is_none() && new.name == name);
    whole.next().map_or(name, |(old, _)| old.name.clone())
}

type Pairs = Vec<(ObjectId, ObjectId)>;

impl Rename {
    fn kind(&self) -> Kind {
        self.kinds.first().copied().unwrap_or(Kind::Table)
    }

    /// Decides what it is: the first of its kinds that is there under one of the names.
    fn settle(&mut self, current: &Schema, old_owner: Option<&str>) {
        let is_there = |kind: &Kind| {
            [&self.from, &self.to].into_iter().any(|name| {
                let id = id(current.dialect, *kind, old_owner, name);
                has(current, &id) || ROUTINES.contains(kind) && !named(current, &id).is_empty()
            })
        };
        if let Some(kind) = self.kinds.iter().copied().find(is_there) {
            self.kinds = vec![kind];
        }
    }

    /// Its ids in both schemas, if it has to be done.
    fn pair(
        &self,
        current: &Schema,
        desired: &Schema,
        old_owner: Option<&str>,
    ) -> Result<Pairs, Error> {
        let (dialect, kind) = (current.dialect, self.kind());
        let owner = self.owner.as_deref().map(|owner| spelt(dialect, owner));
        let before = |name: &str| id(dialect, kind, old_owner, name);
        let after = |name: &str| id(dialect, kind, owner.as_deref(), name);
        let from = self.old_name(dialect);
        let (old, new_now) = (before(&from), before(&self.to));
        let (new, kept) = (after(&self.to), after(&from));
        match (has(current, &old), has(current, &new_now)) {
            (true, false) if !has(desired, &new) => {
                self.wrong(&format!("the desired schema has no {}", said(&new)))
            }
            (true, false) if has(desired, &kept) => {
                self.wrong(&format!("the desired schema still has {}", said(&kept)))
            }
            (true, false) => Ok(vec![(kept, new)]),
            (true, true) => {
                self.wrong(&format!("both {} and {} exist", said(&old), said(&new_now)))
            }
            (false, true) if !self.is_required => Ok(Vec::new()),
            (false, _) => self.wrong(&format!("there is no {}", said(&old))),
        }
    }

    /// Those that are called so, with their arguments: the ones that go, each with the one that comes.
    fn routines(&self, current: &Schema, desired: &Schema) -> Result<Pairs, Error> {
        let (dialect, kind) = (current.dialect, self.kind());
        let (from, to) = (
            id(dialect, kind, None, &self.old_name(dialect)),
            id(dialect, kind, None, &self.to),
        );
        let mut old = named(current, &from);
        old.retain(|id| !has(desired, id));
        let mut new = named(desired, &to);
        new.retain(|id| !has(current, id));
        if let ([old], [new]) = (&old[..], &new[..]) {
            return Ok(vec![(old.clone(), new.clone())]);
        }
        let arguments = |id: &ObjectId| id.name[without_arguments(&id.name).len()..].to_owned();
        let twin = |old: &ObjectId| {
            let mut new = new.iter();
            new.find(|new| arguments(new) == arguments(old)).cloned()
        };
        let pairs: Pairs = old
            .iter()
            .filter_map(|old| Some((old.clone(), twin(old)?)))
            .collect();
        match (pairs.is_empty(), old.is_empty()) {
            (false, _) => Ok(pairs),
            (true, false) => self.wrong(&format!("the desired schema has no new {}", said(&to))),
            (true, true) if !self.is_required && !named(current, &to).is_empty() => Ok(Vec::new()),
            (true, true) => self.wrong(&format!("there is no {}", said(&from))),
        }
    }

    fn wrong<T>(&self, text: &str) -> Result<T, Error> {
        let summary = format!("the rename of {self} cannot be made: {text}");
        Err(Error::new(ErrorKind::Rename, summary))
    }

    /// A rename stays in its schema, which need not be said twice.
    fn old_name(&self, dialect: Dialect) -> String {
        let schema = self.to.rsplit_once('.').map(|(schema, _)| schema);
        match schema {
            Some(schema) if dialect == Dialect::Postgres && !self.from.contains('.') => {
                format!("{schema}.{}", self.from)
            }
            _ => self.from.clone(),
        }
    }

    fn applied(&self, dialect: Dialect, ids: (ObjectId, ObjectId)) -> Result<Applied, Error> {
        let owner = self.owner.as_deref().map(|owner| sql_name(dialect, owner));
        let from = self.old_name(dialect);
        // A routine is found by its arguments, whose types have their old names then.
        let arguments = &ids.0.name[without_arguments(&ids.0.name).len()..];
        let arguments = if ROUTINES.contains(&self.kind()) {
            arguments
        } else {
            ""
        };
        let name = |name: &str| format!("{}{arguments}", sql_name(dialect, name));
        let (from, to) = match (self.kind(), &owner) {
            (Kind::Type, Some(_)) => (from, self.to.clone()),
            _ => (name(&from), name(&self.to)),
        };
        let step = |from: &str, to: &str| {
            let sql = statement::rename(dialect, self.kind(), owner.as_deref(), from, to);
            sql.map(Operation::new)
        };
        let Some((forth, back)) = step(&from, &to).zip(step(&to, &from)) else {
            let text = format!("{dialect} has no statement for it");
            return self.wrong(&text).map_err(|error: Error| {
                error.help("leave it out: the old one is dropped and a new one is created, and no row is lost by that")
            });
        };
        Ok(Applied {
            forth,
            back,
            text: self.to_string(),
            ids,
        })
    }
}

fn id(dialect: Dialect, kind: Kind, owner: Option<&str>, name: &str) -> ObjectId {
    match (owner, kind) {
        (None, _) => ObjectId::new(kind, spelt(dialect, name)),
        (Some(of), Kind::Type) => ObjectId::of(kind, of, name),
        (Some(of), Kind::Column) if dialect == Dialect::MySql => {
            ObjectId::of(kind, of, spelt(dialect, &name.to_lowercase()))
        }
        (Some(of), _) => ObjectId::of(kind, of, spelt(dialect, name)),
    }
}

/// Whether an object is there; a type with an owner is a label of it.
fn has(schema: &Schema, id: &ObjectId) -> bool {
    let Some(name) = id.table.as_ref().filter(|_| id.kind == Kind::Type) else {
        return schema.get(id).is_some();
    };
    let own = schema.get(&ObjectId::new(Kind::Type, name));
    let labels = own.and_then(Object::labels);
    labels.is_some_and(|labels| labels.contains(&id.name))
}

/// The routines of a name, which may have several with other arguments.
fn named(schema: &Schema, id: &ObjectId) -> Vec<ObjectId> {
    let all = schema.of_kind(id.kind).map(|object| &object.id);
    all.filter(|other| without_arguments(&other.name) == id.name)
        .cloned()
        .collect()
}

fn without_arguments(name: &str) -> &str {
    name.split_once('(').map_or(name, |(name, _)| name)
}

fn said(id: &ObjectId) -> String {
    match &id.table {
        Some(of) if id.kind == Kind::Type => format!("label {} in type {of}", id.name),
        _ => id.to_string(),
    }
}

/// A name as the ids of a dialect spell it.
fn spelt(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::Sqlite => name.to_ascii_lowercase(),
        Dialect::Postgres => crate::postgres::qualified(name),
        Dialect::MySql => crate::mysql::quote(name),
    }
}

fn sql_name(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::Sqlite => crate::sqlite::quote(name),
        Dialect::Postgres => crate::postgres::qualified(name),
        Dialect::MySql => crate::mysql::quote(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_a_rename_says_how_one_is_written() {
        for text in ["users", "=a", "a=", ".a=b"] {
            let error = text.parse::<Rename>().expect_err(text);
            assert!(
                error
                    .advice()
                    .is_some_and(|help| help.contains("--rename old=new"))
            );
        }
    }
}
