//! The check that a debug build embeds what its source directory holds.

use std::collections::HashMap;

use migrate_chain::{Disk, Revision, Tree, load};

use crate::Migrations;
use crate::values::error::{Error, ErrorKind};

/// Compares the embedded files with those on disk, in a debug build whose directory still exists.
///
/// # Errors
/// [`ErrorKind::Stale`], which names the first file that differs.
pub fn check(migrations: &Migrations) -> Result<(), Error> {
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

impl Migrations {
    /// The check, for a caller that does not connect.
    ///
    /// # Errors
    /// [`ErrorKind::Stale`], which names the first file that differs.
    #[doc(hidden)]
    pub fn check_source(&self) -> Result<(), Error> {
        check(self)
    }
}

/// The difference on disk, in words; `None` also if the directory cannot be read, which the build reports.
fn difference(migrations: &Migrations, tree: &Disk) -> Option<String> {
    let locations = migrations
        .settings
        .versions
        .iter()
        .map(|location| &**location);
    // An edit of it is a matter for rustc, which has read it; whether it is there is not.
    let has_config_file = tree.read(load::CONFIG_FILE).ok()?.is_some();
    if has_config_file != migrations.has_config_file {
        let happened = if has_config_file { "added" } else { "removed" };
        return Some(format!("{} was {happened}", load::CONFIG_FILE));
    }
    let files = load::revision_files(tree, locations, migrations.settings.recursive).ok()?;
    let revisions = migrations.revisions().iter();
    let mut embedded: HashMap<&str, &Revision> = revisions
        .map(|revision| (revision.file(), revision))
        .collect();
    for file in &files {
        let Some(revision) = embedded.remove(&**file) else {
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
    let removed = embedded.into_keys().min()?;
    Some(format!("{removed} was removed"))
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    const FIRST: &str =
        "-- First\n--\n-- revision: a1\n-- down_revision: none\n\n-- migrate: upgrade\nSELECT 1;\n";

    /// A chain of one revision, as a debug build has it embedded.
    fn embedded(first: &str) -> (tempfile::TempDir, Migrations, PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let versions = folder.path().join("versions");
        fs::create_dir(&versions).expect("a folder in it");
        fs::write(versions.join("a1.sql"), first).expect("a file in that");
        let mut migrations = Migrations::load(folder.path()).expect("a sound chain");
        let source = folder.path().to_str().expect("an ASCII path").to_owned();
        migrations.source = Some(source.leak());
        (folder, migrations, versions)
    }

    fn summary(migrations: &Migrations) -> String {
        let error = check(migrations).expect_err("it is stale");
        assert_eq!(error.kind(), ErrorKind::Stale);
        assert!(
            error
                .advice()
                .is_some_and(|advice| advice.contains("rebuild"))
        );
        error.summary().to_owned()
    }

    fn write(versions: &Path, name: &str, text: &str) {
        fs::write(versions.join(name), text).expect("the file is written");
    }

    #[test]
    fn an_unchanged_directory_passes() {
        for first in [
            FIRST.to_owned(),
            FIRST.replace('\n', "\r\n"),
            format!("\u{feff}{FIRST}"),
        ] {
            let (_folder, migrations, _) = embedded(&first);
            assert!(check(&migrations).is_ok(), "{first:?}");
        }
    }

    #[test]
    fn an_added_file_is_named() {
        let (_folder, migrations, versions) = embedded(FIRST);
        write(
            &versions,
            "b2.sql",
            &FIRST.replace("a1", "b2").replace("none", "a1"),
        );
        assert!(summary(&migrations).contains("versions/b2.sql was added"));
    }

    #[test]
    fn an_edited_file_is_named() {
        let (_folder, migrations, versions) = embedded(FIRST);
        write(&versions, "a1.sql", &FIRST.replace("SELECT 1", "SELECT 2"));
        assert!(summary(&migrations).contains("versions/a1.sql was edited"));
    }

    #[test]
    fn a_configuration_that_comes_or_goes_is_named() {
        let (folder, migrations, _) = embedded(FIRST);
        let config = folder.path().join("migrate.toml");
        fs::write(&config, "version_table = \"other\"\n").expect("the file is written");
        assert!(summary(&migrations).contains("migrate.toml was added"));
        let mut migrations = Migrations::load(folder.path()).expect("a sound chain");
        migrations.source = folder.path().to_str().map(|path| &*path.to_owned().leak());
        assert!(check(&migrations).is_ok());
        fs::remove_file(config).expect("it was there");
        assert!(summary(&migrations).contains("migrate.toml was removed"));
    }

    #[test]
    fn a_removed_file_is_named() {
        let (_folder, migrations, versions) = embedded(FIRST);
        fs::remove_file(versions.join("a1.sql")).expect("it was there");
        assert!(summary(&migrations).contains("versions/a1.sql was removed"));
    }

    #[test]
    fn without_the_directory_nothing_is_compared() {
        let (folder, migrations, _) = embedded(FIRST);
        folder.close().expect("it can be removed");
        assert!(check(&migrations).is_ok());
        let (_folder, mut release, versions) = embedded(FIRST);
        release.source = None;
        write(&versions, "a1.sql", "edited");
        assert!(check(&release).is_ok());
    }
}
