//! The description of a revision in its journal row, so that a binary without the file knows enough of it.

use std::borrow::Cow;

use migrate_chain::graph::RevisionGraph;
use migrate_chain::{Checksum, Dialect, Digest, ForeignKeys, Revision};

/// The revision that a journal row is about.
#[derive(Clone, Debug)]
pub struct Subject<'r> {
    id: Cow<'r, str>,
    pub message: Cow<'r, str>,
    /// The ids of its parents.
    pub down_revision: Vec<&'r str>,
    /// The ids that it depends on: a binary without the file does not know the labels.
    pub depends_on: Vec<&'r str>,
    pub settings: Vec<&'static str>,
    pub checksum: Option<Checksum>,
    pub digest: Option<Digest>,
}

/// Another tool that has applied a revision, and when.
#[derive(Clone, Debug)]
pub struct Origin {
    /// The tool, and the database user as far as it is known.
    pub tool: String,
    /// The time, as a literal of the journal's column.
    pub at: Option<String>,
}

/// The words of the column `settings`: how a revision runs, and whether it can be undone.
pub mod setting {
    pub const TRANSACTION_OFF: &str = "transaction: off";
    pub const FOREIGN_KEYS_OFF: &str = "foreign_keys: off";
    pub const FOREIGN_KEYS_CASCADE: &str = "foreign_keys: cascade";
    pub const RUST: &str = "rust";
    pub const IRREVERSIBLE: &str = "irreversible";

    pub const ALL: [&str; 5] = [
        TRANSACTION_OFF,
        FOREIGN_KEYS_OFF,
        FOREIGN_KEYS_CASCADE,
        RUST,
        IRREVERSIBLE,
    ];
}

impl<'r> Subject<'r> {
    /// The revision at `index` of the graph.
    pub fn of(
        revision: &'r Revision,
        graph: &'r RevisionGraph,
        index: usize,
        dialect: Dialect,
    ) -> Self {
        let dependencies = graph.dependencies(index).iter();
        Self {
            id: revision.id().into(),
            message: revision.title().into(),
            down_revision: revision.down_revision().collect(),
            depends_on: dependencies.map(|&index| graph.id(index)).collect(),
            settings: settings(revision),
            checksum: revision.checksum(dialect),
            digest: Some(revision.digest(dialect)),
        }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// A row of the version table that no chain has, and of which nothing but its id is known.
    pub fn unknown(id: String) -> Self {
        Self {
            id: id.into(),
            message: "".into(),
            down_revision: Vec::new(),
            depends_on: Vec::new(),
            settings: Vec::new(),
            checksum: None,
            digest: None,
        }
    }
}

fn settings(revision: &Revision) -> Vec<&'static str> {
    let keys = revision.foreign_keys();
    [
        (!revision.is_transactional(), setting::TRANSACTION_OFF),
        (keys == ForeignKeys::Off, setting::FOREIGN_KEYS_OFF),
        (keys == ForeignKeys::Cascade, setting::FOREIGN_KEYS_CASCADE),
        (revision.is_rust(), setting::RUST),
        (revision.irreversible().is_some(), setting::IRREVERSIBLE),
    ]
    .into_iter()
    .filter_map(|(holds, word)| holds.then_some(word))
    .collect()
}
