//! Cargo learns of a new file by the date of one that it knows.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use migrate_chain::load::CONFIG_FILE;

use super::directory::Directory;

/// Updates the time of a source file of each crate that embeds the chain, so that the next build looks again.
/// If there is none, nothing embeds the chain yet, and nothing is said.
pub fn touch(directory: &Directory) {
    let now = SystemTime::now();
    for path in tracked(directory) {
        // Another process may hold or remove it; the build script that `init` wrote tells cargo as well.
        let _ = File::options()
            .append(true)
            .open(path)
            .and_then(|file| file.set_modified(now));
    }
}

/// The files that the macro makes cargo watch: the settings and the revisions; if there are none, the file with the
/// macro.
fn tracked(directory: &Directory) -> Vec<PathBuf> {
    if directory.chain.has_config_file {
        return vec![directory.path(CONFIG_FILE)];
    }
    let still_there = |path: &PathBuf| path.exists();
    let files = directory
        .chain
        .revisions
        .iter()
        .map(|revision| directory.path(revision.file()));
    match files.into_iter().find(still_there) {
        Some(file) => vec![file],
        None => package_of(directory.root())
            .map(|package| callers(&package))
            .unwrap_or_default(),
    }
}

/// The nearest folder above with a `Cargo.toml`.
fn package_of(directory: &Path) -> Option<PathBuf> {
    let absolute = fs::canonicalize(directory).ok()?;
    absolute
        .ancestors()
        .find(|folder| folder.join("Cargo.toml").is_file())
        .map(Path::to_owned)
}

/// The sources of a package that call the macro.
fn callers(package: &Path) -> Vec<PathBuf> {
    let mut callers = Vec::new();
    let mut pending = vec![package.join("src")];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && fs::read_to_string(&path).is_ok_and(|text| text.contains("embed_migrations!"))
            {
                callers.push(path);
            }
        }
    }
    callers
}
