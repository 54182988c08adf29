mod above;

use std::collections::HashMap;

use crate::graph::RevisionGraph;
use crate::graph::walk::{self, Edges};
use above::Above;

/// Orders revisions for a downgrade: children first, and one branch as far as it goes before the next.
///
/// This gives Alembic's order. Alembic keeps a list of places, one for each branch that it walks down, and takes a
/// revision when no other place is still at a descendant of it; else it goes on at the first place that is. To
/// know that, it holds the ancestors of every place as a set. Here a revision can be taken when every child was, and
/// [`Above`] finds the first place above one that cannot.
///
/// `span` holds `todo` and everything between two revisions of it. A revision that no head leads to is left out.
pub fn children_first(
    graph: &RevisionGraph,
    span: &[bool],
    todo: &[bool],
    heads: &[usize],
) -> Vec<usize> {
    OrderWalk::new(graph, span, todo, heads).run()
}

/// The branches that are walked down, in the order in which they began: the index of a lane is its rank.
#[derive(Default)]
struct Lanes {
    all: Vec<Lane>,
    /// The lane at a revision.
    on: HashMap<usize, usize>,
    first: Option<usize>,
    last: Option<usize>,
}

struct Lane {
    /// The revision that it is at.
    at: usize,
    before: Option<usize>,
    after: Option<usize>,
}

impl Lanes {
    fn begin(&mut self, at: usize) -> usize {
        let lane = self.all.len();
        self.all.push(Lane {
            at,
            before: self.last,
            after: None,
        });
        match self.last {
            Some(last) => self.all[last].after = Some(lane),
            None => self.first = Some(lane),
        }
        self.last = Some(lane);
        self.on.insert(at, lane);
        lane
    }

    /// Ends a lane. Returns the one before it, or else the first.
    fn end(&mut self, lane: usize) -> Option<usize> {
        let Lane { before, after, .. } = self.all[lane];
        match before {
            Some(before) => self.all[before].after = after,
            None => self.first = after,
        }
        match after {
            Some(after) => self.all[after].before = before,
            None => self.last = before,
        }
        before.or(self.first)
    }
}

struct OrderWalk<'a> {
    parents: &'a Edges,
    span: &'a [bool],
    todo: &'a [bool],
    /// How many children of each revision are still to be taken.
    waiting: Vec<usize>,
    taken: Vec<bool>,
    lanes: Lanes,
    above: Above<'a>,
}

impl<'a> OrderWalk<'a> {
    fn new(graph: &'a RevisionGraph, span: &'a [bool], todo: &'a [bool], heads: &[usize]) -> Self {
        let (parents, children) = (&graph.normal, &graph.normal_next);
        let waiting = |revision| {
            children
                .of(revision)
                .iter()
                .filter(|&&child| span[child])
                .count()
        };
        let mut walk = Self {
            parents,
            span,
            todo,
            waiting: (0..graph.len()).map(waiting).collect(),
            taken: vec![false; graph.len()],
            lanes: Lanes::default(),
            above: Above::new(parents, children, span),
        };
        let mut passing = walk::marked(span);
        passing.retain(|&revision| walk.can_pass(revision));
        walk.pass(passing);
        let mut heads: Vec<usize> = heads.iter().copied().filter(|&head| todo[head]).collect();
        heads.sort_unstable();
        heads.dedup();
        for head in heads {
            walk.begin(head);
        }
        walk
    }

    fn run(mut self) -> Vec<usize> {
        let mut order = Vec::new();
        let mut current = self.lanes.first;
        while let Some(lane) = current {
            let revision = self.lanes.all[lane].at;
            if self.waiting[revision] > 0
                && let Some(above) = self.above.first_lane(revision)
            {
                current = Some(above);
                continue;
            }
            order.push(revision);
            self.lanes.on.remove(&revision);
            self.pass(vec![revision]);
            current = self.move_on(lane, revision);
        }
        order
    }

    /// Takes revisions, and with them those that are only between others and that nothing waits for.
    fn pass(&mut self, mut passing: Vec<usize>) {
        while let Some(revision) = passing.pop() {
            self.taken[revision] = true;
            self.above.take(revision);
            for &parent in self
                .parents
                .of(revision)
                .iter()
                .filter(|&&parent| self.span[parent])
            {
                self.waiting[parent] -= 1;
                if self.can_pass(parent) {
                    passing.push(parent);
                }
            }
        }
    }

    fn can_pass(&self, revision: usize) -> bool {
        self.span[revision] && !self.todo[revision] && self.waiting[revision] == 0
    }

    /// Moves a lane to the parents of what was taken. Returns the lane to go on with.
    fn move_on(&mut self, lane: usize, revision: usize) -> Option<usize> {
        let is_new = |parent: &usize| {
            self.todo[*parent] && !self.taken[*parent] && !self.lanes.on.contains_key(parent)
        };
        let parents = self.parents.of(revision).iter().copied();
        let mut parents = parents.filter(is_new).collect::<Vec<_>>().into_iter();
        let Some(first) = parents.next() else {
            return self.lanes.end(lane);
        };
        self.lanes.all[lane].at = first;
        self.lanes.on.insert(first, lane);
        self.above.put(lane, first);
        parents.for_each(|parent| self.begin(parent));
        Some(lane)
    }

    fn begin(&mut self, at: usize) {
        let lane = self.lanes.begin(at);
        self.above.put(lane, at);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::graph::testing::{any_graph, graph};

    fn order(text: &str) -> String {
        let it = graph(text);
        let all = vec![true; it.len()];
        let order = children_first(&it, &all, &all, it.real_heads());
        order
            .iter()
            .map(|&revision| it.id(revision))
            .collect::<Vec<_>>()
            .join(" ")
    }

    // a <- b <- d
    // a <- c <- d
    #[test]
    fn the_first_parent_is_followed_first() {
        assert_eq!(order("a\n b < a\n c < a\n d < b c"), "d b c a");
        assert_eq!(order("a\n b < a\n c < a\n d < c b"), "d c b a");
    }

    // a <- b <- c, a <- x <- y: one branch to its end, then the other
    #[test]
    fn a_branch_is_followed_as_far_as_it_goes() {
        assert_eq!(order("a\n b < a\n x < a\n c < b\n y < x"), "c b y x a");
    }

    // a <- b <- c      and b depends on y, which is above x
    // x <- y <- z
    #[test]
    fn parents_are_followed_before_dependencies() {
        assert_eq!(
            order("x\n a\n y < x\n z < y\n b < a ~ y\n c < b"),
            "z c b a y x"
        );
    }

    #[test]
    fn nothing_is_ordered_where_no_head_leads() {
        let it = graph("a\n b < a");
        let (span, todo) = ([true, true], [true, false]);
        assert!(children_first(&it, &span, &todo, &[1]).is_empty());
    }

    /// The order as Alembic finds it: with the ancestors of every place as a set.
    fn naive(graph: &RevisionGraph, todo: &[bool], heads: &[usize]) -> Vec<usize> {
        let ancestors = |revision| walk::reach(&graph.normal, &[revision]);
        let mut places: Vec<usize> = heads.iter().copied().filter(|&head| todo[head]).collect();
        places.sort_unstable();
        let (mut left, mut at, mut order) = (todo.to_vec(), 0, Vec::new());
        while let Some(&revision) = places.get(at) {
            let other =
                (0..places.len()).find(|&other| other != at && ancestors(places[other])[revision]);
            if let Some(other) = other {
                at = other;
                continue;
            }
            left[revision] = false;
            order.push(revision);
            let parents = graph.normal.of(revision).iter().copied();
            let new: Vec<usize> = parents
                .filter(|parent| left[*parent] && !places.contains(parent))
                .collect();
            if let Some((&first, rest)) = new.split_first() {
                places[at] = first;
                places.extend(rest);
            } else {
                places.remove(at);
                at = at.saturating_sub(1);
            }
        }
        order
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn the_order_is_that_of_the_naive_walk(
            text in any_graph(40),
            done in proptest::collection::vec(any::<prop::sample::Index>(), 0..3),
        ) {
            let it = graph(&text);
            let done: Vec<usize> = done.iter().map(|index| index.index(it.len())).skip(1).collect();
            let done = it.ancestors(&done);
            let todo: Vec<bool> = done.iter().map(|done| !done).collect();
            let found = children_first(&it, &todo, &todo, it.real_heads());
            prop_assert_eq!(found, naive(&it, &todo, it.real_heads()));
        }
    }
}
