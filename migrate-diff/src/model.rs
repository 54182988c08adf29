//! What a database holds, as facts to compare: one model for every database.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use migrate_chain::Dialect;

/// What kind of thing an [`Object`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A PostgreSQL schema.
    Namespace,
    /// An extension.
    Extension,
    /// An enum or a composite type.
    Type,
    /// A domain.
    Domain,
    /// A sequence that is no identity column's.
    Sequence,
    /// That a sequence goes with its column.
    Ownership,
    /// A function.
    Function,
    /// A procedure.
    Procedure,
    /// A table.
    Table,
    /// A virtual table of SQLite.
    VirtualTable,
    /// A column.
    Column,
    /// A primary key, unique, check, foreign key or exclusion constraint.
    Constraint,
    /// An index that no constraint made.
    Index,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A trigger.
    Trigger,
    /// A row level security policy.
    Policy,
    /// Who may do what with something.
    Privilege,
}

impl Kind {
    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Namespace => "schema",
            Self::Extension => "extension",
            Self::Type => "type",
            Self::Domain => "domain",
            Self::Sequence => "sequence",
            Self::Ownership => "ownership of sequence",
            Self::Function => "function",
            Self::Procedure => "procedure",
            Self::Table => "table",
            Self::VirtualTable => "virtual table",
            Self::Column => "column",
            Self::Constraint => "constraint",
            Self::Index => "index",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Trigger => "trigger",
            Self::Policy => "policy",
            Self::Privilege => "privilege",
        }
    }
}

/// What tells an object from all others of its database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// What it is.
    pub kind: Kind,
    /// The table or view that it belongs to, for a column, constraint, index, trigger or policy.
    pub table: Option<String>,
    /// Its name.
    pub name: String,
}

impl ObjectId {
    pub(crate) fn new(kind: Kind, name: impl Into<String>) -> Self {
        Self {
            kind,
            table: None,
            name: name.into(),
        }
    }

    pub(crate) fn of(kind: Kind, table: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            kind,
            table: Some(table.into()),
            name: name.into(),
        }
    }

    /// What it is found by: the name of its table, or its own.
    pub(crate) fn owner(&self) -> &str {
        self.table.as_deref().unwrap_or(&self.name)
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.table, self.kind) {
            (None, _) => write!(f, "{} {}", self.kind.name(), self.name),
            (Some(table), Kind::Column) => write!(f, "column {table}.{}", self.name),
            (Some(table), _) => write!(f, "{} {} on {table}", self.kind.name(), self.name),
        }
    }
}

/// Something in a database: what is compared of it, and the SQL that makes and removes it.
#[derive(Clone, Debug)]
pub struct Object {
    pub(crate) id: ObjectId,
    /// What is compared, by the names that people read.
    pub(crate) attributes: BTreeMap<&'static str, String>,
    /// The statement that makes it.
    pub(crate) create: String,
    /// The statement that removes it.
    pub(crate) drop: String,
    /// What must be there before it, and cannot go while it is there.
    pub(crate) depends_on: BTreeSet<ObjectId>,
    /// The place of a column in its table.
    pub(crate) position: usize,
    /// What takes it along when it goes.
    pub(crate) owner: Option<ObjectId>,
}

impl Object {
    /// One that is compared by `attributes`.
    pub(crate) fn new(
        id: ObjectId,
        attributes: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        Self {
            id,
            attributes: attributes.into_iter().collect(),
            create: String::new(),
            drop: String::new(),
            depends_on: BTreeSet::new(),
            position: 0,
            owner: None,
        }
    }

    /// One that is compared by the statement that makes it.
    pub(crate) fn defined(
        id: ObjectId,
        create: impl Into<String>,
        drop: impl Into<String>,
    ) -> Self {
        let create = create.into();
        let mut object = Self::new(id, [("definition", create.clone())]);
        object.create = create;
        object.drop = drop.into();
        object
    }

    /// Which object it is.
    pub fn id(&self) -> &ObjectId {
        &self.id
    }

    /// What is compared of it, by the names that people read.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes
            .iter()
            .map(|(&name, value)| (name, value.as_str()))
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }
}

/// What a database holds.
#[derive(Clone, Debug)]
pub struct Schema {
    pub(crate) dialect: Dialect,
    pub(crate) objects: BTreeMap<ObjectId, Object>,
}

impl Schema {
    pub(crate) fn empty(dialect: Dialect) -> Self {
        Self {
            dialect,
            objects: BTreeMap::new(),
        }
    }

    /// The database whose SQL its objects are written in.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Everything in it, by kind and name.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }

    pub(crate) fn add(&mut self, object: Object) {
        self.objects.insert(object.id.clone(), object);
    }

    pub(crate) fn get(&self, id: &ObjectId) -> Option<&Object> {
        self.objects.get(id)
    }

    pub(crate) fn has(&self, kind: Kind, name: &str) -> bool {
        self.objects.contains_key(&ObjectId::new(kind, name))
    }

    /// The objects of a kind that belong to a table.
    pub(crate) fn parts<'s>(
        &'s self,
        kind: Kind,
        table: &'s str,
    ) -> impl Iterator<Item = &'s Object> {
        let parts = self.objects.values();
        parts.filter(move |object| {
            object.id.kind == kind && object.id.table.as_deref() == Some(table)
        })
    }

    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Object> {
        self.objects
            .values()
            .filter(move |object| object.id.kind == kind)
    }
}
