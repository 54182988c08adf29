//! Plans: the revisions to run, their order, and the rows of the version table after each step.

mod history;
mod order;
mod resolve;
mod route;
mod rows;
mod stamp;
pub mod target;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::graph::RevisionGraph;
use resolve::Way;
pub use route::{Direction, Route, Step};
pub use rows::RowChange;
use rows::Rows;
pub use stamp::{Stamp, StampStep};
use target::{Target, TargetError};

impl RevisionGraph {
    /// Plans the way up to a target from the rows of a version table.
    ///
    /// For an offline range `a:b` the rows are those of [`rows_at`](Self::rows_at) `a`.
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
    pub fn upgrade<S: AsRef<str>>(
        &self,
        rows: &[S],
        target: &Target,
    ) -> Result<Route, TargetError> {
        let goals = self.goals(target, rows, Way::Exact)?;
        self.refuse_overlaps(&goals)?;
        let current = self.rows(rows)?;
        self.refuse_overlaps(&current)?;
        let applied = self.ancestors(&current);
        let mut needed = self.ancestors(&goals);
        subtract(&mut needed, &applied);
        let mut order = order::children_first(self, &needed, &needed, &goals);
        order.reverse();
        self.plan(rows, &current, Direction::Upgrade, order)
    }

    /// The rows of a database that is at a target: where an offline range starts.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    /// use migrate_chain::target::Range;
    ///
    /// let graph = RevisionGraph::new(&[Node::new("a1"), Node::new("b2").down(["a1"])]).expect("a valid chain");
    /// let range: Range = "a1:head".parse()?;
    /// let rows = graph.rows_at(&range.start.expect("a start"))?;
    /// assert_eq!(rows, ["a1"]);
    /// assert_eq!(graph.upgrade(&rows, &range.end.expect("an end"))?.rows(), [1]);
    /// assert!(graph.rows_at(&"base".parse()?)?.is_empty());
    /// # Ok::<_, migrate_chain::target::TargetError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns why the target means nothing, or not one thing.
    pub fn rows_at(&self, target: &Target) -> Result<Vec<&str>, TargetError> {
        let found = self.resolve::<&str>(target, &[])?;
        let found: Vec<usize> = found.into_iter().flatten().collect();
        let rows = self.maximal(&found);
        Ok(rows.into_iter().map(|row| self.id(row)).collect())
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
    ) -> Result<Route, TargetError> {
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
        let applied = self.ancestors(&current);
        let mut removed = self.descendants(&roots);
        intersect(&mut removed, &applied);
        if let Some(revision) = floor.revision
            && !removed.contains(&true)
            && !current.contains(&revision)
        {
            return Err(self.nothing_to_remove(revision, &current, &applied));
        }
        let order = order::children_first(self, &removed, &removed, &current);
        self.plan(rows, &current, Direction::Downgrade, order)
    }

    /// The reason why a downgrade to a revision without a row would remove nothing.
    fn nothing_to_remove(&self, revision: usize, rows: &[usize], applied: &[bool]) -> TargetError {
        let lower = self.id(revision).to_owned();
        if applied[revision] {
            let users = self
                .all_next(revision)
                .iter()
                .copied()
                .filter(|&user| applied[user]);
            let users: Vec<usize> = users.collect();
            return TargetError::NothingAbove {
                revision: lower,
                users: self.ids_of(&users),
            };
        }
        TargetError::NotAncestor {
            lower,
            upper: self.ids_of(rows),
        }
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
        let tops = self.maximal(revisions);
        let Some(&covered) = revisions
            .iter()
            .find(|revision| tops.binary_search(revision).is_err())
        else {
            return Ok(());
        };
        let over = self.descendants(&[covered]);
        let top = tops
            .into_iter()
            .find(|&top| over[top])
            .expect("what is not maximal is below what is");
        let below = self.ancestors(&[top]);
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
    ) -> Result<Route, TargetError> {
        let mut rows = Rows::new(self, current);
        let steps = order.into_iter().map(|revision| {
            let change = match direction {
                Direction::Upgrade => rows.add(revision),
                Direction::Downgrade => rows.remove(revision),
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
        Ok(Route {
            before: current.to_vec(),
            steps,
            after,
        })
    }

    /// Refuses to change a row that the table holds twice: an `UPDATE` or `DELETE` must hit exactly one.
    fn refuse_repeated<'c, S: AsRef<str>>(
        &self,
        table: &[S],
        changes: impl Iterator<Item = &'c RowChange>,
    ) -> Result<(), TargetError> {
        let mut times: HashMap<&str, usize> = HashMap::new();
        for row in table {
            *times.entry(row.as_ref()).or_insert(0) += 1;
        }
        for gone in changes.flat_map(RowChange::gone) {
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
