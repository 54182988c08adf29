//! What to run, in which order, and which rows the version table holds after each step.

mod order;
mod rows;
mod stamp;

use crate::graph::RevisionGraph;
use crate::target::{Range, Target, TargetError, Way};
use crate::walk;
pub use rows::Change;
use rows::Rows;
pub use stamp::{Stamp, StampStep};

/// Which way a step goes.
///
/// ```
/// use migrate_chain::plan::Direction;
///
/// assert_ne!(Direction::Up, Direction::Down);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// The revision's upgrade runs.
    Up,
    /// The revision's downgrade runs.
    Down,
}

/// One revision to run, and what happens to the version table with it.
///
/// ```
/// use migrate_chain::graph::{Node, RevisionGraph};
///
/// let nodes = [Node::new("a1"), Node::new("b2").down(["a1"])];
/// let graph = RevisionGraph::new(&nodes).expect("a valid chain");
/// let plan = graph.upgrade(&["a1"], &"head".parse()?)?;
/// let step = &plan.steps()[0];
/// assert_eq!(step.revision, 1);
/// assert_eq!(step.change.update, Some((0, 1)));
/// # Ok::<_, migrate_chain::target::TargetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The revision.
    pub revision: usize,
    /// Which way it goes.
    pub direction: Direction,
    /// What changes in the version table.
    pub change: Change,
}

/// The steps of an upgrade or a downgrade.
///
/// ```
/// use migrate_chain::graph::{Node, RevisionGraph};
///
/// // a1 <- b2 <- d4
/// // a1 <- c3 <- d4
/// let graph = RevisionGraph::new(&[
///     Node::new("a1"),
///     Node::new("b2").down(["a1"]),
///     Node::new("c3").down(["a1"]),
///     Node::new("d4").down(["b2", "c3"]),
/// ])
/// .expect("a valid chain");
///
/// let plan = graph.upgrade::<&str>(&[], &"head".parse()?)?;
/// let order: Vec<_> = plan.steps().iter().map(|step| graph.id(step.revision)).collect();
/// assert_eq!(order, ["a1", "c3", "b2", "d4"]);
/// assert_eq!(plan.rows_after(3), [1, 2]);
/// assert_eq!(plan.rows(), [3]);
/// # Ok::<_, migrate_chain::target::TargetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    before: Vec<usize>,
    steps: Vec<Step>,
    after: Vec<usize>,
}

impl Plan {
    /// The steps, in the order in which they run.
    ///
    /// ```
    /// use migrate_chain::graph::RevisionGraph;
    ///
    /// let plan = RevisionGraph::default().upgrade::<&str>(&[], &"heads".parse()?)?;
    /// assert!(plan.steps().is_empty());
    /// # Ok::<_, migrate_chain::target::TargetError>(())
    /// ```
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether there is nothing to do.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1")]).expect("a valid chain");
    /// assert!(graph.upgrade(&["a1"], &"head".parse()?)?.is_empty());
    /// # Ok::<_, migrate_chain::target::TargetError>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The rows of the version table before the first step, in loading order.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").down(["a1"])]).expect("a valid chain");
    /// assert_eq!(graph.upgrade(&["a1"], &"head".parse()?)?.rows_before(), [0]);
    /// # Ok::<_, migrate_chain::target::TargetError>(())
    /// ```
    pub fn rows_before(&self) -> &[usize] {
        &self.before
    }

    /// The rows after the last step, in loading order.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").down(["a1"])]).expect("a valid chain");
    /// assert_eq!(graph.upgrade(&["a1"], &"head".parse()?)?.rows(), [1]);
    /// # Ok::<_, migrate_chain::target::TargetError>(())
    /// ```
    pub fn rows(&self) -> &[usize] {
        &self.after
    }

    /// The rows after this many steps, in loading order. It costs as much as the steps before: to see the rows after
    /// every step, apply each [`Change`] to the rows before it.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").down(["a1"])]).expect("a valid chain");
    /// let plan = graph.upgrade::<&str>(&[], &"head".parse()?)?;
    /// assert_eq!(plan.rows_after(1), [0]);
    /// # Ok::<_, migrate_chain::target::TargetError>(())
    /// ```
    pub fn rows_after(&self, steps: usize) -> Vec<usize> {
        let mut rows = self.before.iter().copied().collect();
        for step in self.steps.iter().take(steps) {
            step.change.apply(&mut rows);
        }
        rows.into_iter().collect()
    }
}

impl RevisionGraph {
    /// Plans the way up to a target from the rows of a version table.
    ///
    /// An empty table is `&[] as &[&str]`. The start of an offline range `a:b` is planned from with the rows that
    /// [`resolve`](Self::resolve) gives for `a`.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").down(["a1"])]).expect("a valid chain");
    /// assert_eq!(graph.upgrade(&["a1"], &"+1".parse()?)?.steps().len(), 1);
    /// assert_eq!(graph.upgrade(&["b2"], &"head".parse()?)?.steps().len(), 0);
    /// # Ok::<_, migrate_chain::target::TargetError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns why the target is nowhere to upgrade to, or what is wrong with the rows.
    pub fn upgrade<S: AsRef<str>>(&self, rows: &[S], target: &Target) -> Result<Plan, TargetError> {
        let goals = self.goals(target, rows, Way::Exact)?;
        self.refuse_overlaps(&goals)?;
        let current = self.rows(rows)?;
        self.refuse_overlaps(&current)?;
        let applied = self.ancestors(current.iter().copied());
        let mut needed = self.ancestors(goals.iter().copied());
        subtract(&mut needed, &applied);
        let mut order = order::children_first(self, &needed, &needed, &goals);
        order.reverse();
        self.plan(rows, &current, Direction::Up, order)
    }

    /// Plans the way down to a target from the rows of a version table.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").down(["a1"])]).expect("a valid chain");
    /// assert_eq!(graph.downgrade(&["b2"], &"-1".parse()?)?.rows(), [0]);
    /// assert_eq!(graph.downgrade(&["b2"], &"base".parse()?)?.steps().len(), 2);
    /// # Ok::<_, migrate_chain::target::TargetError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns why the target is nowhere to downgrade to, or what is wrong with the rows.
    pub fn downgrade<S: AsRef<str>>(
        &self,
        rows: &[S],
        target: &Target,
    ) -> Result<Plan, TargetError> {
        let floor = self.floor(target, rows)?;
        let mut roots = floor
            .revision
            .map_or(self.bases(), |revision| self.next(revision))
            .to_vec();
        if let Some(branch) = floor.branch
            && roots.len() > 1
        {
            roots = self.roots_below(&roots, branch, target)?;
        }
        let current = self.rows(rows)?;
        let mut removed = self.descendants(roots);
        intersect(&mut removed, &self.ancestors(current.iter().copied()));
        if let Some(revision) = floor.revision
            && !removed.contains(&true)
            && !current.contains(&revision)
        {
            return Err(TargetError::NotAncestor {
                lower: self.id(revision).to_owned(),
                upper: self.ids_of(&current),
            });
        }
        let order = order::children_first(self, &removed, &removed, &current);
        self.plan(rows, &current, Direction::Down, order)
    }

    /// The revisions of a range, newest first, as `history` lists them.
    ///
    /// Both ends are listed. A range that starts at a revision holds only what descends from it over `down`.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let nodes = [Node::new("a1"), Node::new("b2").down(["a1"]), Node::new("c3").down(["b2"])];
    /// let graph = RevisionGraph::new(&nodes).expect("a valid chain");
    /// assert_eq!(graph.history(&["a1"], &"current:+1".parse()?)?, [1, 0]);
    /// assert_eq!(graph.history::<&str>(&[], &":".parse()?)?, [2, 1, 0]);
    /// # Ok::<_, migrate_chain::target::TargetError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns why one of the ends means nothing, or that the first does not come before the other.
    pub fn history<S: AsRef<str>>(
        &self,
        rows: &[S],
        range: &Range,
    ) -> Result<Vec<usize>, TargetError> {
        let start = range.start.clone().unwrap_or_else(Target::base);
        let end = range.end.clone().unwrap_or_else(Target::heads);
        let lower = self.range_start(rows, &start)?;
        let upper = self.goals(&end, &self.ids_of(&lower), Way::Clipped);
        let upper = if end.is_current() {
            self.rows(rows)?
        } else {
            upper?
        };
        self.refuse_overlaps(&upper)?;
        let mut span = self.ancestors(upper.iter().copied());
        if let Some(&outside) = lower.iter().find(|&&revision| !span[revision]) {
            return Err(TargetError::NotAncestor {
                lower: self.id(outside).to_owned(),
                upper: self.ids_of(&upper),
            });
        }
        self.refuse_overlaps(&lower)?;
        subtract(&mut span, &self.ancestors(lower.iter().copied()));
        for &revision in &lower {
            span[revision] = true;
        }
        let mut listed = span.clone();
        if !lower.is_empty() {
            intersect(&mut listed, &walk::reach(&self.next, lower.iter().copied()));
        }
        let order = order::children_first(self, &span, &listed, &upper);
        if order.len() < walk::marked(&listed).count() {
            return Err(TargetError::NotAncestor {
                lower: start.to_string(),
                upper: self.ids_of(&upper),
            });
        }
        Ok(order)
    }

    /// What `current` shows: the applied revisions that are no applied revision's parent, in loading order. A row stands
    /// for its dependencies too, so there can be more of them than rows.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").depends_on(["a1"])]).expect("a valid chain");
    /// assert_eq!(graph.current(&["b2"])?, [0, 1]);
    /// # Ok::<_, migrate_chain::target::TargetError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the first row that the graph does not have.
    pub fn current<S: AsRef<str>>(&self, rows: &[S]) -> Result<Vec<usize>, TargetError> {
        Ok(self.branch_tips(&self.rows(rows)?))
    }

    /// The heads that are not applied: none where the database is up to date.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").depends_on(["a1"])]).expect("a valid chain");
    /// assert!(graph.check_heads(&["b2"])?.is_empty());
    /// assert_eq!(graph.check_heads(&["a1"])?, [1]);
    /// # Ok::<_, migrate_chain::target::TargetError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the first row that the graph does not have.
    pub fn check_heads<S: AsRef<str>>(&self, rows: &[S]) -> Result<Vec<usize>, TargetError> {
        let applied = self.ancestors(self.rows(rows)?);
        Ok(self
            .heads()
            .iter()
            .copied()
            .filter(|&head| !applied[head])
            .collect())
    }

    /// The revisions at which a history starts.
    fn range_start<S: AsRef<str>>(
        &self,
        rows: &[S],
        start: &Target,
    ) -> Result<Vec<usize>, TargetError> {
        if start.is_current() {
            return self.rows(rows);
        }
        let below_base = || TargetError::StartsAtBase {
            target: start.to_string(),
        };
        let found = self.resolve(start, rows)?;
        found
            .into_iter()
            .map(|revision| revision.ok_or_else(below_base))
            .collect()
    }

    /// Those roots that lead to a branch.
    fn roots_below(
        &self,
        roots: &[usize],
        branch: usize,
        target: &Target,
    ) -> Result<Vec<usize>, TargetError> {
        let on_branch = self.ancestors_over_down(branch);
        let kept: Vec<usize> = roots
            .iter()
            .copied()
            .filter(|&root| on_branch[root])
            .collect();
        if kept.is_empty() {
            let branch = self.id(branch).to_owned();
            return Err(TargetError::BadDowngradeTarget {
                target: target.to_string(),
                branch,
                above: self.ids_of(roots),
            });
        }
        Ok(kept)
    }

    /// Refuses revisions of which one needs another.
    fn refuse_overlaps(&self, revisions: &[usize]) -> Result<(), TargetError> {
        let tops = self.maximal(revisions.iter().copied());
        let Some(&covered) = revisions
            .iter()
            .find(|revision| tops.binary_search(revision).is_err())
        else {
            return Ok(());
        };
        let over = self.descendants([covered]);
        let top = tops
            .into_iter()
            .find(|&top| over[top])
            .expect("what is not maximal is below what is");
        let below = self.ancestors([top]);
        let covers: Vec<usize> = revisions
            .iter()
            .copied()
            .filter(|&other| other != top && below[other])
            .collect();
        Err(TargetError::Overlaps {
            revision: self.id(top).to_owned(),
            covers: self.ids_of(&covers),
        })
    }

    fn plan<S: AsRef<str>>(
        &self,
        table: &[S],
        current: &[usize],
        direction: Direction,
        order: Vec<usize>,
    ) -> Result<Plan, TargetError> {
        let mut rows = Rows::new(self, current);
        let steps = order.into_iter().map(|revision| {
            let change = match direction {
                Direction::Up => rows.add(revision),
                Direction::Down => rows.remove(revision),
            };
            Step {
                revision,
                direction,
                change,
            }
        });
        let steps: Vec<Step> = steps.collect();
        if table.len() > current.len() {
            self.refuse_repeated(table, steps.iter().map(|step| &step.change))?;
        }
        let after = if steps.is_empty() {
            current.to_vec()
        } else {
            rows.now()
        };
        Ok(Plan {
            before: current.to_vec(),
            steps,
            after,
        })
    }

    /// Refuses to change a row that the table holds twice: an `UPDATE` or `DELETE` must hit exactly one.
    fn refuse_repeated<'c, S: AsRef<str>>(
        &self,
        table: &[S],
        changes: impl Iterator<Item = &'c Change>,
    ) -> Result<(), TargetError> {
        let mut times = std::collections::HashMap::new();
        for row in table {
            *times.entry(row.as_ref()).or_insert(0) += 1;
        }
        for gone in changes.flat_map(Change::gone) {
            if times.get(self.id(gone)).is_some_and(|&times| times > 1) {
                return Err(TargetError::RepeatedRow {
                    row: self.id(gone).to_owned(),
                });
            }
        }
        Ok(())
    }
}

fn subtract(from: &mut [bool], other: &[bool]) {
    from.iter_mut()
        .zip(other)
        .for_each(|(mark, other)| *mark &= !other);
}

fn intersect(into: &mut [bool], other: &[bool]) {
    into.iter_mut()
        .zip(other)
        .for_each(|(mark, other)| *mark &= other);
}
