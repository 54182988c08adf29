//! Commands and their output. Each file in `sessions` is run on SQLite; `SNAPSHOTS=overwrite` rewrites it.

mod session;

use session::Session;

macro_rules! sessions {
    ($($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                Session::sqlite().check(folder().join(concat!(stringify!($name), ".md")));
            }
        )*

        const NAMES: &[&str] = &[$(stringify!($name)),*];
    };
}

sessions! { bad_input branches check current develop downgrade ensure_version heads help history offline resolve show stamp status upgrade }

fn folder() -> std::path::PathBuf {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sessions").into()
}

#[test]
fn each_session_is_run() {
    for entry in std::fs::read_dir(folder()).expect("the folder is there") {
        let name = entry.expect("it can be read").file_name();
        let name = name.to_string_lossy();
        let name = name.strip_suffix(".md").unwrap_or(&name);
        assert!(NAMES.contains(&name), "nothing runs {name}");
    }
}

#[test]
fn the_fields_of_the_json_are_as_documented() {
    Session::sqlite().check(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/json.md"));
}

#[test]
fn the_guide_to_writing_revisions_is_true() {
    Session::sqlite().check(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/authoring.md"));
}

#[test]
fn the_guide_to_branches_is_true() {
    Session::sqlite().check(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/branches.md"));
}

#[test]
fn the_guide_to_crashes_is_true() {
    Session::sqlite().check(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/crash.md"));
}

#[test]
fn the_guide_to_testing_is_true() {
    Session::sqlite().check(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/testing.md"));
}

#[test]
fn the_guide_to_models_is_true() {
    Session::in_a_crate().check(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/models.md"));
}
