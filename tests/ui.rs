//! How rustc shows the macro's errors: one case for each kind of place. The faults themselves are in `tests/fixtures`, and
//! migrate-macros tests that each of them becomes an error. `TRYBUILD=overwrite` accepts the current output.

use std::path::{Path, PathBuf};
use std::{fs, io};

#[test]
fn the_macro_reports_a_fault_at_its_place() {
    // trybuild compiles in a folder of its own, and a path in the macro is relative to that.
    let fixtures = project().join("fixtures");
    copy(Path::new("tests/fixtures"), &fixtures).expect("the fixtures are copied");
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/*.rs");
    copy(
        Path::new("tests/models/migrations"),
        &project().join("migrations"),
    )
    .expect("the chain is copied");
    cases.compile_fail("tests/ui/models/*.rs");
}

/// The folder in which trybuild compiles its cases.
fn project() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let target = target.expect("the folder for temporary files is in the target folder");
    target.join("tests/trybuild/embed-migrations")
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
        if entry.file_type()?.is_symlink() {
            // One fixture has a link to a folder, which no case is about.
            continue;
        }
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
