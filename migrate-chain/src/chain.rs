use crate::graph::RevisionGraph;
use crate::input::config::Config;
use crate::revision::Revision;
use crate::{Dialect, Digest};

/// A migration directory that has been read, checked and hashed without a fault.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The directory as it is shown to people.
    pub directory: String,
    /// The settings of `migrate.toml`, or the defaults.
    pub config: Config,
    /// Whether there is a `migrate.toml`.
    pub has_config_file: bool,
    /// Whether there is a `schema.lock`.
    pub has_lock: bool,
    /// The SQL files of the desired schema that `migrate.toml` names.
    pub schema_files: Vec<String>,
    /// The revisions, in loading order: version locations in order, then files by name.
    pub revisions: Vec<Revision>,
    /// The graph of the revisions; its indices are those of [`revisions`](Self::revisions).
    pub graph: RevisionGraph,
}

impl Chain {
    /// The digest of all heads on one database: it changes with each revision that changes.
    ///
    /// ```
    /// use migrate_chain::{Dialect, Disk, load_tree};
    ///
    /// let chain = load_tree(&Disk::new("../migrations", "migrations")).expect("a sound chain");
    /// assert_ne!(chain.digest(Dialect::Sqlite), chain.digest(Dialect::Postgres));
    /// ```
    pub fn digest(&self, dialect: Dialect) -> Digest {
        let heads = self.graph.real_heads().iter();
        let mut digests: Vec<Digest> = heads
            .map(|&head| self.revisions[head].digest(dialect))
            .collect();
        // No revision has this name.
        Digest::of("heads", None, true, &mut digests)
    }

    /// The databases that the whole chain serves: those that `migrate.toml` declares, else those that every revision has
    /// SQL for.
    pub fn served(&self) -> Vec<Dialect> {
        if !self.config.dialects.is_empty() {
            return self.config.dialects.clone();
        }
        let is_in_all = |dialect| {
            let mut revisions = self.revisions.iter();
            revisions.all(|revision| revision.checksum(dialect).is_some())
        };
        let mut served = Dialect::ALL.to_vec();
        served.retain(|&dialect| is_in_all(dialect));
        served
    }
}
