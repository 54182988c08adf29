//! The second eye: everything that a database says of itself, read without the model and without the introspection that
//! makes plans. The proof compares it too, so that no kind of object is overlooked. Each database reads its
//! own `eye`.

use std::collections::{BTreeMap, BTreeSet};

/// By object and catalog, the values of each row about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(BTreeMap<(String, String), BTreeSet<BTreeMap<String, String>>>);

impl Facts {
    pub fn add(&mut self, subject: (String, String), values: BTreeMap<String, String>) {
        self.0.entry(subject).or_default().insert(values);
    }

    /// Takes what others say of a subject.
    pub fn take(&mut self, other: &Self, subject: &(String, String)) {
        let values = other.0.get(subject);
        self.0
            .extend(values.map(|values| (subject.clone(), values.clone())));
    }

    /// The differences from `other`, a line for each object: its name, and the facts.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let none = BTreeSet::new();
        let subjects: BTreeSet<_> = self.0.keys().chain(other.0.keys()).collect();
        let mut lines = Vec::new();
        for subject in subjects {
            let (found, expected) = (
                self.0.get(subject).unwrap_or(&none),
                other.0.get(subject).unwrap_or(&none),
            );
            let found_only: Vec<_> = found.difference(expected).collect();
            let expected_only: Vec<_> = expected.difference(found).collect();
            lines.extend(line(subject, &found_only, &expected_only));
        }
        lines
    }
}

type Values = BTreeMap<String, String>;

fn line(
    (object, catalog): &(String, String),
    found: &[&Values],
    expected: &[&Values],
) -> Option<String> {
    match (found, expected) {
        ([], []) => None,
        ([found], [expected]) => {
            let names: BTreeSet<&String> = found.keys().chain(expected.keys()).collect();
            let changed = names
                .into_iter()
                .filter(|name| found.get(*name) != expected.get(*name));
            let changed: Vec<String> = changed
                .map(|name| {
                    format!(
                        "{name} is {}, not {}",
                        shown(found.get(name)),
                        shown(expected.get(name))
                    )
                })
                .collect();
            Some(format!("{object}: {}", changed.join("; ")))
        }
        (found, []) => Some(format!(
            "{object}: {} in {catalog} which should not be there",
            rows(found.len())
        )),
        ([], expected) => Some(format!(
            "{object}: {} missing from {catalog}",
            rows(expected.len())
        )),
        (found, expected) => Some(format!(
            "{object}: {} in {catalog} instead of {}: {found:?}, not {expected:?}",
            rows(found.len()),
            rows(expected.len())
        )),
    }
}

fn rows(count: usize) -> String {
    if count == 1 {
        "a row".to_owned()
    } else {
        format!("{count} rows")
    }
}

fn shown(value: Option<&String>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |value| format!("`{value}`"))
}
