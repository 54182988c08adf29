use std::collections::HashMap;

use super::target::{Anchor, Steps, Target, TargetError};
use crate::graph::RevisionGraph;
use crate::graph::walk;
use crate::revision::names::RESERVED;
use crate::suggest::nearest_name;

/// How far a walk may fall short.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Every step must be there.
    Exact,
    /// The walk ends where the graph does.
    Clipped,
}

/// The lower end of a downgrade.
pub struct Floor {
    /// The branch that the downgrade keeps to.
    pub branch: Option<usize>,
    /// The revision that stays; none for the base.
    pub revision: Option<usize>,
}

impl RevisionGraph {
    /// The revisions that a target means on its own; `None` is the place below every base.
    ///
    /// `base` means no revision at all. `-N` and `B@-N` count from the real heads, kept to those that carry the label
    /// `B`; other steps are not allowed here, as they need a database or a direction.
    ///
    /// ```
    /// use migrate_chain::graph::{Node, RevisionGraph};
    ///
    /// let nodes = [Node::new("a1"), Node::new("b2").down(["a1"]), Node::new("c3").down(["a1"])];
    /// let graph = RevisionGraph::new(&nodes).expect("a valid chain");
    /// let meaning = |text: &str| graph.resolve::<&str>(&text.parse()?, &[]);
    /// assert_eq!(meaning("heads"), Ok(vec![Some(1), Some(2)]));
    /// assert_eq!(meaning("-1"), Ok(vec![Some(0), Some(0)]));
    /// assert_eq!(meaning("base"), Ok(vec![]));
    /// assert_eq!(meaning("head").expect_err("there are two").kind(), "multiple_heads");
    /// ```
    ///
    /// # Errors
    ///
    /// Returns why the target means nothing, or not one thing.
    pub fn resolve<S: AsRef<str>>(
        &self,
        target: &Target,
        rows: &[S],
    ) -> Result<Vec<Option<usize>>, TargetError> {
        match target.steps {
            None => Ok(self.absolute(target, rows)?.into_iter().map(Some).collect()),
            Some(Steps { up: false, count }) if target.anchor == Anchor::Here && count > 0 => {
                self.back_from_heads(target, count)
            }
            Some(_) => Err(TargetError::Relative {
                target: target.text.clone(),
            }),
        }
    }

    /// The revisions that an upgrade goes to.
    pub(crate) fn goals<S: AsRef<str>>(
        &self,
        target: &Target,
        rows: &[S],
        way: Way,
    ) -> Result<Vec<usize>, TargetError> {
        let Some(Steps { up, count }) = target.steps else {
            return self.absolute(target, rows);
        };
        let branch = self.branch_of(target)?;
        let reached = if target.anchor == Anchor::Here {
            if !up || count == 0 {
                return Err(TargetError::WrongWay {
                    target: target.text.clone(),
                    is_upgrade: true,
                });
            }
            let start = self.upgrade_start(target, branch, rows)?;
            self.walk_up(target, start, count, branch, way)?
        } else if up && count > 0 {
            let start = self.anchor(target, None, rows)?;
            self.walk_up(target, start, count, branch, way)?
        } else {
            let start = self.anchor(target, branch, rows)?;
            self.walk_down(target, start, count, way)?
        };
        // Below the base there is nothing to upgrade to.
        reached
            .map(|revision| vec![revision])
            .ok_or_else(|| self.out_of_range(target, None, 0))
    }

    /// The lower end of a downgrade.
    pub(crate) fn floor<S: AsRef<str>>(
        &self,
        target: &Target,
        rows: &[S],
    ) -> Result<Floor, TargetError> {
        let branch = self.branch_of(target)?;
        let Some(Steps { up, count }) = target.steps else {
            // As in Alembic the branch chooses what is removed, not which revision is meant.
            return Ok(Floor {
                branch,
                revision: self.anchor(target, None, rows)?,
            });
        };
        if target.anchor == Anchor::Here {
            if up || count == 0 {
                return Err(TargetError::WrongWay {
                    target: target.text.clone(),
                    is_upgrade: false,
                });
            }
            let start = self.downgrade_start(target, branch, rows)?;
            let revision = self.walk_down(target, Some(start), count, Way::Exact)?;
            return Ok(Floor {
                branch: Some(branch.unwrap_or(start)),
                revision,
            });
        }
        let revision = if up || count == 0 {
            let start = self.anchor(target, None, rows)?;
            self.walk_up(target, start, count, branch, Way::Exact)?
        } else {
            let start = self.anchor(target, branch, rows)?;
            self.walk_down(target, start, count, Way::Exact)?
        };
        Ok(Floor { branch, revision })
    }

    /// The rows of the version table, each once, in loading order.
    pub(crate) fn rows<S: AsRef<str>>(&self, rows: &[S]) -> Result<Vec<usize>, TargetError> {
        let mut found = rows
            .iter()
            .map(|row| self.row(row.as_ref()))
            .collect::<Result<Vec<_>, _>>()?;
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    fn row(&self, row: &str) -> Result<usize, TargetError> {
        self.find(row).ok_or_else(|| {
            let ids: Vec<&str> = (0..self.len()).map(|revision| self.id(revision)).collect();
            TargetError::UnknownRow {
                row: row.to_owned(),
                nearest: nearest_name(row, &ids),
            }
        })
    }

    /// The branch label or id before `@`.
    pub(crate) fn branch_of(&self, target: &Target) -> Result<Option<usize>, TargetError> {
        let branch = target.branch.as_deref();
        let branch = branch.map(|name| self.lookup(name, None)).transpose();
        branch.map_err(|error| match error {
            TargetError::UnknownRevision { name, nearest }
                if matches!(target.anchor, Anchor::Name(_)) =>
            {
                TargetError::UnknownBranch { name, nearest }
            }
            other => other,
        })
    }

    /// The revisions of a target without steps.
    fn absolute<S: AsRef<str>>(
        &self,
        target: &Target,
        rows: &[S],
    ) -> Result<Vec<usize>, TargetError> {
        let branch = self.branch_of(target)?;
        match &target.anchor {
            Anchor::Base => Ok(Vec::new()),
            Anchor::Heads => Ok(self.all_heads(branch)),
            Anchor::Current => self.current_on(branch, rows),
            _ => Ok(self.anchor(target, branch, rows)?.into_iter().collect()),
        }
    }

    /// The one revision that the part of a target before its steps means; none for the base.
    fn anchor<S: AsRef<str>>(
        &self,
        target: &Target,
        branch: Option<usize>,
        rows: &[S],
    ) -> Result<Option<usize>, TargetError> {
        let several = match &target.anchor {
            Anchor::Name(name) => return self.on_branch(name, target, branch).map(Some),
            Anchor::Here | Anchor::Base => return Ok(None),
            Anchor::Head => self.heads_on(branch),
            Anchor::Heads => self.all_heads(branch),
            Anchor::Current => {
                let rows = self.current_on(branch, rows)?;
                return match rows[..] {
                    [] if branch.is_some() => Err(TargetError::NothingCurrent {
                        target: target.text.clone(),
                    }),
                    [] => Ok(None),
                    [row] => Ok(Some(row)),
                    _ => Err(TargetError::AmbiguousUpgrade {
                        target: target.text.clone(),
                        rows: self.ids_of(&rows),
                    }),
                };
            }
        };
        match several[..] {
            [] => Ok(None),
            [head] => Ok(Some(head)),
            _ => Err(self.multiple_heads(target, &several)),
        }
    }

    /// The revision of a name, which must share the lineage of the branch.
    fn on_branch(
        &self,
        name: &str,
        target: &Target,
        branch: Option<usize>,
    ) -> Result<usize, TargetError> {
        let lineage = branch.map(|branch| self.lineage(branch));
        let revision = self.lookup(name, lineage.as_deref())?;
        if lineage.is_some_and(|lineage| !lineage[revision]) {
            let branch = target.branch.clone().unwrap_or_default();
            return Err(TargetError::NotOnBranch {
                revision: self.id(revision).to_owned(),
                branch,
            });
        }
        Ok(revision)
    }

    /// The revision with this id or label, or the one whose id or label starts like that, looked for on a lineage.
    fn lookup(&self, name: &str, lineage: Option<&[bool]>) -> Result<usize, TargetError> {
        if let Some(revision) = self.find_name(name) {
            return Ok(revision);
        }
        // As in Alembic a name of up to three characters is only found in full.
        let mut found: Vec<(&str, usize)> = self
            .names()
            .filter(|&(known, revision)| {
                known.len() > 3 && known.starts_with(name) && lineage.is_none_or(|on| on[revision])
            })
            .collect();
        found.sort_unstable();
        match found[..] {
            [] => {
                let mut known = RESERVED.to_vec();
                known.extend(self.names().map(|(known, _)| known));
                Err(TargetError::UnknownRevision {
                    name: name.to_owned(),
                    nearest: nearest_name(name, &known),
                })
            }
            [(_, revision)] => Ok(revision),
            _ => {
                let candidates = found.iter().map(|&(known, _)| known.to_owned()).collect();
                Err(TargetError::AmbiguousPrefix {
                    prefix: name.to_owned(),
                    candidates,
                })
            }
        }
    }

    /// The heads on the lineage of a branch.
    fn heads_on(&self, branch: Option<usize>) -> Vec<usize> {
        match branch {
            Some(branch) => kept(self.heads(), &self.lineage(branch)),
            None => self.heads().to_vec(),
        }
    }

    /// The revisions of `heads`: as in Alembic the real heads, and on a branch its heads.
    fn all_heads(&self, branch: Option<usize>) -> Vec<usize> {
        if branch.is_some() {
            self.heads_on(branch)
        } else {
            self.real_heads().to_vec()
        }
    }

    fn current_on<S: AsRef<str>>(
        &self,
        branch: Option<usize>,
        rows: &[S],
    ) -> Result<Vec<usize>, TargetError> {
        let rows = self.rows(rows)?;
        Ok(branch.map_or(rows.clone(), |branch| kept(&rows, &self.lineage(branch))))
    }

    /// The start of `+N`: the current row, on a branch the tip of what is applied there, or the base.
    fn upgrade_start<S: AsRef<str>>(
        &self,
        target: &Target,
        branch: Option<usize>,
        rows: &[S],
    ) -> Result<Option<usize>, TargetError> {
        let rows = self.rows(rows)?;
        let starts = branch.map_or(rows.clone(), |branch| self.applied_on(branch, &rows));
        match starts[..] {
            [] => Ok(None),
            [start] => Ok(Some(start)),
            _ => Err(TargetError::AmbiguousUpgrade {
                target: target.text.clone(),
                rows: self.ids_of(&starts),
            }),
        }
    }

    /// The rows on a branch, or else the tips of what is applied there.
    fn applied_on(&self, branch: usize, rows: &[usize]) -> Vec<usize> {
        let lineage = self.lineage(branch);
        let on_branch = kept(rows, &lineage);
        if !on_branch.is_empty() {
            return on_branch;
        }
        let applied = self.ancestors(rows);
        let active: Vec<bool> = applied
            .iter()
            .zip(&lineage)
            .map(|(applied, on)| *applied && *on)
            .collect();
        walk::tips(&active, &self.normal_next)
    }

    /// The start of `-N`: the current row, or on a branch the newest that is applied there.
    fn downgrade_start<S: AsRef<str>>(
        &self,
        target: &Target,
        branch: Option<usize>,
        rows: &[S],
    ) -> Result<usize, TargetError> {
        let rows = self.rows(rows)?;
        let starts = match branch {
            None => rows,
            Some(branch) => {
                let lineage = self.lineage(branch);
                let on_branch = kept(&rows, &lineage);
                if on_branch.is_empty() {
                    kept(&self.branch_tips(&rows), &lineage)
                } else {
                    on_branch
                }
            }
        };
        match starts[..] {
            [] => Err(TargetError::NothingCurrent {
                target: target.text.clone(),
            }),
            [start] => Ok(start),
            _ => Err(TargetError::AmbiguousDowngrade {
                target: target.text.clone(),
                rows: self.ids_of(&starts),
            }),
        }
    }

    /// The applied revisions, down to the revisions that no applied revision has as its parent.
    pub(crate) fn branch_tips(&self, rows: &[usize]) -> Vec<usize> {
        walk::tips(&self.ancestors(rows), &self.next)
    }

    fn back_from_heads(
        &self,
        target: &Target,
        count: usize,
    ) -> Result<Vec<Option<usize>>, TargetError> {
        let mut heads = self.real_heads().to_vec();
        if let Some(branch) = &target.branch {
            self.branch_of(target)?;
            heads.retain(|&head| self.labels(head).contains(&branch.as_str()));
        }
        heads
            .into_iter()
            .map(|head| self.walk_down(target, Some(head), count, Way::Clipped))
            .collect()
    }

    /// Follows `next` for a number of steps; none is the base. Where no step is asked for, it stays.
    fn walk_up(
        &self,
        target: &Target,
        start: Option<usize>,
        count: usize,
        branch: Option<usize>,
        way: Way,
    ) -> Result<Option<usize>, TargetError> {
        let lineage = branch.map(|branch| self.lineage(branch));
        let mut at = start;
        for done in 0..count {
            let ways = at.map_or(self.bases(), |revision| self.next(revision));
            let ways = lineage
                .as_deref()
                .map_or(ways.to_vec(), |lineage| kept(ways, lineage));
            at = match ways[..] {
                [] if way == Way::Clipped => return Ok(at),
                [] => return Err(self.out_of_range(target, start, done)),
                [one] => Some(one),
                _ => return Err(self.ambiguous_walk(target, at, &ways)),
            };
        }
        Ok(at)
    }

    /// Follows `down` for a number of steps; none is the base.
    fn walk_down(
        &self,
        target: &Target,
        start: Option<usize>,
        count: usize,
        way: Way,
    ) -> Result<Option<usize>, TargetError> {
        let mut at = start;
        for done in 0..count {
            at = match at.map(|revision| self.down(revision)) {
                None if way == Way::Clipped => return Ok(None),
                None => return Err(self.out_of_range(target, start, done)),
                Some([]) => None,
                Some(&[parent]) => Some(parent),
                Some(parents) => return Err(self.ambiguous_walk(target, at, parents)),
            };
        }
        Ok(at)
    }

    fn out_of_range(&self, target: &Target, from: Option<usize>, possible: usize) -> TargetError {
        TargetError::OutOfRange {
            target: target.text.clone(),
            from: from.map(|revision| self.id(revision).to_owned()),
            from_current: target.anchor == Anchor::Here,
            possible,
        }
    }

    fn ambiguous_walk(&self, target: &Target, at: Option<usize>, choices: &[usize]) -> TargetError {
        TargetError::AmbiguousWalk {
            target: target.text.clone(),
            at: at.map(|revision| self.id(revision).to_owned()),
            choices: self.ids_of(choices),
        }
    }

    fn multiple_heads(&self, target: &Target, heads: &[usize]) -> TargetError {
        let labels: Vec<Vec<&str>> = heads.iter().map(|&head| self.labels(head)).collect();
        let mut uses: HashMap<&str, usize> = HashMap::new();
        for label in labels.iter().flatten() {
            *uses.entry(*label).or_insert(0) += 1;
        }
        let named = heads.iter().zip(&labels).map(|(&head, labels)| {
            let own = labels.iter().find(|&&label| uses[label] == 1);
            let id = self.id(head).to_owned();
            let hint = own.map_or(id.clone(), |label| format!("{label}@head"));
            (id, hint)
        });
        TargetError::MultipleHeads {
            target: target.text.clone(),
            heads: named.collect(),
        }
    }

    /// The ids of revisions.
    pub(crate) fn ids_of(&self, revisions: &[usize]) -> Vec<String> {
        revisions
            .iter()
            .map(|&revision| self.id(revision).to_owned())
            .collect()
    }
}

fn kept(revisions: &[usize], on: &[bool]) -> Vec<usize> {
    revisions
        .iter()
        .copied()
        .filter(|&revision| on[revision])
        .collect()
}
