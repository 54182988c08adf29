//! The files of a migration directory that are read, and those that are refused.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;
use std::{fs, io};

use tempfile::TempDir;

use migrate_chain::load::{self, CONFIG_FILE, load};
use migrate_chain::{Diagnostic, DirectoryEntry, Disk, Tree, load_tree, tree};

const REVISION: &str = "-- revision: a1\n-- down_revision: none\n-- migrate: upgrade\n";

/// A migration directory with these files.
fn directory(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("folders in it");
        fs::write(path, text).expect("a file");
    }
    folder
}

/// The codes and messages of what is wrong with a directory. Loading it must end.
fn faults(folder: &TempDir) -> Vec<(&'static str, String)> {
    let (sender, receiver) = mpsc::channel();
    let root = folder.path().to_owned();
    thread::spawn(move || {
        let faults = load_tree(&Disk::new(root, "migrations")).err();
        sender.send(faults.unwrap_or_default())
    });
    let faults = receiver
        .recv_timeout(Duration::from_secs(20))
        .expect("loading ends");
    let shown = |fault: &Diagnostic| (fault.code(), fault.message());
    faults.iter().map(shown).collect()
}

#[test]
fn a_file_in_two_locations_is_loaded_once() {
    let settings = "versions = [\"versions/shop\", \"versions\"]\nrecursive = true\n";
    let folder = directory(&[(CONFIG_FILE, settings), ("versions/shop/a1.sql", REVISION)]);
    let chain = load(folder.path()).expect("a sound chain");
    assert_eq!(chain.revisions.len(), 1);
    assert_eq!(chain.revisions[0].file(), "versions/shop/a1.sql");
}

#[test]
fn a_nul_byte_is_refused_in_every_file_and_name_that_is_read() {
    let rust = "//! revision: b2\n//! down_revision: a1\npub async fn upgrade() {}\n";
    let sound = [
        (CONFIG_FILE, "recursive = false\n"),
        ("versions/a1.sql", REVISION),
        ("versions/b2.rs", rust),
    ];
    assert_eq!(faults(&directory(&sound)), []);
    for (n, (path, text)) in sound.iter().enumerate() {
        for at in [0, 5, text.len()] {
            let text = [&text[..at], "\0", &text[at..]].concat();
            let mut files = sound;
            files[n].1 = &text;
            let faults = load(directory(&files).path()).expect_err("a NUL");
            assert_eq!(faults.len(), 1, "{path}: {faults:?}");
            assert_eq!(
                (faults[0].code(), faults[0].place.range.start),
                ("nul-byte", at)
            );
        }
    }
    let in_name = faults_of_name("a\u{0}.sql");
    assert_eq!(in_name, ["unreadable"]);
}

fn faults_of_name(name: &str) -> Vec<&'static str> {
    struct Named<'n>(&'n str);
    impl Tree for Named<'_> {
        fn name(&self) -> &'static str {
            "migrations"
        }
        fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
            Ok((path != CONFIG_FILE).then(|| REVISION.into()))
        }
        fn list(&self, _: &str) -> io::Result<Option<Vec<DirectoryEntry>>> {
            Ok(Some(vec![DirectoryEntry {
                name: self.0.to_owned(),
                is_directory: false,
            }]))
        }
    }
    let faults = load_tree(&Named(name)).expect_err("a NUL in a name");
    faults.iter().map(Diagnostic::code).collect()
}

#[test]
fn utf_16_is_told_from_a_stray_nul() {
    let help = |text: &str| {
        let fault = load::text("a.sql", text.into()).expect_err("a NUL");
        fault.help()
    };
    assert!(help("S\0E\0L\0E\0C\0T\0").contains("UTF-16"));
    assert!(help("SELECT 'a\0b'").contains("remove"));
}

/// Makes something that is not a file.
#[cfg(unix)]
type Make = fn(&std::path::Path);

/// Whatever is not a regular file, or a link to one, would block, never end, or hold no text.
#[cfg(unix)]
#[test]
fn only_regular_files_are_read() {
    use std::os::unix::{fs::symlink, net::UnixListener};
    use std::path::Path;
    use std::process::Command;

    let pipe = |path: &Path| {
        let made = Command::new("mkfifo").arg(path).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo");
    };
    let socket = |path: &Path| drop(UnixListener::bind(path).expect("a socket"));
    let folder = |path: &Path| fs::create_dir(path).expect("a folder");
    let device = |path: &Path| symlink("/dev/null", path).expect("a link");
    let kinds: [(&str, Make); 4] = [
        ("a named pipe", pipe),
        ("a socket", socket),
        ("a folder", folder),
        ("a device", device),
    ];
    for path in ["versions/b2.sql", "versions/b2.rs", CONFIG_FILE] {
        for (kind, make) in kinds {
            let directory = directory(&[("versions/a1.sql", REVISION)]);
            make(&directory.path().join(path));
            let message = format!("`migrations/{path}` cannot be read: it is {kind}, not a file");
            assert_eq!(faults(&directory), [("unreadable", message)]);
        }
    }
    let linked = directory(&[("versions/.keep", ""), ("a1.txt", REVISION)]);
    symlink("../a1.txt", linked.path().join("versions/a1.sql")).expect("a link");
    assert_eq!(faults(&linked), []);
}

#[test]
fn a_file_that_is_too_large_is_not_read() {
    let folder = directory(&[("versions/a1.sql", REVISION)]);
    let file = fs::File::options()
        .write(true)
        .open(folder.path().join("versions/a1.sql"));
    // A hole, which takes no room.
    let grown = file.and_then(|file| file.set_len(tree::MAX_FILE_SIZE + 1));
    grown.expect("a large file");
    let message = "`migrations/versions/a1.sql` cannot be read: it is larger than 256 MiB";
    assert_eq!(faults(&folder), [("unreadable", message.to_owned())]);
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_that_is_read_is_one_fault() {
    use std::os::unix::fs::symlink;
    for (link, target, same_as) in [
        ("versions/self", ".", "versions"),
        ("versions/shop/up", "..", "versions"),
        ("versions/top", "../versions/shop", "versions/shop"),
    ] {
        let files = [
            (CONFIG_FILE, "recursive = true\n"),
            ("versions/shop/a1.sql", REVISION),
        ];
        let folder = directory(&files);
        symlink(target, folder.path().join(link)).expect("a link");
        let message = format!(
            "`migrations/{link}` is a link to `migrations/{same_as}`, which has been read already"
        );
        assert_eq!(faults(&folder), [("repeated-folder", message)]);
    }
}
