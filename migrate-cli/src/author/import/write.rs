//! From migrations to revision files, which the rules of the build accept as far as that can be had.

use std::collections::HashSet;
use std::fs;
use std::path::PathBuf;

use jiff::ZonedDateTime;
use migrate_chain::diagnostic::{Diagnostic, Fault};
use migrate_chain::load::load_unmerged;
use migrate_chain::sql::{FaultKind, Remedy};
use migrate_chain::{Dialect, names};

use super::super::directory::Directory;
use super::super::failure::{self, CommandError, Result};
use super::super::file_name;
use super::super::new_revision::now_in;
use super::super::revision_file::{self, RevisionFile, sql_body};
use super::frame;
use super::migration::{Imported, Migration};
use super::tools::ImportTool;
use super::written::Written;

/// The files to write, in the order of the chain.
pub struct NewFiles {
    files: Vec<Planned>,
    /// Faults that the build will still report.
    faults: Vec<Diagnostic>,
}

struct Planned {
    id: String,
    /// Relative to the migration directory.
    place: String,
    path: PathBuf,
    adopts: Vec<String>,
    file: RevisionFile,
}

/// Makes a revision of each migration that no revision adopts yet, on top of the chain.
///
/// # Errors
/// The chain has several heads.
pub fn plan(directory: &Directory, tool: &ImportTool, imported: &mut Imported) -> Result<NewFiles> {
    let known: HashSet<String> = directory
        .chain
        .revisions
        .iter()
        .flat_map(migrate_chain::Revision::adopts)
        .map(|(version, _)| version.to_owned())
        .collect();
    let is_new = |migration: &&mut Migration| {
        let mut versions = migration
            .adopts
            .iter()
            .filter_map(|one| one.split(' ').next());
        match tool.adopts {
            Some(_) => !versions.all(|version| known.contains(version)),
            None => directory.chain.graph.find(&migration.id).is_none(),
        }
    };
    let mut parent = head(directory)?;
    let mut ids = Ids::of(directory);
    let now = now_in(&directory.chain.config.timezone)?;
    let dialects = &directory.chain.config.dialects;
    let mut files = Vec::new();
    for migration in imported.migrations.iter_mut().filter(is_new) {
        for note in unframe(dialects, migration) {
            imported.notes.push(note);
        }
        let id = ids.choose(&migration.id);
        let parents = migration
            .parents
            .clone()
            .unwrap_or_else(|| parent.clone().into_iter().collect());
        let planned = planned(directory, migration, id, &parents, &now, tool);
        parent = Some(planned.id.clone());
        files.push(planned);
    }
    let mut plan = NewFiles {
        files,
        faults: Vec::new(),
    };
    plan.settle(directory, imported);
    Ok(plan)
}

/// The one head of the chain, if it has revisions.
fn head(directory: &Directory) -> Result<Option<String>> {
    let graph = &directory.chain.graph;
    match graph.heads() {
        [] => Ok(None),
        &[head] => Ok(Some(graph.id(head).to_owned())),
        several => {
            let heads: Vec<&str> = several.iter().map(|&head| graph.id(head)).collect();
            Err(
                CommandError::new(format!("the chain has {} heads", heads.len())).help(format!(
                    "join them first: `cargo migrate merge {}`",
                    heads.join(" ")
                )),
            )
        }
    }
}

/// Leaves out what frames a migration, and tells.
fn unframe(dialects: &[Dialect], migration: &mut Migration) -> Vec<String> {
    let dialect = match dialects {
        [only] => *only,
        _ => Dialect::Postgres,
    };
    let mut left_out = Vec::new();
    let mut keys = Vec::new();
    for text in [&mut migration.upgrade, &mut migration.downgrade]
        .into_iter()
        .flatten()
    {
        let framed = frame::unframed(dialect, text);
        left_out.extend(
            framed
                .left_out
                .iter()
                .copied()
                .filter(|what| !left_out.contains(what))
                .collect::<Vec<_>>(),
        );
        if framed.foreign_keys_off {
            keys.push(("foreign_keys", "off"));
        }
        if framed.is_outside {
            keys.push(("transaction", "off"));
        }
        *text = framed.text;
    }
    for (key, value) in keys {
        migration.key(key, value);
    }
    let file = migration
        .files
        .first()
        .map(|file| file.display().to_string());
    let told = |what| {
        format!(
            "{}: left out {what} around the statements",
            file.as_deref().unwrap_or_default()
        )
    };
    left_out.into_iter().map(told).collect()
}

fn planned(
    directory: &Directory,
    migration: &Migration,
    id: String,
    parents: &[String],
    now: &ZonedDateTime,
    tool: &ImportTool,
) -> Planned {
    let config = &directory.chain.config;
    let parents: Vec<&str> = parents.iter().map(String::as_str).collect();
    let mut file = RevisionFile::new(&migration.message, false)
        .key("revision", id.as_str())
        .key("down_revision", revision_file::parents(&parents))
        .key("created", migration.created.clone().unwrap_or_default());
    for (key, value) in &migration.keys {
        file = file.key(key, value.as_str());
    }
    if tool.adopts.is_some() {
        file = file.key("adopts", migration.adopts.join(", "));
    }
    if let Some(upgrade) = &migration.upgrade {
        file = file.body(sql_body(upgrade, migration.downgrade.as_deref()));
    }
    let time = migration
        .created
        .as_deref()
        .and_then(|time| time.parse::<jiff::Timestamp>().ok());
    let time = time.map_or_else(
        || now.clone(),
        |time| time.to_zoned_datetime(now.time_zone().clone()),
    );
    let name = file_name::file_name(config, &id, &migration.message, &time);
    let location = config.versions.first().map_or("versions", String::as_str);
    let place = format!("{location}/{name}.sql");
    Planned {
        path: directory.path(&place),
        id,
        place,
        adopts: migration.adopts.clone(),
        file,
    }
}

impl NewFiles {
    /// Adds the keys of the header that the build asks for; what it asks for else is for a person.
    fn settle(&mut self, directory: &Directory, imported: &mut Imported) {
        for _ in 0..4 {
            let Err(faults) = self.load(directory) else {
                self.faults.clear();
                return;
            };
            let mut is_changed = false;
            for fault in &faults {
                let path = fault.place.source.path();
                let Some((key, value)) = remedy(&fault.fault) else {
                    continue;
                };
                let planned = self
                    .files
                    .iter_mut()
                    .find(|file| path.ends_with(&file.place));
                let Some(planned) =
                    planned.filter(|file| !file.file.keys.iter().any(|(known, _)| *known == key))
                else {
                    continue;
                };
                planned.file.keys.push((key, value.to_owned()));
                imported.notes.push(format!(
                    "{}: `{key}: {value}`, since the build asks for it",
                    planned.path.display()
                ));
                is_changed = true;
            }
            self.faults = faults;
            if !is_changed {
                return;
            }
        }
    }

    fn load(&self, directory: &Directory) -> Result<(), Vec<Diagnostic>> {
        let files = self.files.iter();
        let changed = files.fold(directory.overlay(), |overlay, file| {
            overlay.with(file.place.clone(), &file.file.text())
        });
        load_unmerged(&changed).map(drop)
    }

    /// Writes the files.
    ///
    /// # Errors
    /// One of them exists, or cannot be written.
    pub fn write(&self, directory: &Directory) -> Result<()> {
        for file in &self.files {
            directory.refuse_existing(&file.place)?;
        }
        for file in &self.files {
            directory.create(&file.place, &file.file.text())?;
        }
        Ok(())
    }

    pub fn shown(self) -> (Vec<Written>, Vec<Diagnostic>) {
        let written = self.files.into_iter().map(|file| Written {
            revision: file.id,
            message: file.file.message,
            path: file.path,
            adopts: file.adopts,
        });
        (written.collect(), self.faults)
    }
}

/// The key of the header that certainly ends a fault.
fn remedy(fault: &Fault) -> Option<(&'static str, &'static str)> {
    let off = Some(("transaction", "off"));
    let keys = Some(("foreign_keys", "off"));
    match fault {
        Fault::RebuiltParent { .. } => keys,
        Fault::Sql { kind, .. } => match kind {
            FaultKind::TransactionControl(_) | FaultKind::OwnTransaction { .. } => off,
            FaultKind::NotInTransaction { remedy, .. } => match remedy {
                Remedy::TransactionOff => off,
                Remedy::ForeignKeysOff => keys,
                Remedy::ForeignKeysOn => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// Writes the current definitions that a tool keeps in files of their own; one that is there stays.
///
/// # Errors
/// A file cannot be written.
pub fn objects(directory: &Directory, imported: &Imported) -> Result<()> {
    for (place, text) in &imported.objects {
        if !directory.path(place).exists() {
            directory.create(place, text)?;
        }
    }
    Ok(())
}

/// Removes what was imported.
///
/// # Errors
/// A file cannot be removed.
pub fn remove(imported: &Imported) -> Result<Vec<PathBuf>> {
    let mut removed = Vec::new();
    for path in imported
        .migrations
        .iter()
        .flat_map(|migration| &migration.files)
    {
        let gone = if path.is_dir() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        };
        gone.map_err(|error| failure::file("remove", path, &error))?;
        removed.push(path.clone());
    }
    Ok(removed)
}

/// The ids that are taken.
struct Ids(HashSet<String>);

impl Ids {
    fn of(directory: &Directory) -> Self {
        let ids = directory
            .chain
            .revisions
            .iter()
            .map(|revision| revision.id().to_ascii_lowercase());
        Self(ids.collect())
    }

    /// An id from the version of a migration.
    fn choose(&mut self, version: &str) -> String {
        let is_sound = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let id: String = version
            .chars()
            .map(|c| if is_sound(c) { c } else { '_' })
            .take(28)
            .collect();
        let id = if names::check_id(&id).is_ok() {
            id
        } else {
            format!("r{id}")
        };
        let mut tries = std::iter::once(id.clone()).chain((2..).map(|n| format!("{id}_{n}")));
        let free = tries
            .find(|id| !self.0.contains(&id.to_ascii_lowercase()))
            .unwrap_or(id.clone());
        self.0.insert(free.to_ascii_lowercase());
        free
    }
}
