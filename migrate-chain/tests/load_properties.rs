//! Properties of any migration directory.

mod support;

use migrate_chain::{Diagnostic, Dialect, Place, load_tree};
use migrate_render::{self as render, Style};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use support::generate::{Files, any_text, sound_chain};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn a_sound_chain_loads_without_faults(files in sound_chain()) {
        if let Err(faults) = load_tree(&files) {
            panic!("{files:#?}\n{}", texts(&faults));
        }
    }

    #[test]
    fn any_text_loads_or_is_refused_with_places_that_exist(
        revisions in vec((any_text(), any::<bool>()), 0..4),
        config in proptest::option::of(any_text()),
    ) {
        if let Err(faults) = load_tree(&directory(&revisions, config)) {
            prop_assert!(!faults.is_empty());
            for fault in &faults {
                check_place(&fault.place);
                fault.related.iter().for_each(|related| check_place(&related.place));
                check_forms(fault);
            }
            let order: Vec<(&str, usize)> = faults
                .iter()
                .map(|fault| (fault.place.source.path(), fault.place.range.start))
                .collect();
            prop_assert!(order.is_sorted(), "{order:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused_at_the_first_of_them(
        before in any_text(),
        after in any_text(),
    ) {
        let bytes = [before.as_bytes(), b"\xff", after.as_bytes()].concat();
        let faults = load_tree(&Files::default().with("versions/a.sql", bytes)).expect_err("a fault");
        prop_assert_eq!(faults.len(), 1, "{}", texts(&faults));
        prop_assert_eq!(faults[0].place.range.start, before.len());
        check_place(&faults[0].place);
        check_forms(&faults[0]);
    }

    /// SQLite ends a text at a NUL, and a driver that goes on behind it never does.
    #[test]
    fn a_nul_anywhere_is_refused_where_it_is(files in sound_chain(), place in any::<Index>()) {
        let at = |text: &str| text.floor_char_boundary(place.index(text.len() + 1));
        let broken = files.map(|text| [&text[..at(text)], "\0", &text[at(text)..]].concat());
        let faults = load_tree(&broken).expect_err("a fault");
        prop_assert!(faults.iter().all(|fault| fault.code() == "nul-byte"), "{}", texts(&faults));
        for fault in &faults {
            prop_assert_eq!(&fault.place.source.text()[fault.place.range.clone()], "\0");
            check_forms(fault);
        }
    }

    /// Lines are counted the same, and what is wrong is the same, however the file was saved.
    #[test]
    fn a_byte_order_mark_and_carriage_returns_change_no_diagnostic(
        revisions in vec((any_text(), any::<bool>()), 0..4),
        config in proptest::option::of(any_text()),
    ) {
        let files = directory(&revisions, config).map(lf);
        let plain = facts(&files);
        prop_assert_eq!(&plain, &facts(&files.map(|text| text.replace('\n', "\r\n"))));
        prop_assert_eq!(&plain, &facts(&files.map(|text| format!("\u{feff}{text}"))));
    }

    #[test]
    fn a_byte_order_mark_and_carriage_returns_change_no_checksum(files in sound_chain()) {
        let plain = hashes(&files);
        prop_assert_eq!(&plain, &hashes(&files.map(|text| text.replace('\n', "\r\n"))));
        prop_assert_eq!(&plain, &hashes(&files.map(|text| format!("\u{feff}{text}"))));
    }

    /// The other direction: SQL that differs has another checksum, and so another digest.
    #[test]
    fn a_change_of_the_sql_changes_every_checksum(files in sound_chain()) {
        let changed = files.map(|text| text.replace("CREATE TABLE t ", "CREATE TABLE u "));
        let (before, after) = (hashes(&files), hashes(&changed));
        for (before, after) in before.iter().zip(&after) {
            if before.starts_with("sqlite") {
                prop_assert_ne!(before, after);
            }
        }
    }
}

/// A directory with these texts as revisions, in SQL or in Rust.
fn directory(revisions: &[(String, bool)], config: Option<String>) -> Files {
    let start = Files::default().with("versions/.gitkeep", "");
    let files = revisions
        .iter()
        .enumerate()
        .fold(start, |files, (n, (text, is_rust))| {
            let extension = if *is_rust { "rs" } else { "sql" };
            files.with(&format!("versions/{n}.{extension}"), text.clone())
        });
    match config {
        Some(config) => files.with("migrate.toml", config),
        None => files,
    }
}

/// The text as an editor on Unix saves it.
fn lf(text: &str) -> String {
    text.replace(['\r', '\u{feff}'], "")
}

fn check_place(place: &Place) {
    let text = place.source.text();
    let range = place.range.clone();
    assert!(
        text.get(range.clone()).is_some(),
        "{range:?} is not in a text of {} bytes",
        text.len()
    );
    let (start, end) = (place.position(), place.source.position(range.end));
    assert!(start <= end);
    // A lone carriage return ends no line.
    let lines: Vec<&str> = text.split('\n').collect();
    let line = lines[start.line - 1].trim_start_matches('\u{feff}');
    assert!(
        start.column <= line.chars().count() + 1,
        "{start:?} in {line:?}"
    );
}

fn check_forms(fault: &Diagnostic) {
    let text = render::text(fault, Style::Plain);
    assert!(text.contains(fault.code()), "{text}");
    render::text(fault, Style::Coloured);
    let line = render::json(fault);
    assert!(
        serde_json::from_str::<serde_json::Value>(&line).is_ok(),
        "{line}"
    );
}

/// Each fault with its line and column.
fn facts(files: &Files) -> Vec<String> {
    let faults = load_tree(files).err().unwrap_or_default();
    let fact = |fault: &Diagnostic| {
        let position = fault.place.position();
        let related: Vec<_> = fault
            .related
            .iter()
            .map(|related| related.place.position())
            .collect();
        let path = fault.place.source.path();
        format!(
            "{path}:{position:?} {} {} {related:?}",
            fault.code(),
            fault.message()
        )
    };
    faults.iter().map(fact).collect()
}

/// The checksum and the digest of each revision, for each database.
fn hashes(files: &Files) -> Vec<String> {
    let chain = load_tree(files).unwrap_or_else(|faults| panic!("{}", texts(&faults)));
    let revisions = chain.revisions.iter();
    revisions
        .flat_map(|revision| {
            Dialect::ALL.map(|dialect| {
                let checksum = revision.checksum(dialect).expect("there is SQL for each");
                format!("{dialect} {checksum} {}", revision.digest(dialect))
            })
        })
        .collect()
}

fn texts(faults: &[Diagnostic]) -> String {
    let texts: Vec<String> = faults
        .iter()
        .map(|fault| render::text(fault, Style::Plain))
        .collect();
    texts.join("\n")
}
