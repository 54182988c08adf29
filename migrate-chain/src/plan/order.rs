use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::graph::RevisionGraph;
use crate::walk::{self, Edges};

/// Orders revisions for a downgrade: children first, and one branch as far as it goes before the next.
///
/// This gives Alembic's order. Alembic keeps a list of places, one for each branch that it walks down, and takes a
/// revision when no other place still stands on a descendant of it; else it goes on at the first place that does. To
/// know that, it holds the ancestors of every place as a set. Here a revision can be taken when every child was, and the
/// first place above one that cannot is looked up in heaps that are brought up to date only where they are asked.
///
/// `span` holds `todo` and everything between two revisions of it. What no head leads to is left out.
pub(super) fn children_first(
    graph: &RevisionGraph,
    span: &[bool],
    todo: &[bool],
    heads: &[usize],
) -> Vec<usize> {
    Lanes::new(graph, span, todo, heads).run()
}

/// A branch that is walked down. Its index is its rank: new ones come last.
struct Lane {
    at: usize,
    /// How often it has moved on.
    moves: usize,
    alive: bool,
    before: Option<usize>,
    behind: Option<usize>,
}

/// The first lane that stood on or above a revision when it was last looked up, and how often that had moved.
///
/// A lane only ever loses revisions below it, and a new one has the last rank. So this is a lower bound for ever, and
/// exact while that lane stands still.
#[derive(Clone, Copy)]
struct Seen {
    lane: usize,
    moves: usize,
}

/// No lane stands above: only where a range is cut out of the graph.
const NOWHERE: Seen = Seen {
    lane: usize::MAX,
    moves: 0,
};

struct Lanes<'a> {
    parents: &'a Edges,
    children: &'a Edges,
    span: &'a [bool],
    todo: &'a [bool],
    /// How many children of each revision are still to be taken.
    waiting: Vec<usize>,
    taken: Vec<bool>,
    /// Every lane there was, by its rank.
    places: Vec<Lane>,
    /// The lane that stands on a revision.
    lane_at: HashMap<usize, usize>,
    first: Option<usize>,
    last: Option<usize>,
    seen: HashMap<usize, Seen>,
    /// For a revision that was looked up, its children with the ranks of the lanes above them, as far as known.
    above: HashMap<usize, BinaryHeap<Reverse<(usize, usize)>>>,
}

/// What the look at one revision of a search gave.
enum Look {
    /// These have to be looked up first.
    First(Vec<usize>),
    Found(Seen),
}

impl<'a> Lanes<'a> {
    fn new(graph: &'a RevisionGraph, span: &'a [bool], todo: &'a [bool], heads: &[usize]) -> Self {
        let mut lanes = Self {
            parents: &graph.normal,
            children: &graph.normal_next,
            span,
            todo,
            waiting: vec![0; graph.len()],
            taken: vec![false; graph.len()],
            places: Vec::new(),
            lane_at: HashMap::new(),
            first: None,
            last: None,
            seen: HashMap::new(),
            above: HashMap::new(),
        };
        for revision in walk::marked(span) {
            lanes.waiting[revision] = lanes
                .children
                .of(revision)
                .iter()
                .filter(|&&child| span[child])
                .count();
        }
        let ready: Vec<usize> = walk::marked(span)
            .filter(|&revision| lanes.can_pass(revision))
            .collect();
        lanes.pass(ready);
        let mut heads: Vec<usize> = heads.iter().copied().filter(|&head| todo[head]).collect();
        heads.sort_unstable();
        heads.dedup();
        for head in heads {
            lanes.push(head);
        }
        lanes
    }

    fn run(mut self) -> Vec<usize> {
        let mut order = Vec::new();
        let mut current = self.first;
        while let Some(lane) = current {
            let revision = self.places[lane].at;
            if self.waiting[revision] > 0
                && let Some(above) = self.first_above(revision)
            {
                current = Some(above);
                continue;
            }
            order.push(revision);
            self.take(revision);
            current = self.move_on(lane, revision);
        }
        order
    }

    /// Marks a revision as taken, and lets through what nothing waits for.
    fn take(&mut self, revision: usize) {
        self.lane_at.remove(&revision);
        self.above.remove(&revision);
        self.pass(vec![revision]);
    }

    /// Whether this revision is only between others, and everything above it was taken.
    fn can_pass(&self, revision: usize) -> bool {
        self.span[revision] && !self.todo[revision] && self.waiting[revision] == 0
    }

    fn pass(&mut self, mut passing: Vec<usize>) {
        while let Some(revision) = passing.pop() {
            self.taken[revision] = true;
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

    /// Moves a lane to the parents of what was taken. Returns the lane to go on with.
    fn move_on(&mut self, lane: usize, revision: usize) -> Option<usize> {
        let is_new = |parent: &usize| {
            self.todo[*parent] && !self.taken[*parent] && !self.lane_at.contains_key(parent)
        };
        let mut parents: Vec<usize> = self
            .parents
            .of(revision)
            .iter()
            .copied()
            .filter(is_new)
            .collect();
        if parents.is_empty() {
            return self.remove(lane);
        }
        let first = parents.remove(0);
        self.places[lane].at = first;
        self.places[lane].moves += 1;
        self.lane_at.insert(first, lane);
        for parent in parents {
            self.push(parent);
        }
        Some(lane)
    }

    fn push(&mut self, at: usize) {
        let lane = self.places.len();
        self.places.push(Lane {
            at,
            moves: 0,
            alive: true,
            before: self.last,
            behind: None,
        });
        match self.last {
            Some(last) => self.places[last].behind = Some(lane),
            None => self.first = Some(lane),
        }
        self.last = Some(lane);
        self.lane_at.insert(at, lane);
    }

    /// Ends a lane. Returns the one before it, or else the first.
    fn remove(&mut self, lane: usize) -> Option<usize> {
        self.places[lane].alive = false;
        let (before, behind) = (self.places[lane].before, self.places[lane].behind);
        match before {
            Some(before) => self.places[before].behind = behind,
            None => self.first = behind,
        }
        match behind {
            Some(behind) => self.places[behind].before = before,
            None => self.last = before,
        }
        before.or(self.first)
    }

    /// The first lane that stands on a descendant of a revision.
    fn first_above(&mut self, revision: usize) -> Option<usize> {
        let mut search = vec![revision];
        loop {
            let at = *search
                .last()
                .expect("the search ends with its first revision");
            let is_root = search.len() == 1;
            if !is_root && self.is_fresh(at) {
                search.pop();
                continue;
            }
            match self.look_above(at) {
                Look::First(others) => search.extend(others),
                Look::Found(above) if is_root => {
                    return (above.lane != NOWHERE.lane).then_some(above.lane);
                }
                Look::Found(above) => {
                    let here = self
                        .lane_at
                        .get(&at)
                        .map_or(NOWHERE, |&lane| self.standing(lane));
                    self.seen
                        .insert(at, if here.lane < above.lane { here } else { above });
                    search.pop();
                }
            }
        }
    }

    fn look_above(&mut self, revision: usize) -> Look {
        if !self.above.contains_key(&revision) {
            let children = self.children.of(revision).iter().copied();
            let children: Vec<usize> = children
                .filter(|&child| self.span[child] && !self.taken[child])
                .collect();
            let unknown: Vec<usize> = children
                .iter()
                .copied()
                .filter(|child| !self.seen.contains_key(child))
                .collect();
            if !unknown.is_empty() {
                return Look::First(unknown);
            }
            let known = children
                .into_iter()
                .map(|child| Reverse((self.seen[&child].lane, child)))
                .collect();
            self.above.insert(revision, known);
        }
        let mut known = self.above.remove(&revision).unwrap_or_default();
        let look = self.look_in(&mut known);
        self.above.insert(revision, known);
        look
    }

    /// Brings the first entries of a heap up to date, until the first one is.
    fn look_in(&self, known: &mut BinaryHeap<Reverse<(usize, usize)>>) -> Look {
        while let Some(&Reverse((lane, child))) = known.peek() {
            if self.taken[child] {
                known.pop();
            } else if !self.is_fresh(child) {
                return Look::First(vec![child]);
            } else if self.seen[&child].lane == lane {
                return Look::Found(self.seen[&child]);
            } else {
                known.pop();
                known.push(Reverse((self.seen[&child].lane, child)));
            }
        }
        Look::Found(NOWHERE)
    }

    fn is_fresh(&self, revision: usize) -> bool {
        self.seen.get(&revision).is_some_and(|seen| {
            self.places
                .get(seen.lane)
                .is_none_or(|lane| lane.alive && lane.moves == seen.moves)
        })
    }

    fn standing(&self, lane: usize) -> Seen {
        Seen {
            lane,
            moves: self.places[lane].moves,
        }
    }
}
