//! Plans: the revisions to run, their order, and the rows of the version table after each step.

mod order;
mod resolve;
mod rows;
mod stamp;
pub mod target;

use std::collections::HashMap;
use std::fmt;

use crate::graph::RevisionGraph;
use crate::graph::walk;
use resolve::Way;
pub use rows::Change;
use rows::Rows;
pub use stamp::{Stamp, StampStep};
use target::{Range, Target, TargetError};

/// Whether a revision is applied or undone.
///
/// ```
/// use migrate_chain::plan::Direction;
///
/// assert_eq!(Direction::Upgrade.to_string(), "upgrade");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// It is applied.
    Upgrade,
    /// It is undone.
    Downgrade,
}

impl Direction {
    /// `upgrade` or `downgrade`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Downgrade => "downgrade",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
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
    /// Its direction.
    pub direction: Direction,
    /// The change of the version table.
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
pub struct Route {
    before: Vec<usize>,
    steps: Vec<Step>,
    after: Vec<usize>,
}

impl Route {
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
        let mut span = self.ancestors(&upper);
        if let Some(&outside) = lower.iter().find(|&&revision| !span[revision]) {
            return Err(TargetError::NotAncestor {
                lower: self.id(outside).to_owned(),
                upper: self.ids_of(&upper),
            });
        }
        self.refuse_overlaps(&lower)?;
        subtract(&mut span, &self.ancestors(&lower));
        for &revision in &lower {
            span[revision] = true;
        }
        let mut listed = span.clone();
        if !lower.is_empty() {
            intersect(&mut listed, &walk::reach(&self.next, &lower));
        }
        let order = order::children_first(self, &span, &listed, &upper);
        if order.len() < listed.iter().filter(|&&listed| listed).count() {
            return Err(TargetError::NotAncestor {
                lower: start.to_string(),
                upper: self.ids_of(&upper),
            });
        }
        Ok(order)
    }

    /// The revisions that `current` shows: those applied that have no applied child, in loading order. A row also covers
    /// its dependencies, so there can be more of them than rows.
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
        let applied = self.ancestors(&self.rows(rows)?);
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
        changes: impl Iterator<Item = &'c Change>,
    ) -> Result<(), TargetError> {
        let mut times: HashMap<&str, usize> = HashMap::new();
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::graph::testing::{any_graph, graph};

    fn shown(graph: &RevisionGraph, plan: &Route) -> String {
        let order: Vec<&str> = plan
            .steps()
            .iter()
            .map(|step| graph.id(step.revision))
            .collect();
        format!(
            "{} -> {}",
            order.join(" "),
            graph.ids_of(plan.rows()).join(" ")
        )
    }

    fn up(graph: &RevisionGraph, rows: &[&str], target: &str) -> Result<String, TargetError> {
        Ok(shown(graph, &graph.upgrade(rows, &target.parse()?)?))
    }

    fn down(graph: &RevisionGraph, rows: &[&str], target: &str) -> Result<String, TargetError> {
        Ok(shown(graph, &graph.downgrade(rows, &target.parse()?)?))
    }

    // a <- b <- d
    // a <- c <- d <- e
    fn diamond() -> RevisionGraph {
        graph("a\n b < a\n c < a\n d < b c\n e < d")
    }

    #[test]
    fn a_diamond_goes_up_and_down() {
        let it = diamond();
        assert_eq!(up(&it, &[], "head"), Ok("a c b d e -> e".to_owned()));
        assert_eq!(up(&it, &["c"], "d"), Ok("b d -> d".to_owned()));
        assert_eq!(down(&it, &["e"], "a"), Ok("e d b c -> a".to_owned()));
        assert_eq!(down(&it, &["e"], "b@a"), Ok("e d b -> c".to_owned()));
        assert_eq!(
            down(&it, &["b", "c"], "-1").expect_err("two rows").kind(),
            "ambiguous_downgrade"
        );
        assert_eq!(
            down(&it, &["b"], "e").expect_err("not applied").kind(),
            "not_ancestor"
        );
        assert_eq!(down(&it, &["d"], "d"), Ok(" -> d".to_owned()));
        assert_eq!(down(&it, &["e"], "e@a"), Ok("e d b c -> a".to_owned()));
    }

    #[test]
    fn changes_are_differences() {
        let it = diamond();
        let plan = it
            .upgrade::<&str>(&[], &Target::heads())
            .expect("the head can be reached");
        let changes: Vec<&Change> = plan.steps().iter().map(|step| &step.change).collect();
        let change = |insert: &[usize], update, delete: &[usize]| Change {
            insert: insert.to_vec(),
            update,
            delete: delete.to_vec(),
        };
        let expected = [
            change(&[0], None, &[]),
            change(&[], Some((0, 2)), &[]),
            change(&[1], None, &[]),
            change(&[], Some((2, 3)), &[1]),
            change(&[], Some((3, 4)), &[]),
        ];
        assert!(changes.into_iter().eq(&expected));
    }

    // a <- b <- c, and b depends on y, whose parent is x
    #[test]
    fn dependents_go_down_with_what_they_need() {
        let it = graph("x\n y < x\n a\n b < a ~ y\n c < b");
        assert_eq!(up(&it, &[], "c"), Ok("x y a b c -> c".to_owned()));
        assert_eq!(down(&it, &["c"], "x"), Ok("c b y -> x a".to_owned()));
        assert_eq!(down(&it, &["c"], "y@base"), Ok("c b y x -> a".to_owned()));
    }

    // a <- b <- c   and c lists a too: an edge that says nothing new
    #[test]
    fn rows_stay_maximal_over_a_redundant_edge() {
        let it = graph("a\n b < a\n c < b a");
        let plan = it
            .downgrade(&["c"], &Target::base())
            .expect("all can be left");
        let rows: Vec<Vec<usize>> = (0..4).map(|steps| plan.rows_after(steps)).collect();
        assert_eq!(rows, [vec![2], vec![1], vec![0], vec![]]);
    }

    // a <- b <- c, and the table has a and c
    #[test]
    fn a_covered_row_is_refused_on_the_way_up_and_removed_on_the_way_down() {
        let it = graph("a\n b < a\n c < b\n d < c");
        assert_eq!(
            up(&it, &["c", "a"], "head").expect_err("c covers a").kind(),
            "overlaps"
        );
        let plan = it
            .downgrade(&["a", "c"], &"b".parse().expect("an id"))
            .expect("c can be left");
        assert_eq!(
            plan.steps()[0].change,
            Change {
                insert: vec![],
                update: Some((2, 1)),
                delete: vec![0]
            }
        );
        let plan = it
            .downgrade(&["a", "b"], &"a".parse().expect("an id"))
            .expect("b can be left");
        assert_eq!(
            plan.steps()[0].change,
            Change {
                insert: vec![],
                update: None,
                delete: vec![1]
            }
        );
    }

    // a, and x depends on a: downgrading to a cannot mean removing x, which is not a child of it
    #[test]
    fn a_dependency_is_nothing_to_go_down_to() {
        let it = graph("a\n x ~ a");
        let error = down(&it, &["x"], "a").expect_err("a has no applied child");
        assert_eq!(error.kind(), "not_ancestor");
        assert_eq!(
            error.to_string(),
            "no applied revision has `a` as parent: it is applied as a dependency of `x`; name a revision below the one to remove"
        );
    }

    #[test]
    fn bad_rows_are_named() {
        let it = graph("aaaa\n bbbb < aaaa");
        assert_eq!(
            up(&it, &["aaab"], "head").expect_err("unknown").to_string(),
            "the database is at revision `aaab`, which this chain does not have; did you mean `aaaa`?"
        );
        assert_eq!(
            up(&it, &["aaaa", "aaaa"], "head")
                .expect_err("twice")
                .kind(),
            "row_count"
        );
        assert_eq!(
            up(&it, &["bbbb", "bbbb"], "head"),
            Ok(" -> bbbb".to_owned())
        );
        assert_eq!(
            up(&it, &[""], "head").expect_err("empty").kind(),
            "not_found"
        );
    }

    // a <- b, and x depends on a: two heads over down, one of them covered
    #[test]
    fn a_dependency_covers_its_head() {
        let it = graph("a\n x ~ a");
        assert_eq!(it.check_heads(&["x"]), Ok(vec![]));
        assert_eq!(it.check_heads(&["a"]), Ok(vec![1]));
        assert_eq!(it.check_heads::<&str>(&[]), Ok(vec![0, 1]));
        assert_eq!(it.current(&["x"]), Ok(vec![0, 1]));
    }

    #[test]
    fn an_empty_graph_has_empty_plans() {
        let it = graph("");
        for target in ["head", "heads", "base"] {
            assert_eq!(up(&it, &[], target), Ok(" -> ".to_owned()));
            assert_eq!(down(&it, &[], target), Ok(" -> ".to_owned()));
        }
        assert_eq!(it.history::<&str>(&[], &Range::default()), Ok(vec![]));
        assert!(up(&it, &[], "+1").is_err() && down(&it, &[], "-1").is_err());
    }

    // a <- b <- c
    //      b <- d
    #[test]
    fn history_lists_a_range_with_both_ends() {
        let it = graph("a\n b < a\n c < b\n d < b");
        let listed = |rows: &[&str], range: &str| {
            let range = range.parse().expect("a range");
            it.history(rows, &range)
                .map(|found| it.ids_of(&found).join(" "))
        };
        assert_eq!(listed(&[], ":"), Ok("c d b a".to_owned()));
        assert_eq!(listed(&[], "b:"), Ok("c d b".to_owned()));
        assert_eq!(listed(&[], ":c"), Ok("c b a".to_owned()));
        assert_eq!(listed(&["c"], "a:current"), Ok("c b a".to_owned()));
        assert_eq!(listed(&["a"], "current:+1"), Ok("b a".to_owned()));
        assert_eq!(
            listed(&[], "c:d").expect_err("not below").kind(),
            "not_ancestor"
        );
        assert_eq!(
            listed(&[], "-5:").expect_err("below the base").kind(),
            "not_ancestor"
        );
    }

    proptest! {
        #[test]
        fn an_upgrade_adds_what_is_missing_and_the_way_back_empties(
            text in any_graph(24),
            (current, goal) in any::<(prop::sample::Index, prop::sample::Index)>(),
        ) {
            let it = graph(&text);
            let (current, goal) = (current.index(it.len()), goal.index(it.len()));
            let rows = [it.id(current)];
            let plan = it.upgrade(&rows, &it.id(goal).parse().expect("an id")).expect("any revision can be reached");
            let mut missing = it.ancestors(&[goal]);
            subtract(&mut missing, &it.ancestors(&[current]));
            let order: Vec<usize> = plan.steps().iter().map(|step| step.revision).collect();
            prop_assert!(order.iter().copied().collect::<BTreeSet<_>>().into_iter().eq(walk::marked(&missing)));
            follow(&it, &plan)?;
            let back = it.downgrade(&it.ids_of(plan.rows()), &Target::base()).expect("all can be left");
            follow(&it, &back)?;
            prop_assert!(back.rows().is_empty());
        }

        #[test]
        fn a_downgrade_removes_what_stands_on_the_target(
            text in any_graph(24),
            floor in any::<prop::sample::Index>(),
        ) {
            let it = graph(&text);
            let floor = floor.index(it.len());
            let rows = it.ids_of(it.real_heads());
            let target = it.id(floor).parse().expect("an id");
            if it.is_head(floor) && !it.is_real_head(floor) {
                let error = it.downgrade(&rows, &target).expect_err("it has no applied child");
                prop_assert_eq!(error.kind(), "not_ancestor");
                return Ok(());
            }
            let plan = it.downgrade(&rows, &target).expect("everything is applied");
            follow(&it, &plan)?;
            let mut left = vec![true; it.len()];
            subtract(&mut left, &it.descendants(it.next(floor)));
            let now = it.ancestors(plan.rows());
            prop_assert_eq!(now, left);
        }

        #[test]
        fn a_stamp_leaves_maximal_rows(
            text in any_graph(16),
            (rows, stamped) in any::<([prop::sample::Index; 3], [prop::sample::Index; 3])>(),
        ) {
            let it = graph(&text);
            let rows = it.maximal(&rows.map(|index| index.index(it.len())));
            let targets = stamped.map(|index| it.id(index.index(it.len())).parse().expect("an id"));
            let stamp = it.stamp(&it.ids_of(&rows), &targets, false).expect("any revision can be stamped");
            prop_assert_eq!(&it.maximal(&stamp.rows), &stamp.rows);
            let last = it.find(&targets[2].to_string()).expect("it was drawn from the graph");
            prop_assert!(it.ancestors(&stamp.rows)[last]);
        }
    }

    /// Takes the steps one by one: each must be possible, and the rows are those of what is applied, computed anew.
    fn follow(graph: &RevisionGraph, plan: &Route) -> Result<(), TestCaseError> {
        let mut applied = graph.ancestors(plan.rows_before());
        let mut rows: BTreeSet<usize> = plan.rows_before().iter().copied().collect();
        for step in plan.steps() {
            let up = step.direction == Direction::Upgrade;
            let all = if up {
                graph.all(step.revision)
            } else {
                graph.all_next(step.revision)
            };
            prop_assert!(all.iter().all(|&other| applied[other] == up));
            prop_assert_eq!(std::mem::replace(&mut applied[step.revision], up), !up);
            step.change.apply(&mut rows);
            let is_row = |&row: &usize| !graph.all_next(row).iter().any(|&user| applied[user]);
            prop_assert!(
                rows.iter()
                    .copied()
                    .eq(walk::marked(&applied).into_iter().filter(is_row))
            );
        }
        prop_assert!(rows.iter().eq(plan.rows()));
        Ok(())
    }
}
