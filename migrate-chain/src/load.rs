//! From a migration directory to a [`Chain`]: read, parse, check, hash. Every fault is reported, not the first.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use crate::chain::Chain;
use crate::check;
use crate::config::{self, Config};
use crate::diagnostic::{self, Diagnostic, Fault};
use crate::draft::Draft;
use crate::graph::RevisionGraph;
use crate::revision::Revision;
use crate::source::{Place, Source};
use crate::tree::{Disk, Tree};

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
    let mut loader = Loader {
        tree,
        faults: Vec::new(),
        seen: HashSet::new(),
    };
    let (config, has_config_file) = loader.config();
    let drafts = loader.drafts(&config);
    let mut faults = loader.faults;
    check::revisions(&config, &drafts, &mut faults);
    let graph = check::graph(&config, &drafts, &mut faults);
    match graph {
        Some(graph) if faults.is_empty() => {
            let revisions = finish(drafts, &graph);
            Ok(Chain {
                directory: tree.name().to_owned(),
                config,
                has_config_file,
                revisions,
                graph,
            })
        }
        _ => {
            diagnostic::sort(&mut faults);
            Err(faults)
        }
    }
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
    let mut loader = Loader {
        tree,
        faults: Vec::new(),
        seen: HashSet::new(),
    };
    let mut files = Vec::new();
    for location in locations {
        loader.collect(location, recursive, &mut files);
    }
    if loader.faults.is_empty() {
        Ok(files)
    } else {
        Err(loader.faults)
    }
}

/// The name of the settings file.
pub const CONFIG_FILE: &str = "migrate.toml";

struct Loader<'t> {
    tree: &'t dyn Tree,
    faults: Vec<Diagnostic>,
    /// The files read, since version locations may overlap.
    seen: HashSet<String>,
}

impl Loader<'_> {
    fn config(&mut self) -> (Config, bool) {
        match self.source(CONFIG_FILE) {
            Some(source) => (config::parse(&source, &mut self.faults), true),
            None => (Config::default(), false),
        }
    }

    fn drafts(&mut self, config: &Config) -> Vec<Draft> {
        if !matches!(self.tree.list(""), Ok(Some(_))) {
            self.whole("", Fault::NoDirectory);
            return Vec::new();
        }
        let mut files = Vec::new();
        for location in &config.versions {
            self.collect(location, config.recursive, &mut files);
        }
        files
            .into_iter()
            .filter_map(|file| self.draft(file))
            .collect()
    }

    /// The revision files of a location, sorted by name; with `recursive`, folders are walked where their names sort.
    fn collect(&mut self, folder: &str, recursive: bool, files: &mut Vec<String>) {
        let mut entries = match self.tree.list(folder) {
            Ok(Some(entries)) => entries,
            Ok(None) => return self.whole(folder, Fault::NoDirectory),
            Err(error) => {
                return self.whole(
                    folder,
                    Fault::Unreadable {
                        cause: error.to_string(),
                    },
                );
            }
        };
        entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        for entry in entries {
            let path = join(folder, &entry.name);
            if entry.is_directory && recursive {
                self.collect(&path, recursive, files);
            } else if !entry.is_directory
                && is_revision_file(&entry.name)
                && self.seen.insert(path.clone())
            {
                files.push(path);
            }
        }
    }

    fn draft(&mut self, file: String) -> Option<Draft> {
        let source = self.source(&file)?;
        let faults_before = self.faults.len();
        let draft = Draft::parse(&source, file, &mut self.faults);
        // A file without a header is not reported twice.
        if draft.is_none() && self.faults.len() == faults_before {
            let first_line = source.text().lines().next().map_or(0, str::len);
            self.faults.push(Diagnostic::new(
                Fault::NotARevision,
                Place::new(&source, 0..first_line),
            ));
        }
        draft
    }

    /// Reads a file, or says why not. A file that does not exist is no fault.
    fn source(&mut self, path: &str) -> Option<Arc<Source>> {
        let bytes = match self.tree.read(path) {
            Ok(bytes) => bytes?,
            Err(error) => {
                self.whole(
                    path,
                    Fault::Unreadable {
                        cause: error.to_string(),
                    },
                );
                return None;
            }
        };
        match String::from_utf8(bytes) {
            Ok(text) => Some(Arc::new(Source::new(join(self.tree.name(), path), text))),
            Err(error) => {
                self.not_utf8(path, error);
                None
            }
        }
    }

    /// Points at the first byte that is not UTF-8, in the text with such bytes replaced.
    fn not_utf8(&mut self, path: &str, error: std::string::FromUtf8Error) {
        let valid_up_to = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        let source = Arc::new(Source::new(join(self.tree.name(), path), text));
        let place = Place::new(
            &source,
            valid_up_to..valid_up_to + char::REPLACEMENT_CHARACTER.len_utf8(),
        );
        self.faults
            .push(Diagnostic::new(Fault::NotUtf8 { valid_up_to }, place));
    }

    fn whole(&mut self, path: &str, fault: Fault) {
        self.faults.push(Diagnostic::new(
            fault,
            Place::whole(join(self.tree.name(), path)),
        ));
    }
}

/// Whether a file in a version location must be a revision. What an editor hides behind a dot is none.
fn is_revision_file(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    let is_source =
        extension.is_some_and(|e| e.eq_ignore_ascii_case("sql") || e.eq_ignore_ascii_case("rs"));
    is_source && !name.starts_with('.')
}

fn join(folder: &str, name: &str) -> String {
    match (folder, name) {
        (folder, "") => folder.to_owned(),
        ("", name) => name.to_owned(),
        (folder, name) => format!("{}/{name}", folder.trim_end_matches('/')),
    }
}

/// Hashes the drafts of a chain without faults, parents first.
fn finish(drafts: Vec<Draft>, graph: &RevisionGraph) -> Vec<Revision> {
    let hashes = crate::draft::hash(&drafts, graph);
    drafts
        .into_iter()
        .zip(hashes)
        .map(|(draft, fingerprints)| draft.finish(fingerprints))
        .collect()
}
