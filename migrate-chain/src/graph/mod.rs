//! The revision graph: revisions, their parents and dependencies, and the facts that follow from them.
//!
//! A [`RevisionGraph`] that exists is valid. Everything in it is an index: the place of a revision in the order of loading.

mod fault;
mod labels;
mod node;
mod normal;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod walk;

use std::collections::HashMap;

pub use fault::Fault;
pub use node::Node;

use fault::{Names, Targets};
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
        let names = Names::new(nodes);
        let targets = Targets::new(nodes, &names);
        let faults = fault::check(nodes, &names, &targets);
        if faults.is_empty() {
            Ok(Self::join(nodes, &names, targets))
        } else {
            Err(faults)
        }
    }

    /// Joins nodes that are known to be valid.
    fn join(nodes: &[Node<'_>], names: &Names<'_>, targets: Targets) -> Self {
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
    ///
    /// ```
    /// assert_eq!(migrate_chain::graph::RevisionGraph::default().len(), 0);
    /// ```
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no revision. An empty graph is valid.
    ///
    /// ```
    /// assert!(migrate_chain::graph::RevisionGraph::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The id of a revision.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1")]).expect("a valid chain");
    /// assert_eq!(graph.id(0), "a1");
    /// ```
    pub fn id(&self, revision: usize) -> &str {
        &self.ids[revision]
    }

    /// The revision with exactly this id. For everything else that names a revision see
    /// [`Target`](crate::plan::target::Target).
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1").labels(["main"])]).expect("a valid chain");
    /// assert_eq!(graph.find("a1"), Some(0));
    /// assert_eq!(graph.find("main"), None);
    /// ```
    pub fn find(&self, id: &str) -> Option<usize> {
        self.find_name(id)
            .filter(|&revision| self.id(revision) == id)
    }

    /// Those of the ids that are in the graph.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").down(["a1"])]).expect("a valid chain");
    /// assert_eq!(graph.find_all(["b2", "c3"]), [1]);
    /// ```
    pub fn find_all<'n>(&self, ids: impl IntoIterator<Item = &'n str>) -> Vec<usize> {
        ids.into_iter().filter_map(|id| self.find(id)).collect()
    }

    /// The revision with exactly this id, or that declares exactly this branch label.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1").labels(["main"])]).expect("a valid chain");
    /// assert_eq!(graph.find_name("a1"), Some(0));
    /// assert_eq!(graph.find_name("main"), Some(0));
    /// ```
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
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").down(["a1"])]).expect("a valid chain");
    /// assert_eq!(graph.down(1), [0]);
    /// ```
    pub fn down(&self, revision: usize) -> &[usize] {
        self.down.of(revision)
    }

    /// The dependencies: `depends_on`, in the order of the file, labels resolved.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1").labels(["main"]), Node::new("b2").depends_on(["main"])])
    ///     .expect("a valid chain");
    /// assert_eq!(graph.dependencies(1), [0]);
    /// ```
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
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").down(["a1"])]).expect("a valid chain");
    /// assert_eq!(graph.next(0), [1]);
    /// ```
    pub fn next(&self, revision: usize) -> &[usize] {
        self.next.of(revision)
    }

    /// The children and the revisions that depend on this one, in loading order.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").depends_on(["a1"])]).expect("a valid chain");
    /// assert!(graph.next(0).is_empty());
    /// assert_eq!(graph.all_next(0), [1]);
    /// ```
    pub fn all_next(&self, revision: usize) -> &[usize] {
        self.all_next.of(revision)
    }

    /// The branch labels that this revision declares.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1").labels(["main"]), Node::new("b2").down(["a1"])])
    ///     .expect("a valid chain");
    /// assert_eq!(graph.declared_labels(0).collect::<Vec<_>>(), ["main"]);
    /// assert_eq!(graph.declared_labels(1).count(), 0);
    /// ```
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
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").depends_on(["a1"])]).expect("a valid chain");
    /// assert_eq!(graph.heads(), [0, 1]);
    /// ```
    pub fn heads(&self) -> &[usize] {
        &self.heads
    }

    /// The real heads: the revisions that no other names as parent or dependency. They are the rows of a database in
    /// which everything is applied.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").depends_on(["a1"])]).expect("a valid chain");
    /// assert_eq!(graph.real_heads(), [1]);
    /// ```
    pub fn real_heads(&self) -> &[usize] {
        &self.real_heads
    }

    /// The bases: the revisions without a parent, in loading order.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").depends_on(["a1"])]).expect("a valid chain");
    /// assert_eq!(graph.bases(), [0, 1]);
    /// ```
    pub fn bases(&self) -> &[usize] {
        &self.bases
    }

    /// Whether no revision names this one as its parent.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").down(["a1"])]).expect("a valid chain");
    /// assert!(!graph.is_head(0) && graph.is_head(1));
    /// ```
    pub fn is_head(&self, revision: usize) -> bool {
        self.next(revision).is_empty()
    }

    /// Whether no revision names this one as parent or dependency.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").depends_on(["a1"])]).expect("a valid chain");
    /// assert!(graph.is_head(0) && !graph.is_real_head(0));
    /// ```
    pub fn is_real_head(&self, revision: usize) -> bool {
        self.all_next(revision).is_empty()
    }

    /// Whether this revision has no parent.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").down(["a1"])]).expect("a valid chain");
    /// assert!(graph.is_base(0) && !graph.is_base(1));
    /// ```
    pub fn is_base(&self, revision: usize) -> bool {
        self.down(revision).is_empty()
    }

    /// Whether several revisions name this one as their parent.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let nodes = [Node::new("a1"), Node::new("b2").down(["a1"]), Node::new("c3").down(["a1"])];
    /// assert!(RevisionGraph::new(&nodes).expect("a valid chain").is_branch_point(0));
    /// ```
    pub fn is_branch_point(&self, revision: usize) -> bool {
        self.next(revision).len() > 1
    }

    /// Whether this revision has several parents.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let nodes = [Node::new("a1"), Node::new("b2"), Node::new("c3").down(["a1", "b2"])];
    /// assert!(RevisionGraph::new(&nodes).expect("a valid chain").is_merge_point(2));
    /// ```
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::testing::{any_graph, graph, nodes};
    use super::*;

    fn faults(text: &str) -> Vec<Fault> {
        RevisionGraph::new(&nodes(text)).expect_err("the nodes are faulty")
    }

    fn labels(graph: &RevisionGraph) -> Vec<String> {
        (0..graph.len())
            .map(|revision| graph.labels(revision).join(" "))
            .collect()
    }

    #[test]
    fn an_empty_graph_is_valid() {
        let empty = graph("");
        assert!(empty.is_empty() && empty.heads().is_empty() && empty.find("a").is_none());
        assert!(empty.ancestors(&[]).is_empty() && empty.maximal(&[]).is_empty());
    }

    // a <- b <- d
    // a <- c <- d     and e depends on c
    #[test]
    fn a_diamond_knows_its_points() {
        let it = graph("d < b c\n a\n b < a\n c < a\n e ~ c");
        assert_eq!(
            (it.heads(), it.real_heads(), it.bases()),
            (&[0, 4][..], &[0, 4][..], &[1, 4][..])
        );
        assert_eq!(
            (it.next(1), it.next(3), it.all_next(3)),
            (&[2, 3][..], &[0][..], &[0, 4][..])
        );
        assert!(it.is_branch_point(1) && it.is_merge_point(0) && !it.is_branch_point(3));
        assert_eq!(it.lineage(2), [true, true, true, false, false]);
        assert_eq!(it.descendants(&[3]), [true, false, false, true, true]);
        assert_eq!(it.maximal(&[1, 3, 2, 4]), [2, 4]);
    }

    // a <- b <- c   with lib under a and c
    // x <- c        and lib under x
    #[test]
    fn a_dependency_of_an_ancestor_is_not_repeated() {
        let it = graph("lib\n other\n a ~ lib\n b < a ~ other\n x ~ lib\n c < b x ~ lib other");
        assert_eq!(it.dependencies(5), [0, 1]);
        assert!(it.own_dependencies(5).is_empty());
        assert_eq!(it.own_dependencies(3), [1]);
        assert_eq!(it.own_dependencies(4), [0]);
    }

    // a <- b <- c#up <- d        the run above a has no end: the label goes down to the base
    #[test]
    fn a_label_climbs_down_a_run() {
        assert_eq!(
            labels(&graph("a\n b < a\n c < b # up\n d < c")),
            ["up", "up", "up", "up"]
        );
    }

    // a <- b#left <- d
    // a <- c#right <- d     neither goes below the branch point, both go above the merge point
    #[test]
    fn labels_stop_at_branch_points_and_meet_at_merge_points() {
        let it = graph("a\n b < a # left\n c < a # right\n d < b c");
        assert_eq!(labels(&it), ["", "left", "right", "left right"]);
    }

    // a <- b#one <- c    and x depends on a: a real branch point
    #[test]
    fn a_dependency_ends_the_run_of_a_label() {
        assert_eq!(
            labels(&graph("a\n b < a # one\n c < b\n x ~ a")),
            ["", "one", "one", ""]
        );
    }

    /// Its id means the first of that id, and yet it names itself.
    #[test]
    fn the_second_of_an_id_names_itself_too() {
        let found = faults("a\n a ~ a\n a < a");
        for own in [
            Fault::SelfDependency { node: 1, edge: 0 },
            Fault::SelfParent { node: 2, edge: 0 },
        ] {
            assert!(found.contains(&own), "{own:?} is not among {found:?}");
        }
    }

    #[test]
    fn every_fault_is_reported_at_once() {
        let found = faults(
            "a < a # twin\n a\n A\n lost < gone ~ twinn\n own ~ mine # mine A twin\n two < A A ~ A\n again ~ A twin A",
        );
        assert_eq!(
            found,
            [
                Fault::SelfParent { node: 0, edge: 0 },
                Fault::SelfDependency { node: 4, edge: 0 },
                Fault::DuplicateId {
                    first: 0,
                    second: 1
                },
                Fault::CaseOnly {
                    first: 0,
                    second: 2
                },
                Fault::LabelIsId {
                    node: 4,
                    label: 1,
                    revision: 2
                },
                Fault::DuplicateLabel {
                    first: 0,
                    first_label: 0,
                    node: 4,
                    label: 2
                },
                Fault::MissingDependency {
                    node: 3,
                    edge: 0,
                    nearest: Some("twin".to_owned())
                },
                Fault::MissingParent {
                    node: 3,
                    edge: 0,
                    nearest: None
                },
                Fault::RepeatedParent {
                    node: 5,
                    first: 0,
                    second: 1
                },
                Fault::RepeatedDependency {
                    node: 6,
                    first: 0,
                    second: 2
                },
            ]
        );
    }

    // a -> b -> a over parents;  c -> d over a dependency, d -> c over a parent;  e is above both
    #[test]
    fn each_knot_is_one_cycle() {
        let found = faults("a < b\n b < a\n c ~ d\n d < c\n e < a c");
        assert_eq!(
            found,
            [
                Fault::Cycle { path: vec![0, 1] },
                Fault::Cycle { path: vec![2, 3] }
            ]
        );
    }

    #[test]
    fn a_dependency_can_be_listed_by_its_id_and_its_label_only_once() {
        let found = faults("a # one\n b ~ a one");
        assert_eq!(
            found,
            [Fault::RepeatedDependency {
                node: 1,
                first: 0,
                second: 1
            }]
        );
    }

    #[test]
    fn a_parent_is_named_by_its_id_alone() {
        let found = faults("a1b2c3 # main\n b < main");
        let nearest = Some("a1b2c3".to_owned());
        assert_eq!(
            found,
            [Fault::MissingParent {
                node: 1,
                edge: 0,
                nearest
            }]
        );
    }

    proptest! {
        #[test]
        fn inherited_dependencies_are_those_of_ancestors(text in any_graph(20)) {
            let it = graph(&text);
            for revision in 0..it.len() {
                let mut below = it.ancestors_over_down(revision);
                below[revision] = false;
                let listed = |dependency: &usize| {
                    walk::marked(&below).into_iter().any(|ancestor| it.dependencies(ancestor).contains(dependency))
                };
                let own: Vec<usize> = it.dependencies(revision).iter().copied().filter(|d| !listed(d)).collect();
                prop_assert_eq!(it.own_dependencies(revision), own);
            }
        }

        #[test]
        fn labels_belong_to_descendants_and_runs(text in any_graph(20)) {
            let it = graph(&text);
            for revision in 0..it.len() {
                let has = |label: &str| it.labels(revision).contains(&label);
                for declared in 0..it.len() {
                    let is_above = walk::reach(&it.next, &[declared])[revision];
                    for label in it.declared_labels(declared) {
                        prop_assert_eq!(has(label), is_above || climbs(&it, declared, revision));
                    }
                }
            }
        }
    }

    /// Whether everything from the lower revision on is one run without branch or merge points, up to the other and on.
    fn climbs(graph: &RevisionGraph, declared: usize, lower: usize) -> bool {
        let above = walk::reach(&graph.next, &[lower]);
        let is_run =
            |revision| graph.all_next(revision).len() < 2 && graph.down(revision).len() < 2;
        above[declared] && walk::marked(&above).into_iter().all(is_run)
    }
}
