use std::fmt;

use super::rows::RowChange;

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
    pub change: RowChange,
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
    pub(super) before: Vec<usize>,
    pub(super) steps: Vec<Step>,
    pub(super) after: Vec<usize>,
}

impl Route {
    /// The steps, in the order in which they run.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// The rows of the version table before the first step, in loading order.
    pub fn rows_before(&self) -> &[usize] {
        &self.before
    }

    /// The rows after the last step, in loading order.
    pub fn rows(&self) -> &[usize] {
        &self.after
    }

    /// The rows after this many steps, in loading order. It costs as much as the steps before: to see the rows after
    /// every step, apply each [`RowChange`] to the rows before it.
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
