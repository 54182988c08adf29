use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use crate::graph::walk::{self, Edges};

/// Finds the first lane above a revision: at a descendant of it.
///
/// The revisions are cut into paths, each running from a child to one of its parents. Whatever is higher on the path of a
/// revision is above it, and the least of it is looked up in a tree. The edges from one path to another are crossings. For
/// each, a lower bound of the lanes above it is kept, and brought up to date only where it decides.
///
/// A lower bound stays one: a lane only ever loses revisions below it, and a new lane has the last rank. It is exact for
/// as long as its lane has not moved.
pub struct Above<'a> {
    children: &'a Edges,
    paths: Paths,
    /// By place: the lane that is there.
    standing: Least,
    /// By place: the lower bound of the crossings to there.
    crossing: Least,
    /// For a revision that was looked at: the children on other paths, by their lower bounds.
    others: HashMap<usize, BinaryHeap<Reverse<(usize, usize)>>>,
    /// The first lane on or above a revision when it was looked up, and the place of that lane.
    seen: Vec<(usize, usize)>,
    /// The place of each lane.
    lanes: Vec<usize>,
    taken: Vec<bool>,
}

const NOWHERE: usize = usize::MAX;

impl<'a> Above<'a> {
    pub fn new(parents: &Edges, children: &'a Edges, span: &[bool]) -> Self {
        let paths = Paths::new(parents, span);
        let mut crossing = Least::new(span.len());
        for revision in walk::marked(span) {
            if paths.crossings(children, revision).next().is_some() {
                crossing.set(paths.place[revision], 0);
            }
        }
        Self {
            children,
            standing: Least::new(span.len()),
            crossing,
            others: HashMap::new(),
            seen: vec![(0, NOWHERE); span.len()],
            lanes: Vec::new(),
            // A revision outside of the span is never in the way.
            taken: span.iter().map(|inside| !inside).collect(),
            paths,
        }
    }

    /// Puts a lane at a revision.
    pub fn put(&mut self, lane: usize, revision: usize) {
        if lane == self.lanes.len() {
            self.lanes.push(revision);
        }
        self.lanes[lane] = revision;
        self.standing.set(self.paths.place[revision], lane);
    }

    /// A revision is out of the way.
    pub fn take(&mut self, revision: usize) {
        self.taken[revision] = true;
        self.standing.set(self.paths.place[revision], NOWHERE);
        self.crossing.set(self.paths.place[revision], NOWHERE);
        self.others.remove(&revision);
    }

    /// The first lane above a revision.
    pub fn first_lane(&mut self, revision: usize) -> Option<usize> {
        let mut search = vec![revision];
        loop {
            let at = search[search.len() - 1];
            match self.look(at) {
                Err(child) => search.push(child),
                Ok(lane) if search.len() == 1 => return (lane != NOWHERE).then_some(lane),
                Ok(lane) => {
                    let lane = lane.min(self.standing.at(self.paths.place[at]));
                    self.seen[at] = (lane, self.lanes.get(lane).copied().unwrap_or(NOWHERE));
                    search.pop();
                }
            }
        }
    }

    /// The first lane above a revision, or else a child that has to be looked at before.
    fn look(&mut self, revision: usize) -> Result<usize, usize> {
        let (place, end) = (self.paths.place[revision], self.paths.end[revision]);
        loop {
            let (standing, _) = self.standing.least(place + 1, end);
            let (bound, place) = self.crossing.least(place, end);
            if standing <= bound {
                return Ok(standing);
            }
            if self.raise(self.paths.revisions[place])? == bound {
                return Ok(bound);
            }
        }
    }

    /// Brings the least lower bound of the crossings to a revision up to date, or gives the child that it needs for it.
    fn raise(&mut self, revision: usize) -> Result<usize, usize> {
        let crossings = self.paths.crossings(self.children, revision);
        let bounds = || crossings.map(|child| Reverse((0, child))).collect();
        let mut others = self.others.remove(&revision).unwrap_or_else(bounds);
        let raised = self.least_of(&mut others);
        let bound = others.peek().map_or(NOWHERE, |Reverse((bound, _))| *bound);
        self.crossing.set(self.paths.place[revision], bound);
        self.others.insert(revision, others);
        raised.map(|()| bound)
    }

    fn least_of(&self, others: &mut BinaryHeap<Reverse<(usize, usize)>>) -> Result<(), usize> {
        while let Some(&Reverse((bound, child))) = others.peek() {
            let (lane, _) = self.seen[child];
            if self.taken[child] {
                others.pop();
            } else if !self.is_exact(child) {
                return Err(child);
            } else if lane == bound {
                break;
            } else {
                others.pop();
                others.push(Reverse((lane, child)));
            }
        }
        Ok(())
    }

    /// Whether the first lane above a revision has not moved.
    fn is_exact(&self, revision: usize) -> bool {
        let (lane, seen_at) = self.seen[revision];
        lane == NOWHERE || (self.lanes.get(lane) == Some(&seen_at) && !self.taken[seen_at])
    }
}

/// Revisions cut into paths and laid out so that each path is one run of places, its lowest revision first.
struct Paths {
    /// The place of each revision.
    place: Vec<usize>,
    /// The end of the path of each revision, exclusive.
    end: Vec<usize>,
    /// The revision at each place.
    revisions: Vec<usize>,
    /// The next revision up the path.
    up: Vec<Option<usize>>,
}

impl Paths {
    fn new(parents: &Edges, span: &[bool]) -> Self {
        let mut up = vec![None; span.len()];
        let mut is_lowest = vec![true; span.len()];
        for revision in walk::marked(span) {
            let free = |&&parent: &&usize| span[parent] && up[parent].is_none();
            if let Some(&parent) = parents.of(revision).iter().find(free) {
                up[parent] = Some(revision);
                is_lowest[revision] = false;
            }
        }
        let (place, end) = (vec![0; span.len()], vec![0; span.len()]);
        let mut paths = Self {
            place,
            end,
            revisions: Vec::with_capacity(span.len()),
            up,
        };
        for revision in walk::marked(&is_lowest) {
            paths.lay_out(revision);
        }
        paths
    }

    fn lay_out(&mut self, lowest: usize) {
        let start = self.revisions.len();
        let mut next = Some(lowest);
        while let Some(revision) = next {
            self.place[revision] = self.revisions.len();
            self.revisions.push(revision);
            next = self.up[revision];
        }
        for place in start..self.revisions.len() {
            self.end[self.revisions[place]] = self.revisions.len();
        }
    }

    /// The children of a revision that are on other paths.
    fn crossings<'e>(
        &self,
        children: &'e Edges,
        revision: usize,
    ) -> impl Iterator<Item = usize> + use<'e> {
        let up = self.up[revision];
        children
            .of(revision)
            .iter()
            .copied()
            .filter(move |&child| Some(child) != up)
    }
}

/// A row of numbers, at first without limit, that finds the least of any run.
struct Least {
    /// A binary tree: the least of two entries is at half their index. Each number comes with its place.
    tree: Vec<(usize, usize)>,
}

impl Least {
    fn new(size: usize) -> Self {
        Self {
            tree: vec![(NOWHERE, NOWHERE); 2 * size],
        }
    }

    fn at(&self, place: usize) -> usize {
        self.tree[self.tree.len() / 2 + place].0
    }

    fn set(&mut self, place: usize, number: usize) {
        let mut index = self.tree.len() / 2 + place;
        self.tree[index] = (number, place);
        while index > 1 {
            index /= 2;
            self.tree[index] = self.tree[2 * index].min(self.tree[2 * index + 1]);
        }
    }

    /// The least number from a place to before another, with its place.
    fn least(&self, from: usize, to: usize) -> (usize, usize) {
        let (mut from, mut to) = (from + self.tree.len() / 2, to + self.tree.len() / 2);
        let mut least = (NOWHERE, NOWHERE);
        while from < to {
            if from % 2 == 1 {
                least = least.min(self.tree[from]);
                from += 1;
            }
            if to % 2 == 1 {
                to -= 1;
                least = least.min(self.tree[to]);
            }
            (from, to) = (from / 2, to / 2);
        }
        least
    }
}
