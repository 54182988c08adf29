//! `cargo migrate verify`, `rebase` and `revision --autogenerate`: what they try on a scratch database, or ask the
//! connected one.

use snapbox::{assert_data_eq, str};

use super::support::{URL, masked, refused, three};

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
sqlite: 5 revisions upgraded, downgraded and upgraded again
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
          "downgrade": "undoes",
          "elapsed_ms": [..]
        },
        {
          "revision": "b1",
          "downgrade": "undoes",
          "elapsed_ms": [..]
        },
        {
          "revision": "c1",
          "downgrade": "undoes",
          "elapsed_ms": [..]
        },
        {
          "revision": "x1",
          "downgrade": "undoes",
          "elapsed_ms": [..]
        },
        {
          "revision": "m1",
          "downgrade": "undoes",
          "elapsed_ms": [..]
        },
        {
          "revision": "n1",
          "downgrade": "irreversible",
          "elapsed_ms": [..]
        },
        {
          "revision": "o1",
          "downgrade": "missing",
          "elapsed_ms": [..]
        }
      ]
    }
  ]
}

"#]]
    );
}

#[test]
fn a_downgrade_that_does_not_undo_is_named_with_what_is_left() {
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
error: on sqlite, the downgrades of 2 revisions do not undo their upgrades
  note: `b1` in migrations/versions/b1.sql does not undo its upgrade: what is left after it:
    + column a1.m
    + index b1_n on a1
  note: `c1` in migrations/versions/c1.sql does not undo its upgrade: what is left after it:
    + table c1
  help: correct the downgrades in these files

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
error: on sqlite, the downgrade of `b1` does not run
  note: the downgrade of revision `b1` failed: no such table: b2 (code 1)
      --> migrations/versions/b1.sql:10:1
       |
    10 | DROP TABLE b2;
       | ^^^^^^^^^^^^^
       |
       = note: the revision was rolled back as a whole
       = help: correct the statement, rebuild, and start again
  help: correct the downgrade in migrations/versions/b1.sql

"#]]
    );
}

#[test]
fn every_downgrade_that_does_not_undo_is_named() {
    let folder = three("base");
    folder.edit(
        "migrations/versions/a1.sql",
        "upgrade\n",
        "upgrade\nCREATE TABLE kept (n INTEGER);\n",
    );
    folder.edit(
        "migrations/versions/b1.sql",
        "DROP TABLE b1;",
        "DROP TABLE b2;",
    );
    folder.edit(
        "migrations/versions/c1.sql",
        "upgrade\n",
        "upgrade\nCREATE INDEX IF NOT EXISTS kept_n ON kept (n);\n",
    );
    let said = folder.migrate(&["verify"]).failure();
    assert!(
        said.contains("on sqlite, the downgrades of 3 revisions do not undo their upgrades"),
        "{said}"
    );
    for told in [
        "`a1` in migrations/versions/a1.sql does not undo its upgrade: what is left after it:\n    + table kept",
        "`b1` in migrations/versions/b1.sql does not run: the downgrade of revision `b1` failed: no such table: b2",
        "`c1` in migrations/versions/c1.sql does not undo its upgrade: what is left after it:\n    + index kept_n on kept",
    ] {
        assert!(said.contains(told), "{told}: {said}");
    }
    let folder = three("base");
    let ended = folder.migrate(&["verify", "--verbose"]);
    for id in ["a1", "b1", "c1"] {
        assert!(
            ended.stderr().contains(&format!("sqlite: {id} took ")),
            "{}",
            ended.stderr()
        );
    }
}

#[test]
fn what_a_downgrade_takes_along_without_naming_it_is_found() {
    let folder = three("base");
    folder.write("migrations/migrate.toml", "dialects = [\"postgres\"]\n");
    // The table b1 stays without a column, and no text of a1 or c1 names it.
    folder.edit(
        "migrations/versions/b1.sql",
        "upgrade\n",
        "upgrade\nCREATE FUNCTION hidden() RETURNS void LANGUAGE plpgsql AS $$ BEGIN ALTER TABLE IF EXISTS b1 ADD COLUMN IF NOT EXISTS m INTEGER; END $$;\n",
    );
    folder.edit(
        "migrations/versions/b1.sql",
        "DROP TABLE b1;",
        "DROP TABLE b1;\nDROP FUNCTION hidden;",
    );
    folder.edit(
        "migrations/versions/c1.sql",
        "DROP TABLE c1;",
        "DROP TABLE c1;\nSELECT hidden();",
    );
    let said = folder.migrate(&["verify"]).failure();
    assert!(
        said.contains("the downgrade of `c1` does not undo its upgrade"),
        "{said}"
    );
    assert!(said.contains("+ column b1.m"), "{said}");
}

#[test]
fn a_server_of_an_unknown_kind_is_refused() {
    let folder = three("base");
    let calls = [
        &["verify", "--dev-url", "oracle://x"][..],
        &["squash", "a1:b1", "-m", "x", "--dev-url", "docker://nginx"],
    ];
    assert_data_eq!(
        refused(&folder, &calls),
        str![[r#"
$ cargo migrate verify --dev-url oracle://x
error: `oracle://x` does not name a known database
  help: it begins with `sqlite:`, `postgres://` or `mysql://`

$ cargo migrate squash a1:b1 -m x --dev-url docker://nginx
error: the image `nginx` is not known to be a database
  help: write docker://postgres:17, docker://mariadb:11 or docker://mysql:8

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
      help: run the migration from the app's own binary; to let `cargo migrate` do that, name its mounted commands in migrate.toml, such as `app = ["cargo", "run", "-q", "--", "migrate"]`

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
  note: an applied revision keeps its parent, or databases would disagree about the history
  help: downgrade the branch first, or join the heads with `cargo migrate merge heads`

$ cargo migrate rebase x1 --onto c1 --database-url sqlite:absent.db
error: the database absent.db cannot be opened: unable to open database file
  note: nothing was changed: the database has to say whether it has applied the branch
  help: name the right database, or pass --offline if it has not

$ cargo migrate rebase x1 --onto b1 --database-url sqlite:app.db?mode=rwc
error: `b1` is not a head
  note: `c1` is a child of it already
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
x1 is a child of c1 already; nothing was changed

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
error: there is no desired schema: migrations/schema.sql does not exist
  help: write the schema that you want there, in the SQL of your database

$ cargo migrate revision --autogenerate --schema-file wanted.sql --deny destructive
error: the revision would lose data, and that is denied
  note: drops table c1 and its rows
    drops table b1 and its rows
  help: say renames with `-- @renamed from=old`, or allow it without --deny destructive

$ cargo migrate revision --autogenerate --schema-file wanted.sql --rename x
error: `x` is not a rename
  help: write --rename old=new for a table, --rename table.old=new for a column

$ cargo migrate revision --autogenerate --schema-file broken.sql
error: broken.sql:1:1: the database refused the desired schema: incomplete input
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
