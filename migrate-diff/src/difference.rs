//! The difference between two schemas, computed once: plans, marks, reports and tests are made from it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::model::{Kind, Object, ObjectId, Schema};

/// The difference between two schemas. Its text is a line for each object, marked `+`, `-` or `~`.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    changes: Vec<Change>,
    /// The place of each object in the list; a renamed one has two.
    places: BTreeMap<ObjectId, usize>,
}

/// How one object differs.
#[derive(Clone, Debug)]
#[non_exhaustive]
#[allow(
    clippy::large_enum_variant,
    reason = "a difference is a short list, and a box would be in everybody's way"
)]
pub enum Change {
    /// It is only in the second schema.
    Created(Object),
    /// It is only in the first schema.
    Dropped(Object),
    /// It is in both, under two names, and otherwise the same.
    Renamed {
        /// As the first schema has it.
        from: Object,
        /// As the second schema has it.
        to: Object,
    },
    /// It is in both, and not the same.
    Altered {
        /// As the first schema has it.
        from: Object,
        /// As the second schema has it.
        to: Object,
        /// The fields that differ.
        fields: Vec<Field>,
    },
}

/// A field of an object that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name, as people read it.
    pub name: &'static str,
    /// Its value in the first schema.
    pub from: Option<String>,
    /// Its value in the second schema.
    pub to: Option<String>,
}

/// Two schemas and their difference: what a plan is made from.
#[derive(Clone, Copy)]
pub(crate) struct Comparison<'c> {
    pub from: &'c Schema,
    pub to: &'c Schema,
    pub difference: &'c Difference,
}

impl Comparison<'_> {
    /// Whether an object is in both schemas and says the same, under the same name.
    pub fn is_same(&self, id: &ObjectId) -> bool {
        self.from.get(id).is_some() && self.difference.of(id).is_none()
    }

    /// Whether an object of the first schema is not in the second, or not the same there.
    pub fn goes(&self, id: &ObjectId) -> bool {
        self.from.get(id).is_some() && self.difference.of(id).is_some()
    }

    /// Whether an object of the second schema is not in the first, or not the same there.
    pub fn comes(&self, id: &ObjectId) -> bool {
        self.to.get(id).is_some() && self.difference.of(id).is_some()
    }

    /// Whether both schemas have the table.
    pub fn keeps_table(&self, name: &str) -> bool {
        self.from.has(Kind::Table, name) && self.to.has(Kind::Table, name)
    }
}

impl Change {
    /// The object, under its new name.
    pub fn id(&self) -> &ObjectId {
        match self {
            Self::Created(object) | Self::Dropped(object) => &object.id,
            Self::Renamed { to, .. } | Self::Altered { to, .. } => &to.id,
        }
    }

    /// Whether the object is in one of the schemas only.
    fn is_whole(&self) -> bool {
        matches!(self, Self::Created(_) | Self::Dropped(_))
    }
}

impl Difference {
    /// Compares two schemas. The order of columns, and the statements' spelling, are no difference.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use migrate_diff::{Change, Connection, Difference, Filter, introspect};
    ///
    /// let mut connection = Connection::open("sqlite::memory:").await?;
    /// connection.execute("CREATE TABLE t (a INT)").await?;
    /// let before = introspect(&mut connection, &Filter::default()).await?;
    /// connection.execute("DROP TABLE t; CREATE TABLE t (a TEXT)").await?;
    /// let after = introspect(&mut connection, &Filter::default()).await?;
    ///
    /// let difference = Difference::between(&before, &after);
    /// let [Change::Altered { fields, .. }] = difference.changes() else { panic!("{difference}") };
    /// assert_eq!(fields[0].name, "type");
    /// assert_eq!(difference.to_string(), "~ column t.a: type INT -> TEXT");
    /// # Ok(()) }
    /// ```
    pub fn between(from: &Schema, to: &Schema) -> Self {
        let ids: BTreeSet<&ObjectId> = from.objects.keys().chain(to.objects.keys()).collect();
        let twins = twins(from, to);
        let changes = ids
            .into_iter()
            .filter_map(|id| change(id, from, to, &twins))
            .collect();
        Self::of_changes(changes)
    }

    fn of_changes(changes: Vec<Change>) -> Self {
        let mut places = BTreeMap::new();
        for (n, change) in changes.iter().enumerate() {
            places.insert(change.id().clone(), n);
            if let Change::Renamed { from, .. } = change {
                places.insert(from.id.clone(), n);
            }
        }
        Self { changes, places }
    }

    /// Each object that differs, in order of kind and name.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// How an object differs; none if it does not.
    pub fn of(&self, id: &ObjectId) -> Option<&Change> {
        Some(&self.changes[*self.places.get(id)?])
    }

    /// Whether the two are the same.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes to show: parts of a table that comes or goes as a whole are left out.
    fn notable(&self) -> impl Iterator<Item = &Change> {
        let whole: BTreeSet<&str> = self
            .changes
            .iter()
            .filter(|change| change.is_whole() && change.id().table.is_none())
            .map(|change| change.id().name.as_str())
            .collect();
        self.changes.iter().filter(move |change| {
            let table = change.id().table.as_deref();
            table.is_none_or(|table| !whole.contains(table))
        })
    }
}

fn change(id: &ObjectId, from: &Schema, to: &Schema, twins: &Twins) -> Option<Change> {
    match (from.get(id), to.get(id)) {
        (None, Some(new)) => Some(match twins.old.get(id).and_then(|old| from.get(old)) {
            Some(old) => Change::Renamed {
                from: old.clone(),
                to: new.clone(),
            },
            None => Change::Created(new.clone()),
        }),
        // It is in the list under its new name.
        (Some(_), None) if twins.gone.contains(id) => None,
        (Some(old), None) => Some(Change::Dropped(old.clone())),
        (Some(old), Some(new)) if !old.says_what(new) => Some(Change::Altered {
            from: old.clone(),
            to: new.clone(),
            fields: fields(old, new),
        }),
        _ => None,
    }
}

/// Objects whose name alone differs.
#[derive(Default)]
struct Twins {
    /// By the new id, the old one.
    old: BTreeMap<ObjectId, ObjectId>,
    /// The old ids.
    gone: BTreeSet<ObjectId>,
}

/// An index or a constraint that goes while one of the same table comes that says the same has a new name only: no data
/// depends on it.
fn twins(from: &Schema, to: &Schema) -> Twins {
    let mut twins = Twins::default();
    for kind in [Kind::Index, Kind::Constraint] {
        let gone = from.of_kind(kind).filter(|old| to.get(&old.id).is_none());
        for old in gone {
            let table = old.id.owner();
            let mut come = to
                .parts(kind, table)
                .filter(|new| from.get(&new.id).is_none() && !twins.old.contains_key(&new.id));
            if let Some(new) = come.find(|new| new.says_what(old)) {
                twins.old.insert(new.id.clone(), old.id.clone());
                twins.gone.insert(old.id.clone());
            }
        }
    }
    twins
}

fn fields(from: &Object, to: &Object) -> Vec<Field> {
    let (mut old, mut new): (BTreeMap<_, _>, BTreeMap<_, _>) =
        (from.attributes().collect(), to.attributes().collect());
    let names: BTreeSet<&'static str> = old.keys().chain(new.keys()).copied().collect();
    let field = |name| Field {
        name,
        from: old.remove(name),
        to: new.remove(name),
    };
    let fields = names.into_iter().map(field);
    fields.filter(|field| field.from != field.to).collect()
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, change) in self.notable().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            write!(f, "{change}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Created(object) => write!(f, "+ {}", object.id),
            Self::Dropped(object) => write!(f, "- {}", object.id),
            Self::Renamed { from, to } => write!(f, "~ {} -> {}", from.id, to.id.name),
            Self::Altered { to, fields, .. } => {
                write!(f, "~ {}", to.id)?;
                for (n, field) in fields.iter().enumerate() {
                    f.write_str(if n == 0 { ": " } else { ", " })?;
                    write!(f, "{field}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Field {
    /// A definition is too long for a line, and is in the SQL anyway.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_short = |value: &Option<String>| {
            value
                .as_ref()
                .is_none_or(|value| value.len() <= 40 && !value.contains('\n'))
        };
        if is_short(&self.from) && is_short(&self.to) {
            let (from, to) = (self.from.as_deref(), self.to.as_deref());
            let (from, to) = (from.unwrap_or("none"), to.unwrap_or("none"));
            write!(f, "{} {from} -> {to}", self.name)
        } else {
            f.write_str(self.name)
        }
    }
}
