/// A revision as its file states it: the input of [`RevisionGraph::new`](super::RevisionGraph::new).
///
/// ```
/// use migrate_chain::graph::Node;
///
/// let merge = Node::new("c3").down(["a1", "b2"]).labels(["main"]);
/// assert_eq!(merge.down, ["a1", "b2"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node<'a> {
    /// The revision's id.
    pub id: &'a str,
    /// Its `down_revision`: none for a root, several for a merge.
    pub down: Vec<&'a str>,
    /// Its `depends_on`: ids or branch labels.
    pub depends_on: Vec<&'a str>,
    /// Its `branch_labels`.
    pub labels: Vec<&'a str>,
}

impl<'a> Node<'a> {
    /// A root without dependencies or labels.
    pub fn new(id: &'a str) -> Self {
        Self {
            id,
            ..Self::default()
        }
    }

    /// The same revision with these parents.
    #[must_use]
    pub fn down(mut self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        self.down = ids.into_iter().collect();
        self
    }

    /// The same revision with these dependencies.
    #[must_use]
    pub fn depends_on(mut self, ids_or_labels: impl IntoIterator<Item = &'a str>) -> Self {
        self.depends_on = ids_or_labels.into_iter().collect();
        self
    }

    /// The same revision with these branch labels.
    #[must_use]
    pub fn labels(mut self, labels: impl IntoIterator<Item = &'a str>) -> Self {
        self.labels = labels.into_iter().collect();
        self
    }
}
