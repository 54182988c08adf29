//! An order in which everything comes after its dependencies.

use std::collections::{BTreeMap, BTreeSet};

/// The keys of `needs`, each after those that it needs, and otherwise sorted. What needs itself around a
/// circle comes as it is sorted: a circle is for the caller to break.
pub fn order<K: Ord + Clone>(needs: &BTreeMap<K, BTreeSet<K>>) -> Vec<K> {
    let mut done = BTreeSet::new();
    let mut sorted = Vec::with_capacity(needs.len());
    for key in needs.keys() {
        visit(key, needs, &mut done, &mut sorted);
    }
    sorted
}

/// Without recursion: chains of views may be long.
fn visit<K: Ord + Clone>(
    root: &K,
    needs: &BTreeMap<K, BTreeSet<K>>,
    done: &mut BTreeSet<K>,
    sorted: &mut Vec<K>,
) {
    let mut stack = vec![(root.clone(), false)];
    while let Some((key, is_ready)) = stack.pop() {
        if is_ready {
            sorted.push(key);
            continue;
        }
        if !done.insert(key.clone()) {
            continue;
        }
        let below = needs.get(&key).into_iter().flatten().rev();
        let open: Vec<K> = below
            .filter(|need| needs.contains_key(need) && !done.contains(*need))
            .cloned()
            .collect();
        stack.push((key, true));
        stack.extend(open.into_iter().map(|need| (need, false)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(
        edges: &[(&'static str, &[&'static str])],
    ) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
        edges
            .iter()
            .map(|(key, needs)| (*key, needs.iter().copied().collect()))
            .collect()
    }

    #[test]
    fn each_comes_behind_what_it_needs() {
        //  a -> c -> b,  d
        let graph = needs(&[("a", &["c"]), ("b", &[]), ("c", &["b", "gone"]), ("d", &[])]);
        assert_eq!(order(&graph), ["b", "c", "a", "d"]);
    }

    #[test]
    fn a_circle_ends() {
        let graph = needs(&[("a", &["b"]), ("b", &["a"]), ("c", &["a"])]);
        assert_eq!(order(&graph), ["b", "a", "c"]);
    }
}
