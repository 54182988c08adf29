//! `cargo migrate rebase`: moves a branch that no database has applied on top of a head.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::directory::Directory;
use super::failure::{self, CommandError, Result};
use super::{files, header_edit, touch, version_rows};

/// Move an unapplied branch on top of another head, so that no merge is needed
#[derive(Args, Debug)]
#[command(
    long_about = "Move an unapplied branch on top of another head, so that no merge is needed

The whole branch moves, from where it leaves the history of the new parent: one `down_revision` is changed in one
file, and nothing else. A database that has applied the branch would not know it any more, and so a branch that is
applied in the connected database is refused.",
    after_help = "\
Example:
  cargo migrate rebase 27c6a30d7c24 --onto ae1027a6acf4"
)]
pub struct Rebase {
    /// A revision of the branch to move, such as its head
    #[arg(value_name = "REV")]
    revision: String,

    /// The head to move it on top of
    #[arg(long, value_name = "HEAD")]
    onto: String,

    /// Do not ask the database whether it has applied the branch
    #[arg(long)]
    offline: bool,
}

/// A branch that has been moved, or stood there before.
#[derive(Debug, Serialize)]
pub struct Rebased {
    /// The first revision of the branch.
    #[serde(rename = "revision")]
    pub id: String,
    /// Its parents before; none for a base.
    pub from: Vec<String>,
    /// Its parent now.
    pub onto: String,
    /// The revisions that moved with it, it included.
    pub moved: usize,
    /// Its file.
    pub path: PathBuf,
    /// Whether the file was changed: not where it stood there before.
    #[serde(rename = "changed")]
    pub is_changed: bool,
}

/// A move that has been found to make sense, and not been made.
struct Move {
    /// The first revision of the branch.
    root: usize,
    /// The new parent.
    onto: usize,
    /// The revisions of the branch.
    branch: Vec<usize>,
}

impl Rebase {
    /// Moves the branch, unless the database of `url` has applied it; gives back whether one was asked.
    ///
    /// # Errors
    /// The move makes no sense, the branch is applied, or the database does not answer.
    pub async fn run(&self, directory: &Directory, url: Option<&str>) -> Result<(Rebased, bool)> {
        let planned = self.plan(directory)?;
        let url = url.filter(|_| !self.offline);
        if let Some(url) = url {
            let rows = version_rows::read(directory, url).await.map_err(|failure| {
                failure
                    .note("nothing was changed: the database has to say whether it has applied the branch")
                    .help("name the right database, or pass --offline if it has not")
            })?;
            planned.refuse_applied(directory, &rows)?;
        }
        Ok((planned.write(directory)?, url.is_some()))
    }

    /// Finds the branch.
    ///
    /// # Errors
    /// The targets are wrong, or the branch does not begin in one revision.
    fn plan(&self, directory: &Directory) -> Result<Move> {
        let graph = &directory.chain.graph;
        let (revision, onto) = (
            directory.resolve_one(&self.revision)?,
            directory.resolve_one(&self.onto)?,
        );
        let below = ancestors(directory, onto);
        let own = ancestors(directory, revision);
        let branch: Vec<usize> = (0..graph.len()).filter(|&n| own[n] && !below[n]).collect();
        let begins = |&&n: &&usize| !graph.down(n).iter().any(|parent| branch.contains(parent));
        let roots: Vec<usize> = branch.iter().filter(begins).copied().collect();
        match *roots {
            [root] if !graph.is_head(onto) && graph.down(root) != [onto] => Err(CommandError::new(
                format!("`{}` is not a head", graph.id(onto)),
            )
            .note(format!(
                "`{}` is a child of it already",
                graph.id(graph.next(onto)[0])
            ))
            .help("name a head: `cargo migrate heads` lists them")),
            [root] => Ok(Move { root, onto, branch }),
            [] => Err(CommandError::new(format!(
                "`{}` is part of the history of `{}`: there is nothing to move",
                graph.id(revision),
                graph.id(onto)
            ))
            .help("name the head of the other branch")),
            _ => {
                let ids: Vec<&str> = roots.iter().map(|&root| graph.id(root)).collect();
                Err(CommandError::new(format!(
                    "the branch of `{}` begins in {} revisions: {}",
                    graph.id(revision),
                    ids.len(),
                    ids.join(", ")
                ))
                .help("move each of them by itself"))
            }
        }
    }
}

impl Move {
    /// Refuses a branch that a database with these version rows has applied.
    fn refuse_applied(&self, directory: &Directory, rows: &[String]) -> Result<()> {
        let graph = &directory.chain.graph;
        let known = graph.find_all(rows.iter().map(String::as_str));
        let is_applied =
            |revision: &&usize| known.iter().any(|&row| under(directory, row)[**revision]);
        match self.branch.iter().find(is_applied) {
            None => Ok(()),
            Some(&revision) => Err(CommandError::new(format!("`{}` is applied in the database; nothing was changed", graph.id(revision)))
                .note("an applied revision keeps its parent, or databases would disagree about the history")
                .help("downgrade the branch first, or join the heads with `cargo migrate merge heads`")),
        }
    }

    /// Changes the one line.
    fn write(&self, directory: &Directory) -> Result<Rebased> {
        let graph = &directory.chain.graph;
        let revision = directory.revision(self.root);
        let (id, onto) = (revision.id(), graph.id(self.onto));
        let path = directory.path(revision.file());
        let is_changed = graph.down(self.root) != [self.onto];
        if is_changed {
            let changed = header_edit::with_parents(revision.text(), revision.is_rust(), onto)
                .ok_or_else(|| {
                    CommandError::new(format!("{} has no line `down_revision: …`", path.display()))
                })?;
            let after = directory.check(
                &directory.overlay().with(revision.file(), &changed),
                &format!("`{id}` on top of `{onto}`"),
            )?;
            debug_assert!(
                after
                    .graph
                    .find(id)
                    .is_some_and(|root| after.graph.down(root).len() == 1)
            );
            files::replace(&path, &changed)
                .map_err(|error| failure::file("write", &path, &error))?;
            touch::touch(directory);
        }
        Ok(Rebased {
            id: id.to_owned(),
            from: revision.down_revision().map(str::to_owned).collect(),
            onto: onto.to_owned(),
            moved: self.branch.len(),
            path,
            is_changed,
        })
    }
}

/// The ancestors of a revision over `down_revision`, itself included.
fn ancestors(directory: &Directory, revision: usize) -> Vec<bool> {
    reach(revision, directory.chain.graph.len(), |n| {
        directory.chain.graph.down(n)
    })
}

/// All that a revision needs, itself included.
fn under(directory: &Directory, revision: usize) -> Vec<bool> {
    reach(revision, directory.chain.graph.len(), |n| {
        directory.chain.graph.all(n)
    })
}

fn reach<'g>(from: usize, len: usize, edges: impl Fn(usize) -> &'g [usize]) -> Vec<bool> {
    let mut reached = vec![false; len];
    let mut pending = vec![from];
    while let Some(revision) = pending.pop() {
        if !std::mem::replace(&mut reached[revision], true) {
            pending.extend(edges(revision));
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, table};
    use super::*;

    /// a1 <- b1 <- c1
    /// a1 <- x1 <- y1
    fn scene() -> Scene {
        Scene::new(
            "",
            &[
                table("a1", "none", ""),
                table("b1", "a1", ""),
                table("c1", "b1", ""),
                table("x1", "a1", "-- branch_labels: side\n"),
                table("y1", "x1", ""),
            ],
        )
    }

    fn rebase(scene: &Scene, revision: &str, onto: &str) -> Result<Rebased, String> {
        let command = Rebase {
            revision: revision.to_owned(),
            onto: onto.to_owned(),
            offline: true,
        };
        let directory = scene.open();
        let planned = command
            .plan(&directory)
            .and_then(|planned| planned.write(&directory));
        planned.map_err(|failure| failure.summary().into_owned())
    }

    #[test]
    fn the_branch_moves_as_a_whole_by_one_line() {
        for name in ["y1", "x1", "side", "side@head"] {
            let scene = scene();
            let before = scene.read("versions/x1.sql");
            let moved = rebase(&scene, name, "c1").expect(name);
            assert_eq!(
                (&*moved.id, &*moved.onto, moved.from),
                ("x1", "c1", vec!["a1".to_owned()])
            );
            assert_eq!(
                scene.read("versions/x1.sql"),
                before.replace("down_revision: a1", "down_revision: c1")
            );
            assert_eq!(scene.open().chain.graph.heads().len(), 1);
        }
        let scene = scene();
        let again = rebase(&scene, "y1", "c1")
            .and_then(|_| rebase(&scene, "y1", "c1"))
            .expect("it stands there");
        assert!(!again.is_changed);
    }

    #[test]
    fn a_branch_is_not_put_on_top_of_itself() {
        let scene = scene();
        for (revision, onto) in [("x1", "y1"), ("a1", "c1"), ("y1", "y1")] {
            let refused = rebase(&scene, revision, onto).expect_err(revision);
            assert!(refused.ends_with("there is nothing to move"), "{refused}");
        }
        // By way of a dependency only the loader sees it.
        scene.write(
            "versions/c1.sql",
            &table("c1", "b1", "-- depends_on: x1\n").1,
        );
        let refused = rebase(&scene, "x1", "c1").expect_err("c1 needs x1");
        assert_eq!(
            refused,
            "`x1` on top of `c1` would break the chain; nothing was written"
        );
    }

    #[test]
    fn a_branch_goes_on_top_of_a_head_only() {
        let refused = rebase(&scene(), "y1", "b1").expect_err("c1 stands on b1");
        assert_eq!(refused, "`b1` is not a head");
    }

    #[test]
    fn a_merge_moves_with_its_branch() {
        let scene = scene();
        scene.write("versions/z1.sql", &table("z1", "x1, y1", "").1);
        let moved = rebase(&scene, "z1", "c1").expect("its branch begins in x1");
        assert_eq!((&*moved.id, moved.moved), ("x1", 3));
    }

    #[test]
    fn a_branch_that_begins_twice_is_refused() {
        let scene = scene();
        scene.write("versions/w1.sql", &table("w1", "a1", "").1);
        scene.write("versions/z1.sql", &table("z1", "w1, y1", "").1);
        let refused = rebase(&scene, "z1", "c1").expect_err("it begins in w1 and x1");
        assert_eq!(refused, "the branch of `z1` begins in 2 revisions: w1, x1");
    }

    #[test]
    fn an_applied_branch_is_refused() {
        let scene = scene();
        let directory = scene.open();
        let command = Rebase {
            revision: "y1".to_owned(),
            onto: "c1".to_owned(),
            offline: true,
        };
        let planned = command.plan(&directory).expect("it makes sense");
        let refused = |row: &str| {
            planned
                .refuse_applied(&directory, &[row.to_owned()])
                .map_err(|failure| failure.summary().into_owned())
        };
        assert_eq!(refused("c1"), Ok(()));
        assert_eq!(
            refused("x1"),
            Err("`x1` is applied in the database; nothing was changed".to_owned())
        );
        assert_eq!(
            refused("y1"),
            Err("`x1` is applied in the database; nothing was changed".to_owned())
        );
    }
}
