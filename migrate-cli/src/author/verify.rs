//! `cargo migrate verify`: does each downgrade undo its upgrade?

use std::path::PathBuf;

use clap::Args;
use migrate_chain::Dialect;
use migrate_diff::Schema;
use migrate_runtime::Migrations;
use migrate_runtime::cli::Globals;
use serde::Serialize;

use super::directory::Directory;
use super::failure::{Failure, Result};
use super::scratch::{Bench, Servers, difference};
use super::show::{self, AllVerified};

/// Run every revision up, down and up again on a scratch database
#[derive(Args, Debug)]
#[command(
    long_about = "Run every revision up, down and up again on a scratch database

The first revision whose downgrade does not give back the schema from before is named, with what is left. Rows are not
looked at.",
    after_help = "\
Examples:
  cargo migrate verify
  cargo migrate verify --dev-url postgres://localhost/postgres"
)]
pub(crate) struct Verify {
    /// A server for scratch databases, once for each kind of database: a URL, `docker://IMAGE` or `same-server` [default: a private server]
    #[arg(long, value_name = "URL")]
    pub(crate) dev_url: Vec<String>,
}

/// What was found out about a chain on one kind of database.
#[derive(Debug, Serialize)]
pub(crate) struct Verified {
    /// The kind of database.
    #[serde(serialize_with = "show::dialect")]
    pub(crate) dialect: Dialect,
    /// Each revision in the order of an upgrade.
    pub(crate) revisions: Vec<Tried>,
}

/// A revision that was tried.
#[derive(Debug, Serialize)]
pub(crate) struct Tried {
    /// Its id.
    pub(crate) revision: String,
    /// What its downgrade does.
    pub(crate) downgrade: Undo,
}

/// What a downgrade does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Undo {
    /// It gives back the schema from before.
    Undoes,
    /// There is none.
    Missing,
    /// There is none, and the revision says why.
    Irreversible,
}

impl Verify {
    /// Runs the chain on each kind of database that there is a server for.
    ///
    /// # Errors
    /// A revision that does not run, or whose downgrade does not undo its upgrade.
    pub(crate) async fn run(
        &self,
        directory: &Directory,
        globals: &Globals,
    ) -> Result<AllVerified> {
        let servers = Servers::of(directory, globals, &self.dev_url)?;
        let mut verified = Vec::new();
        for server in servers.for_each(&served(directory)).await? {
            let dialect = server.dialect();
            let migrations = Migrations::from(directory.chain.clone());
            let bench = Bench::new(&migrations, &directory.chain.config, &server).await?;
            verified.push(Verified {
                dialect,
                revisions: verify(directory, bench, dialect).await?,
            });
        }
        Ok(AllVerified { verified })
    }
}

/// The databases that the whole chain serves.
fn served(directory: &Directory) -> Vec<Dialect> {
    let chain = &directory.chain;
    if !chain.config.dialects.is_empty() {
        return chain.config.dialects.clone();
    }
    let serves = |dialect| {
        chain
            .revisions
            .iter()
            .all(|revision| revision.checksum(dialect).is_some())
    };
    Dialect::ALL
        .into_iter()
        .filter(|&dialect| serves(dialect))
        .collect()
}

async fn verify(
    directory: &Directory,
    mut bench: Bench<'_>,
    dialect: Dialect,
) -> Result<Vec<Tried>> {
    let mut found = Vec::new();
    let mut before = bench.schema().await?;
    for revision in directory.chain.graph.parents_first() {
        let one = One {
            directory,
            revision,
            dialect,
        };
        let after = bench.upgrade(one.id()).await?;
        let undo = one.undo();
        before = if undo == Undo::Undoes {
            one.there_and_back(&mut bench, &before, &after).await?
        } else {
            after
        };
        found.push(Tried {
            revision: one.id().to_owned(),
            downgrade: undo,
        });
    }
    bench.finish().await?;
    Ok(found)
}

/// A revision that is being tried.
struct One<'d> {
    directory: &'d Directory,
    revision: usize,
    dialect: Dialect,
}

impl One<'_> {
    fn id(&self) -> &str {
        self.directory.chain.graph.id(self.revision)
    }

    fn file(&self) -> PathBuf {
        self.directory
            .path(self.directory.revision(self.revision).file())
    }

    /// What its downgrade ought to do.
    fn undo(&self) -> Undo {
        let revision = self.directory.revision(self.revision);
        if revision.irreversible().is_some() {
            Undo::Irreversible
        } else if revision.has_downgrade(self.dialect) {
            Undo::Undoes
        } else {
            Undo::Missing
        }
    }

    /// The target that undoes this revision and nothing beside it.
    fn below(&self) -> String {
        let graph = &self.directory.chain.graph;
        let parent = graph
            .down(self.revision)
            .first()
            .map_or("base", |&parent| graph.id(parent));
        format!("{}@{parent}", self.id())
    }

    async fn there_and_back(
        &self,
        bench: &mut Bench<'_>,
        before: &Schema,
        after: &Schema,
    ) -> Result<Schema> {
        let back = bench.downgrade(&self.below()).await?;
        if let Some(difference) = difference(before, &back) {
            return Err(self.failure(
                "does not undo its upgrade",
                "what is left after it",
                &difference,
            ));
        }
        let again = bench.upgrade(self.id()).await?;
        match difference(after, &again) {
            None => Ok(again),
            Some(difference) => Err(self.failure(
                "leaves something behind that the next upgrade stumbles over",
                "what the second upgrade gives beside the first",
                &difference,
            )),
        }
    }

    fn failure(&self, what: &str, caption: &str, difference: &str) -> Failure {
        Failure::new(format!(
            "on {}, the downgrade of `{}` {what}",
            self.dialect,
            self.id()
        ))
        .note(format!("{caption}:\n{difference}"))
        .help(format!("mend the downgrade in {}", self.file().display()))
    }
}
