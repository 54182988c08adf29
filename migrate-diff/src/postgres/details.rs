//! Objects and details that only PostgreSQL has.

use std::fmt;

use crate::model::facts::{Fact, Facts, Value, facts};
use crate::model::{Check, ForeignKey, Key};

facts! {
    /// A table.
    pub struct Table {
        /// Whether its rows are lost in a crash.
        unlogged: bool = "unlogged",
        /// How its rows are divided among partitions.
        partition_by: Option<String> = "partition by",
        /// The rows that it has as a partition.
        bound: Option<String> = "bound",
        /// The table that it is a partition of, or those that it inherits from.
        parents: Vec<String> = "parent",
        /// Whether policies are in force.
        row_security: bool = "row security",
        /// Whether policies are in force for the owner, too.
        force_row_security: bool = "force row security",
        /// Its storage options.
        options: Vec<String> = "options",
        /// The type that has its columns.
        of_type: Option<String> = "of type",
        /// The server of a foreign table, with its options.
        server: Option<String> = "server",
        /// The columns that it inherits and has by itself, too: each with its type.
        own_columns: Vec<String> = "own columns",
    }
}

facts! {
    /// A column.
    pub struct Column {
        /// The sequence of an identity column.
        sequence: Option<String> = "sequence",
    }
}

facts! {
    /// A primary key, a unique constraint, a foreign key, a check or an exclusion constraint.
    pub struct Constraint {
        /// Its definition.
        definition: String = "definition",
        /// The definition.
        kind: ConstraintKind = ..,
        /// The constraint of the parent that it is a part of.
        attached: Option<String> = "attached",
        /// The name that the server would choose for it, if it has another.
        chosen_name: Option<String> = "chosen name",
        /// Its comment.
        comment: Option<String> = "comment",
    }
}

/// The definition of a constraint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConstraintKind {
    /// An exclusion constraint.
    #[default]
    Exclusion,
    /// A primary key or a unique constraint.
    Key(Key),
    /// A foreign key.
    ForeignKey(ForeignKey),
    /// A check.
    Check(Check),
}

/// The definition says it all.
impl Facts for ConstraintKind {
    fn facts(&self, _: &mut Vec<Fact>) {}
}

impl Constraint {
    /// Whether the rows that were there may break it.
    pub(crate) fn is_not_valid(&self) -> bool {
        self.definition.ends_with(" NOT VALID")
    }
}

facts! {
    /// An index.
    pub struct Index {
        /// Its definition.
        definition: String = "definition",
        /// The rest is in the definition, too.
        shape: Shape = ..,
        /// Whether some partitions have no part of it.
        invalid: bool = "invalid",
        /// The index of the parent that it is a part of.
        attached: Option<String> = "attached",
        /// The name that the server would choose for it, if it has another.
        chosen_name: Option<String> = "chosen name",
        /// Its comment.
        comment: Option<String> = "comment",
    }
}

/// The definition of an index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Shape {
    /// Whether no two rows may be equal in it.
    pub unique: bool,
    /// The columns and expressions that it is over.
    pub columns: Vec<String>,
    /// The rows that are in it, if not all are.
    pub predicate: Option<String>,
}

/// The definition says it all.
impl Facts for Shape {
    fn facts(&self, _: &mut Vec<Fact>) {}
}

facts! {
    /// A composite type.
    pub struct Composite {
        /// Its attributes.
        attributes: Vec<Attribute> = "attributes",
        /// Its comment.
        comment: Option<String> = "comment",
    }
}

/// An attribute of a composite type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its type, with its collation.
    pub data_type: String,
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.data_type)
    }
}

impl Value for Vec<Attribute> {
    fn shown(&self) -> Option<String> {
        let attributes = self.iter().map(Attribute::to_string);
        Some(attributes.collect::<Vec<_>>().join(", "))
    }
}

facts! {
    /// A view or a materialized view.
    pub struct View {
        /// Its definition.
        definition: String = "definition",
        /// Its columns, each with its type.
        columns: Vec<String> = "columns",
        /// Its comment.
        comment: Option<String> = "comment",
    }
}

facts! {
    /// A function or a procedure.
    pub struct Function {
        /// Its definition.
        definition: String = "definition",
        /// Its arguments and its result.
        signature: String = "signature",
        /// Its comment.
        comment: Option<String> = "comment",
    }
}

facts! {
    /// A trigger, a rule or an event trigger.
    pub struct Trigger {
        /// Its definition.
        definition: String = "definition",
        /// Whether it runs, if not as usual.
        state: Option<String> = "state",
        /// Its comment.
        comment: Option<String> = "comment",
    }
}

facts! {
    /// Extended statistics.
    pub struct Statistics {
        /// Their definition.
        definition: String = "definition",
        /// How much is sampled for them.
        target: Option<String> = "target",
        /// Their comment.
        comment: Option<String> = "comment",
    }
}

facts! {
    /// An extension.
    pub struct Extension {
        /// The schema that has its objects.
        schema: String = "schema",
    }
}

facts! {
    /// Rights on what is created later.
    pub struct DefaultPrivilege {
        /// The statements that give them.
        definition: String = "definition",
        /// The object that they are on, if it is the user's own.
        on: Option<String> = "kind",
        /// The role that has them.
        role: String = "role",
        /// The schema that they are for.
        schema: Option<String> = "schema",
    }
}

facts! {
    /// Anything that is compared by the statement that creates it.
    pub struct Statement {
        /// The statement.
        definition: String = "definition",
        /// Its comment.
        comment: Option<String> = "comment",
    }
}

/// The details that are compared of an object that only PostgreSQL has, or has in its own way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// A constraint.
    Constraint(Constraint),
    /// An index.
    Index(Index),
    /// A composite type.
    Composite(Composite),
    /// A view or a materialized view.
    View(View),
    /// A function or a procedure.
    Function(Function),
    /// A trigger, a rule or an event trigger.
    Trigger(Trigger),
    /// Extended statistics.
    Statistics(Statistics),
    /// An extension.
    Extension(Extension),
    /// Rights on what is created later.
    DefaultPrivilege(DefaultPrivilege),
    /// Anything else.
    Statement(Statement),
}

impl Facts for Part {
    fn facts(&self, list: &mut Vec<Fact>) {
        match self {
            Self::Constraint(part) => part.facts(list),
            Self::Index(part) => part.facts(list),
            Self::Composite(part) => part.facts(list),
            Self::View(part) => part.facts(list),
            Self::Function(part) => part.facts(list),
            Self::Trigger(part) => part.facts(list),
            Self::Statistics(part) => part.facts(list),
            Self::Extension(part) => part.facts(list),
            Self::DefaultPrivilege(part) => part.facts(list),
            Self::Statement(part) => part.facts(list),
        }
    }
}

impl Part {
    pub(crate) fn comment(&self) -> Option<&str> {
        let comment = match self {
            Self::Constraint(part) => &part.comment,
            Self::Index(part) => &part.comment,
            Self::Composite(part) => &part.comment,
            Self::View(part) => &part.comment,
            Self::Function(part) => &part.comment,
            Self::Trigger(part) => &part.comment,
            Self::Statistics(part) => &part.comment,
            Self::Statement(part) => &part.comment,
            Self::Extension(_) | Self::DefaultPrivilege(_) => return None,
        };
        comment.as_deref()
    }

    /// The statement or the clause that it is compared by; none if it has fields instead.
    pub(crate) fn definition(&self) -> Option<&str> {
        Some(match self {
            Self::Constraint(part) => &part.definition,
            Self::Index(part) => &part.definition,
            Self::View(part) => &part.definition,
            Self::Function(part) => &part.definition,
            Self::Trigger(part) => &part.definition,
            Self::Statistics(part) => &part.definition,
            Self::DefaultPrivilege(part) => &part.definition,
            Self::Statement(part) => &part.definition,
            Self::Composite(_) | Self::Extension(_) => return None,
        })
    }

    /// The index or key that one of a partition is a part of, and the name that the server would choose for it.
    pub(crate) fn attached(&self) -> Option<(&str, Option<&str>)> {
        let (attached, chosen) = match self {
            Self::Constraint(part) => (&part.attached, &part.chosen_name),
            Self::Index(part) => (&part.attached, &part.chosen_name),
            _ => return None,
        };
        Some((attached.as_deref()?, chosen.as_deref()))
    }
}
