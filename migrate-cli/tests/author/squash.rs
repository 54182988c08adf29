//! `cargo migrate squash`.

use snapbox::{assert_data_eq, str};

use super::support::{Folder, URL, is_root, masked, refused, three};

#[test]
fn a_squash_stands_for_what_it_replaces() {
    let folder = three("c1");
    assert_data_eq!(
        folder
            .migrate(&["squash", "a1:b1", "-m", "Create the schema"])
            .success(),
        str![[r#"
Created migrations/versions/b1_create_the_schema.sql
Removed migrations/versions/a1.sql
Removed migrations/versions/b1.sql
  b1 is what 2 revisions were; both ways gave the same schema on sqlite

"#]]
    );
    assert_data_eq!(
        masked(&folder.read("migrations/versions/b1_create_the_schema.sql")),
        str![[r#"
-- Create the schema
--
-- revision: b1
-- down_revision: none
-- created: [..]
-- replaces: a1, b1
-- replaced_digest: [..]

-- migrate: upgrade
-- a1: Step a1
CREATE TABLE a1 (n INTEGER);

-- b1: Step b1
CREATE TABLE b1 (n INTEGER);

-- migrate: downgrade
-- b1: Step b1
DROP TABLE b1;

-- a1: Step a1
DROP TABLE a1;

"#]]
    );
    assert_eq!(
        folder.tree(),
        [
            "app.db",
            "migrations/migrate.toml",
            "migrations/versions/b1_create_the_schema.sql",
            "migrations/versions/c1.sql"
        ]
    );
    // The database of before is up to date, and goes down and up by the new file.
    let on = |arguments: &[&str]| folder.migrate(&[arguments, &["--database-url", URL]].concat());
    on(&["check"]).success();
    on(&["downgrade", "base", "--yes"]).success();
    on(&["upgrade"]).success();
    on(&["check"]).success();
}

#[test]
fn a_database_in_between_is_told_what_to_do() {
    let folder = three("a1");
    folder.migrate(&["squash", ":", "-m", "All"]).success();
    assert_data_eq!(
        folder
            .migrate(&["upgrade", "--database-url", URL])
            .failure(),
        str![[r#"
error: the database is at `a1`, which the squash into `c1` replaced
 --> migrations/versions/c1_all.sql:1:1
  |
1 | -- All
  | ^^^^^^
  |
  = help: upgrade it to `c1` with a version of the app from before the squash, and start again

"#]]
    );
}

#[test]
fn a_squash_of_a_squash_knows_both_digests() {
    let folder = three("c1");
    folder
        .migrate(&["squash", "a1:b1", "-m", "First"])
        .success();
    assert_data_eq!(
        folder
            .migrate(&["squash", ":", "-m", "Second", "--format", "json"])
            .success(),
        str![[r#"
{
  "revision": "c1",
  "replaces": [
    "a1",
    "b1",
    "c1"
  ],
  "proved_on": [
    "sqlite"
  ],
  "without_downgrade": [],
  "path": "migrations/versions/c1_second.sql",
  "removed": [
    "migrations/versions/b1_first.sql",
    "migrations/versions/c1.sql"
  ]
}

"#]]
    );
    let text = folder.read("migrations/versions/c1_second.sql");
    assert!(text.contains("-- replaces: a1, b1, c1\n"), "{text}");
    folder.migrate(&["check", "--database-url", URL]).success();
}

#[test]
fn a_chain_that_does_not_run_is_not_squashed() {
    let folder = three("base");
    folder.edit(
        "migrations/versions/b1.sql",
        "upgrade\n",
        "upgrade\nPRAGMA legacy_alter_table = 1;\nSELECT no_such_function();\n",
    );
    assert_data_eq!(
        refused(&folder, &[&["squash", "a1:b1", "-m", "x"]]),
        str![[r#"
$ cargo migrate squash a1:b1 -m x
error: the revisions do not run as they are; nothing was written
  note: the upgrade of revision `b1` failed: no such function: no_such_function (code 1)
     --> migrations/versions/b1.sql:8:1
      |
    8 | SELECT no_such_function();
      | ^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = note: the revision was rolled back as a whole
      = help: correct the statement, rebuild, and start again

"#]]
    );
}

#[test]
fn what_cannot_be_squashed_is_refused() {
    let folder = three("base");
    folder.revision("x1", "b1");
    let calls = [
        &["squash", "b1:a1", "-m", "x"][..],
        &["squash", "a1:x1", "-m", "x"],
        &["squash", "a1", "-m", "x"],
        &["squash", "a1:a1", "-m", "x"],
        &["squash", "a1:b1", "-m", "created: x"],
        &["squash", "a1:zz", "-m", "x"],
    ];
    assert_data_eq!(
        refused(&folder, &calls),
        str![[r#"
$ cargo migrate squash b1:a1 -m x
error: `b1` is not an ancestor of `a1`
  help: name the older revision first, as `A:B`

$ cargo migrate squash a1:x1 -m x
error: cannot squash: `b1` is a branch point: `c1` is a child of it too
  help: squash the revisions before it, or those after it

$ cargo migrate squash a1 -m x
error: `a1` is not a target: a range is written `START:END`, `START:` or `:END`

$ cargo migrate squash a1:a1 -m x
error: the range holds one revision, `a1`: there is nothing to squash
  help: name the first and the last revision, as `A:B`

$ cargo migrate squash a1:b1 -m created: x
error: a line of the message would be read as part of the header; nothing was written
  help: change the message: none of its lines may begin like `revision: …` or `migrate: …`

$ cargo migrate squash a1:zz -m x
error: no revision or branch is called `zz`; write at least four characters of an id, and other names in full

"#]]
    );
    folder.migrate(&["squash", "a1:b1"]).usage();
}

#[test]
fn a_squash_takes_the_place_of_a_file_of_the_same_name() {
    let folder = three("c1");
    folder.write(
        "migrations/migrate.toml",
        "dialects = [\"sqlite\"]\nfile_template = \"{rev}\"\n",
    );
    assert_data_eq!(
        folder.migrate(&["squash", ":", "-m", "All"]).success(),
        str![[r#"
Changed migrations/versions/c1.sql
Removed migrations/versions/a1.sql
Removed migrations/versions/b1.sql
  c1 is what 3 revisions were; both ways gave the same schema on sqlite

"#]]
    );
    assert_eq!(
        folder.tree(),
        [
            "app.db",
            "migrations/migrate.toml",
            "migrations/versions/c1.sql"
        ]
    );
    folder.migrate(&["check", "--database-url", URL]).success();
}

#[cfg(unix)]
#[test]
fn a_squash_that_cannot_be_written_loses_nothing() {
    let folder = three("base");
    for id in ["a1", "b1"] {
        let text = folder.read(&format!("migrations/versions/{id}.sql"));
        folder.write(
            &format!("migrations/versions/{id}.sql"),
            &text.replace("CREATE", &format!("-- {}\nCREATE", "x".repeat(900))),
        );
    }
    let before = folder.contents();
    let program = env!("CARGO_BIN_EXE_cargo-migrate");
    // Each of the files is smaller than 2 blocks of 1024 bytes, and the squash is not.
    let script = format!(
        "trap '' XFSZ; ulimit -f 2; exec {program:?} migrate squash a1:b1 -m x --dir migrations"
    );
    let output = std::process::Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(1));
    assert_data_eq!(
        String::from_utf8(output.stderr).expect("UTF-8"),
        str![[r#"
error: could not write migrations/versions/b1_x.sql: file too large
  help: make room and run the command again: nothing was left half written

"#]]
    );
    assert_eq!(folder.contents(), before);
}

#[test]
fn a_squash_says_when_it_cannot_be_undone() {
    let folder = three("base");
    folder.edit(
        "migrations/versions/b1.sql",
        "\n-- migrate: downgrade\nDROP TABLE b1;\n",
        "",
    );
    assert_data_eq!(
        folder
            .migrate(&["squash", "a1:b1", "-m", "First"])
            .success(),
        str![[r#"
Created migrations/versions/b1_first.sql
Removed migrations/versions/a1.sql
Removed migrations/versions/b1.sql
  b1 is what 2 revisions were; both ways gave the same schema on sqlite
  it has no downgrade, as b1 had none

"#]]
    );
    folder.write(
        "migrations/versions/d1.sql",
        "-- revision: d1\n-- down_revision: c1\n-- irreversible: rows are gone\n\n-- migrate: upgrade\nDELETE FROM a1;\n",
    );
    folder
        .migrate(&["squash", "c1:d1", "-m", "Second"])
        .success();
    let text = folder.read("migrations/versions/d1_second.sql");
    assert!(
        text.contains("-- irreversible: rows are gone\n") && !text.contains("downgrade"),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn an_old_file_that_stays_is_named() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::os::unix::process::CommandExt as _;

    let folder = Folder::new();
    folder.write(
        "migrations/migrate.toml",
        "dialects = [\"sqlite\"]\nversions = [\"one\", \"two\"]\n",
    );
    for (id, parent, location) in [("a1", "none", "one"), ("b1", "a1", "two")] {
        folder.revision(id, parent);
        let text = folder.read(&format!("migrations/versions/{id}.sql"));
        folder.delete(&format!("migrations/versions/{id}.sql"));
        folder.write(&format!("migrations/{location}/{id}.sql"), &text);
    }
    let mode = |path: &str, mode| {
        set_permissions(folder.path().join(path), Permissions::from_mode(mode))
            .expect("it takes a mode");
    };
    mode("", 0o755);
    mode("migrations/one", 0o555);
    mode("migrations/two", 0o777);
    let mut command = folder.command(&["squash", ":", "-m", "All"]);
    if is_root() {
        command.uid(65_534);
    }
    let output = command.output().expect("it starts");
    mode("migrations/one", 0o755);
    assert_eq!(output.status.code(), Some(1));
    assert_data_eq!(
        String::from_utf8(output.stderr).expect("UTF-8"),
        str![[r#"
error: could not remove migrations/one/a1.sql: permission denied
  note: migrations/two/b1_all.sql holds everything that the old files did
  help: remove what is left by hand: migrations/one/a1.sql, migrations/two/b1.sql

"#]]
    );
    assert!(
        folder
            .read("migrations/two/b1_all.sql")
            .contains("CREATE TABLE a1")
    );
    // As it says, what is left to do is to remove them.
    for file in ["one/a1.sql", "two/b1.sql"] {
        folder.delete(&format!("migrations/{file}"));
    }
    folder.migrate(&["verify"]).success();
}
