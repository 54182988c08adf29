//! The text that each fixture under `tests/fixtures` prints. `SNAPSHOTS=overwrite` accepts the current output.

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use migrate_chain::Diagnostic;
use migrate_render::{self as render, Style};
use snapbox::IntoData;
use snapbox::assert::DEFAULT_ACTION_ENV;
use snapbox::data::DataFormat;
use support::{codes, fixtures};

#[test]
fn each_fixture_prints_its_snapshot() {
    let assert = snapbox::Assert::new()
        .normalize_paths(false)
        .action_env(DEFAULT_ACTION_ENV);
    let mut wrong = Vec::new();
    for fixture in fixtures::all() {
        let shown = fixtures::shown(&fixture.warnings(), &fixture.load());
        let expected = snapbox::Data::read_from(&fixture.expected(), Some(DataFormat::Text));
        let compared = assert.try_eq(Some(&fixture.name), shown.into(), expected);
        wrong.extend(compared.err().map(|error| error.to_string()));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_snapshot_is_left_without_its_fixture() {
    for fixture in fixtures::all() {
        let has_directory = fixture.migrations().is_dir();
        // One fixture is a directory that does not exist.
        assert!(
            has_directory != (fixture.name == "no-directory"),
            "{} has no migrations",
            fixture.name
        );
    }
}

#[test]
fn each_code_has_a_fixture_named_for_it() {
    let found: BTreeSet<String> = faulty()
        .iter()
        .flat_map(|(_, faults)| faults.iter().map(|fault| fault.code().to_owned()))
        .collect();
    assert_eq!(found, codes::all());
    let names: BTreeSet<String> = fixtures::all()
        .into_iter()
        .map(|fixture| fixture.name)
        .collect();
    for code in codes::all() {
        assert!(
            names.iter().any(|name| name.starts_with(&code)),
            "no fixture is named for {code}"
        );
    }
}

/// A fixture is named for its fault: nothing else may show, or one mistake has become two.
#[test]
fn a_fixture_has_only_the_fault_that_it_is_named_for() {
    let codes = codes::all();
    for (name, faults) in faulty() {
        // The longest, since one code may begin with another.
        let named = codes.iter().filter(|code| name.starts_with(&***code));
        let Some(named) = named.max_by_key(|code| code.len()) else {
            continue;
        };
        let others: Vec<&str> = faults
            .iter()
            .map(Diagnostic::code)
            .filter(|code| code != named)
            .collect();
        let expected: &[&str] = match &*name {
            "several-bases-and-heads" => &["several-heads"],
            "repeated-reference-unknown" => &["unknown-parent"],
            _ => &[],
        };
        assert_eq!(others, expected, "{name}");
    }
}

#[test]
fn what_breaks_a_chain_most_often_is_one_diagnostic_that_says_what_to_do() {
    let only = |name: &str| {
        let faults = fixtures::find(name)
            .load()
            .expect_err("the fixture is broken");
        let [fault] = &faults[..] else {
            panic!("{name}: {faults:#?}")
        };
        render::text(fault, Style::Plain)
    };
    let middle = only("missing-middle");
    assert!(middle.contains("b3f1d07c9e55_create_invoices.sql:4:19"));
    assert!(middle.contains("restore the missing file, or name `ae1027a6acf4`"));
    let head = only("second-head");
    assert!(head.contains("ae1027a6acf4_create_teams.sql:3:14"));
    assert!(head.contains("run `cargo migrate merge 27c6a30d7c24 ae1027a6acf4`"));
}

#[test]
fn five_mistakes_are_five_diagnostics_in_the_order_of_the_files() {
    let faults = fixtures::find("five-faults")
        .load()
        .expect_err("the fixture is broken");
    let codes: Vec<&str> = faults.iter().map(Diagnostic::code).collect();
    let expected = [
        "config-unknown-key",
        "malformed-value",
        "unknown-parent",
        "transaction-control",
        "unknown-marker",
    ];
    assert_eq!(codes, expected);
    let files: BTreeSet<&str> = faults
        .iter()
        .map(|fault| fault.place.source.path())
        .collect();
    assert_eq!(files.len(), 5);
}

#[test]
fn every_diagnostic_says_what_to_do_next() {
    for (name, faults) in faulty() {
        for fault in faults {
            assert!(fault.help().len() > 10, "{name}: {}", fault.code());
            let text = render::text(&fault, Style::Plain);
            assert!(text.contains(&fault.message()), "{text}");
            assert!(text.contains(" = help: "), "{text}");
        }
    }
}

#[test]
fn colours_are_all_that_coloured_text_adds() {
    let mut coloured = 0;
    for (name, faults) in faulty() {
        for fault in faults {
            let text = render::text(&fault, Style::Coloured);
            coloured += usize::from(text.contains("\u{1b}["));
            assert_eq!(
                without_escapes(&text),
                render::text(&fault, Style::Plain),
                "{name}"
            );
        }
    }
    assert!(coloured > 50, "only {coloured} diagnostics have colours");
}

#[test]
fn the_json_form_has_the_same_facts() {
    for (name, faults) in faulty() {
        for fault in faults {
            let line = render::json(&fault);
            assert!(!line.contains('\n'), "{line}");
            let json: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
            assert_eq!(json["code"], fault.code(), "{name}");
            assert_eq!(json["message"], fault.message());
            assert_eq!(json["help"], fault.help());
            assert_eq!(json["file"], fault.place.source.path());
            let related = json["related"].as_array().expect("a list");
            assert_eq!(related.len(), fault.related.len());
            if !fault.place.is_whole_file() {
                let position = fault.place.position();
                assert_eq!(json["line"], position.line);
                assert_eq!(json["column"], position.column);
                assert!(json["end_line"].as_u64() >= json["line"].as_u64());
            }
        }
    }
}

#[test]
fn the_json_form_is_as_documented() {
    let faults = fixtures::find("second-head")
        .load()
        .expect_err("the fixture is broken");
    snapbox::assert_data_eq!(
        render::json(&faults[0]),
        snapbox::str![[r#"{"code":"several-heads","message":"the chain has 2 heads: `27c6a30d7c24`, `ae1027a6acf4`","file":"migrations/versions/ae1027a6acf4_create_teams.sql","line":3,"column":14,"end_line":3,"end_column":26,"help":"run `cargo migrate merge 27c6a30d7c24 ae1027a6acf4`, or allow several with `heads = \"many\"` in migrate.toml","related":[{"file":"migrations/versions/27c6a30d7c24_create_members.sql","line":3,"column":14,"end_line":3,"end_column":26,"message":"another head"}]}"#]].raw()
    );
    let faults = fixtures::find("no-directory")
        .load()
        .expect_err("the fixture is broken");
    snapbox::assert_data_eq!(
        render::json(&faults[0]),
        snapbox::str![[r#"{"code":"no-directory","message":"there is no directory `migrations`","file":"migrations","line":null,"column":null,"end_line":null,"end_column":null,"help":"run `cargo migrate init` to create one, or correct the path","related":[]}"#]].raw()
    );
}

#[test]
fn the_documentation_lists_every_code_once() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/diagnostics.md");
    let text = std::fs::read_to_string(path).expect("the page is there");
    let (tables, json) = text.split_once("## As JSON").expect("both parts");
    let listed: Vec<&str> = tables.lines().filter_map(first_cell).collect();
    let distinct: BTreeSet<String> = listed.iter().map(|&code| code.to_owned()).collect();
    assert_eq!(distinct, codes::all());
    assert_eq!(listed.len(), distinct.len());
    for field in json_fields() {
        assert!(json.contains(&format!("`{field}`")), "{field}");
    }
}

/// The text in backquotes in the first cell of a row.
fn first_cell(row: &str) -> Option<&str> {
    Some(row.strip_prefix("| `")?.split_once('`')?.0)
}

fn json_fields() -> Vec<String> {
    let (_, faults) = faulty().remove(0);
    let json: serde_json::Value =
        serde_json::from_str(&render::json(&faults[0])).expect("it is JSON");
    let object = json.as_object().expect("an object");
    object.keys().cloned().collect()
}

/// The fixtures that have faults or warnings, with these.
fn faulty() -> Vec<(String, Vec<Diagnostic>)> {
    let faulty: Vec<_> = fixtures::all()
        .into_iter()
        .map(|fixture| {
            let mut faults = fixture.warnings();
            faults.extend(fixture.load().err().unwrap_or_default());
            (fixture.name, faults)
        })
        .filter(|(_, faults)| !faults.is_empty())
        .collect();
    faulty
}

/// The text without `ESC [ … m`.
fn without_escapes(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| {
        let (_, rest) = part.split_once('m').expect("the sequence ends");
        plain + rest
    })
}
