use std::collections::BTreeSet;

use crate::graph::RevisionGraph;

/// The change of the version table in one step: a difference, so that steps stay small if rows are many.
///
/// ```
/// use std::collections::BTreeSet;
/// use migrate_chain::plan::RowChange;
///
/// let change = RowChange { insert: vec![], update: Some((0, 2)), delete: vec![1] };
/// let mut rows = BTreeSet::from([0, 1, 7]);
/// change.apply(&mut rows);
/// assert_eq!(rows, BTreeSet::from([2, 7]));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowChange {
    /// The rows that are new.
    pub insert: Vec<usize>,
    /// A row that becomes another: from, to.
    pub update: Option<(usize, usize)>,
    /// The rows that are deleted.
    pub delete: Vec<usize>,
}

impl RowChange {
    /// Changes a set of rows.
    pub fn apply(&self, rows: &mut BTreeSet<usize>) {
        for row in self.gone() {
            rows.remove(&row);
        }
        rows.extend(self.update.map(|(_, to)| to));
        rows.extend(&self.insert);
    }

    /// The difference between two states. One pair of an old and a new row is an update.
    pub(super) fn between(mut gone: Vec<usize>, mut new: Vec<usize>) -> Self {
        let update = match (gone.last(), new.last()) {
            (Some(&from), Some(&to)) => Some((from, to)),
            _ => None,
        };
        if update.is_some() {
            gone.pop();
            new.pop();
        }
        Self {
            insert: new,
            update,
            delete: gone,
        }
    }

    /// The rows that are deleted or become another.
    pub(super) fn gone(&self) -> impl Iterator<Item = usize> {
        self.delete
            .iter()
            .copied()
            .chain(self.update.map(|(from, _)| from))
    }
}

/// The rows of the version table as steps are taken: always the maximal elements of what is applied.
pub(super) struct Rows<'a> {
    graph: &'a RevisionGraph,
    is_row: Vec<bool>,
    /// How many applied revisions name this one as parent or dependency.
    users: Vec<usize>,
    /// Rows of the table that another row covers: the first step removes them.
    stale: Vec<usize>,
}

impl<'a> Rows<'a> {
    pub fn new(graph: &'a RevisionGraph, table: &[usize]) -> Self {
        let applied = graph.ancestors(table);
        let mut users = vec![0; graph.len()];
        for revision in crate::graph::walk::marked(&applied) {
            graph
                .all(revision)
                .iter()
                .for_each(|&used| users[used] += 1);
        }
        let is_row = (0..graph.len())
            .map(|revision| applied[revision] && users[revision] == 0)
            .collect();
        let stale = table
            .iter()
            .copied()
            .filter(|&row| users[row] > 0)
            .collect();
        Self {
            graph,
            is_row,
            users,
            stale,
        }
    }

    /// Applies a revision whose parents and dependencies are applied. An upgrade refuses a table with stale rows.
    pub fn add(&mut self, revision: usize) -> RowChange {
        let mut gone = Vec::new();
        for &used in self.graph.all(revision) {
            self.users[used] += 1;
            if std::mem::take(&mut self.is_row[used]) {
                gone.push(used);
            }
        }
        self.is_row[revision] = true;
        RowChange::between(gone, vec![revision])
    }

    /// Takes back a revision that no applied one needs.
    pub fn remove(&mut self, revision: usize) -> RowChange {
        let mut new = Vec::new();
        for &used in self.graph.all(revision) {
            self.users[used] -= 1;
            if self.users[used] == 0 {
                self.is_row[used] = true;
                new.push(used);
            }
        }
        self.is_row[revision] = false;
        let mut gone = std::mem::take(&mut self.stale);
        // A row that was stale and is now right stays where it is.
        new.retain(|row| match gone.iter().position(|other| other == row) {
            Some(place) => {
                gone.remove(place);
                false
            }
            None => true,
        });
        gone.push(revision);
        RowChange::between(gone, new)
    }

    /// The rows as they are now.
    pub fn now(&self) -> Vec<usize> {
        crate::graph::walk::marked(&self.is_row)
    }
}
