//! `cargo migrate verify`: does each downgrade undo its upgrade?

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use migrate_chain::Dialect;
use migrate_command::parts::Globals;
use migrate_diff::{DevServer, Touched};
use migrate_runtime::Migrations;
use serde::Serialize;

use super::dialect_names;
use super::directory::Directory;
use super::failure::{CommandError, Result};
use super::scratch::{ScratchDatabase, Servers, difference};

/// Run every revision up, down and up again on a scratch database
#[derive(Args, Debug)]
#[command(
    long_about = "Run every revision up, down and up again on a scratch database

Each revision whose downgrade does not give back the schema from before is named, with what is left. Rows are not looked
at. With --verbose, the time that each took is shown.",
    after_help = "\
Examples:
  cargo migrate verify
  cargo migrate verify --dev-url postgres://localhost/postgres"
)]
pub struct Verify {
    /// A server for scratch databases, once for each kind of database: a URL, `docker://IMAGE` or `same-server` [default: a private server]
    #[arg(long, value_name = "URL")]
    pub dev_url: Vec<String>,
}

/// The findings about a chain on one kind of database.
#[derive(Debug, Serialize)]
pub struct Verified {
    /// The kind of database.
    #[serde(serialize_with = "dialect_names::dialect")]
    pub dialect: Dialect,
    /// Each revision in the order of an upgrade.
    pub revisions: Vec<Tried>,
}

/// A revision that was tried.
#[derive(Debug, Serialize)]
pub struct Tried {
    /// Its id.
    pub revision: String,
    /// The effect of its downgrade.
    pub downgrade: Undo,
    /// How long all of it took, in milliseconds.
    pub elapsed_ms: u64,
}

/// The effect of a downgrade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Undo {
    /// It gives back the schema from before.
    Undoes,
    /// There is none.
    Missing,
    /// There is none, and the revision says why.
    Irreversible,
}

/// The findings of `verify` on each kind of database.
#[derive(Debug, Serialize)]
pub struct AllVerified {
    pub verified: Vec<Verified>,
}

impl AllVerified {
    /// How long each revision took.
    pub fn times(&self) -> impl Iterator<Item = String> {
        self.verified.iter().flat_map(|verified| {
            let line = |tried: &Tried| {
                let (dialect, id) = (verified.dialect, &tried.revision);
                format!("{dialect}: {id} took {} ms", tried.elapsed_ms)
            };
            verified.revisions.iter().map(line).collect::<Vec<_>>()
        })
    }
}

impl Verify {
    /// Runs the chain on each kind of database for which there is a server.
    ///
    /// # Errors
    /// A revision that does not run, or revisions whose downgrades do not undo their upgrades: all of them are named.
    pub async fn run(&self, directory: &Directory, globals: &Globals) -> Result<AllVerified> {
        let servers = Servers::of(directory, globals, &self.dev_url)?;
        let mut verified = Vec::new();
        for server in servers.for_each(&served(directory)).await? {
            verified.push(Verified {
                dialect: server.dialect(),
                revisions: verify(directory, &server).await?,
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

/// Reads of each revision what its SQL names. In the end, everything is compared with what a plain upgrade builds: a
/// difference that no name showed is looked for again, and then everything is read each time.
async fn verify(directory: &Directory, server: &DevServer) -> Result<Vec<Tried>> {
    let migrations = Migrations::from(directory.chain.clone());
    let chain = ChainOnServer {
        directory,
        server,
        migrations: &migrations,
    };
    let (tried, faults) = chain.try_each(false).await?;
    if !faults.is_empty() {
        return Err(failure(server.dialect(), faults));
    }
    let Some(left) = tried.left else {
        return Ok(tried.revisions);
    };
    let (_, faults) = chain.try_each(true).await?;
    if faults.is_empty() {
        let summary = format!(
            "on {}, a downgrade leaves something that the next upgrade does not undo",
            server.dialect()
        );
        return Err(CommandError::new(summary)
            .note(format!(
                "what differs from a plain upgrade in the end:\n{left}"
            ))
            .help("look for a revision that runs statements which its text does not show"));
    }
    Err(failure(server.dialect(), faults))
}

/// A chain on one kind of database.
struct ChainOnServer<'v> {
    directory: &'v Directory,
    server: &'v DevServer,
    migrations: &'v Migrations,
}

/// The result of a walk along a chain.
#[derive(Default)]
struct WalkResult {
    revisions: Vec<Tried>,
    /// The differences from a plain upgrade in the end.
    left: Option<String>,
}

impl ChainOnServer<'_> {
    /// Tries every revision, and reads what its SQL names, or everything.
    async fn try_each(&self, reads_all: bool) -> Result<(WalkResult, Vec<FailedDowngrade>)> {
        let dialect = self.server.dialect();
        let (mut walk, mut faults, mut tried) = (WalkResult::default(), Vec::new(), Vec::new());
        let mut bench = self.bench().await?;
        for revision in self.directory.chain.graph.parents_first() {
            let one = Trial {
                directory: self.directory,
                revision,
                dialect,
            };
            let started = Instant::now();
            let touched = if reads_all {
                Touched::all()
            } else {
                Touched::by(dialect, one.sql())
            };
            tried.push(revision);
            if let TrialOutcome::Fault { fault, is_clean } =
                one.there_and_back(&mut bench, &touched).await?
            {
                faults.push(fault);
                if !is_clean {
                    bench.finish().await?;
                    bench = self.bench_at(&tried).await?;
                }
            }
            walk.revisions.push(Tried {
                revision: one.id().to_owned(),
                downgrade: one.undo(),
                elapsed_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            });
        }
        if faults.is_empty() {
            let mut plain = self.bench().await?;
            let all = Touched::all();
            let built = plain.upgrade("heads", &all).await?;
            walk.left = difference(&built, &bench.schema(&all).await?);
            plain.finish().await?;
        }
        bench.finish().await?;
        Ok((walk, faults))
    }

    /// A new scratch database with these revisions: what comes later is tried on what they build.
    async fn bench_at(&self, tried: &[usize]) -> Result<ScratchDatabase<'_>> {
        let graph = &self.directory.chain.graph;
        let has_child = |revision: &usize| {
            let mut parents = tried.iter().flat_map(|&child| graph.down(child));
            parents.any(|parent| parent == revision)
        };
        let mut bench = self.bench().await?;
        for &tip in tried.iter().filter(|revision| !has_child(revision)) {
            bench
                .upgrade(graph.id(tip), &Touched::by(self.server.dialect(), []))
                .await?;
        }
        Ok(bench)
    }

    async fn bench(&self) -> Result<ScratchDatabase<'_>> {
        ScratchDatabase::new(self.migrations, &self.directory.chain.config, self.server).await
    }
}

/// A downgrade that does not undo its upgrade.
struct FailedDowngrade {
    id: String,
    file: PathBuf,
    /// The fault, continuing a sentence that begins with its name.
    what: &'static str,
    detail: String,
}

/// How a revision was tried.
enum TrialOutcome {
    Undone,
    Fault {
        fault: FailedDowngrade,
        /// Whether the next revision can be tried on the same database.
        is_clean: bool,
    },
}

/// One fault is told in full; several are listed.
fn failure(dialect: Dialect, faults: Vec<FailedDowngrade>) -> CommandError {
    if let [only] = &*faults {
        let summary = format!("on {dialect}, the downgrade of `{}` {}", only.id, only.what);
        return CommandError::new(summary)
            .note(only.detail.clone())
            .help(format!("correct the downgrade in {}", only.file.display()));
    }
    let summary = format!(
        "on {dialect}, the downgrades of {} revisions do not undo their upgrades",
        faults.len()
    );
    let failure = CommandError::new(summary).help("correct the downgrades in these files");
    faults.into_iter().fold(failure, |failure, fault| {
        let (id, file) = (fault.id, fault.file.display());
        failure.note(format!("`{id}` in {file} {}: {}", fault.what, fault.detail))
    })
}

/// A revision that is being tried.
struct Trial<'d> {
    directory: &'d Directory,
    revision: usize,
    dialect: Dialect,
}

impl Trial<'_> {
    fn id(&self) -> &str {
        self.directory.chain.graph.id(self.revision)
    }

    /// Its upgrade and its downgrade.
    fn sql(&self) -> [&str; 2] {
        let revision = self.directory.revision(self.revision);
        let (up, down) = (
            revision.upgrade_range(self.dialect),
            revision.downgrade_range(self.dialect),
        );
        [up, down].map(|range| range.map_or("", |range| &revision.text()[range]))
    }

    /// The expected effect of its downgrade.
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

    /// A failed upgrade ends it: the later revisions need it.
    async fn there_and_back(
        &self,
        bench: &mut ScratchDatabase<'_>,
        touched: &Touched,
    ) -> Result<TrialOutcome> {
        let before = bench.schema(touched).await?;
        let after = bench.upgrade(self.id(), touched).await?;
        if self.undo() != Undo::Undoes {
            return Ok(TrialOutcome::Undone);
        }
        let back = match bench.downgrade(&self.below(), touched).await {
            Ok(back) => back,
            Err(error) => {
                return Ok(self.fault("does not run", error.notes().join("\n"), false));
            }
        };
        let again = bench.upgrade(self.id(), touched).await;
        let is_clean = again
            .as_ref()
            .is_ok_and(|again| difference(&after, again).is_none());
        if let Some(left) = difference(&before, &back) {
            let detail = format!("what is left after it:\n{left}");
            return Ok(self.fault("does not undo its upgrade", detail, is_clean));
        }
        let detail = match again.map(|again| difference(&after, &again)) {
            Ok(None) => return Ok(TrialOutcome::Undone),
            Ok(Some(rest)) => format!("the second upgrade differs from the first:\n{rest}"),
            Err(error) => error.notes().join("\n"),
        };
        Ok(self.fault(
            "leaves something that the next upgrade fails on",
            detail,
            false,
        ))
    }

    fn fault(&self, what: &'static str, detail: String, is_clean: bool) -> TrialOutcome {
        TrialOutcome::Fault {
            fault: FailedDowngrade {
                id: self.id().to_owned(),
                file: self
                    .directory
                    .path(self.directory.revision(self.revision).file()),
                what,
                detail,
            },
            is_clean,
        }
    }
}
