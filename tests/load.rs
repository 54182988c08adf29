//! Loading a directory at run time, and embedding it at build time, are one and the same.

use std::fs;

use embed_migrations::{Dialect, Migrations, embed_migrations};

#[test]
fn each_fixture_loads_with_what_the_macro_prints() {
    let mut broken = 0;
    for entry in fs::read_dir("tests/fixtures").expect("the fixtures are there") {
        let name = entry.expect("an entry").file_name();
        let name = name.to_str().expect("a UTF-8 name");
        let expected = fs::read_to_string(format!("tests/fixtures/{name}/expected.txt"));
        let expected = expected.expect("its snapshot");
        match Migrations::load(format!("tests/fixtures/{name}/migrations")) {
            Ok(migrations) => assert_sound(name, &migrations, &expected),
            Err(error) => {
                broken += 1;
                // The snapshot calls each directory `migrations`.
                let shown = error
                    .to_string()
                    .replace(&format!("tests/fixtures/{name}/"), "");
                assert_eq!(format!("{shown}\n"), expected, "{name}");
            }
        }
    }
    assert!(broken > 100, "only {broken} broken fixtures");
}

fn assert_sound(name: &str, migrations: &Migrations, expected: &str) {
    let count = migrations.revisions().len();
    // Loading says nothing of warnings, which come first in the snapshot.
    let sound = format!("sound, {count} revisions");
    assert!(expected.lines().any(|line| line == sound), "{name}");
    for revision in migrations.revisions() {
        let line = format!("\n{} {}\n", revision.id(), revision.file());
        assert!(expected.contains(&line), "{name}: {line}");
        for dialect in Dialect::ALL {
            let line = format!("  {dialect} digest {}\n", revision.digest(dialect));
            assert!(expected.contains(&line), "{name}: {line}");
        }
    }
}

macro_rules! embedded {
    ($($name:literal),*) => {
        [$(($name, embed_migrations!($name))),*]
    };
}

#[test]
fn what_is_embedded_is_what_is_loaded() {
    let embedded = embedded![
        "tests/fixtures/bom/migrations",
        "tests/fixtures/crlf/migrations",
        "tests/fixtures/dialects/migrations",
        "tests/fixtures/empty/migrations",
        "tests/fixtures/many-locations/migrations",
        "tests/fixtures/merge/migrations",
        "tests/fixtures/non-ascii/migrations",
        "tests/fixtures/rust/migrations",
        "tests/fixtures/without-transaction/migrations"
    ];
    for (path, embedded) in &embedded {
        let loaded = Migrations::load(path).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(embedded.revisions(), loaded.revisions(), "{path}");
        assert_eq!(embedded.heads(), loaded.heads(), "{path}");
    }
    let sound = fs::read_dir("tests/fixtures").expect("the fixtures are there");
    let sound = sound.filter(|entry| {
        let folder = entry.as_ref().expect("an entry").path();
        let expected = fs::read_to_string(folder.join("expected.txt"));
        expected.expect("its snapshot").starts_with("sound")
    });
    assert_eq!(
        sound.count(),
        embedded.len(),
        "a sound fixture is not embedded"
    );
}
