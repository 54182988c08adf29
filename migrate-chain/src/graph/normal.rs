use std::collections::HashMap;

use super::walk::Edges;

/// For each revision the dependencies that none of its ancestors over `down` lists too.
///
/// Alembic follows these alone when it orders a plan, so the order depends on them. Only a dependency with several
/// dependents can be dropped: those are asked for in groups, one bit each, and each group takes one pass over the part of
/// the graph that holds its dependents.
pub fn own_dependencies(down: &Edges, dependencies: &Edges, order: &[usize]) -> Edges {
    let search = Search::new(down, dependencies, order);
    let mut inherited: Vec<Vec<usize>> = vec![Vec::new(); order.len()];
    for group in search.shared().chunks(BITS) {
        for (node, dependency) in search.inherited(group) {
            inherited[node].push(dependency);
        }
    }
    Edges::new((0..order.len()).map(|node| {
        let is_own = |dependency: &usize| !inherited[node].contains(dependency);
        dependencies
            .of(node)
            .iter()
            .copied()
            .filter(is_own)
            .collect::<Vec<_>>()
    }))
}

const BITS: usize = 64;

/// A dependency with several dependents, and the first and last place of those in the order.
struct Shared {
    dependency: usize,
    first: usize,
    last: usize,
}

struct Search<'a> {
    down: &'a Edges,
    dependencies: &'a Edges,
    order: &'a [usize],
    /// The place of each revision in the order.
    place: Vec<usize>,
}

impl<'a> Search<'a> {
    fn new(down: &'a Edges, dependencies: &'a Edges, order: &'a [usize]) -> Self {
        let mut place = vec![0; order.len()];
        for (at, &node) in order.iter().enumerate() {
            place[node] = at;
        }
        Self {
            down,
            dependencies,
            order,
            place,
        }
    }

    /// The dependencies that several revisions have, in the order of their first dependents.
    fn shared(&self) -> Vec<Shared> {
        let mut dependents: Vec<Option<(usize, usize)>> = vec![None; self.order.len()];
        let mut firsts = Vec::new();
        for (place, &node) in self.order.iter().enumerate() {
            for &dependency in self.dependencies.of(node) {
                match &mut dependents[dependency] {
                    Some((_, last)) => *last = place,
                    none => {
                        *none = Some((place, place));
                        firsts.push(dependency);
                    }
                }
            }
        }
        let shared = firsts.into_iter().filter_map(|dependency| {
            let (first, last) = dependents[dependency]?;
            (first < last).then_some(Shared {
                dependency,
                first,
                last,
            })
        });
        shared.collect()
    }

    /// Pairs of a revision and a dependency of its own, out of the group, that an ancestor lists too.
    fn inherited(&self, group: &[Shared]) -> Vec<(usize, usize)> {
        let bits = group.iter().enumerate();
        let bits: HashMap<usize, usize> =
            bits.map(|(bit, shared)| (shared.dependency, bit)).collect();
        let start = group
            .iter()
            .map(|shared| shared.first)
            .min()
            .unwrap_or_default();
        let end = group
            .iter()
            .map(|shared| shared.last + 1)
            .max()
            .unwrap_or_default();
        // By place after the start: what the revision and its ancestors list.
        let mut listed = vec![0_u64; end - start];
        let mut inherited = Vec::new();
        for place in start..end {
            let node = self.order[place];
            let parents = self
                .down
                .of(node)
                .iter()
                .filter_map(|&parent| self.place[parent].checked_sub(start));
            let below = parents.fold(0, |bits, parent| bits | listed[parent]);
            listed[place - start] = below;
            for dependency in self.dependencies.of(node) {
                let bit = bits.get(dependency).map_or(0, |bit| 1_u64 << bit);
                listed[place - start] |= bit;
                if below & bit != 0 {
                    inherited.push((node, *dependency));
                }
            }
        }
        inherited
    }
}
