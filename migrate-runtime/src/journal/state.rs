use std::collections::HashSet;

use migrate_chain::Digest;

/// The version table and the journal, as one statement reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own, and all combinations occur"
)]
pub struct State {
    pub has_version_table: bool,
    pub has_journal: bool,
    /// The version rows, sorted.
    pub rows: Vec<VersionRow>,
    /// Whether the last thing in the journal is a revision under way outside a transaction.
    pub unfinished: bool,
    /// Whether it is known that there is no table in which another tool keeps a history.
    pub has_no_history: bool,
}

/// A version row, and the digest that the journal has for it. One that Alembic wrote has none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct VersionRow {
    pub(crate) revision: String,
    pub(crate) digest: Option<Digest>,
}

impl State {
    pub fn ids(&self) -> Vec<String> {
        self.rows.iter().map(|row| row.revision.clone()).collect()
    }

    /// Whether it says the same of all that a plan depends on, tables that are missing included.
    pub fn is_same(&self, other: &Self) -> bool {
        let tables = |state: &Self| (state.has_version_table, state.has_journal);
        self.is_still(other) && tables(self) == tables(other)
    }

    /// Whether nothing has happened since `other` was read, as far as a plan depends on it.
    pub fn is_still(&self, other: &Self) -> bool {
        self.unfinished == other.unfinished && self.ids() == other.ids()
    }
}

/// The change of the version rows by a step, as a difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowChanges {
    pub removed: Vec<String>,
    pub added: Vec<String>,
}

impl RowChanges {
    #[cfg(feature = "postgres")]
    pub fn is_empty(&self) -> bool {
        self.removed.is_empty() && self.added.is_empty()
    }

    pub fn between(before: &[String], after: &[String]) -> Self {
        let missing = |from: &[String], of: &[String]| {
            let from: HashSet<&String> = from.iter().collect();
            of.iter().filter(|id| !from.contains(id)).cloned().collect()
        };
        Self {
            removed: missing(after, before),
            added: missing(before, after),
        }
    }
}
