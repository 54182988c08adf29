//! The seeds of the fuzzer, to which every text that once hung or panicked is added, on a stable compiler.

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use migrate_chain::lock::Lock;
use migrate_chain::sql::{faults, faults_common, split, tokens};
use migrate_chain::target::{Range, Target};
use migrate_chain::{Dialect, conflict_markers, load, load_tree};
use support::generate::Files;

const FIRST: &str =
    "-- First\n--\n-- revision: a1\n-- down_revision: none\n\n-- migrate: upgrade\nSELECT 1;\n";

#[test]
fn every_reader_comes_to_an_end_with_a_nul_as_with_any_text() {
    let seeds = seeds(Path::new("../fuzz/seeds"));
    assert!(seeds.len() > 15, "{seeds:?}");
    let has_nul = |path: &&PathBuf| fs::read(path).expect("it can be read").contains(&0);
    assert!(seeds.iter().filter(has_nul).count() > 5);
    for seed in seeds {
        let bytes = fs::read(&seed).expect("it can be read");
        let (done, is_done) = mpsc::channel();
        thread::spawn(move || {
            read(&bytes);
            done.send(())
        });
        let result = is_done.recv_timeout(Duration::from_mins(1));
        result.unwrap_or_else(|_| panic!("{} does not end, or panics", seed.display()));
    }
}

/// Takes the text for each file that there is.
fn read(bytes: &[u8]) {
    let chain = Files::default().with("versions/a1.sql", FIRST);
    for (path, before, after) in [
        (
            "versions/b2.sql",
            "",
            "\n\n-- migrate: upgrade\nSELECT 1;\n",
        ),
        (
            "versions/b2.sql",
            "-- B\n--\n-- revision: b2\n-- down_revision: a1\n\n",
            "",
        ),
        ("versions/b2.rs", "", "\npub async fn upgrade() {}\n"),
        ("migrate.toml", "", ""),
        ("schema.lock", "", ""),
    ] {
        let text = [before.as_bytes(), bytes, after.as_bytes()].concat();
        let _ = load_tree(&chain.clone().with(path, text));
    }
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    assert_eq!(
        text.contains('\0'),
        load::text("a.sql", bytes.to_vec()).is_err()
    );
    for dialect in Dialect::ALL {
        assert_eq!(
            tokens(dialect, text)
                .map(|token| token.end - token.start)
                .sum::<usize>(),
            text.len()
        );
        split(dialect, text).count();
        faults(dialect, true, text);
    }
    faults_common(true, text);
    conflict_markers(text);
    let _ = (
        Lock::parse(text),
        text.parse::<Target>(),
        text.parse::<Range>(),
    );
}

fn seeds(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    paths
        .flat_map(|path| {
            if path.is_dir() {
                seeds(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}
