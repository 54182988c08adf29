use crate::graph::RevisionGraph;
use crate::input::config::Config;
use crate::revision::Revision;

/// A migration directory that has been read, checked and hashed without a fault.
#[derive(Clone, Debug)]
pub struct Chain {
    /// The directory as it is shown to people.
    pub directory: String,
    /// The settings of `migrate.toml`, or the defaults.
    pub config: Config,
    /// Whether there is a `migrate.toml`.
    pub has_config_file: bool,
    /// The revisions, in loading order: version locations in order, then files by name.
    pub revisions: Vec<Revision>,
    /// The graph of the revisions; its indices are those of [`revisions`](Self::revisions).
    pub graph: RevisionGraph,
}
