//! From a migration directory to a [`Chain`]: read, parse, check, hash. Every fault is reported, not the first.

mod bytes;
mod locked;
mod schema_files;

use bytes::join;
pub use bytes::text;
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use crate::Dialect;
use crate::adopt::Adopt;
use crate::chain::Chain;
use crate::check::{self, Lost};
use crate::diagnostic::{self, Diagnostic, Fault};
use crate::fingerprint::{self, OwnDigest};
use crate::graph::RevisionGraph;
use crate::input::config::{self, Config, Settings};
use crate::input::tree::{self, DirectoryEntry, Disk, Tree};
use crate::lock::LOCK_FILE;
use crate::parallel;
use crate::revision::Revision;
use crate::revision::draft::{self, Draft};
use crate::revision::header::{self, CommentStyle};
use crate::source::{Place, Source};

pub use schema_files::schema_files;

/// Loads the migration directory at `path`.
///
/// # Errors
/// Everything that is wrong with it, sorted by file and position.
///
/// ```
/// let faults = migrate_chain::load(std::path::Path::new("no/such/directory")).unwrap_err();
/// assert_eq!(faults[0].code(), "no-directory");
/// ```
pub fn load(path: &Path) -> Result<Chain, Vec<Diagnostic>> {
    load_tree(&Disk::new(path, path.to_string_lossy()))
}

/// Loads a migration directory from wherever it is kept.
///
/// # Errors
/// Everything that is wrong with it, sorted by file and position.
pub fn load_tree(tree: &dyn Tree) -> Result<Chain, Vec<Diagnostic>> {
    load_counting(tree, true)
}

/// Loads a migration directory as [`load_tree`] does, and takes any number of heads and bases as sound: for what shows
/// the heads of a chain, or adds the revision that joins them.
///
/// The [`config`](Chain::config) is what `migrate.toml` says all the same.
///
/// # Errors
/// Everything else that is wrong with it, sorted by file and position.
///
/// ```
/// use migrate_chain::{Disk, load::load_unmerged, load_tree};
///
/// let tree = Disk::new("../tests/fixtures/second-head/migrations", "migrations");
/// assert_eq!(load_tree(&tree).unwrap_err()[0].code(), "several-heads");
/// assert_eq!(load_unmerged(&tree).expect("nothing else is wrong").graph.heads().len(), 2);
/// ```
pub fn load_unmerged(tree: &dyn Tree) -> Result<Chain, Vec<Diagnostic>> {
    load_counting(tree, false)
}

/// Loads a migration directory, and minds the number of heads and bases or not.
fn load_counting(tree: &dyn Tree, counts: bool) -> Result<Chain, Vec<Diagnostic>> {
    let mut loader = Loader::new(tree);
    let (settings, has_config_file) = loader.settings();
    let drafts = loader.drafts(&settings);
    let Loader {
        mut faults, lost, ..
    } = loader;
    let config = settings.config;
    let mut rules = config.clone();
    rules.many_heads |= !counts;
    rules.many_bases |= !counts;
    if let Some((revisions, graph)) = assemble(&rules, drafts, lost, &mut faults)
        && faults.is_empty()
    {
        let lock = tree.read(LOCK_FILE).ok().flatten();
        let schema_files = schema_files(tree, &config.schema.files);
        let chain = Chain {
            directory: tree.name().to_owned(),
            config,
            has_config_file,
            has_lock: lock.is_some(),
            schema_files,
            revisions,
            graph,
        };
        // Whatever changes the number of heads comes before a new lock.
        faults.extend(counts.then(|| locked::check(tree, &chain, lock)).flatten());
        if faults.is_empty() {
            return Ok(chain);
        }
    }
    diagnostic::sort(&mut faults);
    Err(faults)
}

/// Checks the drafts, each on its own and all together, and makes a graph and revisions of them. Independent work is done
/// in parallel; a digest depends on those of its parents, so one thread computes them all.
fn assemble(
    rules: &Config,
    drafts: Vec<Draft>,
    lost: Lost,
    faults: &mut Vec<Diagnostic>,
) -> Option<(Vec<Revision>, RevisionGraph)> {
    let in_graph = || check::graph(rules, &drafts, lost, faults);
    let (own, graph) = parallel::map_while(&drafts, OwnDigest::of, in_graph);
    let places: Vec<(String, Place)> = drafts
        .iter()
        .map(|draft| {
            (
                draft.id().map_or_else(String::new, |id| id.value.clone()),
                draft.place(),
            )
        })
        .collect();
    let digests = || Some(fingerprint::fingerprints(&own, graph.as_ref()?));
    let found = Mutex::new(Vec::new());
    let finish = |draft: Draft| {
        let faults = check::revision(rules, &draft);
        if !faults.is_empty() {
            let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
            found.extend(faults);
        }
        draft.finish()
    };
    let (mut revisions, fingerprints) = parallel::map_owned_while(drafts, finish, digests);
    faults.extend(found.into_inner().unwrap_or_else(PoisonError::into_inner));
    let fingerprints = match fingerprints? {
        Ok(fingerprints) => fingerprints,
        Err(index) => {
            let (id, place) = places.into_iter().nth(index)?;
            let most = fingerprint::MOST_COMBINATIONS;
            faults.push(Diagnostic::new(Fault::TooManyDigests { id, most }, place));
            return None;
        }
    };
    for (revision, fingerprints) in revisions.iter_mut().zip(fingerprints) {
        revision.fingerprints = fingerprints;
    }
    Some((revisions, graph?))
}

/// The revision files of some version locations, relative to the migration directory, in loading order.
///
/// # Errors
/// The faults of locations that cannot be read.
///
/// ```
/// use migrate_chain::{Disk, load::revision_files};
///
/// let faults = revision_files(&Disk::new("no/such", "migrations"), ["versions"], false).unwrap_err();
/// assert_eq!(faults[0].place.source.path(), "migrations/versions");
/// ```
pub fn revision_files<'l>(
    tree: &dyn Tree,
    locations: impl IntoIterator<Item = &'l str>,
    recursive: bool,
) -> Result<Vec<String>, Vec<Diagnostic>> {
    let mut loader = Loader::new(tree);
    let mut files = Vec::new();
    for location in locations {
        if !loader.location(location, recursive, &mut files) {
            loader.no_directory(location, None);
        }
    }
    if loader.faults.is_empty() {
        Ok(files)
    } else {
        Err(loader.faults)
    }
}

/// Likely mistakes in a migration directory that do not keep it from being loaded: files outside the version locations
/// that look like revisions. Commands print it; the macro and loading at run time say nothing, since neither has
/// a way to warn.
///
/// ```
/// use migrate_chain::{Disk, load::warnings};
///
/// let tree = Disk::new("../tests/fixtures/outside-versions/migrations", "migrations");
/// assert!(warnings(&tree).iter().all(|warning| warning.is_warning()));
/// ```
pub fn warnings(tree: &dyn Tree) -> Vec<Diagnostic> {
    let config = Loader::new(tree).settings().0.config;
    let mut entries = tree.list("").ok().flatten().unwrap_or_default();
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let is_known =
        |name: &str| name == SCHEMA_FILE || config.scratch_prelude.as_deref() == Some(name);
    // Those of the tool that the chain was imported from may stay where they are.
    let keeps_old_files = matches!(config.adopt, Some(Adopt::History { .. }));
    let is_lost = |entry: &&DirectoryEntry| {
        !entry.is_directory
            && is_lost_revision(tree, &entry.name)
            && !is_known(&entry.name)
            && (!keeps_old_files || has_header(tree, &entry.name))
    };
    let location = config.versions.first().map_or("", String::as_str);
    let warning = |entry: &DirectoryEntry| {
        let path = join(tree.name(), &entry.name);
        let location = join(tree.name(), location);
        let place = Place::whole(path.clone());
        Diagnostic::new(Fault::OutsideVersions { path, location }, place)
    };
    entries.iter().filter(is_lost).map(warning).collect()
}

/// Whether a file would be a revision in a version location. Rust files are there for other reasons, too.
fn is_lost_revision(tree: &dyn Tree, name: &str) -> bool {
    is_revision_file(name) && (!draft::is_rust(name) || has_header(tree, name))
}

fn has_header(tree: &dyn Tree, name: &str) -> bool {
    let style = if draft::is_rust(name) {
        CommentStyle::Rust
    } else {
        CommentStyle::Sql
    };
    let source = read(tree, name).ok();
    source.is_some_and(|source| header::parse(&source, style, &mut Vec::new()).is_some())
}

/// The file of the desired schema, if it is not another one.
const SCHEMA_FILE: &str = "schema.sql";

/// The name of the settings file.
pub const CONFIG_FILE: &str = "migrate.toml";

struct Loader<'t> {
    tree: &'t dyn Tree,
    faults: Vec<Diagnostic>,
    /// The files read, since version locations may overlap.
    seen: HashSet<String>,
    /// The folders walked, each with the path that led there first: a link may lead back.
    folders: HashMap<PathBuf, String>,
    lost: Lost,
}

/// The reason why there is no text of a file.
enum Unread {
    Absent,
    Unreadable(String),
    NotText(Box<Diagnostic>),
}

impl<'t> Loader<'t> {
    fn new(tree: &'t dyn Tree) -> Self {
        Self {
            tree,
            faults: Vec::new(),
            seen: HashSet::new(),
            folders: HashMap::new(),
            lost: Lost::default(),
        }
    }

    fn settings(&mut self) -> (Settings, bool) {
        match read(self.tree, CONFIG_FILE) {
            Ok(source) => (config::parse(&source, &mut self.faults), true),
            Err(Unread::Absent) => (Settings::default(), false),
            Err(unread) => {
                self.unread(CONFIG_FILE, unread);
                (Settings::doubtful(), true)
            }
        }
    }

    fn drafts(&mut self, settings: &Settings) -> Vec<Draft> {
        if !matches!(self.tree.list(""), Ok(Some(_))) {
            self.no_directory("", None);
            return Vec::new();
        }
        self.lost.folder |= settings.doubtful_locations;
        let mut files = Vec::new();
        for (n, location) in settings.config.versions.iter().enumerate() {
            let exists = self.location(location, settings.config.recursive, &mut files);
            if !exists && !settings.doubtful_locations {
                self.no_directory(location, settings.locations.get(n));
            }
        }
        let dialects = &settings.config.dialects[..];
        let found = parallel::map(&files, |file| {
            let source = read(self.tree, file)?;
            // Only the thread that a macro runs on may ask the compiler for tokens.
            let parsed = (!draft::is_rust(file)).then(|| parse(file, &source, dialects));
            Ok((source, parsed))
        });
        let mut drafts = Vec::with_capacity(files.len());
        for (file, found) in files.iter().zip(found) {
            match found {
                Ok((source, parsed)) => {
                    let (draft, faults) = parsed.unwrap_or_else(|| parse(file, &source, dialects));
                    drafts.extend(self.parsed(&source, draft, faults));
                }
                Err(unread) => self.unread(file, unread),
            }
        }
        drafts
    }

    /// Adds the revision files of a version location, and says whether there is such a folder.
    fn location(&mut self, folder: &str, recursive: bool, files: &mut Vec<String>) -> bool {
        let entries = self.list(folder);
        let exists = entries.is_some();
        if self.is_first_way_to(folder) {
            self.collect(folder, entries.unwrap_or_default(), recursive, files);
        }
        exists
    }

    /// The revision files of a folder, sorted by name; with `recursive`, folders are walked where their names sort.
    fn collect(
        &mut self,
        folder: &str,
        mut entries: Vec<DirectoryEntry>,
        recursive: bool,
        files: &mut Vec<String>,
    ) {
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        for entry in entries {
            let path = join(folder, &entry.name);
            if entry.is_directory && is_revision_file(&entry.name) {
                self.lose(&path, "it is a folder, not a file".to_owned());
            } else if entry.is_directory && recursive {
                if self.is_first_way_to(&path)
                    && let Some(entries) = self.list(&path)
                {
                    self.collect(&path, entries, recursive, files);
                }
            } else if !entry.is_directory
                && is_revision_file(&entry.name)
                // Only a folder that is walked can be one of several locations too.
                && (!recursive || self.seen.insert(path.clone()))
            {
                files.push(path);
            }
        }
    }

    /// Whether a folder is not read yet by another path; if it is, that is reported.
    fn is_first_way_to(&mut self, folder: &str) -> bool {
        let Some(real) = self.tree.real_path(folder) else {
            return true;
        };
        let first = self
            .folders
            .entry(real)
            .or_insert_with(|| folder.to_owned());
        if first == folder {
            return true;
        }
        let same_as = join(self.tree.name(), first);
        let path = join(self.tree.name(), folder);
        let place = Place::whole(path.clone());
        self.faults.push(Diagnostic::new(
            Fault::RepeatedFolder { path, same_as },
            place,
        ));
        false
    }

    /// The entries of a folder: empty if it cannot be read, which is reported; `None` if there is no such folder.
    fn list(&mut self, folder: &str) -> Option<Vec<DirectoryEntry>> {
        self.tree.list(folder).unwrap_or_else(|error| {
            self.lost.folder = true;
            self.unreadable(folder, error.to_string());
            Some(Vec::new())
        })
    }

    /// Takes note of what a file has turned out to be.
    fn parsed(
        &mut self,
        source: &Arc<Source>,
        draft: Option<Draft>,
        faults: Vec<Diagnostic>,
    ) -> Option<Draft> {
        if draft.is_none() {
            self.lost.mentions(source.path(), source.text());
        }
        // A file without a header is not reported twice.
        if draft.is_none() && faults.is_empty() {
            let first_line = source.text().lines().next().map_or(0, str::len);
            self.faults.push(Diagnostic::new(
                Fault::NotARevision,
                Place::new(source, 0..first_line),
            ));
        }
        self.faults.extend(faults);
        draft
    }

    fn unread(&mut self, path: &str, unread: Unread) {
        match unread {
            // A link that leads nowhere. To pass over it would be to lose a revision without a word.
            Unread::Absent => self.lose(path, "there is no such file".to_owned()),
            Unread::Unreadable(cause) => self.lose(path, cause),
            Unread::NotText(fault) => {
                self.lost.file(path, fault.place.source.text());
                self.faults.push(*fault);
            }
        }
    }

    fn lose(&mut self, path: &str, cause: String) {
        self.unreadable(path, cause);
        self.lost.file(path, "");
    }

    /// A directory that does not exist: said where `migrate.toml` names it, if it does.
    fn no_directory(&mut self, path: &str, named_at: Option<&Place>) {
        self.lost.folder = true;
        let path = join(self.tree.name(), path);
        let is_named = named_at.is_some();
        let place = named_at.cloned();
        let place = place.unwrap_or_else(|| Place::whole(path.clone()));
        self.faults.push(Diagnostic::new(
            Fault::NoDirectory { path, is_named },
            place,
        ));
    }

    fn unreadable(&mut self, path: &str, cause: String) {
        let path = join(self.tree.name(), path);
        let place = Place::whole(path.clone());
        self.faults
            .push(Diagnostic::new(Fault::Unreadable { path, cause }, place));
    }
}

/// Whether a file in a version location must be a revision. A hidden file of an editor need not be.
fn is_revision_file(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let is_source =
        extension.is_some_and(|e| e.eq_ignore_ascii_case("sql") || e.eq_ignore_ascii_case("rs"));
    is_source && !name.starts_with('.')
}

fn read(tree: &dyn Tree, path: &str) -> Result<Arc<Source>, Unread> {
    let unreadable = |error: io::Error| Unread::Unreadable(error.to_string());
    // No disk has such a name, and it would end in an `include_str!`.
    if path.contains('\0') {
        return Err(Unread::Unreadable("its name has a NUL byte".to_owned()));
    }
    let bytes = tree.read(path).map_err(unreadable)?.ok_or(Unread::Absent)?;
    tree::check_size(&bytes).map_err(unreadable)?;
    let source = text(join(tree.name(), path), bytes).map_err(Unread::NotText)?;
    Ok(Arc::new(source))
}

fn parse(
    file: &str,
    source: &Arc<Source>,
    dialects: &[Dialect],
) -> (Option<Draft>, Vec<Diagnostic>) {
    let mut faults = Vec::new();
    let draft = Draft::parse(source, file.to_owned(), dialects, &mut faults);
    (draft, faults)
}
