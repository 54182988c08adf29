use std::collections::BTreeSet;

use super::Change;
use crate::graph::RevisionGraph;
use crate::target::{Target, TargetError};

/// What a stamp does to the version table.
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
    /// What changes in the version table.
    pub change: Change,
}

impl RevisionGraph {
    /// Plans to set the version table to these targets without running anything.
    ///
    /// A target replaces the rows of its own history, before it and behind it, and leaves other branches alone; `base`
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
    /// Returns why a target is no revision, or what is wrong with the rows.
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
        let wanted = meant
            .iter()
            .flat_map(|meant| meant.revisions.iter().copied());
        let mut stamping = Stamping {
            graph: self,
            wanted: wanted.collect(),
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
        if target.is_relative() && self.find_name(&target.to_string()).is_none() {
            return Err(TargetError::Relative {
                target: target.to_string(),
            });
        }
        let revisions = self.resolve(target, table)?.into_iter().flatten().collect();
        Ok(Meant {
            revisions,
            branch: self.branch_of(target)?,
        })
    }
}

/// What one target of a stamp means. No revisions: the base.
struct Meant {
    revisions: Vec<usize>,
    branch: Option<usize>,
}

struct Stamping<'a> {
    graph: &'a RevisionGraph,
    /// Everything that is stamped.
    wanted: BTreeSet<usize>,
    /// The rows that were there before, as far as they still are.
    old: BTreeSet<usize>,
    rows: BTreeSet<usize>,
    steps: Vec<StampStep>,
}

impl Stamping<'_> {
    fn target(&mut self, meant: &Meant) {
        if meant.revisions.is_empty() {
            let related = meant.branch.map_or_else(
                || vec![true; self.graph.len()],
                |branch| self.related(branch),
            );
            let gone = self
                .rows
                .iter()
                .copied()
                .filter(|&row| related[row])
                .collect();
            self.step(None, gone, Vec::new());
        }
        for &revision in &meant.revisions {
            self.revision(revision);
        }
    }

    /// Puts a revision in place of the old rows before and behind it.
    fn revision(&mut self, revision: usize) {
        let related = self.related(revision);
        let is_old = |row: &usize| related[*row] && *row != revision && !self.wanted.contains(row);
        let mut gone: Vec<usize> = self.old.iter().copied().filter(is_old).collect();
        let below = self.graph.ancestors([revision]);
        let above = self.graph.descendants([revision]);
        let left = |row: &usize| *row != revision && !gone.contains(row);
        let is_covered = self.rows.iter().any(|row| left(row) && above[*row]);
        let covered: Vec<usize> = self
            .rows
            .iter()
            .copied()
            .filter(|row| left(row) && below[*row])
            .collect();
        gone.extend(covered);
        let is_new = !is_covered && !self.rows.contains(&revision);
        self.step(
            Some(revision),
            gone,
            Vec::from_iter(is_new.then_some(revision)),
        );
    }

    fn step(&mut self, revision: Option<usize>, gone: Vec<usize>, new: Vec<usize>) {
        if gone.is_empty() && new.is_empty() {
            return;
        }
        gone.iter().for_each(|row| _ = self.old.remove(row));
        let change = Change::between(gone, new);
        change.apply(&mut self.rows);
        self.steps.push(StampStep { revision, change });
    }

    /// Everything before and behind a revision, dependencies included.
    fn related(&self, revision: usize) -> Vec<bool> {
        let mut related = self.graph.ancestors([revision]);
        for (mark, above) in related.iter_mut().zip(self.graph.descendants([revision])) {
            *mark |= above;
        }
        related
    }
}
