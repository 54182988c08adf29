use super::node::Node;
use super::walk::Edges;

/// The branch labels that each revision belongs to.
///
/// Labels run down long chains, so a list for each revision would be quadratic. Revisions with the same labels share a
/// group; a group holds the labels declared in it and points at the groups it inherits from.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    declared: Vec<Vec<Box<str>>>,
    group: Vec<Option<usize>>,
    groups: Vec<Group>,
}

#[derive(Clone, Debug)]
struct Group {
    /// The revision whose labels these are.
    declared_by: usize,
    inherits: Vec<usize>,
}

impl Labels {
    pub fn new(
        nodes: &[Node<'_>],
        order: &[usize],
        down: &Edges,
        next: &Edges,
        all_next: &Edges,
    ) -> Self {
        let declared = nodes
            .iter()
            .map(|node| node.labels.iter().map(|&label| label.into()).collect())
            .collect();
        let mut labels = Self {
            declared,
            group: vec![None; order.len()],
            groups: Vec::new(),
        };
        for &node in order {
            labels.descend(node, down);
        }
        for head in (0..order.len()).filter(|&node| next.of(node).is_empty()) {
            labels.climb(head, down, all_next);
        }
        labels
    }

    pub fn declared(&self, node: usize) -> impl Iterator<Item = &str> {
        self.declared[node].iter().map(|label| &**label)
    }

    pub fn of(&self, node: usize) -> Vec<&str> {
        let mut seen = std::collections::HashSet::new();
        let mut todo: Vec<usize> = self.group[node].into_iter().collect();
        let mut labels = Vec::new();
        while let Some(group) = todo.pop() {
            if seen.insert(group) {
                labels.extend(self.declared(self.groups[group].declared_by));
                todo.extend(&self.groups[group].inherits);
            }
        }
        labels.sort_unstable();
        labels.dedup();
        labels
    }

    /// Puts a revision into the group of its parents, or into a new one where it adds to it.
    fn descend(&mut self, node: usize, down: &Edges) {
        let mut inherits: Vec<usize> = down
            .of(node)
            .iter()
            .filter_map(|&parent| self.group[parent])
            .collect();
        inherits.sort_unstable();
        inherits.dedup();
        self.group[node] = if self.declared[node].is_empty() && inherits.len() < 2 {
            inherits.pop()
        } else {
            self.groups.push(Group {
                declared_by: node,
                inherits,
            });
            Some(self.groups.len() - 1)
        };
    }

    /// Gives the labels of a head to the run below it, as far as no branch point or merge point ends it.
    fn climb(&mut self, head: usize, down: &Edges, all_next: &Edges) {
        let mut below = Some(head);
        while let Some(node) = below {
            let parents = down.of(node);
            if all_next.of(node).len() > 1 || parents.len() > 1 {
                break;
            }
            self.group[node] = self.group[head];
            below = parents.first().copied();
        }
    }
}
