//! One chain, whichever way it is read.

use std::fs;
use std::path::Path;

use embed_migrations::{Dialect, Migrations, embed_migrations};
use include_dir::{Dir, include_dir};

use crate::suite::upgrade::EMBEDDED;

static DIRECTORY: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/migrations");
static ALL_KEYS: Migrations = embed_migrations!("tests/chains/all-keys");
static ALL_KEYS_DIRECTORY: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/tests/chains/all-keys");

#[test]
fn three_ways_give_equal_values() {
    let loaded = Migrations::load("migrations").unwrap();
    assert_eq!(loaded, EMBEDDED);
    assert_eq!(Migrations::from_dir(&DIRECTORY).unwrap(), EMBEDDED);
    assert_eq!(loaded.heads(), EMBEDDED.heads());
    assert_eq!(loaded.revisions(), EMBEDDED.revisions());
}

#[test]
fn with_all_keys_of_header_and_configuration() {
    let loaded = Migrations::load("tests/chains/all-keys").unwrap();
    assert_eq!(loaded, ALL_KEYS);
    assert_eq!(Migrations::from_dir(&ALL_KEYS_DIRECTORY).unwrap(), ALL_KEYS);
    let squash = loaded
        .revisions()
        .iter()
        .find(|revision| revision.id() == "c3")
        .unwrap();
    assert_eq!(squash.replaces().collect::<Vec<_>>(), ["c1", "c2", "c3"]);
    assert!(!squash.is_transactional());
    assert_eq!(squash.irreversible(), Some("the old rows are gone"));
}

/// A checkout on Windows has other line ends and the same fingerprints.
#[test]
fn with_crlf() {
    let copy = tempfile::tempdir().unwrap();
    copy_with_crlf(Path::new("migrations"), copy.path());
    let windows = Migrations::load(copy.path()).unwrap();
    assert_eq!(windows.heads(), EMBEDDED.heads());
    for (theirs, ours) in windows.revisions().iter().zip(EMBEDDED.revisions()) {
        assert!(theirs.text().contains("\r\n"));
        assert_eq!((theirs.id(), theirs.message()), (ours.id(), ours.message()));
        for dialect in Dialect::ALL {
            assert_eq!(
                theirs.checksum(dialect),
                ours.checksum(dialect),
                "{}",
                ours.id()
            );
            assert_eq!(
                theirs.digest(dialect),
                ours.digest(dialect),
                "{}",
                ours.id()
            );
        }
    }
}

fn copy_with_crlf(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy_with_crlf(&path, &target);
        } else {
            fs::write(
                target,
                fs::read_to_string(&path).unwrap().replace('\n', "\r\n"),
            )
            .unwrap();
        }
    }
}
