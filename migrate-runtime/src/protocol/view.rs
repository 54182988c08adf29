//! The revisions that a run can name: those of the chain, followed by those that only the journal knows.

use std::collections::{HashMap, HashSet};
use std::fmt;

use migrate_chain::graph::{Node, RevisionGraph};
use migrate_chain::{Dialect, ForeignKeys, Recorded, Revision};

use crate::journal::JournalRow;
use crate::journal::subject::setting;
use crate::{Direction, Migrations};

/// A graph, and the revision of each of its indices.
pub struct GraphView<'m> {
    pub migrations: &'m Migrations,
    /// Those of the journal, whose indices follow those of the chain.
    recorded: Vec<Revision>,
    /// Those of the chain that are to be undone and were edited since they were applied, as the journal has them.
    undone: HashMap<usize, Revision>,
    pub graph: RevisionGraph,
}

/// The chains that a run plans on: the binary's own, and the same with other applied revisions if they had to be looked
/// up.
pub struct Views<'m> {
    pub chain: GraphView<'m>,
    pub beyond: Option<GraphView<'m>>,
}

impl<'m> Views<'m> {
    pub fn new(migrations: &'m Migrations) -> Self {
        Self {
            chain: GraphView::new(migrations),
            beyond: None,
        }
    }

    /// All that is known.
    pub fn whole(&self) -> &GraphView<'m> {
        self.beyond.as_ref().unwrap_or(&self.chain)
    }

    /// Takes what is `undone` from the journal where the file was edited since: an upgrade is undone by the script that
    /// came with it.
    pub fn undo_as_recorded(
        &mut self,
        dialect: Dialect,
        rows: &[String],
        journal: &[JournalRow],
        undone: &[usize],
    ) {
        let view = self.beyond.as_mut().unwrap_or(&mut self.chain);
        let edited = edited(view, dialect, rows, journal);
        let edited: HashSet<&str> = edited.into_iter().map(Revision::id).collect();
        let records = records(journal);
        let as_recorded = |&index: &usize| {
            let at = records.get(edited.get(view.graph.id(index))?)?;
            Some((index, Revision::from(recorded_by(&journal[*at]))))
        };
        let recorded: Vec<(usize, Revision)> = undone.iter().filter_map(as_recorded).collect();
        view.undone.extend(recorded);
    }

    /// The chain to plan on: an upgrade uses the binary's alone.
    pub fn toward(&self, direction: Direction) -> &GraphView<'m> {
        match direction {
            Direction::Upgrade => &self.chain,
            Direction::Downgrade => self.whole(),
        }
    }
}

/// Why the journal does not lead from the rows of a database down to the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalGap {
    /// It has no record of this revision.
    NoRecord(String),
    /// No revision of this chain is under the rows: the database is another's.
    Foreign,
    /// Its revisions and the chain make no graph together.
    Unsound,
}

impl<'m> GraphView<'m> {
    /// The chain alone.
    pub fn new(migrations: &'m Migrations) -> Self {
        Self {
            migrations,
            recorded: Vec::new(),
            undone: HashMap::new(),
            graph: migrations.graph(),
        }
    }

    /// The chain, the further revisions of `before`, and all below `rows` that only the journal knows.
    ///
    /// Existing revisions keep their index, since a plan may be under way.
    ///
    /// # Errors
    /// Why these are not all.
    pub fn beyond(
        chain: &Self,
        before: Option<Self>,
        rows: &[String],
        journal: &[JournalRow],
    ) -> Result<Self, JournalGap> {
        let unknown = unknown(&chain.graph, rows, journal)?;
        let mut recorded = before.map_or_else(Vec::new, |before| before.recorded);
        for row in unknown {
            let revision = Revision::from(recorded_by(row));
            match recorded.iter_mut().find(|old| old.id() == revision.id()) {
                Some(old) => *old = revision,
                None => recorded.push(revision),
            }
        }
        let revisions = chain.migrations.revisions().iter().chain(&recorded);
        let nodes: Vec<Node<'_>> = revisions.map(crate::embedded::graph::node).collect();
        let graph = RevisionGraph::new(&nodes).map_err(|_| JournalGap::Unsound)?;
        Ok(Self {
            migrations: chain.migrations,
            recorded,
            undone: HashMap::new(),
            graph,
        })
    }

    pub fn revision(&self, index: usize) -> &Revision {
        let chain = self.migrations.revisions();
        let edited = self.undone.get(&index);
        edited
            .or_else(|| chain.get(index))
            .unwrap_or_else(|| &self.recorded[index - chain.len()])
    }

    /// Revisions known only from the journal.
    pub fn recorded(&self) -> &[Revision] {
        &self.recorded
    }

    /// Whether all of that can be undone.
    pub fn can_be_undone(&self) -> bool {
        let mut recorded = self.recorded.iter();
        recorded.all(|revision| revision.irreversible().is_none())
    }

    /// Whether it has each of these.
    pub fn has_all<'r>(&self, mut ids: impl Iterator<Item = &'r String>) -> bool {
        ids.all(|id| self.graph.find(id).is_some())
    }
}

/// The records of the revisions that are applied and not of the chain, those recorded first coming first.
fn unknown<'j>(
    chain: &RevisionGraph,
    rows: &[String],
    journal: &'j [JournalRow],
) -> Result<Vec<&'j JournalRow>, JournalGap> {
    let records = records(journal);
    let mut found = Vec::new();
    let (mut seen, mut is_known) = (HashSet::new(), false);
    let mut pending: Vec<&str> = rows.iter().map(String::as_str).collect();
    while let Some(id) = pending.pop() {
        if chain.find(id).is_some() {
            is_known = true;
        } else if seen.insert(id) {
            let at = records.get(id).copied();
            let at = at.ok_or_else(|| JournalGap::NoRecord(id.to_owned()))?;
            let below = journal[at].down_revision.iter();
            pending.extend(below.chain(&journal[at].depends_on).map(String::as_str));
            found.push(at);
        }
    }
    if !is_known {
        return Err(JournalGap::Foreign);
    }
    found.sort_unstable();
    Ok(found.into_iter().map(|at| &journal[at]).collect())
}

/// The place of each revision's last upgrade or stamp. A row without a digest is about an id alone.
fn records(journal: &[JournalRow]) -> HashMap<&str, usize> {
    let is_record = |row: &JournalRow| {
        row.event.is_record()
            && row.direction.of_run() != Some(Direction::Downgrade)
            && row.digest.is_some()
    };
    let rows = journal.iter().enumerate();
    rows.filter(|(_, row)| is_record(row))
        .map(|(at, row)| (&*row.revision, at))
        .collect()
}

fn recorded_by(row: &JournalRow) -> Recorded {
    let has = |word: &str| row.settings.iter().any(|setting| setting == word);
    Recorded {
        id: row.revision.clone(),
        message: row.message.clone(),
        down_revision: row.down_revision.clone(),
        depends_on: row.depends_on.clone(),
        transactional: !has(setting::TRANSACTION_OFF),
        foreign_keys: if has(setting::FOREIGN_KEYS_OFF) {
            ForeignKeys::Off
        } else if has(setting::FOREIGN_KEYS_CASCADE) {
            ForeignKeys::Cascade
        } else {
            ForeignKeys::On
        },
        downgrade: downgrade(row),
        checksum: row.checksum,
        digest: row.digest.unwrap_or_default(),
    }
}

/// The downgrade, or the reason why there is none.
fn downgrade(row: &JournalRow) -> Result<String, String> {
    let has = |word: &str| row.settings.iter().any(|setting| setting == word);
    let newer = row
        .settings
        .iter()
        .find(|setting| !setting::ALL.contains(&setting.as_str()));
    if let Some(newer) = newer {
        return Err(format!(
            "it says `{newer}`, which a newer version of embed-migrations has written"
        ));
    }
    if has(setting::RUST) {
        return Err("it is written in Rust".to_owned());
    }
    if has(setting::IRREVERSIBLE) {
        return Err("its file says that it cannot be undone".to_owned());
    }
    row.downgrade
        .clone()
        .ok_or_else(|| "it had no downgrade when it was applied".to_owned())
}

impl fmt::Display for JournalGap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRecord(id) => write!(f, "the journal has no record of `{id}`"),
            Self::Foreign => f.write_str("no revision of this binary is under it"),
            Self::Unsound => {
                f.write_str("the journal and the revisions of this binary contradict each other")
            }
        }
    }
}

/// The applied revisions whose checksum is no longer the one in the journal.
pub fn edited<'v>(
    view: &'v GraphView<'_>,
    dialect: Dialect,
    rows: &[String],
    journal: &[JournalRow],
) -> Vec<&'v Revision> {
    let graph = &view.graph;
    let rows = graph.find_all(rows.iter().map(String::as_str));
    let applied = graph.ancestors(&rows);
    let mut recorded: HashMap<&str, &JournalRow> = HashMap::new();
    for row in journal.iter().filter(|row| row.event.is_record()) {
        if row.direction.of_run() != Some(Direction::Downgrade) {
            recorded.insert(&row.revision, row);
        }
    }
    let is_edited = |revision: &&Revision| {
        let Some(row) = recorded.get(revision.id()) else {
            return false;
        };
        let accepted = row
            .digest
            .as_ref()
            .is_none_or(|digest| revision.accepts(digest, dialect));
        !accepted && row.checksum != revision.checksum(dialect)
    };
    (0..graph.len())
        .filter(|&index| applied[index])
        .map(|index| view.revision(index))
        .filter(is_edited)
        .collect()
}
