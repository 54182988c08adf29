use super::resolve::Way;
use super::target::{Range, Target, TargetError};
use super::{intersect, order, subtract};
use crate::graph::{RevisionGraph, walk};

impl RevisionGraph {
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
}
