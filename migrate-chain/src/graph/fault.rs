use std::collections::HashMap;

use super::node::Node;
use super::walk::{self, Edges};
use crate::suggest::nearest_name;

/// Something wrong with the nodes of a graph. Nodes, edges and labels are given by their place.
///
/// ```
/// use migrate_chain::graph::{Fault, Node, RevisionGraph};
///
/// let faults = RevisionGraph::new(&[Node::new("a").down(["b"]), Node::new("b").down(["a"])]).expect_err("a ring");
/// assert_eq!(faults, [Fault::Cycle { path: vec![0, 1] }]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// `down[edge]` of a revision is itself.
    SelfParent {
        /// The revision.
        node: usize,
        /// The place in its `down`.
        edge: usize,
    },
    /// `depends_on[edge]` of a revision is itself, or a label of its own.
    SelfDependency {
        /// The revision.
        node: usize,
        /// The place in its `depends_on`.
        edge: usize,
    },
    /// Two revisions have the same id.
    DuplicateId {
        /// The one that was loaded first.
        first: usize,
        /// The other.
        second: usize,
    },
    /// Two ids differ only in the case of their letters.
    CaseOnly {
        /// The one that was loaded first.
        first: usize,
        /// The other.
        second: usize,
    },
    /// A label is declared twice.
    DuplicateLabel {
        /// The revision that declared it first.
        first: usize,
        /// The place in the first one's `labels`.
        first_label: usize,
        /// The revision that declares it again; the same one where a list holds a label twice.
        node: usize,
        /// The place in its `labels`.
        label: usize,
    },
    /// A label is the id of a revision.
    LabelIsId {
        /// The revision that declares the label.
        node: usize,
        /// The place in its `labels`.
        label: usize,
        /// The revision with that id.
        revision: usize,
    },
    /// No revision has the id `depends_on[edge]`, and none declares such a label.
    MissingDependency {
        /// The revision that depends.
        node: usize,
        /// The place in its `depends_on`.
        edge: usize,
        /// The id or label that is most like it.
        nearest: Option<String>,
    },
    /// No revision has the id `down[edge]`.
    MissingParent {
        /// The revision without a parent.
        node: usize,
        /// The place in its `down`.
        edge: usize,
        /// The id that is most like it, or the revision of the label that is.
        nearest: Option<String>,
    },
    /// `down` lists the same revision twice.
    RepeatedParent {
        /// The revision.
        node: usize,
        /// The first place in its `down`.
        first: usize,
        /// The other.
        second: usize,
    },
    /// `depends_on` lists the same revision twice, by its id or through a label.
    RepeatedDependency {
        /// The revision.
        node: usize,
        /// The first place in its `depends_on`.
        first: usize,
        /// The other.
        second: usize,
    },
    /// Revisions that need each other.
    Cycle {
        /// Each needs the one after it, as parent or dependency, and the last needs the first.
        path: Vec<usize>,
    },
}

/// The nodes by their ids and labels. If a name is given twice, the first counts.
pub(super) struct GivenNames<'a> {
    ids: HashMap<&'a str, usize>,
    labels: HashMap<&'a str, (usize, usize)>,
}

impl<'a> GivenNames<'a> {
    pub fn new(nodes: &[Node<'a>]) -> Self {
        let mut names = Self {
            ids: HashMap::with_capacity(nodes.len()),
            labels: HashMap::new(),
        };
        for (index, node) in nodes.iter().enumerate() {
            names.ids.entry(node.id).or_insert(index);
            for (place, &label) in node.labels.iter().enumerate() {
                names.labels.entry(label).or_insert((index, place));
            }
        }
        names
    }

    pub fn iter(&self) -> impl Iterator<Item = (&'a str, usize)> {
        let labels = self.labels.iter().map(|(&label, &(node, _))| (label, node));
        self.ids.iter().map(|(&id, &node)| (id, node)).chain(labels)
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.ids
            .get(name)
            .copied()
            .or_else(|| Some(self.labels.get(name)?.0))
    }
}

/// The revision that each parent and each dependency is, looked up once: in the order of the lists, with [`MISSING`] where
/// there is none.
pub(super) struct Targets {
    pub down: Edges,
    pub dependencies: Edges,
}

const MISSING: usize = usize::MAX;

impl Targets {
    pub fn new(nodes: &[Node<'_>], names: &GivenNames<'_>) -> Self {
        let id = |id: &&str| names.ids.get(id).copied().unwrap_or(MISSING);
        let name = |name: &&str| names.find(name).unwrap_or(MISSING);
        Self {
            down: Edges::new(nodes.iter().map(|node| node.down.iter().map(id))),
            dependencies: Edges::new(nodes.iter().map(|node| node.depends_on.iter().map(name))),
        }
    }

    fn without_loops(&self) -> Edges {
        Edges::new((0..self.down.len()).map(|node| {
            let (down, dependencies) = (self.down.of(node), self.dependencies.of(node));
            let all = down.iter().chain(dependencies).copied();
            all.filter(move |&target| target != node && target != MISSING)
        }))
    }
}

/// Every fault, in the order in which Alembic looks for them.
pub(super) fn check(nodes: &[Node<'_>], names: &GivenNames<'_>, targets: &Targets) -> Vec<Fault> {
    let mut faults = Vec::new();
    self_references(nodes, targets, &mut faults);
    ids(nodes, names, &mut faults);
    labels(nodes, names, &mut faults);
    missing(nodes, names, targets, &mut faults);
    repeated(nodes, targets, &mut faults);
    let paths = walk::cycles(&targets.without_loops());
    faults.extend(paths.into_iter().map(|path| Fault::Cycle { path }));
    faults
}

fn self_references(nodes: &[Node<'_>], targets: &Targets, faults: &mut Vec<Fault>) {
    for (node, it) in nodes.iter().enumerate() {
        for (edge, id) in it.down.iter().enumerate() {
            if *id == it.id {
                faults.push(Fault::SelfParent { node, edge });
            }
        }
        let dependencies = it.depends_on.iter().zip(targets.dependencies.of(node));
        for (edge, (name, target)) in dependencies.enumerate() {
            if *name == it.id || *target == node {
                faults.push(Fault::SelfDependency { node, edge });
            }
        }
    }
}

fn ids(nodes: &[Node<'_>], names: &GivenNames<'_>, faults: &mut Vec<Fault>) {
    let mut folded: HashMap<Box<str>, usize> = HashMap::with_capacity(nodes.len());
    for (second, node) in nodes.iter().enumerate() {
        let first = names.ids[node.id];
        let alike = *folded
            .entry(node.id.to_lowercase().into())
            .or_insert(second);
        if first != second {
            faults.push(Fault::DuplicateId { first, second });
        } else if alike != second {
            faults.push(Fault::CaseOnly {
                first: alike,
                second,
            });
        }
    }
}

fn labels(nodes: &[Node<'_>], names: &GivenNames<'_>, faults: &mut Vec<Fault>) {
    for (node, it) in nodes.iter().enumerate() {
        for (label, name) in it.labels.iter().enumerate() {
            if let Some(&revision) = names.ids.get(name) {
                faults.push(Fault::LabelIsId {
                    node,
                    label,
                    revision,
                });
            }
            let (first, first_label) = names.labels[name];
            if (first, first_label) != (node, label) {
                faults.push(Fault::DuplicateLabel {
                    first,
                    first_label,
                    node,
                    label,
                });
            }
        }
    }
}

fn missing(nodes: &[Node<'_>], names: &GivenNames<'_>, targets: &Targets, faults: &mut Vec<Fault>) {
    let mut suggest = Suggestions {
        names,
        left: MOST_SUGGESTIONS,
    };
    for (node, it) in nodes.iter().enumerate() {
        for edge in missing_in(targets.dependencies.of(node)) {
            let nearest = suggest.nearest(it.depends_on[edge], it.id, true);
            faults.push(Fault::MissingDependency {
                node,
                edge,
                nearest,
            });
        }
    }
    for (node, it) in nodes.iter().enumerate() {
        for edge in missing_in(targets.down.of(node)) {
            let labelled = names.labels.get(it.down[edge]);
            let nearest = labelled
                .map(|&(node, _)| nodes[node].id.to_owned())
                .or_else(|| suggest.nearest(it.down[edge], it.id, false));
            faults.push(Fault::MissingParent {
                node,
                edge,
                nearest,
            });
        }
    }
}

fn repeated(nodes: &[Node<'_>], targets: &Targets, faults: &mut Vec<Fault>) {
    for (node, it) in nodes.iter().enumerate() {
        if it.down.len() < 2 && it.depends_on.len() < 2 {
            continue;
        }
        let parents = repetitions(it.down.iter().copied());
        faults.extend(parents.map(|(first, second)| Fault::RepeatedParent {
            node,
            first,
            second,
        }));
        let dependencies = it.depends_on.iter().zip(targets.dependencies.of(node));
        let dependencies = repetitions(dependencies.map(|(&name, &target)| match target {
            MISSING => Err(name),
            target => Ok(target),
        }));
        faults.extend(
            dependencies.map(|(first, second)| Fault::RepeatedDependency {
                node,
                first,
                second,
            }),
        );
    }
}

/// The places of those that no revision has.
fn missing_in(targets: &[usize]) -> impl Iterator<Item = usize> {
    (0..targets.len()).filter(|&edge| targets[edge] == MISSING)
}

/// The places of each repeated item, after the first place of the same item.
fn repetitions<T: Eq + std::hash::Hash>(
    list: impl Iterator<Item = T>,
) -> impl Iterator<Item = (usize, usize)> {
    let mut seen = HashMap::new();
    list.enumerate().filter_map(move |(place, item)| {
        let first = *seen.entry(item).or_insert(place);
        (first != place).then_some((first, place))
    })
}

/// A suggestion costs a look at every name: a folder that lost its oldest half must not take minutes to say so.
const MOST_SUGGESTIONS: usize = 50;

struct Suggestions<'a, 'n> {
    names: &'a GivenNames<'n>,
    left: usize,
}

impl Suggestions<'_, '_> {
    /// The name that is most like a missing one, other than the one of the revision that asks.
    fn nearest(&mut self, missing: &str, asking: &str, with_labels: bool) -> Option<String> {
        self.left = self.left.checked_sub(1)?;
        let mut known: Vec<&str> = self.names.ids.keys().copied().collect();
        known.retain(|&id| id != asking);
        if with_labels {
            known.extend(self.names.labels.keys());
        }
        nearest_name(missing, &known)
    }
}
