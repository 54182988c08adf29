//! The check that a debug build embeds what its source directory holds.

use migrate_chain::{Disk, Tree, load};

use crate::Migrations;
use crate::error::{Error, ErrorKind};

/// Compares the embedded files with those on disk, in a debug build whose directory still exists.
///
/// # Errors
/// [`ErrorKind::Stale`], which names the first file that differs.
pub(crate) fn check(migrations: &Migrations) -> Result<(), Error> {
    let Some(source) = migrations.source else {
        return Ok(());
    };
    let tree = Disk::new(source, migrations.directory.as_ref());
    let Ok(Some(_)) = tree.list("") else {
        return Ok(());
    };
    match difference(migrations, &tree) {
        Some(difference) => Err(stale(migrations, &difference)),
        None => Ok(()),
    }
}

/// What is different on disk, in words; none also where the directory cannot be read, which is for the build to report.
fn difference(migrations: &Migrations, tree: &Disk) -> Option<String> {
    let locations = migrations
        .settings
        .versions
        .iter()
        .map(|location| &**location);
    let files = load::revision_files(tree, locations, migrations.settings.recursive).ok()?;
    let embedded = |file: &str| {
        migrations
            .revisions()
            .iter()
            .find(|revision| revision.file() == file)
    };
    // The order of both is the loading order, so that the usual case needs no search.
    for (n, file) in files.iter().enumerate() {
        let at_same_place = migrations
            .revisions()
            .get(n)
            .filter(|revision| revision.file() == file);
        let Some(revision) = at_same_place.or_else(|| embedded(file)) else {
            return Some(format!("{file} was added"));
        };
        if tree
            .read(file)
            .ok()
            .flatten()
            .is_some_and(|bytes| bytes != revision.text().as_bytes())
        {
            return Some(format!("{file} was edited"));
        }
    }
    let removed = migrations
        .revisions()
        .iter()
        .find(|revision| !files.iter().any(|file| file == revision.file()))?;
    Some(format!("{} was removed", removed.file()))
}

fn stale(migrations: &Migrations, difference: &str) -> Error {
    Error::new(ErrorKind::Stale, format!("this binary is stale: in {}, {difference} after it was built", migrations.directory))
        .note("cargo does not see new files by itself")
        .help(format!(
            "rebuild, for example after `touch src/main.rs`; to make cargo see every change, write a build.rs with \
             `println!(\"cargo:rerun-if-changed={}\")`",
            migrations.directory
        ))
}
