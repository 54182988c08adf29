//! `#[derive(Table)]` as rustc shows it: what is in step compiles, and everything else is an error at its field.
//! `TRYBUILD=overwrite` accepts the current output.

use std::path::Path;
use std::{fs, io};

#[test]
fn a_struct_that_is_not_in_step_is_an_error_at_its_field() {
    // trybuild compiles in a folder of its own, which is the package whose migrations are read.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let target = target.expect("the folder for temporary files is in the target folder");
    let project = target.join("tests/trybuild/embed-migrations");
    copy(
        Path::new("tests/models/migrations"),
        &project.join("migrations"),
    )
    .expect("it is copied");
    let cases = trybuild::TestCases::new();
    cases.pass("tests/models/pass/*.rs");
    cases.compile_fail("tests/models/ui/*.rs");
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
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
