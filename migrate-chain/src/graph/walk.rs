//! Graph algorithms over plain indices. No recursion: a chain of a million revisions must not overflow the stack.

/// The neighbours of every node, stored end to end.
#[derive(Clone, Debug, Default)]
pub struct Edges {
    /// The start of each node's neighbours in `targets`; one entry more than there are nodes.
    starts: Vec<usize>,
    targets: Vec<usize>,
}

impl Edges {
    /// Builds the edges of the nodes in order, each given as its neighbours.
    pub fn new<I: IntoIterator<Item = usize>>(nodes: impl IntoIterator<Item = I>) -> Self {
        let mut edges = Self {
            starts: vec![0],
            targets: Vec::new(),
        };
        for neighbours in nodes {
            edges.targets.extend(neighbours);
            edges.starts.push(edges.targets.len());
        }
        edges
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The neighbours of one node, in the order they were given.
    pub fn of(&self, node: usize) -> &[usize] {
        &self.targets[self.starts[node]..self.starts[node + 1]]
    }

    /// The same edges, turned round. The neighbours of a node are sorted.
    pub fn reversed(&self) -> Self {
        let mut starts = vec![0; self.len() + 1];
        for &target in &self.targets {
            starts[target + 1] += 1;
        }
        for node in 0..self.len() {
            starts[node + 1] += starts[node];
        }
        let mut free = starts.clone();
        let mut targets = vec![0; self.targets.len()];
        for node in 0..self.len() {
            for &target in self.of(node) {
                targets[free[target]] = node;
                free[target] += 1;
            }
        }
        Self { starts, targets }
    }
}

/// Marks everything that can be reached from `from`, itself included.
pub fn reach(edges: &Edges, from: &[usize]) -> Vec<bool> {
    let mut seen = vec![false; edges.len()];
    let mut todo = from.to_vec();
    while let Some(node) = todo.pop() {
        if !seen[node] {
            seen[node] = true;
            todo.extend(edges.of(node).iter().filter(|&&next| !seen[next]));
        }
    }
    seen
}

/// The positions that are marked.
pub fn marked(set: &[bool]) -> Vec<usize> {
    (0..set.len()).filter(|&node| set[node]).collect()
}

/// The marked positions that have no edge to a marked one.
pub fn tips(set: &[bool], edges: &Edges) -> Vec<usize> {
    let mut tips = marked(set);
    tips.retain(|&node| !edges.of(node).iter().any(|&next| set[next]));
    tips
}

/// Every node after the nodes that its edges point at. Nodes on a cycle, and those that lead to one, are left out.
pub fn dependencies_first(edges: &Edges) -> Vec<usize> {
    let users = edges.reversed();
    let mut waiting: Vec<usize> = (0..edges.len()).map(|node| edges.of(node).len()).collect();
    let mut order: Vec<usize> = (0..edges.len())
        .filter(|&node| waiting[node] == 0)
        .collect();
    let mut done = 0;
    while done < order.len() {
        for &user in users.of(order[done]) {
            waiting[user] -= 1;
            if waiting[user] == 0 {
                order.push(user);
            }
        }
        done += 1;
    }
    order
}

/// One short cycle for each knot of nodes that reach each other, from its lowest node, following the edges.
pub fn cycles(edges: &Edges) -> Vec<Vec<usize>> {
    let mut cycles: Vec<Vec<usize>> = knots(edges)
        .iter()
        .map(|knot| cycle_in(edges, knot))
        .collect();
    cycles.sort();
    cycles
}

/// The strongly connected components of more than one node, each sorted.
fn knots(edges: &Edges) -> Vec<Vec<usize>> {
    let in_order = finishing_order(edges);
    let back = edges.reversed();
    let mut seen = vec![false; edges.len()];
    let mut knots = Vec::new();
    for &root in in_order.iter().rev() {
        let mut knot = Vec::new();
        let mut todo = vec![root];
        while let Some(node) = todo.pop() {
            if !seen[node] {
                seen[node] = true;
                knot.push(node);
                todo.extend(back.of(node));
            }
        }
        if knot.len() > 1 {
            knot.sort_unstable();
            knots.push(knot);
        }
    }
    knots
}

/// The nodes in the order in which a depth-first walk leaves them.
fn finishing_order(edges: &Edges) -> Vec<usize> {
    let mut seen = vec![false; edges.len()];
    let mut left = Vec::with_capacity(edges.len());
    for root in 0..edges.len() {
        let mut path = Vec::new();
        if !seen[root] {
            seen[root] = true;
            path.push((root, 0));
        }
        while let Some((node, edge)) = path.last_mut() {
            let Some(&next) = edges.of(*node).get(*edge) else {
                left.push(*node);
                path.pop();
                continue;
            };
            *edge += 1;
            if !seen[next] {
                seen[next] = true;
                path.push((next, 0));
            }
        }
    }
    left
}

/// A shortest cycle through the first node of a knot.
fn cycle_in(edges: &Edges, knot: &[usize]) -> Vec<usize> {
    let root = knot[0];
    let mut came_from = std::collections::HashMap::from([(root, root)]);
    let mut queue = std::collections::VecDeque::from([root]);
    while let Some(node) = queue.pop_front() {
        for &next in edges.of(node) {
            if next == root {
                return path_back(&came_from, root, node);
            }
            if knot.binary_search(&next).is_ok() && !came_from.contains_key(&next) {
                came_from.insert(next, node);
                queue.push_back(next);
            }
        }
    }
    unreachable!("the nodes of a knot reach each other")
}

fn path_back(
    came_from: &std::collections::HashMap<usize, usize>,
    root: usize,
    mut node: usize,
) -> Vec<usize> {
    let mut path = vec![node];
    while node != root {
        node = came_from[&node];
        path.push(node);
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges<const N: usize>(nodes: [&[usize]; N]) -> Edges {
        Edges::new(nodes.into_iter().map(|node| node.iter().copied()))
    }

    // 0 <- 1 <- 3
    // 0 <- 2 <- 3
    #[test]
    fn reaching_and_ordering_a_diamond() {
        let diamond = edges([&[], &[0], &[0], &[1, 2]]);
        assert_eq!(reach(&diamond, &[1]), [true, true, false, false]);
        assert_eq!(marked(&reach(&diamond, &[2])), [0, 2]);
        assert_eq!(diamond.reversed().of(0), [1, 2]);
        assert_eq!(dependencies_first(&diamond), [0, 1, 2, 3]);
        assert!(cycles(&diamond).is_empty());
    }

    // 0 <- 1 <- 2 <- 0, with the long way 2 <- 3 <- 0;   4 <-> 5;   6 hangs below the first knot
    #[test]
    fn each_knot_gives_one_short_cycle() {
        let knotted = edges([&[2, 3], &[0], &[1], &[2], &[5], &[4], &[0]]);
        assert_eq!(cycles(&knotted), [vec![0, 2, 1], vec![4, 5]]);
        assert!(dependencies_first(&knotted).is_empty());
    }

    #[test]
    fn a_long_chain_and_a_long_cycle_do_not_overflow_the_stack() {
        let size = 300_000;
        let chain = Edges::new((0..size).map(|node: usize| node.checked_sub(1)));
        assert!(reach(&chain, &[size - 1]).iter().all(|&seen| seen));
        assert_eq!(dependencies_first(&chain), (0..size).collect::<Vec<_>>());
        let ring = Edges::new((0..size).map(|node| [(node + 1) % size]));
        assert_eq!(cycles(&ring)[0].len(), size);
    }
}
