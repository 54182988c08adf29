//! The difference between two schemas, as facts.

use std::collections::BTreeSet;
use std::fmt;

use crate::model::{Object, ObjectId, Schema};

/// What differs between two schemas. Its text is a line for each object, marked `+`, `-` or `~`.
#[derive(Clone, Debug, Default)]
pub struct Difference {
    /// In order of kind and name.
    pub changes: Vec<Change>,
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
    Added(Object),
    /// It is only in the first schema.
    Removed(Object),
    /// It is in both, and not the same.
    Changed {
        /// As the first schema has it.
        from: Object,
        /// As the second schema has it.
        to: Object,
    },
}

impl Change {
    /// Which object it is about.
    pub fn id(&self) -> &ObjectId {
        match self {
            Self::Added(object) | Self::Removed(object) => &object.id,
            Self::Changed { to, .. } => &to.id,
        }
    }
}

impl Difference {
    /// Compares two schemas. The order of columns, and the statements' spelling, are no difference.
    pub fn between(from: &Schema, to: &Schema) -> Self {
        let ids: BTreeSet<&ObjectId> = from.objects.keys().chain(to.objects.keys()).collect();
        let change = |id: &ObjectId| match (from.get(id), to.get(id)) {
            (None, Some(object)) => Some(Change::Added(object.clone())),
            (Some(object), None) => Some(Change::Removed(object.clone())),
            (Some(from), Some(to)) if from.attributes != to.attributes => Some(Change::Changed {
                from: from.clone(),
                to: to.clone(),
            }),
            _ => None,
        };
        Self {
            changes: ids.into_iter().filter_map(change).collect(),
        }
    }

    /// Whether the two are the same.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// What a person wants to read: parts of a table that comes or goes as a whole are left out.
    fn notable(&self) -> impl Iterator<Item = &Change> {
        let whole: BTreeSet<&str> = self
            .changes
            .iter()
            .filter(|change| !matches!(change, Change::Changed { .. }))
            .filter(|change| change.id().table.is_none())
            .map(|change| change.id().name.as_str())
            .collect();
        self.changes.iter().filter(move |change| {
            let table = change.id().table.as_deref();
            table.is_none_or(|table| !whole.contains(table))
        })
    }
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
            Self::Added(object) => write!(f, "+ {}", object.id),
            Self::Removed(object) => write!(f, "- {}", object.id),
            Self::Changed { from, to } => {
                write!(f, "~ {}", to.id)?;
                let names: BTreeSet<&str> = from
                    .attributes
                    .keys()
                    .chain(to.attributes.keys())
                    .copied()
                    .collect();
                let differs = |name: &&str| from.attribute(name) != to.attribute(name);
                for (n, name) in names.into_iter().filter(differs).enumerate() {
                    f.write_str(if n == 0 { ": " } else { ", " })?;
                    attribute(f, name, from.attribute(name), to.attribute(name))?;
                }
                Ok(())
            }
        }
    }
}

/// A definition is too long for a line, and is in the SQL anyway.
fn attribute(
    f: &mut fmt::Formatter<'_>,
    name: &str,
    from: Option<&str>,
    to: Option<&str>,
) -> fmt::Result {
    let short =
        |value: Option<&str>| value.is_none_or(|value| value.len() <= 40 && !value.contains('\n'));
    if short(from) && short(to) {
        let (from, to) = (from.unwrap_or("none"), to.unwrap_or("none"));
        write!(f, "{name} {from} -> {to}")
    } else {
        f.write_str(name)
    }
}
