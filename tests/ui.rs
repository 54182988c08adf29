//! What the macro prints for a broken chain. `TRYBUILD=overwrite` takes what is printed now.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{fs, io};

#[test]
fn the_macro_reports_each_fixture() {
    // trybuild compiles in a folder of its own, and a path in the macro is relative to that.
    let fixtures = project().join("fixtures");
    copy(Path::new("tests/fixtures"), &fixtures).expect("the fixtures are copied");
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
}

#[test]
fn each_broken_fixture_has_a_case_and_no_snapshot_is_left_over() {
    let stems = |extension: &str| -> BTreeSet<String> {
        let files = fs::read_dir("tests/ui").expect("the cases are there");
        let paths = files.map(|entry| entry.expect("an entry").path());
        let wanted = paths.filter(|path| path.extension().is_some_and(|is| is == extension));
        wanted.map(|path| text_of(path.file_stem())).collect()
    };
    let cases = stems("rs");
    assert_eq!(cases, stems("stderr"));
    let without_fixture = [
        "argument-empty",
        "argument-identifier",
        "argument-number",
        "argument-setting",
        "argument-two-literals",
        "several-calls",
    ];
    let of_fixtures: BTreeSet<String> = fs::read_dir("tests/fixtures")
        .expect("the fixtures are there")
        .map(|entry| entry.expect("an entry").path())
        .filter(|fixture| !is_sound(fixture))
        .map(|fixture| text_of(fixture.file_name()))
        .chain(without_fixture.map(str::to_owned))
        .collect();
    assert_eq!(cases, of_fixtures);
    for case in &cases {
        let text = fs::read_to_string(format!("tests/ui/{case}.rs")).expect("the case");
        let names_itself = text.contains(&format!("\"fixtures/{case}/migrations\""));
        assert!(names_itself || without_fixture.contains(&&**case), "{case}");
    }
}

/// Where trybuild compiles its cases.
fn project() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let target = target.expect("the folder for temporary files is in the target folder");
    target.join("tests/trybuild/embed-migrations")
}

/// Whether a fixture is one without faults.
fn is_sound(fixture: &Path) -> bool {
    let expected = fs::read_to_string(fixture.join("expected.txt")).expect("its snapshot");
    expected.starts_with("sound")
}

fn text_of(name: Option<&std::ffi::OsStr>) -> String {
    let name = name.and_then(std::ffi::OsStr::to_str);
    name.expect("a UTF-8 name").to_owned()
}

/// Copies a folder as it is, in place of what was there.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if to.exists() {
        fs::remove_dir_all(to)?;
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
