//! Markers of sections, and of merge conflicts, are told from text that looks like one.

mod support;

use migrate_chain::Dialect::{self, MySql, Postgres, Sqlite};
use migrate_chain::{Chain, Diagnostic, load_tree};
use support::generate::Files;

const HEADER: &str = "-- revision: a1\n-- down_revision: none\n\n-- migrate: upgrade\n";

fn load(dialects: &[Dialect], file: &str, text: String) -> Result<Chain, Vec<Diagnostic>> {
    let names: Vec<String> = dialects.iter().map(|it| format!("\"{it}\"")).collect();
    let declared = match &names[..] {
        [] => String::new(),
        names => format!("dialects = [{}]\n", names.join(", ")),
    };
    let files = Files::default().with("migrate.toml", declared);
    load_tree(&files.with(&format!("versions/{file}"), text))
}

/// The upgrade and the downgrade of a section with such a text, followed by a downgrade; or the codes of what is wrong.
fn sections(dialects: &[Dialect], upgrade: &str) -> Result<[String; 2], Vec<&'static str>> {
    let text = format!("{HEADER}{upgrade}\n\n-- migrate: downgrade\nDROP TABLE t;\n");
    let chain = load(dialects, "a1.sql", text)
        .map_err(|faults| faults.iter().map(Diagnostic::code).collect::<Vec<_>>())?;
    let revision = &chain.revisions[0];
    let dialect = dialects.first().copied().unwrap_or(Postgres);
    let text = |range: Option<std::ops::Range<usize>>| {
        revision.text()[range.expect("a section")].to_owned()
    };
    Ok([
        text(revision.upgrade_range(dialect)),
        text(revision.downgrade_range(dialect)),
    ])
}

/// Text that each dialect keeps together, with a place for lines that look like markers.
const HIDING: &[(&[Dialect], &str)] = &[
    (&Dialect::ALL, "INSERT INTO t VALUES ('a\n{}\nb');"),
    (
        &Dialect::ALL,
        "INSERT INTO t VALUES ('it''s\n{}\n');\nSELECT 1;",
    ),
    (&Dialect::ALL, "INSERT INTO \"t\n{}\n\" VALUES (1);"),
    (&[MySql], "INSERT INTO t VALUES ('it\\'s\n{}\n');"),
    (&[MySql, Sqlite], "INSERT INTO `t\n{}\n` VALUES (1);"),
    (&[Sqlite], "INSERT INTO [t\n{}\n] VALUES (1);"),
    (&[Postgres], "DO $$\nBEGIN\n{}\nEND\n$$;"),
    (&[Postgres], "DO $a$ $$\n{}\n$a$;"),
    (
        &[Postgres],
        "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC\n{}\nSELECT 1; END;",
    ),
    (
        &[Sqlite],
        "CREATE TRIGGER r AFTER INSERT ON t BEGIN\n{}\nDELETE FROM u; END;",
    ),
    (
        &[MySql],
        "CREATE PROCEDURE p()\nBEGIN\n{}\n  SELECT 1;\nEND;",
    ),
    (
        &[MySql],
        "DELIMITER //\nCREATE PROCEDURE p()\nBEGIN\n{}\n  SELECT 1;\nEND//\nDELIMITER ;",
    ),
];

#[test]
fn a_marker_in_a_string_or_a_stored_program_is_text() {
    let lines = [
        "-- migrate: upgrade",
        "-- migrate: downgrade\n-- migrate: upgrade mysql",
        "  -- migrate: downgrade  ",
        "-- migrate: end",
        "-- migrate: statement",
        "-- migrate: nothing",
        "-- Migrate Down",
        "-- migrate: statment",
    ];
    for (dialects, hiding) in HIDING {
        for dialect in *dialects {
            for line in lines {
                let upgrade = hiding.replace("{}", line);
                let found = sections(&[*dialect], &upgrade);
                let expected = Ok([upgrade.clone(), "DROP TABLE t;".to_owned()]);
                assert_eq!(found, expected, "{dialect}: {upgrade}");
            }
        }
    }
}

/// Only PostgreSQL can run a dollar quote, whatever the chain says.
#[test]
fn a_dollar_quote_hides_markers_in_a_chain_that_declares_no_database() {
    let upgrade =
        "DO $$\n-- migrate: downgrade\n$$;\nINSERT INTO t VALUES ('\n-- migrate: end\n');";
    let expected = [upgrade.to_owned(), "DROP TABLE t;".to_owned()];
    assert_eq!(sections(&[], upgrade), Ok(expected));
}

/// One database reads a string, another a comment. Losing the marker would make the downgrade a part of the upgrade.
#[test]
fn a_marker_counts_where_databases_disagree() {
    let upgrade = "SELECT 1 # it's\n;";
    let found = sections(
        &[],
        &format!("{upgrade}\n\n-- migrate: downgrade mysql\n-- it's\n;"),
    );
    let expected = [upgrade.to_owned(), "DROP TABLE t;".to_owned()];
    assert_eq!(found, Ok(expected));
    // Two procedures have an odd number of `$$`.
    let one = "CREATE PROCEDURE p() BEGIN SELECT 1; END$$\n";
    let upgrade = format!("DELIMITER $$\n{one}{one}DELIMITER ;\nSELECT 1;");
    let found = sections(&[], &upgrade);
    assert_eq!(found, Ok([upgrade, "DROP TABLE t;".to_owned()]));
}

/// The fault is the quote, and not that the downgrade is gone.
#[test]
fn where_something_is_never_closed_markers_count() {
    for (upgrade, code) in [
        ("INSERT INTO t VALUES ('a);", "unterminated-string"),
        ("/* DROP TABLE u;", "unterminated-comment"),
        ("DO $$ BEGIN END $;", "unterminated-dollar-quote"),
    ] {
        let text = format!("{HEADER}{upgrade}\n\n-- migrate: downgrade\nDROP TABLE t;\n");
        let faults = load(&[Postgres], "a1.sql", text).expect_err(upgrade);
        let found: Vec<(&str, usize)> = faults
            .iter()
            .map(|fault| (fault.code(), fault.place.position().line))
            .collect();
        assert_eq!(found, [(code, 5)], "{upgrade}");
    }
}

#[test]
fn sections_that_are_commented_out_are_not_there() {
    let text = format!("{HEADER}SELECT 1;\n/*\n-- migrate: downgrade\nDROP TABLE t;\n*/\n");
    let chain = load(&[Postgres], "a1.sql", text).expect("a sound chain");
    assert!(!chain.revisions[0].has_downgrade(Postgres));
}

#[test]
fn a_conflict_marker_in_a_string_or_a_stored_program_is_text() {
    let conflict = "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> theirs";
    for (dialects, hiding) in HIDING {
        for dialect in *dialects {
            for lines in ["<<<<<<< HEAD", conflict] {
                // As SQL, it would be wrong in a body, and is not looked at.
                let upgrade = hiding.replace("{}", lines);
                let found = sections(&[*dialect], &upgrade);
                let expected = Ok([upgrade.clone(), "DROP TABLE t;".to_owned()]);
                assert_eq!(found, expected, "{dialect}: {upgrade}");
            }
        }
    }
    for open in [
        conflict.to_owned(),
        format!("SELECT 1;\n{conflict}\n;"),
        format!("SELECT 'a'\n{conflict}\n, 'b';"),
        format!("/*\n{conflict}\n*/"),
        format!("SELECT '\n{conflict}\n;"),
        format!("-- migrate: statement\n{conflict}\n-- migrate: end"),
        format!("{conflict}\n-- migrate: upgrade\n{conflict}"),
    ] {
        for dialect in Dialect::ALL {
            let codes = sections(&[dialect], &open).expect_err(&open);
            assert!(
                codes.iter().all(|code| *code == "conflict-marker"),
                "{open}: {codes:?}"
            );
        }
    }
}

#[test]
fn a_conflict_marker_in_a_string_of_rust_or_of_the_settings_is_text() {
    let rust = |text: &str| {
        let header = "//! revision: a1\n//! down_revision: none\n";
        let function = "pub async fn upgrade() {}\n";
        let faults = load(&[], "a1.rs", format!("{header}{text}\n{function}")).err();
        faults.map(|faults| faults[0].code())
    };
    assert_eq!(
        rust("const A: &str = \"\n<<<<<<< HEAD\n=======\n>>>>>>> x\n\";"),
        None
    );
    assert_eq!(rust("const A: &str = r#\"\n<<<<<<< HEAD\n\"#;"), None);
    let open = "<<<<<<< HEAD\nconst A: i32 = 1;\n=======\nconst A: i32 = 2;\n>>>>>>> x";
    assert_eq!(rust(open), Some("conflict-marker"));
    assert_eq!(
        rust("<<<<<<< HEAD\nconst A: &str = \"a;"),
        Some("conflict-marker")
    );

    let text = format!("{HEADER}SELECT 1;\n");
    let toml = |settings: &str| {
        let files = Files::default().with("migrate.toml", settings);
        let faults = load_tree(&files.with("versions/a1.sql", text.clone())).err();
        faults.map(|faults| faults[0].code())
    };
    let connect = "[connect]\nsqlite = \"\"\"\nSELECT '\n<<<<<<< HEAD\n'\"\"\"\n";
    assert_eq!(toml(connect), None);
    assert_eq!(toml("<<<<<<< HEAD\n[connect]\n"), Some("conflict-marker"));
}

#[test]
fn an_allowance_is_a_marker_with_a_code_and_a_reason() {
    let upgrade = "-- migrate: allow long-lock it is small\nSELECT 1;";
    let expected = [upgrade.to_owned(), "DROP TABLE t;".to_owned()];
    assert_eq!(sections(&[Postgres], upgrade), Ok(expected));
    for wrong in ["-- migrate: allow", "-- migrate: allow long-lock"] {
        let found = sections(&[Postgres], &format!("{wrong}\nSELECT 1;"));
        assert_eq!(found, Err(vec!["malformed-marker"]), "{wrong}");
    }
}

/// A text that swallows every marker is read a bounded number of times.
#[test]
fn many_markers_in_broken_text_take_no_time() {
    let line = "-- migrate: statment 'a\n-- migrate: upgrade x\nSELECT $$ ' /* [ `;\n";
    let text = format!("{HEADER}{}", line.repeat(1_000));
    let started = std::time::Instant::now();
    load(&[], "a1.sql", text).expect_err("it is broken");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
