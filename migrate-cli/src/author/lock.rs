//! `cargo migrate lock`: the schema that the chain builds, as `schema.lock`.

use std::path::PathBuf;

use clap::Args;
use migrate_chain::lock::{LOCK_FILE, Lock as File, Locked, Of};
use migrate_chain::{Checksum, Dialect};
use migrate_command::parts::Globals;
use migrate_diff::{Filter, Request};
use migrate_runtime::Migrations;
use serde::Serialize;

use super::desired;
use super::dialect_names;
use super::directory::Directory;
use super::failure::{self, CommandError, Result};
use super::files;
use super::scratch::{ScratchDatabase, Servers};

/// Write schema.lock: the schema that the chain builds
#[derive(Args, Debug)]
#[command(
    long_about = "Write schema.lock: the schema that the chain builds

The chain is run on a scratch database of each kind that it serves. A build then fails when the chain changes and
schema.lock does not, and structs that derive `Table` are compared with it.",
    after_help = "\
Examples:
  cargo migrate lock
  cargo migrate lock --dev-url postgres://localhost/postgres"
)]
pub struct Lock {
    /// A server for scratch databases, once for each kind of database: a URL, `docker://IMAGE` or `same-server` [default: a private server]
    #[arg(long, value_name = "URL")]
    dev_url: Vec<String>,
}

/// A lock that was written.
#[derive(Debug, Serialize)]
pub struct Refreshed {
    /// Its path.
    pub path: PathBuf,
    /// The kinds of database that it has the schema for.
    #[serde(serialize_with = "dialect_names::dialects")]
    pub dialects: Vec<Dialect>,
    /// Whether it differs from the file that was there.
    pub is_changed: bool,
}

impl Lock {
    /// Writes the lock.
    ///
    /// # Errors
    /// There is no server, the chain cannot be replayed, or the file cannot be written.
    pub async fn run(&self, directory: &Directory, globals: &Globals) -> Result<Refreshed> {
        let servers = Servers::of(directory, globals, &self.dev_url)?;
        refresh(directory, &servers).await
    }
}

/// Writes the lock of a chain after a command has changed it, if the directory has one or asks for one. Without a server
/// it says that the lock is out of date.
pub async fn refresh_after(directory: &Directory, globals: &Globals) -> Result<Option<String>> {
    let path = directory.path(LOCK_FILE);
    let config = &directory.chain.config;
    let is_wanted = config.lock_required || !config.schema.models.is_empty() || path.exists();
    if !is_wanted || is_current(directory) {
        return Ok(None);
    }
    let servers = Servers::of(directory, globals, &[])?;
    Ok(match refresh(directory, &servers).await {
        Ok(_) => None,
        Err(failure) => Some(format!(
            "{} is out of date, and the build fails until `cargo migrate lock` has written it: {}",
            path.display(),
            failure.summary()
        )),
    })
}

/// Whether the lock is that of the chain, and has the models and the files as they are.
fn is_current(directory: &Directory) -> bool {
    let Some(lock) = of_chain(directory) else {
        return false;
    };
    let has_models = lock.declared.is_some() != directory.chain.config.schema.models.is_empty();
    has_models && is_pinned(directory, &lock)
}

/// The lock, if it has the schema that the chain builds on each database.
pub fn of_chain(directory: &Directory) -> Option<File> {
    let (lock, chain) = (read(directory)?, &directory.chain);
    let is_same = |locked: &Locked| locked.of.digest == chain.digest(locked.of.dialect);
    let has = |dialect: &Dialect| lock.built(*dialect).is_some();
    let is_current = lock.databases.iter().all(is_same) && chain.config.dialects.iter().all(has);
    is_current.then_some(lock)
}

/// Whether the lock has the models and the files as they are.
fn is_pinned(directory: &Directory, lock: &File) -> bool {
    let declared = desired::declared(directory).ok().flatten();
    declared == lock.declared && pinned(directory).is_ok_and(|files| files == lock.files)
}

/// The lock as it is, if it is sound.
pub fn read(directory: &Directory) -> Option<File> {
    let text = std::fs::read_to_string(directory.path(LOCK_FILE)).ok()?;
    File::parse(&text).ok()
}

async fn refresh(directory: &Directory, servers: &Servers<'_>) -> Result<Refreshed> {
    let old = read(directory);
    let mut new = built(directory, servers).await?;
    for locked in &mut new.databases {
        keep(locked, old.as_ref());
    }
    if is_in_step(directory, servers).await? {
        new.declared = desired::declared(directory)?;
        new.files = pinned(directory)?;
    } else {
        // Until a revision brings it, the chain is equal to what was declared before.
        let old = old.unwrap_or_default();
        let has_models = !directory.chain.config.schema.models.is_empty();
        new.declared = has_models.then(|| old.declared.unwrap_or_default());
        new.files = old.files;
    }
    write(directory, &new)
}

/// Whether the chain builds the desired schema, as far as that is pinned. What only `schema.sql` asks for is not.
async fn is_in_step(directory: &Directory, servers: &Servers<'_>) -> Result<bool> {
    let schema = &directory.chain.config.schema;
    if schema.models.is_empty() && schema.files.is_empty() {
        return Ok(true);
    }
    let migrations = Migrations::from(directory.chain.clone());
    for server in servers.for_each(&directory.chain.served()).await? {
        let wanted = desired::wanted(directory, server.dialect(), None).await?;
        let request = Request::new(&migrations, &wanted.desired, &server)
            .filter(Filter::new(&directory.chain.config))
            .keep_unknown(wanted.keep_unknown);
        let checked = migrate_diff::check(&request).await;
        if checked.map_err(failure::comparison)?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The SQL files of the desired schema, with their checksums.
fn pinned(directory: &Directory) -> Result<Vec<(String, Checksum)>> {
    let files = directory.chain.schema_files.iter();
    let checksum = |file: &String| {
        let path = directory.path(file);
        let text = std::fs::read_to_string(&path);
        let text = text.map_err(|error| failure::file("read", &path, &error))?;
        Ok((file.clone(), Checksum::of(&text)))
    };
    files.map(checksum).collect()
}

/// The schema that the chain builds on each kind of database that it serves.
///
/// # Errors
/// There is no server, or the chain cannot be replayed.
pub async fn built(directory: &Directory, servers: &Servers<'_>) -> Result<File> {
    let mut lock = File::default();
    let migrations = Migrations::from(directory.chain.clone());
    for server in servers.for_each(&directory.chain.served()).await? {
        let mut bench = ScratchDatabase::new(&migrations, &directory.chain.config, &server).await?;
        let (name, built) = bench.built().await?;
        bench.finish().await?;
        let of = Of {
            dialect: server.dialect(),
            digest: directory.chain.digest(server.dialect()),
            server: name,
        };
        lock.databases.push(Locked { of, built });
    }
    if lock.databases.is_empty() {
        return Err(CommandError::new(
            "no database is served by the whole chain: there is no schema to write",
        )
        .help("write a section for each database that `dialects` in migrate.toml declares"));
    }
    Ok(lock)
}

/// On another server, expressions stay as they are written, and so does the name of the server.
fn keep(new: &mut Locked, old: Option<&File>) {
    let databases = old.into_iter().flat_map(|old| &old.databases);
    let mut same = databases.filter(|locked| locked.of.dialect == new.of.dialect);
    if let Some(old) = same.next().filter(|old| old.of.server != new.of.server) {
        new.built.keep_expressions_of(&old.built);
        new.of.server.clone_from(&old.of.server);
    }
}

fn write(directory: &Directory, lock: &File) -> Result<Refreshed> {
    let path = directory.path(LOCK_FILE);
    let text = lock.to_string();
    let is_changed = std::fs::read_to_string(&path).ok().as_ref() != Some(&text);
    let written = match (is_changed, path.exists()) {
        (false, _) => Ok(()),
        (true, true) => files::replace(&path, &text),
        (true, false) => files::create(&path, &text),
    };
    written.map_err(|error| failure::file("write", &path, &error))?;
    super::touch::touch(directory);
    Ok(Refreshed {
        path,
        dialects: lock
            .databases
            .iter()
            .map(|locked| locked.of.dialect)
            .collect(),
        is_changed,
    })
}
