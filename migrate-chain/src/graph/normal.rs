use std::collections::HashMap;

use crate::walk::Edges;

/// For each revision the dependencies that none of its ancestors over `down` lists too.
///
/// Alembic follows these alone when it orders a plan, so the order depends on them. Only a dependency with several
/// dependents can be dropped: those are asked for in groups, one bit each, and each group takes one pass.
pub(super) fn own_dependencies(down: &Edges, dependencies: &Edges, order: &[usize]) -> Edges {
    let mut inherited: Vec<Vec<usize>> = vec![Vec::new(); order.len()];
    for group in shared(dependencies, order).chunks(BITS) {
        for (node, dependency) in inherited_in(group, down, dependencies, order) {
            inherited[node].push(dependency);
        }
    }
    Edges::new((0..order.len()).map(|node| {
        let inherited = &inherited[node];
        dependencies
            .of(node)
            .iter()
            .copied()
            .filter(move |dependency| !inherited.contains(dependency))
    }))
}

const BITS: usize = 64;

/// The dependencies that several revisions have, in the order in which they are first needed.
fn shared(dependencies: &Edges, order: &[usize]) -> Vec<usize> {
    let mut dependents = vec![0; order.len()];
    let mut shared = Vec::new();
    for &dependency in order.iter().flat_map(|&node| dependencies.of(node)) {
        dependents[dependency] += 1;
        if dependents[dependency] == 2 {
            shared.push(dependency);
        }
    }
    shared
}

/// Pairs of a revision and a dependency of its own, out of the group, that an ancestor lists too.
fn inherited_in(
    group: &[usize],
    down: &Edges,
    dependencies: &Edges,
    order: &[usize],
) -> Vec<(usize, usize)> {
    let bits: HashMap<usize, u64> = group
        .iter()
        .enumerate()
        .map(|(bit, &node)| (node, 1 << bit))
        .collect();
    let mut listed_below = vec![0_u64; order.len()];
    let mut listed_upto = vec![0_u64; order.len()];
    let mut found = Vec::new();
    for &node in order {
        let below = down
            .of(node)
            .iter()
            .fold(0, |bits, &parent| bits | listed_upto[parent]);
        listed_below[node] = below;
        listed_upto[node] = below;
        for dependency in dependencies.of(node) {
            if let Some(&bit) = bits.get(dependency) {
                listed_upto[node] |= bit;
                if below & bit != 0 {
                    found.push((node, *dependency));
                }
            }
        }
    }
    found
}
