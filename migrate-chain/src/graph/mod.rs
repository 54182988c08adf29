//! The revision graph: revisions, their parents and dependencies, and the facts that follow from them.
//!
//! A [`RevisionGraph`] that exists is valid. Everything in it is an index: the place of a revision in the order of loading.

mod fault;
mod labels;
mod node;
mod normal;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
pub(crate) mod walk;

use std::collections::HashMap;

pub use fault::Fault;
pub use node::Node;

use fault::{GivenNames, Targets};
use labels::Labels;
use walk::Edges;

/// A valid graph of revisions.
///
/// A revision is named by its index in the nodes that the graph was made of, which is the order of loading and the
/// tie-break everywhere. *Down* is `down_revision` alone; *all* is down and the dependencies together. A method that
/// takes an index panics when the graph has no such revision.
///
/// ```
/// use migrate_chain::graph::{Node, RevisionGraph};
///
/// // users <- posts <- both
/// // users <- likes <- both
/// let graph = RevisionGraph::new(&[
///     Node::new("users"),
///     Node::new("posts").down(["users"]),
///     Node::new("likes").down(["users"]),
///     Node::new("both").down(["posts", "likes"]),
/// ])
/// .expect("a valid chain");
///
/// let users = graph.find("users").expect("it was given");
/// assert!(graph.is_base(users) && graph.is_branch_point(users));
/// assert_eq!(graph.next(users), [1, 2]);
/// assert_eq!(graph.heads(), [3]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct RevisionGraph {
    ids: Vec<Box<str>>,
    /// Ids and branch labels: one namespace.
    names: HashMap<Box<str>, usize>,
    labels: Labels,
    down: Edges,
    dependencies: Edges,
    own_dependencies: Edges,
    pub(crate) all: Edges,
    pub(crate) normal: Edges,
    pub(crate) next: Edges,
    pub(crate) all_next: Edges,
    /// `normal`, turned round.
    pub(crate) normal_next: Edges,
    heads: Vec<usize>,
    real_heads: Vec<usize>,
    bases: Vec<usize>,
}

impl RevisionGraph {
    /// Checks the nodes and joins them.
    ///
    /// Several heads or bases are not a fault here: see [`heads`](Self::heads) and [`bases`](Self::bases). The names
    /// of ids and labels are not checked: see [`names`](crate::revision::names).
    ///
    /// ```
    /// use migrate_chain::graph::{Fault, Node, RevisionGraph};
    ///
    /// let faults = RevisionGraph::new(&[Node::new("users"), Node::new("posts").down(["user"])])
    ///     .expect_err("no revision is called user");
    /// assert_eq!(faults, [Fault::MissingParent { node: 1, edge: 0, nearest: Some("users".to_owned()) }]);
    /// ```
    ///
    /// # Errors
    ///
    /// Returns every [`Fault`] of the nodes, those that Alembic would stop at first coming first.
    pub fn new(nodes: &[Node<'_>]) -> Result<Self, Vec<Fault>> {
        let names = GivenNames::new(nodes);
        let targets = Targets::new(nodes, &names);
        let faults = fault::check(nodes, &names, &targets);
        if faults.is_empty() {
            Ok(Self::join(nodes, &names, targets))
        } else {
            Err(faults)
        }
    }

    /// Joins nodes that are known to be valid.
    fn join(nodes: &[Node<'_>], names: &GivenNames<'_>, targets: Targets) -> Self {
        let Targets { down, dependencies } = targets;
        let all = both(&down, &dependencies);
        let order = walk::dependencies_first(&all);
        let own_dependencies = normal::own_dependencies(&down, &dependencies, &order);
        let next = down.reversed();
        let all_next = all.reversed();
        let normal = both(&down, &own_dependencies);
        let ends = |edges: &Edges| {
            (0..nodes.len())
                .filter(|&node| edges.of(node).is_empty())
                .collect()
        };
        Self {
            ids: nodes.iter().map(|node| node.id.into()).collect(),
            names: names
                .iter()
                .map(|(name, node)| (name.into(), node))
                .collect(),
            labels: Labels::new(nodes, &order, &down, &next, &all_next),
            heads: ends(&next),
            real_heads: ends(&all_next),
            bases: ends(&down),
            normal_next: normal.reversed(),
            normal,
            down,
            dependencies,
            own_dependencies,
            all,
            next,
            all_next,
        }
    }

    /// Every revision, each after its parents and dependencies.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("b2").down(["a1"]), Node::new("a1")]).expect("a valid chain");
    /// assert_eq!(graph.parents_first(), [1, 0]);
    /// ```
    pub fn parents_first(&self) -> Vec<usize> {
        walk::dependencies_first(&self.all)
    }

    /// How many revisions there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no revision. An empty graph is valid.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The id of a revision.
    pub fn id(&self, revision: usize) -> &str {
        &self.ids[revision]
    }

    /// The revision with exactly this id. For everything else that names a revision see
    /// [`Target`](crate::plan::target::Target).
    pub fn find(&self, id: &str) -> Option<usize> {
        self.find_name(id)
            .filter(|&revision| self.id(revision) == id)
    }

    /// Those of the ids that are in the graph.
    pub fn find_all<'n>(&self, ids: impl IntoIterator<Item = &'n str>) -> Vec<usize> {
        ids.into_iter().filter_map(|id| self.find(id)).collect()
    }

    /// The revision with exactly this id, or that declares exactly this branch label.
    pub fn find_name(&self, id_or_label: &str) -> Option<usize> {
        self.names.get(id_or_label).copied()
    }

    /// Every id and declared branch label with its revision, in no order.
    pub(crate) fn names(&self) -> impl Iterator<Item = (&str, usize)> {
        self.names
            .iter()
            .map(|(name, &revision)| (&**name, revision))
    }

    /// The parents: `down_revision`, in the order of the file.
    pub fn down(&self, revision: usize) -> &[usize] {
        self.down.of(revision)
    }

    /// The dependencies: `depends_on`, in the order of the file, labels resolved.
    pub fn dependencies(&self, revision: usize) -> &[usize] {
        self.dependencies.of(revision)
    }

    /// The dependencies that no ancestor over `down` lists too.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[
    ///     Node::new("lib"),
    ///     Node::new("a1").depends_on(["lib"]),
    ///     Node::new("b2").down(["a1"]).depends_on(["lib"]),
    /// ])
    /// .expect("a valid chain");
    /// assert_eq!(graph.dependencies(2), [0]);
    /// assert!(graph.own_dependencies(2).is_empty());
    /// ```
    pub fn own_dependencies(&self, revision: usize) -> &[usize] {
        self.own_dependencies.of(revision)
    }

    /// Parents and dependencies, each once.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[
    ///     Node::new("a1"),
    ///     Node::new("b2"),
    ///     Node::new("c3").down(["b2"]).depends_on(["a1", "b2"]),
    /// ])
    /// .expect("a valid chain");
    /// assert_eq!(graph.all(2), [1, 0]);
    /// ```
    pub fn all(&self, revision: usize) -> &[usize] {
        self.all.of(revision)
    }

    /// The children: the revisions whose `down_revision` names this one, in loading order.
    pub fn next(&self, revision: usize) -> &[usize] {
        self.next.of(revision)
    }

    /// The children and the revisions that depend on this one, in loading order.
    pub fn all_next(&self, revision: usize) -> &[usize] {
        self.all_next.of(revision)
    }

    /// The branch labels that this revision declares.
    pub fn declared_labels(&self, revision: usize) -> impl Iterator<Item = &str> {
        self.labels.declared(revision)
    }

    /// Every branch label that this revision belongs to, sorted.
    ///
    /// A label belongs to the revision that declares it and to all its descendants over `down`; and where those form one
    /// run without a branch point or merge point, also downward to the nearest one.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[
    ///     Node::new("a1"),
    ///     Node::new("b2").down(["a1"]).labels(["main"]),
    ///     Node::new("c3").down(["b2"]),
    /// ])
    /// .expect("a valid chain");
    /// assert_eq!(graph.labels(2), ["main"]);
    /// assert_eq!(graph.labels(0), ["main"]);
    /// ```
    pub fn labels(&self, revision: usize) -> Vec<&str> {
        self.labels.of(revision)
    }

    /// The heads: the revisions that no other names as its parent, in loading order.
    pub fn heads(&self) -> &[usize] {
        &self.heads
    }

    /// The real heads: the revisions that no other names as parent or dependency. They are the rows of a database in
    /// which everything is applied.
    pub fn real_heads(&self) -> &[usize] {
        &self.real_heads
    }

    /// The bases: the revisions without a parent, in loading order.
    pub fn bases(&self) -> &[usize] {
        &self.bases
    }

    /// Whether no revision names this one as its parent.
    pub fn is_head(&self, revision: usize) -> bool {
        self.next(revision).is_empty()
    }

    /// Whether no revision names this one as parent or dependency.
    pub fn is_real_head(&self, revision: usize) -> bool {
        self.all_next(revision).is_empty()
    }

    /// Whether this revision has no parent.
    pub fn is_base(&self, revision: usize) -> bool {
        self.down(revision).is_empty()
    }

    /// Whether several revisions name this one as their parent.
    pub fn is_branch_point(&self, revision: usize) -> bool {
        self.next(revision).len() > 1
    }

    /// Whether this revision has several parents.
    pub fn is_merge_point(&self, revision: usize) -> bool {
        self.down(revision).len() > 1
    }

    /// Everything that these revisions need, themselves included: one mark for each revision of the graph.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let nodes = [Node::new("a1"), Node::new("b2").down(["a1"]), Node::new("c3").down(["b2"])];
    /// let graph = RevisionGraph::new(&nodes).expect("a valid chain");
    /// assert_eq!(graph.ancestors(&[1]), [true, true, false]);
    /// ```
    pub fn ancestors(&self, of: &[usize]) -> Vec<bool> {
        walk::reach(&self.all, of)
    }

    /// Everything that needs one of these revisions, themselves included: one mark for each revision of the graph.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let nodes = [Node::new("a1"), Node::new("b2").down(["a1"]), Node::new("c3").down(["b2"])];
    /// let graph = RevisionGraph::new(&nodes).expect("a valid chain");
    /// assert_eq!(graph.descendants(&[1]), [false, true, true]);
    /// ```
    pub fn descendants(&self, of: &[usize]) -> Vec<bool> {
        walk::reach(&self.all_next, of)
    }

    /// The lineage: ancestors and descendants over `down` alone, itself included.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let nodes = [Node::new("a1"), Node::new("b2").down(["a1"]), Node::new("c3").down(["a1"])];
    /// let graph = RevisionGraph::new(&nodes).expect("a valid chain");
    /// assert_eq!(graph.lineage(1), [true, true, false]);
    /// ```
    pub fn lineage(&self, of: usize) -> Vec<bool> {
        let mut lineage = self.ancestors_over_down(of);
        for (mark, above) in lineage.iter_mut().zip(walk::reach(&self.next, &[of])) {
            *mark |= above;
        }
        lineage
    }

    pub(crate) fn ancestors_over_down(&self, of: usize) -> Vec<bool> {
        walk::reach(&self.down, &[of])
    }

    /// Those of a set that no other of the set needs, in loading order. For any set of rows, what the version table
    /// should hold.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let nodes = [Node::new("a1"), Node::new("b2").down(["a1"]), Node::new("c3").down(["a1"])];
    /// let graph = RevisionGraph::new(&nodes).expect("a valid chain");
    /// assert_eq!(graph.maximal(&[2, 0, 1, 2]), [1, 2]);
    /// ```
    pub fn maximal(&self, set: &[usize]) -> Vec<usize> {
        let mut set = set.to_vec();
        set.sort_unstable();
        set.dedup();
        let needed: Vec<usize> = set
            .iter()
            .flat_map(|&revision| self.all(revision))
            .copied()
            .collect();
        let covered = walk::reach(&self.all, &needed);
        set.retain(|&revision| !covered[revision]);
        set
    }
}

/// The neighbours in the first, then those in the second that were not there.
fn both(first: &Edges, second: &Edges) -> Edges {
    Edges::new((0..first.len()).map(|node| {
        let (first, second) = (first.of(node), second.of(node));
        first
            .iter()
            .chain(second.iter().filter(move |node| !first.contains(node)))
            .copied()
    }))
}
