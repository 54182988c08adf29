//! The objects of a database, typed, to be compared: one model for every database.
//!
//! A [`Schema`] is a set of [`Object`]s by [`ObjectId`]. Each has [`Details`]: a struct for its kind, whose fields are all
//! that is compared of it. What databases agree on is a field of that struct (`table`, `program`); what only one of them has
//! is in a struct of that database (`sqlite/details`, `mysql/details`), held by [`TableDetails`] and [`ColumnDetails`].
//! `facts!` declares such a struct with the name of each field that people read, so that comparing and reporting cannot
//! forget one. Beside its details an object has what is *not* compared: the statements that make and remove it, its place, the
//! name as it was written, and what it depends on.
//!
//! A database plugs in with a folder that offers
//!
//! - `introspect`, which reads its catalogs, by the names of their columns (`rows::Rows`), into objects;
//! - `plan`, which makes `operation::Operation`s of a `difference::Comparison`: both schemas and
//!   their [`Difference`](crate::Difference), which is computed once and is what plans, hazards, reports and tests look at;
//! - `eye`, which reads all of a database without this model.
//!
//! The module `database` chooses among them; nothing else asks which database it is.

mod constraint;
pub(crate) mod facts;
mod program;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use migrate_chain::Dialect;
use migrate_chain::sql::quote_name;

use self::facts::{Fact, Facts as _};

pub use crate::mysql::details as mysql;
pub use crate::postgres::details as postgres;
pub use crate::sqlite::details as sqlite;

pub use self::constraint::{Check, ForeignKey, Key};
pub use self::program::{Domain, Enum, Program, Sequence};
pub use self::table::{Column, ColumnDetails, Generated, Identity, Index, Table, TableDetails};

/// The kind of an [`Object`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A PostgreSQL schema.
    Namespace,
    /// An extension.
    Extension,
    /// A collation.
    Collation,
    /// An enum or a composite type.
    Type,
    /// A domain.
    Domain,
    /// A sequence that is no identity column's.
    Sequence,
    /// The sequence belongs to its column.
    Ownership,
    /// A function.
    Function,
    /// A procedure.
    Procedure,
    /// An aggregate.
    Aggregate,
    /// An operator.
    Operator,
    /// A cast.
    Cast,
    /// A foreign data wrapper.
    ForeignDataWrapper,
    /// A foreign server.
    ForeignServer,
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
    /// Extended statistics of a table.
    Statistics,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A rule of a table or a view.
    Rule,
    /// A trigger.
    Trigger,
    /// An event of MySQL or MariaDB.
    Event,
    /// A row level security policy.
    Policy,
    /// A grant of rights on something.
    Privilege,
    /// Something small that is set on an object, such as its statistics target, its storage or a comment.
    Setting,
    /// A grant of rights on objects that are created later.
    DefaultPrivilege,
    /// An event trigger.
    EventTrigger,
}

impl Kind {
    /// Its name in a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Namespace => "schema",
            Self::Extension => "extension",
            Self::Collation => "collation",
            Self::Type => "type",
            Self::Domain => "domain",
            Self::Sequence => "sequence",
            Self::Ownership => "ownership of sequence",
            Self::Function => "function",
            Self::Procedure => "procedure",
            Self::Aggregate => "aggregate",
            Self::Operator => "operator",
            Self::Cast => "cast",
            Self::ForeignDataWrapper => "foreign data wrapper",
            Self::ForeignServer => "foreign server",
            Self::Table => "table",
            Self::VirtualTable => "virtual table",
            Self::Column => "column",
            Self::Constraint => "constraint",
            Self::Index => "index",
            Self::Statistics => "statistics",
            Self::View => "view",
            Self::MaterializedView => "materialized view",
            Self::Rule => "rule",
            Self::Trigger => "trigger",
            Self::Event => "event",
            Self::Policy => "policy",
            Self::Privilege => "privilege",
            Self::Setting => "setting",
            Self::DefaultPrivilege => "default privilege",
            Self::EventTrigger => "event trigger",
        }
    }
}

/// Identifies an object among all others of its database.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// Its kind.
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

    /// The table it is found by, or its own name.
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

/// The compared facts of an object: a struct for its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Details {
    /// Nothing: its name says it all.
    #[default]
    None,
    /// A table.
    Table(Table),
    /// A column.
    Column(Column),
    /// A primary key or a unique constraint.
    Key(Key),
    /// A foreign key.
    ForeignKey(ForeignKey),
    /// A check.
    Check(Check),
    /// An index.
    Index(Index),
    /// A view, a routine, a trigger, an event or a virtual table.
    Program(Program),
    /// An enum.
    Enum(Enum),
    /// A domain.
    Domain(Domain),
    /// A sequence.
    Sequence(Sequence),
    /// Something that only PostgreSQL has, or has in its own way.
    Postgres(postgres::Part),
}

impl Details {
    fn facts(&self) -> Vec<Fact> {
        let mut list = Vec::new();
        match self {
            Self::None => {}
            Self::Table(details) => details.facts(&mut list),
            Self::Column(details) => details.facts(&mut list),
            Self::Key(details) => details.facts(&mut list),
            Self::ForeignKey(details) => details.facts(&mut list),
            Self::Check(details) => details.facts(&mut list),
            Self::Index(details) => details.facts(&mut list),
            Self::Program(details) => details.facts(&mut list),
            Self::Enum(details) => details.facts(&mut list),
            Self::Domain(details) => details.facts(&mut list),
            Self::Sequence(details) => details.facts(&mut list),
            Self::Postgres(part) => part.facts(&mut list),
        }
        list
    }
}

/// Something in a database: what is compared of it, and the SQL that makes and removes it.
#[derive(Clone, Debug)]
pub struct Object {
    pub(crate) id: ObjectId,
    /// The compared facts.
    pub(crate) details: Details,
    /// Its name as it was written, without quotes.
    pub(crate) written: String,
    /// The statement that makes it, or its part of the table's.
    pub(crate) create: String,
    /// The statement that removes it.
    pub(crate) drop: String,
    /// Objects that must be there before it, and cannot go while it is there.
    pub(crate) depends_on: BTreeSet<ObjectId>,
    /// Objects that only the default of a column needs.
    pub(crate) default_needs: BTreeSet<ObjectId>,
    /// The place of a column in its table.
    pub(crate) position: usize,
    /// The object whose removal removes it too.
    pub(crate) owner: Option<ObjectId>,
}

impl Object {
    /// One that is compared by its details.
    pub(crate) fn typed(id: ObjectId, details: Details) -> Self {
        Self {
            written: unquoted(&id.name),
            id,
            details,
            create: String::new(),
            drop: String::new(),
            depends_on: BTreeSet::new(),
            default_needs: BTreeSet::new(),
            position: 0,
            owner: None,
        }
    }

    /// Its identity.
    pub fn id(&self) -> &ObjectId {
        &self.id
    }

    /// Its compared facts.
    pub fn details(&self) -> &Details {
        &self.details
    }

    /// Its compared facts, by the names that people read.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use migrate_diff::{Connection, Filter, introspect};
    ///
    /// let mut connection = Connection::open("sqlite::memory:").await?;
    /// connection.execute("CREATE TABLE t (a INT NOT NULL)").await?;
    /// let schema = introspect(&mut connection, &Filter::default()).await?;
    /// let column = schema.objects().find(|object| object.id().name == "a").expect("it is there");
    /// let facts: Vec<_> = column.attributes().map(|(name, value)| format!("{name}: {value}")).collect();
    /// assert_eq!(facts, ["type: INT", "not null: yes"]);
    /// # Ok(()) }
    /// ```
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.details.facts().into_iter()
    }

    /// All that it depends on.
    pub(crate) fn needs(&self) -> impl Iterator<Item = &ObjectId> {
        self.depends_on.iter().chain(&self.default_needs)
    }

    /// Whether another object of the same id says the same.
    pub(crate) fn says_what(&self, other: &Self) -> bool {
        self.details == other.details
    }

    pub(crate) fn column(&self) -> Option<&Column> {
        match &self.details {
            Details::Column(column) => Some(column),
            _ => None,
        }
    }

    pub(crate) fn key(&self) -> Option<&Key> {
        match &self.details {
            Details::Key(key) => Some(key),
            _ => match self.constraint()? {
                postgres::ConstraintKind::Key(key) => Some(key),
                _ => None,
            },
        }
    }

    pub(crate) fn foreign_key(&self) -> Option<&ForeignKey> {
        match &self.details {
            Details::ForeignKey(key) => Some(key),
            _ => match self.constraint()? {
                postgres::ConstraintKind::ForeignKey(key) => Some(key),
                _ => None,
            },
        }
    }

    pub(crate) fn check(&self) -> Option<&Check> {
        match &self.details {
            Details::Check(check) => Some(check),
            _ => match self.constraint()? {
                postgres::ConstraintKind::Check(check) => Some(check),
                _ => None,
            },
        }
    }

    fn constraint(&self) -> Option<&postgres::ConstraintKind> {
        match self.part()? {
            postgres::Part::Constraint(constraint) => Some(&constraint.kind),
            _ => None,
        }
    }

    pub(crate) fn domain(&self) -> Option<&Domain> {
        match &self.details {
            Details::Domain(domain) => Some(domain),
            _ => None,
        }
    }

    pub(crate) fn labels(&self) -> Option<&[String]> {
        match &self.details {
            Details::Enum(details) => Some(&details.labels),
            _ => None,
        }
    }

    pub(crate) fn part(&self) -> Option<&postgres::Part> {
        match &self.details {
            Details::Postgres(part) => Some(part),
            _ => None,
        }
    }

    pub(crate) fn pg_table(&self) -> Option<&postgres::Table> {
        match &self.details {
            Details::Table(Table {
                details: TableDetails::Postgres(table),
                ..
            }) => Some(table),
            _ => None,
        }
    }

    pub(crate) fn index(&self) -> Option<&Index> {
        match &self.details {
            Details::Index(index) => Some(index),
            _ => None,
        }
    }
}

/// A name without its quotes, and without its schema.
pub(crate) fn unquoted(name: &str) -> String {
    let name = name.rsplit("\".\"").next().unwrap_or(name);
    for quote in ['"', '`'] {
        if let Some(inside) = name
            .strip_suffix(quote)
            .map(|name| name.find(quote).map_or(name, |at| &name[at + 1..]))
        {
            return inside.replace(&format!("{quote}{quote}"), &quote.to_string());
        }
    }
    name.rsplit('.').next().unwrap_or(name).to_owned()
}

/// The objects of a database.
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

    /// The name of an object as its database's SQL writes it.
    pub(crate) fn sql_name(&self, object: &Object) -> String {
        match self.dialect {
            // Ids are in small letters there: all of SQLite's, and those of MySQL's columns.
            Dialect::Sqlite | Dialect::MySql => quote_name(self.dialect, &object.written),
            Dialect::Postgres => object.id.name.clone(),
        }
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
        let first = ObjectId::of(kind, table, "");
        let parts = self.objects.range(first..).map(|(_, object)| object);
        parts.take_while(move |object| {
            object.id.kind == kind && object.id.table.as_deref() == Some(table)
        })
    }

    pub(crate) fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Object> {
        let first = ObjectId {
            kind,
            table: None,
            name: String::new(),
        };
        let objects = self.objects.range(first..).map(|(_, object)| object);
        objects.take_while(move |object| object.id.kind == kind)
    }
}
