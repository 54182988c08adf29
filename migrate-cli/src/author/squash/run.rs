//! Finds the revisions of a range, and tells whether they can become one.

use migrate_chain::target::Range;

use super::super::directory::Directory;
use super::super::failure::{CommandError, Result};

/// A linear run of revisions, as places in the chain, from the first to the last.
#[derive(Debug, PartialEq, Eq)]
pub struct LinearRange(pub Vec<usize>);

impl LinearRange {
    /// The run that a range `A:B` names; `A` may be left out or be `base`, and `B` left out for the head.
    ///
    /// # Errors
    /// The range means no run, or something in it cannot be squashed.
    pub fn find(directory: &Directory, range: &str) -> Result<Self> {
        let range: Range = range.parse()?;
        let last = directory.resolve_one(
            &range
                .end
                .map_or_else(|| "head".to_owned(), |end| end.to_string()),
        )?;
        let first = match range.start.map(|start| start.to_string()) {
            None => None,
            Some(base) if base == "base" => None,
            Some(start) => Some(directory.resolve_one(&start)?),
        };
        let run = Self(line(directory, first, last)?);
        run.refuse(directory)?;
        Ok(run)
    }

    /// The revision before the first one, which stays.
    pub fn parents<'d>(&self, directory: &'d Directory) -> &'d [usize] {
        directory.chain.graph.down(self.0[0])
    }

    pub fn last(&self) -> usize {
        self.0[self.0.len() - 1]
    }

    fn refuse(&self, directory: &Directory) -> Result<()> {
        let graph = &directory.chain.graph;
        if let [only] = *self.0 {
            return Err(CommandError::new(format!(
                "the range holds one revision, `{}`: there is nothing to squash",
                graph.id(only)
            ))
            .help("name the first and the last revision, as `A:B`"));
        }
        for &revision in &self.0 {
            if let Some(reason) = self.obstacle(directory, revision) {
                return Err(refused(graph.id(revision), &reason));
            }
        }
        let keys = |&revision: &usize| directory.revision(revision).keeps_foreign_keys();
        if self.0.iter().any(keys) && !self.0.iter().all(keys) {
            let odd = self
                .0
                .iter()
                .find(|revision| !keys(revision))
                .map(|&odd| graph.id(odd))
                .unwrap_or_default();
            return Err(refused(
                odd,
                "has `foreign_keys: off`, and others have not: one transaction cannot do both",
            ));
        }
        Ok(())
    }

    /// Why a revision cannot be part of a squash.
    fn obstacle(&self, directory: &Directory, revision: usize) -> Option<String> {
        let graph = &directory.chain.graph;
        let (is_first, is_last) = (revision == self.0[0], revision == self.last());
        let file = directory.revision(revision);
        let outside = |others: &[usize]| {
            others
                .iter()
                .find(|other| !self.0.contains(other))
                .map(|&other| graph.id(other).to_owned())
        };
        if file.is_rust() {
            Some("is Rust: code cannot be joined".to_owned())
        } else if !file.is_transactional() {
            Some("has `transaction: off`: it cannot run in one transaction with others".to_owned())
        } else if !is_first && graph.down(revision).len() > 1 {
            Some("is a merge point".to_owned())
        } else if let Some(child) = outside(graph.next(revision)).filter(|_| !is_last) {
            Some(format!("is a branch point: `{child}` is a child of it too"))
        } else {
            let user = outside(graph.all_next(revision)).filter(|_| !is_last)?;
            Some(format!("is what `{user}` depends on"))
        }
    }
}

fn refused(id: &str, reason: &str) -> CommandError {
    CommandError::new(format!("cannot squash: `{id}` {reason}"))
        .help("squash the revisions before it, or those after it")
}

/// The revisions from `first`, or from the base, up to `last`.
fn line(directory: &Directory, first: Option<usize>, last: usize) -> Result<Vec<usize>> {
    let graph = &directory.chain.graph;
    let mut line = vec![last];
    let mut at = last;
    while Some(at) != first {
        at = match *graph.down(at) {
            [] if first.is_none() => break,
            [parent] => parent,
            [] => return Err(not_below(directory, first, last)),
            _ if first.is_some_and(|first| !is_ancestor(directory, first, at)) => {
                return Err(not_below(directory, first, last));
            }
            _ => return Err(refused(graph.id(at), "is a merge point")),
        };
        line.push(at);
    }
    line.reverse();
    Ok(line)
}

fn not_below(directory: &Directory, first: Option<usize>, last: usize) -> CommandError {
    let id = |revision| directory.chain.graph.id(revision);
    let first = first.map_or("base", id);
    CommandError::new(format!("`{first}` is not an ancestor of `{}`", id(last)))
        .help("name the older revision first, as `A:B`")
}

fn is_ancestor(directory: &Directory, ancestor: usize, of: usize) -> bool {
    let graph = &directory.chain.graph;
    let mut seen = vec![false; graph.len()];
    let mut pending = vec![of];
    while let Some(revision) = pending.pop() {
        if !std::mem::replace(&mut seen[revision], true) {
            pending.extend(graph.down(revision));
        }
    }
    seen[ancestor]
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{Scene, table};
    use super::*;

    /// a1 <- b1 <- c1 <- d1 <- e1, and x1 on c1, depending on a1 where that is said.
    fn scene(x: &str) -> Scene {
        Scene::new(
            "heads = 'many'\n",
            &[
                table("a1", "none", ""),
                table("b1", "a1", ""),
                table("c1", "b1", ""),
                table("d1", "c1", ""),
                table("e1", "d1", ""),
                table("x1", "c1", x),
            ],
        )
    }

    fn ids(scene: &Scene, range: &str) -> Result<Vec<String>, String> {
        let directory = scene.open();
        let run = LinearRange::find(&directory, range)
            .map_err(|failure| failure.summary().into_owned())?;
        Ok(run
            .0
            .iter()
            .map(|&revision| directory.chain.graph.id(revision).to_owned())
            .collect())
    }

    #[test]
    fn a_range_names_all_between_its_ends() {
        let scene = scene("");
        for range in [":c1", "base:c1", "a1:c1"] {
            assert_eq!(
                ids(&scene, range).as_deref(),
                Ok(&["a1", "b1", "c1"].map(str::to_owned)[..]),
                "{range}"
            );
        }
        assert_eq!(
            ids(&scene, "d1:e1").as_deref(),
            Ok(&["d1", "e1"].map(str::to_owned)[..])
        );
    }

    #[test]
    fn what_cannot_be_squashed_is_named() {
        let scene = scene("-- depends_on: a1\n");
        for (range, message) in [
            (
                "b1:d1",
                "cannot squash: `c1` is a branch point: `x1` is a child of it too",
            ),
            ("a1:c1", "cannot squash: `a1` is what `x1` depends on"),
            (
                "b1:b1",
                "the range holds one revision, `b1`: there is nothing to squash",
            ),
            ("c1:b1", "`c1` is not an ancestor of `b1`"),
            ("x1:e1", "`x1` is not an ancestor of `e1`"),
            ("b1", "`b1` is not a target: a range is written"),
            ("b1:zz", "no revision or branch is called `zz`"),
        ] {
            let refused = ids(&scene, range).expect_err(range);
            assert!(refused.starts_with(message), "{range}: {refused}");
        }
    }

    #[test]
    fn merges_code_and_revisions_outside_a_transaction_are_refused() {
        let scene = Scene::new(
            "bases = 'many'\n",
            &[
                table("a1", "none", ""),
                table("a2", "none", ""),
                table("m1", "a1, a2", ""),
                table("n1", "m1", ""),
                table("o1", "n1", "-- transaction: off\n"),
                table("q1", "o1", "-- foreign_keys: off\n"),
                table("q2", "q1", ""),
                table("s1", "r1", ""),
            ],
        );
        scene.write(
            "versions/r1.rs",
            "//! revision: r1\n//! down_revision: q2\nfn upgrade() {}\n",
        );
        for (range, message) in [
            ("a1:n1", "cannot squash: `m1` is a merge point"),
            ("n1:o1", "cannot squash: `o1` has `transaction: off`"),
            ("q1:q2", "cannot squash: `q1` has `foreign_keys: off`"),
            ("q2:s1", "cannot squash: `r1` is Rust"),
        ] {
            let refused = ids(&scene, range).expect_err(range);
            assert!(refused.starts_with(message), "{range}: {refused}");
        }
        // A merge point may be the first: its parents stay.
        assert_eq!(
            ids(&scene, "m1:n1").as_deref(),
            Ok(&["m1", "n1"].map(str::to_owned)[..])
        );
    }
}
