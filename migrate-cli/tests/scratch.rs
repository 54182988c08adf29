//! The commands that prove something on a scratch database, or ask the connected one: `squash`, `verify`, `rebase`,
//! `revision --autogenerate`.

#![allow(
    clippy::needless_raw_string_hashes,
    reason = "snapbox writes snapshots so"
)]

mod support;

use snapbox::{assert_data_eq, str};
use support::{Folder, refused};

/// a1 <- b1 <- c1, each with a table of its own, and a database at `target`.
fn three(target: &str) -> Folder {
    let folder = Folder::new();
    folder.write("migrations/migrate.toml", "dialects = [\"sqlite\"]\n");
    folder.revision("a1", "none");
    folder.revision("b1", "a1");
    folder.revision("c1", "b1");
    folder
        .migrate(&["upgrade", target, "--database-url", URL])
        .success();
    folder
}

const URL: &str = "sqlite:app.db?mode=rwc";

/// The file with what differs from run to run left out.
fn masked(text: &str) -> String {
    let mask = |line: &str| match line.split_once(": ") {
        Some((key @ ("-- created" | "-- replaced_digest"), _)) => format!("{key}: [..]"),
        _ => line.to_owned(),
    };
    text.lines().map(|line| mask(line) + "\n").collect()
}

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
error: `b1` is no ancestor of `a1`
  help: name the older revision first, as `A:B`

$ cargo migrate squash a1:x1 -m x
error: cannot squash: `b1` is a branch point: `c1` stands on it as well
  help: squash what lies before it, or behind it

$ cargo migrate squash a1 -m x
error: `a1` is no target: a range is written `START:END`, `START:` or `:END`

$ cargo migrate squash a1:a1 -m x
error: the range holds one revision, `a1`: there is nothing to squash
  help: name the first and the last revision, as `A:B`

$ cargo migrate squash a1:b1 -m created: x
error: a line of the message would be read as part of the header; nothing was written
  help: word the message otherwise: no line of it can begin as `revision: …` or `migrate: …` do

$ cargo migrate squash a1:zz -m x
error: no revision or branch is called `zz`; an id of more than three characters can be cut short, others are written in full

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
fn a_chain_whose_downgrades_undo_is_verified() {
    let folder = three("base");
    folder.revision("x1", "b1");
    folder.revision("m1", "c1, x1");
    folder.write(
        "migrations/versions/n1.sql",
        "-- revision: n1\n-- down_revision: m1\n-- irreversible: rows are gone\n\n-- migrate: upgrade\nDELETE FROM a1;\n",
    );
    folder.write(
        "migrations/versions/o1.sql",
        "-- revision: o1\n-- down_revision: n1\n\n-- migrate: upgrade\nCREATE TABLE o1 (n INT);\n",
    );
    assert_data_eq!(
        folder.migrate(&["verify"]).success(),
        str![[r#"
sqlite: 5 revisions went up, down and up again
  without a downgrade: o1
  irreversible: n1

"#]]
    );
    assert_data_eq!(
        folder.migrate(&["verify", "--format", "json"]).success(),
        str![[r#"
{
  "verified": [
    {
      "dialect": "sqlite",
      "revisions": [
        {
          "revision": "a1",
          "downgrade": "undoes"
        },
        {
          "revision": "b1",
          "downgrade": "undoes"
        },
        {
          "revision": "c1",
          "downgrade": "undoes"
        },
        {
          "revision": "x1",
          "downgrade": "undoes"
        },
        {
          "revision": "m1",
          "downgrade": "undoes"
        },
        {
          "revision": "n1",
          "downgrade": "irreversible"
        },
        {
          "revision": "o1",
          "downgrade": "missing"
        }
      ]
    }
  ]
}

"#]]
    );
}

#[test]
fn the_first_downgrade_that_does_not_undo_is_named_with_what_is_left() {
    let folder = three("base");
    folder.edit(
        "migrations/versions/b1.sql",
        "upgrade\n",
        "upgrade\nCREATE INDEX b1_n ON a1 (n);\nALTER TABLE a1 ADD COLUMN m TEXT;\n",
    );
    folder.edit("migrations/versions/c1.sql", "DROP TABLE c1;\n", "");
    assert_data_eq!(
        folder.migrate(&["verify"]).failure(),
        str![[r#"
error: on sqlite, the downgrade of `b1` does not undo its upgrade
  note: what is left after it:
    + column a1.m
    + index b1_n on a1
  help: mend the downgrade in migrations/versions/b1.sql

"#]]
    );
    // One that fails is shown at its place.
    let folder = three("base");
    folder.edit(
        "migrations/versions/b1.sql",
        "DROP TABLE b1;",
        "DROP TABLE b2;",
    );
    assert_data_eq!(
        folder.migrate(&["verify"]).failure(),
        str![[r#"
error: the chain cannot be replayed on a scratch database (downgrade)
  note: the downgrade of revision `b1` failed: no such table: b2 (code 1)
      --> migrations/versions/b1.sql:10:1
       |
    10 | DROP TABLE b2;
       | ^^^^^^^^^^^^^
       |
       = note: the revision was rolled back as a whole
       = help: correct the statement, rebuild, and start again

"#]]
    );
}

#[test]
fn a_chain_for_another_database_needs_its_server() {
    let folder = three("base");
    folder.write(
        "migrations/migrate.toml",
        "dialects = [\"sqlite\", \"postgres\"]\n",
    );
    let calls = [
        &["verify"][..],
        &["squash", "a1:b1", "-m", "x"],
        &["verify", "--dev-url", "oracle://x"],
    ];
    assert_data_eq!(
        refused(&folder, &calls),
        str![[r#"
$ cargo migrate verify
error: there is no postgres server to make a scratch database on
  help: name one with --dev-url, such as `--dev-url postgres://localhost/postgres`: any database there will do

$ cargo migrate squash a1:b1 -m x
error: there is no postgres server to make a scratch database on
  help: name one with --dev-url, such as `--dev-url postgres://localhost/postgres`: any database there will do

$ cargo migrate verify --dev-url oracle://x
error: `oracle:` is no database that is known here
  help: a URL begins with sqlite:, postgres:// or mysql://

"#]]
    );
}

#[test]
fn a_revision_in_rust_cannot_be_tried() {
    let folder = three("base");
    folder
        .migrate(&["revision", "--rust", "--rev-id", "d1", "-m", "Fill"])
        .success();
    assert_data_eq!(
        folder.migrate(&["verify"]).failure(),
        str![[r#"
error: the chain cannot be replayed on a scratch database (upgrade)
  note: revision `d1` is written in Rust, and only the app that embeds it can run it
      help: run the migration from the app's own binary

"#]]
    );
}

#[test]
fn rebase_asks_the_database() {
    let folder = three("c1");
    folder.revision("x1", "a1");
    let on = |arguments: &[&str]| folder.migrate(&[arguments, &["--database-url", URL]].concat());
    let transcript = refused(
        &folder,
        &[
            &["rebase", "c1", "--onto", "x1", "--database-url", URL],
            &[
                "rebase",
                "x1",
                "--onto",
                "c1",
                "--database-url",
                "sqlite:absent.db",
            ],
            &["rebase", "x1", "--onto", "b1", "--database-url", URL],
            &["rebase", "a1", "--onto", "x1", "--database-url", URL],
        ],
    );
    assert_data_eq!(
        transcript,
        str![[r#"
$ cargo migrate rebase c1 --onto x1 --database-url sqlite:app.db?mode=rwc
error: `b1` is applied in the database; nothing was changed
  note: a revision that is applied keeps what it stands on, or no other database would agree with this one
  help: downgrade the branch first, or join the heads with `cargo migrate merge heads`

$ cargo migrate rebase x1 --onto c1 --database-url sqlite:absent.db
error: the database absent.db cannot be opened: unable to open database file
  note: nothing was changed: the database has to say whether it has applied the branch
  help: name the right database, or pass --offline if it has not

$ cargo migrate rebase x1 --onto b1 --database-url sqlite:app.db?mode=rwc
error: `b1` is no head
  note: `c1` stands on it already
  help: name a head: `cargo migrate heads` lists them

$ cargo migrate rebase a1 --onto x1 --database-url sqlite:app.db?mode=rwc
error: `a1` is part of the history of `x1`: there is nothing to move
  help: name the head of the other branch

"#]]
    );
    assert_data_eq!(
        on(&["rebase", "x1", "--onto", "c1"]).success(),
        str![[r#"
Changed migrations/versions/x1.sql
  a1 -> x1 is now c1 -> x1

"#]]
    );
    assert_data_eq!(
        on(&["rebase", "x1", "--onto", "c1"]).success(),
        str![[r#"
x1 stands on c1 already; nothing was changed

"#]]
    );
    on(&["upgrade"]).success();
    on(&["check"]).success();
}

#[test]
fn rebase_says_when_no_database_was_asked() {
    let folder = three("base");
    folder.revision("x1", "a1");
    let ended = folder.migrate(&["rebase", "x1", "--onto", "c1", "--format", "json"]);
    assert_data_eq!(
        ended.success(),
        str![[r#"
{
  "revision": "x1",
  "from": [
    "a1"
  ],
  "onto": "c1",
  "moved": 1,
  "path": "migrations/versions/x1.sql",
  "changed": true
}

"#]]
    );
    assert_data_eq!(
        ended.stderr(),
        str![[r#"
no database was asked whether it has applied the branch

"#]]
    );
}

#[test]
fn what_differs_from_the_schema_becomes_a_revision() {
    let folder = three("base");
    folder.write(
        "migrations/schema.sql",
        "CREATE TABLE a1 (n INTEGER);\nCREATE TABLE b1 (n INTEGER, label TEXT);\nCREATE INDEX b1_label ON b1 (label);\n",
    );
    let ended = folder.migrate(&[
        "revision",
        "--autogenerate",
        "-m",
        "Label",
        "--rev-id",
        "d1",
    ]);
    assert_data_eq!(
        ended.success(),
        str![[r#"
Created migrations/versions/d1_label.sql
  c1 -> d1 (head), Label

"#]]
    );
    assert_data_eq!(
        ended.stderr(),
        str![[r#"
warning: destructive: drops table c1 and its rows

"#]]
    );
    assert_data_eq!(
        masked(&folder.read("migrations/versions/d1_label.sql")),
        str![[r#"
-- Label
--
-- revision: d1
-- down_revision: c1
-- created: [..]
-- foreign_keys: off

-- migrate: upgrade
-- destructive: drops table c1 and its rows
DROP TABLE "c1";
ALTER TABLE "b1" ADD COLUMN label TEXT;
CREATE INDEX b1_label ON b1 (label);

-- migrate: downgrade
DROP INDEX "b1_label";
-- destructive: drops column b1.label and its values
ALTER TABLE "b1" DROP COLUMN "label";
CREATE TABLE c1 (n INTEGER);

"#]]
    );
    assert_data_eq!(
        folder
            .migrate(&["revision", "--autogenerate", "-m", "Label"])
            .success(),
        str![[r#"
The chain builds the desired schema: no revision was written

"#]]
    );
    folder.migrate(&["verify"]).success();
}

#[test]
fn what_cannot_be_generated_is_refused() {
    let folder = three("base");
    let calls = [
        &["revision", "--autogenerate"][..],
        &[
            "revision",
            "--autogenerate",
            "--schema-file",
            "wanted.sql",
            "--deny",
            "destructive",
        ],
        &[
            "revision",
            "--autogenerate",
            "--schema-file",
            "wanted.sql",
            "--rename",
            "x",
        ],
        &["revision", "--autogenerate", "--schema-file", "broken.sql"],
    ];
    folder.write("wanted.sql", "CREATE TABLE a1 (n INTEGER);\n");
    folder.write("broken.sql", "CREATE TABLE;\n");
    assert_data_eq!(
        refused(&folder, &calls),
        str![[r#"
$ cargo migrate revision --autogenerate
error: the desired schema migrations/schema.sql cannot be read: No such file or directory (os error 2)
  help: write the schema that you want there, in the SQL of your database

$ cargo migrate revision --autogenerate --schema-file wanted.sql --deny destructive
error: the revision would lose data, and that is denied
  note: drops table c1 and its rows
    drops table b1 and its rows
  help: say renames with `-- @renamed from=old`, or allow it without --deny destructive

$ cargo migrate revision --autogenerate --schema-file wanted.sql --rename x
error: `x` is no rename
  help: write --rename old=new for a table, --rename table.old=new for a column

$ cargo migrate revision --autogenerate --schema-file broken.sql
error: broken.sql:1: the database refused the desired schema: incomplete input
  note: CREATE TABLE

"#]]
    );
    folder
        .migrate(&["revision", "--autogenerate", "--live"])
        .usage();
    folder
        .migrate(&["revision", "--autogenerate", "--rust"])
        .usage();
    folder
        .migrate(&["revision", "--deny", "destructive"])
        .usage();
}

#[test]
fn edit_opens_what_the_database_is_at() {
    let folder = three("b1");
    let editor = [("EDITOR", "sed -i s/Step/Edited/")];
    folder
        .run(&["edit", "current", "--database-url", URL], &editor)
        .success();
    let is_edited = |id: &str| {
        folder
            .read(&format!("migrations/versions/{id}.sql"))
            .contains("Edited")
    };
    assert_eq!(["a1", "b1", "c1"].map(is_edited), [false, true, false]);
    assert_data_eq!(
        folder.run(&["edit", "current"], &editor).usage(),
        str![[r#"
error: `current` is where the database is, and none is named
  help: set DATABASE_URL, or pass --database-url

"#]]
    );
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
    if support::is_root() {
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
