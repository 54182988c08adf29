//! `cargo migrate squash`: a linear run of revisions as one.

mod join;
mod proof;
mod run;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use clap::Args;
use migrate_chain::{Chain, Dialect, ForeignKeys, Revision};
use migrate_command::parts::Globals;
use migrate_diff::DevServer;
use serde::Serialize;

use super::directory::Directory;
use super::failure::{self, CommandError, Result};
use super::new_revision::{check_message, not_read, now_in};
use super::revision_file::{self, RevisionFile};
use super::scratch::Servers;
use super::{dialect_names, file_name, files, touch};
use join::Joined;
use run::LinearRange;

/// Turn a linear run of revisions into one
#[derive(Args, Debug)]
#[command(
    long_about = "Turn a linear run of revisions into one

The new revision has the id of the last one and the parents of the first, the upgrades in order and the downgrades in
reverse. A database that is at the last revision is up to date with it; one that is in between stops with an error, and
has to be upgraded with a build from before. Before anything is written, both ways are run on a scratch database, and
must give the same schema.",
    after_help = "\
Examples:
  cargo migrate squash 1975ea83b712:ae1027a6acf4 -m \"Create the schema\"
  cargo migrate squash :head -m \"Create the schema\" --dev-url postgres://localhost/postgres"
)]
pub struct Squash {
    /// The first and the last revision, as `A:B`; the first may be left out for the base, the last for the head
    #[arg(value_name = "A:B")]
    range: String,

    /// A description of the new revision
    #[arg(short, long, value_name = "MSG")]
    message: String,

    /// A server for scratch databases, once for each kind of database: a URL, `docker://IMAGE` or `same-server` [default: a private server]
    #[arg(long, value_name = "URL")]
    dev_url: Vec<String>,
}

/// A squash that has been found to be sound, and has not been written.
struct Squashed {
    /// The id, which is that of the last revision.
    id: String,
    /// The ids that it replaces, in order.
    replaces: Vec<String>,
    /// The databases that it serves.
    dialects: Vec<Dialect>,
    /// The revisions because of which it has no downgrade.
    without_downgrade: Vec<String>,
    /// Whether it has a downgrade.
    has_downgrade: bool,
    /// The revision to downgrade to, to undo it.
    below: String,
    /// The ids of its parents.
    parents: Vec<String>,
    /// The chain with it.
    after: Chain,
    /// Its file, relative to the directory.
    file: String,
    text: String,
    /// The files that it replaces.
    old: Vec<String>,
}

/// The files written and removed.
#[derive(Debug, Serialize)]
pub struct Written {
    /// The id of the squash.
    #[serde(rename = "revision")]
    pub id: String,
    /// The ids that it replaces.
    pub replaces: Vec<String>,
    /// The databases that it was proved on.
    #[serde(rename = "proved_on", serialize_with = "dialect_names::dialects")]
    pub proved: Vec<Dialect>,
    /// The revisions because of which it has no downgrade.
    pub without_downgrade: Vec<String>,
    /// The new file.
    pub path: PathBuf,
    /// Whether one of the old files had its name.
    #[serde(skip)]
    pub is_replaced: bool,
    /// The files that are gone.
    pub removed: Vec<PathBuf>,
}

impl Squash {
    /// Joins the revisions, proves that this gives the same, and only then writes it.
    ///
    /// # Errors
    /// As [`plan`](Self::plan), [`prove`](Squashed::prove) and [`write`](Squashed::write).
    pub async fn run(&self, directory: &Directory, globals: &Globals) -> Result<Written> {
        let squashed = self.plan(directory)?;
        let servers = Servers::of(directory, globals, &self.dev_url)?;
        let servers = servers.for_each(&squashed.dialects).await?;
        for server in &servers {
            squashed.prove(directory, server).await?;
        }
        squashed.write(directory, servers.iter().map(DevServer::dialect).collect())
    }

    /// Joins the revisions in memory, and checks the chain that this gives.
    ///
    /// # Errors
    /// The range means no run, the run cannot be squashed, or the chain would be broken.
    fn plan(&self, directory: &Directory) -> Result<Squashed> {
        let run = LinearRange::find(directory, &self.range)?;
        let revisions: Vec<&Revision> = run
            .0
            .iter()
            .map(|&revision| directory.revision(revision))
            .collect();
        let joined = join::join(&revisions, &directory.chain.config.dialects)?;
        let last = directory.revision(run.last());
        let header = self.header(directory, &run, &revisions, &joined)?;
        let new = header.body(joined.body.as_str());
        let file = file_of(directory, last, &new)?;
        let old: Vec<String> = revisions
            .iter()
            .map(|revision| revision.file().to_owned())
            .collect();
        if !old.contains(&file) {
            directory.refuse_existing(&file)?;
        }
        let after = check_message(&new, last.id(), |new| {
            let changed = old.iter().fold(directory.overlay(), |overlay, file| {
                overlay.without(file.as_str())
            });
            directory.check(
                &changed.with(file.as_str(), &new.text()),
                &format!("the squash into `{}`", last.id()),
            )
        })?
        .ok_or_else(|| not_read(&file))?;
        still_accepted(directory, &after, &joined.dialects)?;
        Ok(Squashed {
            id: last.id().to_owned(),
            replaces: replaces(&revisions),
            has_downgrade: joined.has_downgrade,
            below: below(directory, &run, last.id()),
            parents: parents(directory, &run),
            dialects: joined.dialects,
            without_downgrade: joined.without_downgrade,
            after,
            text: new.text(),
            file,
            old,
        })
    }

    fn header(
        &self,
        directory: &Directory,
        run: &LinearRange,
        revisions: &[&Revision],
        joined: &Joined,
    ) -> Result<RevisionFile> {
        let graph = &directory.chain.graph;
        let parents: Vec<&str> = run
            .parents(directory)
            .iter()
            .map(|&parent| graph.id(parent))
            .collect();
        let keys = foreign_keys(revisions);
        let last = revisions[revisions.len() - 1];
        Ok(RevisionFile::new(&self.message, false)
            .key("revision", last.id())
            .key("down_revision", revision_file::parents(&parents))
            .key("depends_on", dependencies(directory, run).join(", "))
            .key(
                "branch_labels",
                united(
                    revisions
                        .iter()
                        .flat_map(|revision| revision.branch_labels()),
                )
                .join(", "),
            )
            .key(
                "created",
                revision_file::created(&now_in(&directory.chain.config.timezone)?),
            )
            .key("foreign_keys", keys)
            .key("irreversible", irreversible(revisions))
            .key("replaces", replaces(revisions).join(", "))
            .key(
                "replaced_digest",
                digests(last, &joined.dialects).join(", "),
            ))
    }
}

impl Squashed {
    /// Writes the new file, and removes the old ones once it is safely there.
    ///
    /// # Errors
    /// A file cannot be written or removed. The message lists the files that are there now; no revision is lost.
    fn write(self, directory: &Directory, proved: Vec<Dialect>) -> Result<Written> {
        let path = directory.path(&self.file);
        let is_replaced = self.old.contains(&self.file);
        if is_replaced {
            files::replace(&path, &self.text)
                .map_err(|error| failure::file("write", &path, &error))?;
        } else {
            directory.create(&self.file, &self.text)?;
        }
        let old = self.old.iter().filter(|old| **old != self.file);
        let mut old: VecDeque<PathBuf> = old.map(|old| directory.path(old)).collect();
        let mut removed = Vec::new();
        while let Some(next) = old.front() {
            files::remove(next).map_err(|error| left_over(&old, &path, &error))?;
            removed.extend(old.pop_front());
        }
        touch::touch(directory);
        Ok(Written {
            id: self.id,
            replaces: self.replaces,
            without_downgrade: self.without_downgrade,
            proved,
            path,
            is_replaced,
            removed,
        })
    }
}

fn left_over(old: &VecDeque<PathBuf>, new: &Path, error: &std::io::Error) -> CommandError {
    let names: Vec<String> = old.iter().map(|old| old.display().to_string()).collect();
    failure::file("remove", &old[0], error)
        .note(format!(
            "{} holds everything that the old files did",
            new.display()
        ))
        .help(format!("remove what is left by hand: {}", names.join(", ")))
}

/// The path of the new file: next to the last revision, by the template.
fn file_of(directory: &Directory, last: &Revision, header: &RevisionFile) -> Result<String> {
    let config = &directory.chain.config;
    let name = file_name::file_name(
        config,
        last.id(),
        &header.message,
        &now_in(&config.timezone)?,
    );
    Ok(format!("{}/{name}.sql", directory.location_of(last.file())))
}

fn parents(directory: &Directory, run: &LinearRange) -> Vec<String> {
    let id = |parent: &usize| directory.chain.graph.id(*parent).to_owned();
    run.parents(directory).iter().map(id).collect()
}

/// The target that undoes the whole run and nothing beside it.
fn below(directory: &Directory, run: &LinearRange, id: &str) -> String {
    match run.parents(directory) {
        [] => format!("{id}@base"),
        [parent, ..] => format!("{id}@{}", directory.chain.graph.id(*parent)),
    }
}

/// The dependencies of the run on revisions outside it, as the files name them.
fn dependencies(directory: &Directory, run: &LinearRange) -> Vec<String> {
    let graph = &directory.chain.graph;
    let is_outside = |name: &&str| {
        graph
            .find_name(name)
            .is_some_and(|revision| !run.0.contains(&revision))
    };
    let names = run
        .0
        .iter()
        .flat_map(|&revision| directory.revision(revision).depends_on());
    united(names.filter(is_outside))
}

/// The header's value for foreign keys: all revisions of a run suspend them, or none does.
fn foreign_keys(revisions: &[&Revision]) -> &'static str {
    let mut keys = revisions.iter().map(|revision| revision.foreign_keys());
    match keys.find(|&keys| keys != ForeignKeys::On) {
        Some(keys) => keys.name(),
        None => "",
    }
}

fn irreversible(revisions: &[&Revision]) -> String {
    let reasons: Vec<(&str, &str)> = revisions
        .iter()
        .filter_map(|revision| Some((revision.id(), revision.irreversible()?)))
        .collect();
    match *reasons {
        [(_, reason)] => reason.to_owned(),
        ref several => several
            .iter()
            .map(|(id, reason)| format!("{id}: {reason}"))
            .collect::<Vec<_>>()
            .join("; "),
    }
}

/// The ids of the run, with those that it replaced before.
fn replaces(revisions: &[&Revision]) -> Vec<String> {
    united(
        revisions
            .iter()
            .flat_map(|revision| revision.replaces().chain([revision.id()])),
    )
}

/// The digests that a database at the last revision may hold for it.
fn digests(last: &Revision, dialects: &[Dialect]) -> Vec<String> {
    let digests: Vec<String> = dialects
        .iter()
        .flat_map(|&dialect| last.accepted_digests(dialect))
        .map(|digest| digest.to_string())
        .collect();
    united(digests.iter().map(String::as_str))
}

/// Each name once, in the order of the first.
fn united<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut united: Vec<String> = Vec::new();
    for name in names {
        if !united.iter().any(|known| known == name) {
            united.push(name.to_owned());
        }
    }
    united
}

/// A database that was up to date stays so: the new chain knows every digest that the old one recorded.
fn still_accepted(directory: &Directory, after: &Chain, dialects: &[Dialect]) -> Result<()> {
    for revision in &after.revisions {
        let Some(before) = directory
            .chain
            .graph
            .find(revision.id())
            .map(|index| directory.revision(index))
        else {
            continue;
        };
        let unknown = |&dialect: &Dialect| !revision.accepts(&before.digest(dialect), dialect);
        if dialects.iter().any(unknown) {
            return Err(CommandError::new(format!(
                "cannot squash: databases at `{}` would become unknown; nothing was written",
                revision.id()
            ))
            .note("too many squashes stand under one merge"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Scene, table};
    use super::*;

    /// a1 <- b1, …, a7 <- b7, and a merge of all the second ones.
    fn scene() -> Scene {
        let scene = Scene::new("bases = 'many'\n", &[]);
        let write =
            |(name, text): (&str, String)| scene.write(&format!("versions/{name}.sql"), &text);
        for n in 1..=9 {
            write(table(&format!("a{n}"), "none", ""));
            write(table(&format!("b{n}"), &format!("a{n}"), ""));
        }
        let parents: Vec<String> = (1..=9).map(|n| format!("b{n}")).collect();
        write(table("m", &parents.join(", "), ""));
        scene
    }

    #[test]
    fn a_squash_after_which_databases_would_not_be_known_is_refused() {
        let scene = scene();
        let squash = |n: usize| {
            let command = Squash {
                range: format!("a{n}:b{n}"),
                message: "x".to_owned(),
                dev_url: Vec::new(),
            };
            let directory = scene.open();
            command
                .plan(&directory)
                .and_then(|squashed| squashed.write(&directory, Vec::new()))
        };
        for n in (2..=9).rev() {
            squash(n).expect("not too many yet");
        }
        let refused = squash(1).expect_err("nine squashes make more combinations than are kept");
        assert_eq!(
            refused.summary(),
            "the squash into `b1` would break the chain; nothing was written"
        );
        assert!(scene.read("versions/a1.sql").contains("CREATE TABLE a1"));
    }
}
