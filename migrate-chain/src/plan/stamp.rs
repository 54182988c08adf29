use std::collections::BTreeSet;

use super::RowChange;
use crate::graph::RevisionGraph;
use crate::graph::walk::Edges;
use crate::plan::target::{Target, TargetError};

/// The changes of a stamp to the version table.
///
/// ```
/// use migrate_chain::graph::{Node, RevisionGraph};
///
/// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").down(["a1"])]).expect("a valid chain");
/// let stamp = graph.stamp(&["a1"], &["head".parse()?], false)?;
/// assert_eq!(stamp.steps[0].revision, Some(1));
/// assert_eq!(stamp.rows, [1]);
/// # Ok::<_, migrate_chain::target::TargetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// One step for each revision that is stamped, without those that are in place.
    pub steps: Vec<StampStep>,
    /// The rows at the end, in loading order.
    pub rows: Vec<usize>,
}

/// One change of a [`Stamp`].
///
/// ```
/// use migrate_chain::graph::{Node, RevisionGraph};
///
/// let graph = RevisionGraph::new(&[Node::new("a1")]).expect("a valid chain");
/// let stamp = graph.stamp(&["a1"], &["base".parse()?], false)?;
/// assert_eq!(stamp.steps[0].revision, None);
/// assert_eq!(stamp.steps[0].change.delete, [0]);
/// # Ok::<_, migrate_chain::target::TargetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StampStep {
    /// The revision that is stamped; none where rows are only removed.
    pub revision: Option<usize>,
    /// The change of the version table.
    pub change: RowChange,
}

impl RevisionGraph {
    /// Plans to set the version table to these targets without running anything.
    ///
    /// A target replaces the rows of its own history, before it and after it, and leaves other branches alone; `base`
    /// removes all rows, `B@base` those of a branch. With `purge` the rows do not count, and may be any: all are replaced,
    /// as if the table had been emptied before the first step.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let nodes = [Node::new("a1"), Node::new("b2").down(["a1"]), Node::new("x9")];
    /// let graph = RevisionGraph::new(&nodes).expect("a valid chain");
    /// assert_eq!(graph.stamp(&["a1", "x9"], &["b2".parse()?], false)?.rows, [1, 2]);
    /// assert_eq!(graph.stamp(&["lost"], &["b2".parse()?], true)?.rows, [1]);
    /// # Ok::<_, migrate_chain::target::TargetError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns why a target does not name a revision, or what is wrong with the rows.
    pub fn stamp<S: AsRef<str>>(
        &self,
        rows: &[S],
        targets: &[Target],
        purge: bool,
    ) -> Result<Stamp, TargetError> {
        let table = if purge { &[] } else { rows };
        let meant: Vec<Meant> = targets
            .iter()
            .map(|target| self.meant(target, table))
            .collect::<Result<_, _>>()?;
        let current = self.rows(table)?;
        let mut stamping = Stamping {
            graph: self,
            old: current.iter().copied().collect(),
            rows: current.iter().copied().collect(),
            steps: Vec::new(),
        };
        for meant in &meant {
            stamping.target(meant);
        }
        let Stamping {
            rows: now, steps, ..
        } = stamping;
        if table.len() > current.len() {
            self.refuse_repeated(table, steps.iter().map(|step| &step.change))?;
        }
        Ok(Stamp {
            steps,
            rows: now.into_iter().collect(),
        })
    }

    fn meant<S: AsRef<str>>(&self, target: &Target, table: &[S]) -> Result<Meant, TargetError> {
        let branch = self.branch_of(target)?;
        if target.is_relative() {
            return Err(TargetError::Relative {
                target: target.to_string(),
            });
        }
        let revisions = self.resolve(target, table)?.into_iter().flatten().collect();
        Ok(Meant { revisions, branch })
    }
}

/// The revisions of one target of a stamp; none for the base.
struct Meant {
    revisions: Vec<usize>,
    branch: Option<usize>,
}

struct Stamping<'a> {
    graph: &'a RevisionGraph,
    /// The rows that were there before, as far as they still are.
    old: BTreeSet<usize>,
    rows: BTreeSet<usize>,
    steps: Vec<StampStep>,
}

impl Stamping<'_> {
    fn target(&mut self, meant: &Meant) {
        if meant.revisions.is_empty() {
            self.base(meant.branch);
        }
        // A target can mean many heads: what is marked once is not walked over again for the next.
        let tops = self.graph.maximal(&meant.revisions);
        let stamped: Vec<usize> = self.rows.difference(&self.old).copied().collect();
        let covered = self.graph.ancestors(&stamped);
        let (mut below, mut above) = (vec![false; self.graph.len()], vec![false; self.graph.len()]);
        for &revision in meant
            .revisions
            .iter()
            .filter(|revision| tops.binary_search(revision).is_ok())
        {
            let mut gone = self.rows_beyond(revision, &self.graph.all, &mut below);
            let beyond = self.rows_beyond(revision, &self.graph.all_next, &mut above);
            gone.extend(beyond.intersection(&self.old));
            let is_new = !covered[revision] && !self.rows.contains(&revision);
            self.step(Some(revision), gone, is_new.then_some(revision));
        }
    }

    /// Removes the rows before and after a branch, or all.
    fn base(&mut self, branch: Option<usize>) {
        let gone = match branch {
            None => self.rows.clone(),
            Some(branch) => {
                let (before, after) = (
                    self.graph.ancestors(&[branch]),
                    self.graph.descendants(&[branch]),
                );
                self.rows
                    .iter()
                    .copied()
                    .filter(|&row| before[row] || after[row])
                    .collect()
            }
        };
        self.step(None, gone, None);
    }

    /// The rows, other than itself, that a revision leads to, as far as they were not found before.
    fn rows_beyond(&self, revision: usize, edges: &Edges, seen: &mut [bool]) -> BTreeSet<usize> {
        let mut todo = edges.of(revision).to_vec();
        let mut found = BTreeSet::new();
        while let Some(at) = todo.pop() {
            if self.rows.contains(&at) {
                found.insert(at);
            }
            if !std::mem::replace(&mut seen[at], true) {
                todo.extend(edges.of(at));
            }
        }
        found
    }

    fn step(&mut self, revision: Option<usize>, gone: BTreeSet<usize>, new: Option<usize>) {
        if gone.is_empty() && new.is_none() {
            return;
        }
        for row in &gone {
            self.old.remove(row);
        }
        let change = RowChange::between(gone.into_iter().collect(), Vec::from_iter(new));
        change.apply(&mut self.rows);
        self.steps.push(StampStep { revision, change });
    }
}
