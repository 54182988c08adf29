//! `cargo migrate revision`, `merge`, `edit` and `list-templates`.
#![allow(
    clippy::needless_raw_string_hashes,
    reason = "snapbox writes snapshots so"
)]

mod support;

use std::fs;

use snapbox::{assert_data_eq, str};
use support::{Folder, is_root, refused};

/// A directory with these settings, and this chain: a1 <- b1, where b1 is the head.
fn two(settings: &str) -> Folder {
    let folder = Folder::new();
    folder.write("migrations/migrate.toml", settings);
    folder.revision("a1", "none");
    folder.revision("b1", "a1");
    folder
}

/// The same with two heads, b1 and c1.
fn forked(settings: &str) -> Folder {
    let folder = two(settings);
    folder.revision("c1", "a1");
    folder
}

const DATE: &str = "-- created: [..]";

fn text(folder: &Folder, file: &str) -> String {
    let text = folder.read(&format!("migrations/versions/{file}"));
    let line = |line: &str| {
        if line.starts_with("-- created: ") {
            DATE.to_owned()
        } else {
            line.to_owned()
        }
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

#[test]
fn the_first_revision_has_no_parent_and_the_next_one_has_it() {
    let folder = Folder::new();
    folder.write("migrations/versions/.gitkeep", "");
    assert_data_eq!(
        folder
            .migrate(&["revision", "-m", "Create users", "--rev-id", "a1"])
            .success(),
        str![[r#"
Created migrations/versions/a1_create_users.sql
  <base> -> a1 (head), Create users

"#]]
    );
    assert_data_eq!(
        text(&folder, "a1_create_users.sql"),
        str![[r#"
-- Create users
--
-- revision: a1
-- down_revision: none
-- created: [..]

-- migrate: upgrade


-- migrate: downgrade

"#]]
    );
    assert_data_eq!(
        folder
            .migrate(&["revision", "-m", "Create teams", "--rev-id", "b1"])
            .success(),
        str![[r#"
Created migrations/versions/b1_create_teams.sql
  a1 -> b1 (head), Create teams

"#]]
    );
    assert!(text(&folder, "b1_create_teams.sql").contains("-- down_revision: a1\n"));
}

#[test]
fn an_id_is_made_up_as_alembic_makes_it() {
    let folder = two("");
    folder.migrate(&["revision", "-m", "x"]).success();
    let file = folder
        .tree()
        .into_iter()
        .find(|file| file.ends_with("_x.sql"))
        .expect("it is there");
    let id = file
        .trim_start_matches("migrations/versions/")
        .trim_end_matches("_x.sql");
    assert!(
        id.len() == 12
            && id
                .bytes()
                .all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()),
        "{id}"
    );
}

#[test]
fn every_key_is_written_and_only_those_that_say_something() {
    let folder = two("heads = \"many\"\n");
    let arguments = [
        "revision",
        "-m",
        "Bill",
        "--rev-id",
        "d1",
        "--head",
        "a1",
        "--splice",
        "--branch-label",
        "billing",
        "--depends-on",
        "b1",
    ];
    folder.migrate(&arguments).success();
    assert_data_eq!(
        text(&folder, "d1_bill.sql"),
        str![[r#"
-- Bill
--
-- revision: d1
-- down_revision: a1
-- depends_on: b1
-- branch_labels: billing
-- created: [..]

-- migrate: upgrade


-- migrate: downgrade

"#]]
    );
    // A label stays a label, and the beginning of an id becomes the id.
    folder.revision("abcdef", "b1");
    folder
        .migrate(&[
            "revision",
            "--rev-id",
            "e1",
            "--head",
            "billing@head",
            "--depends-on",
            "abcd",
        ])
        .success();
    assert!(text(&folder, "e1.sql").contains("-- down_revision: d1\n-- depends_on: abcdef\n"));
    folder
        .migrate(&[
            "revision",
            "--rev-id",
            "f1",
            "--head",
            "abcdef",
            "--depends-on",
            "billing",
        ])
        .success();
    assert!(text(&folder, "f1.sql").contains("-- down_revision: abcdef\n-- depends_on: billing\n"));
}

#[test]
fn several_heads_need_to_be_named() {
    let folder = forked("");
    assert_data_eq!(
        folder.migrate(&["revision", "-m", "x"]).failure(),
        str![[r#"
error: `head` means one head, and there are 2: `b1`, `c1`; name one of them, write `heads` for all, or merge them
  help: name the parent with --head, or join the heads first: `cargo migrate merge b1 c1`

"#]]
    );
    folder
        .migrate(&["revision", "--rev-id", "d1", "--head", "c1"])
        .success();
    assert!(text(&folder, "d1.sql").contains("-- down_revision: c1\n"));
    // As in Alembic, `heads` joins them.
    folder
        .migrate(&["revision", "--rev-id", "e1", "--head", "heads"])
        .success();
    assert!(text(&folder, "e1.sql").contains("-- down_revision: b1, d1\n"));
}

#[test]
fn a_place_that_would_break_the_chain_is_refused() {
    let calls = [
        &["revision", "--head", "a1"][..],
        &["revision", "--head", "a1", "--splice", "--rev-id", "d1"],
        &["revision", "--head", "base", "--rev-id", "d1"],
        &["revision", "--head", "zz"],
        &["revision", "--rev-id", "d1", "--depends-on", "zz"],
        &["revision", "--rev-id", "d1", "--version-path", "elsewhere"],
    ];
    assert_data_eq!(
        refused(&two(""), &calls),
        str![[r#"
$ cargo migrate revision --head a1
error: the revision `a1` is no head
  note: `b1` stands on it already
  help: pass --splice to begin a branch there, or take a head

$ cargo migrate revision --head a1 --splice --rev-id d1
error: the chain would have 2 heads: b1, d1; nothing was written
  help: if that is meant, allow it in migrate.toml: `heads = "many"`

$ cargo migrate revision --head base --rev-id d1
error: the chain would have 2 heads: b1, d1, and 2 bases: a1, d1; nothing was written
  help: if that is meant, allow it in migrate.toml: `heads = "many"` and `bases = "many"`

$ cargo migrate revision --head zz
error: no revision or branch is called `zz`; an id of more than three characters can be cut short, others are written in full

$ cargo migrate revision --rev-id d1 --depends-on zz
error: no revision or branch is called `zz`; an id of more than three characters can be cut short, others are written in full

$ cargo migrate revision --rev-id d1 --version-path elsewhere
error: elsewhere is no version location
  help: `versions` in migrate.toml has versions

"#]]
    );
}

#[test]
fn a_name_that_would_break_the_chain_is_refused() {
    let calls = [
        &["revision", "--rev-id", "b1"][..],
        &["revision", "--rev-id", "B1"],
        &["revision", "--rev-id", "d-1"],
        &["revision", "--rev-id", "head"],
        &["revision", "--rev-id", "0123456789012345678901234567890123"],
        &["revision", "--rev-id", "d1", "--branch-label", "b1"],
        &["revision", "--rev-id", "d1", "--branch-label", "d1"],
        &["revision", "--rev-id", "d1", "--branch-label", "a b"],
        &["revision", "-m", "created: today"],
        &["revision", "-m", "migrate: upgrade"],
    ];
    assert_data_eq!(
        refused(&two(""), &calls),
        str![[r#"
$ cargo migrate revision --rev-id b1
error: the revision `b1` exists already, in migrations/versions/b1.sql
  help: leave --rev-id away, and an id is made up

$ cargo migrate revision --rev-id B1
error[case-collision]: the revision ids `b1` and `B1` differ only in case
 --> migrations/versions/b1.sql:3:14
  |
3 | -- revision: b1
  |              ^^
  |
 ::: migrations/versions/B1.sql:1:14
  |
1 | -- revision: B1
  |              -- the other one
  |
  = help: give one of them another id: databases and file systems do not all tell the two apart

error: the new revision `B1` would break the chain; nothing was written

$ cargo migrate revision --rev-id d-1
error: `d-1` has the character '-' in it
  help: an id is made of the letters a to z, digits and `_`; a branch label may have `-` as well

$ cargo migrate revision --rev-id head
error: `head` cannot be the name of a revision or a branch
  help: the words `head`, `heads`, `base`, `current`, `none` stand for places in the chain

$ cargo migrate revision --rev-id 0123456789012345678901234567890123
error: `0123456789012345678901234567890123` is 34 characters long
  help: the version table takes ids of up to 32 characters

$ cargo migrate revision --rev-id d1 --branch-label b1
error[label-is-revision]: the branch label `b1` is also the id of a revision
 --> migrations/versions/d1.sql:3:19
  |
3 | -- branch_labels: b1
  |                   ^^
  |
 ::: migrations/versions/b1.sql:3:14
  |
3 | -- revision: b1
  |              -- the revision of that id
  |
  = help: choose another label

error: the new revision `d1` would break the chain; nothing was written

$ cargo migrate revision --rev-id d1 --branch-label d1
error[label-is-revision]: the branch label `d1` is also the id of a revision
 --> migrations/versions/d1.sql:3:19
  |
1 | -- revision: d1
  |              -- the revision of that id
2 | -- down_revision: b1
3 | -- branch_labels: d1
  |                   ^^
  |
  = help: choose another label

error: the new revision `d1` would break the chain; nothing was written

$ cargo migrate revision --rev-id d1 --branch-label a b
error: `a b` has the character ' ' in it
  help: an id is made of the letters a to z, digits and `_`; a branch label may have `-` as well

$ cargo migrate revision -m created: today
error: a line of the message would be read as part of the header; nothing was written
  help: word the message otherwise: no line of it can begin as `revision: …` or `migrate: …` do

$ cargo migrate revision -m migrate: upgrade
error: a line of the message would be read as part of the header; nothing was written
  help: word the message otherwise: no line of it can begin as `revision: …` or `migrate: …` do

"#]]
    );
}

#[test]
fn a_broken_chain_is_told_first() {
    let folder = two("");
    folder.edit(
        "migrations/versions/b1.sql",
        "down_revision: a1",
        "down_revision: a2",
    );
    assert_data_eq!(
        folder.migrate(&["revision", "-m", "x"]).failure(),
        str![[r#"
error[unknown-parent]: no revision has the id `a2`
 --> migrations/versions/b1.sql:4:19
  |
4 | -- down_revision: a2
  |                   ^^ not found in any file
  |
  = help: restore the missing file, or name `a1`, which no other revision has as parent

"#]]
    );
    assert_data_eq!(
        folder
            .migrate(&["revision", "-m", "x", "--dir", "nowhere"])
            .failure(),
        str![[r#"
error[no-directory]: there is no directory `nowhere`
--> nowhere
 = help: run `cargo migrate init` to make one, or correct the path

"#]]
    );
}

#[test]
fn sql_is_taken_from_files() {
    let folder = two("");
    folder.write("1.up.sql", "\u{feff}CREATE TABLE t (n INT);\r\n");
    folder.write("2.sql", "CREATE TABLE u (n INT);\n");
    folder.write("1.down.sql", "DROP TABLE t;\n");
    folder
        .migrate(&[
            "revision",
            "--rev-id",
            "d1",
            "--sql-file",
            "1.up.sql",
            "--sql-file",
            "2.sql",
            "--sql-file",
            "1.down.sql",
        ])
        .success();
    assert_data_eq!(
        text(&folder, "d1.sql"),
        str![[r#"
-- revision: d1
-- down_revision: b1
-- created: [..]

-- migrate: upgrade
CREATE TABLE t (n INT);

CREATE TABLE u (n INT);

-- migrate: downgrade
DROP TABLE t;

"#]]
    );
    folder.write(
        "whole.sql",
        "-- migrate: upgrade postgres\nSELECT 'p';\n-- migrate: upgrade\nSELECT 1;\n",
    );
    folder
        .migrate(&["revision", "--rev-id", "e1", "--sql-file", "whole.sql"])
        .success();
    assert_data_eq!(
        text(&folder, "e1.sql"),
        str![[r#"
-- revision: e1
-- down_revision: d1
-- created: [..]

-- migrate: upgrade postgres
SELECT 'p';
-- migrate: upgrade
SELECT 1;

"#]]
    );

    let before = folder.contents();
    folder.write("open.sql", "SELECT 'no end;\n");
    fs::write(folder.path().join("latin.sql"), b"-- \xe9\n").expect("it is written");
    let mut shown = String::new();
    for files in [
        &["open.sql"][..],
        &["latin.sql"],
        &["absent.sql"],
        &["whole.sql", "2.sql"],
    ] {
        let mut arguments = vec!["revision", "--rev-id", "f1"];
        arguments.extend(files.iter().flat_map(|file| ["--sql-file", file]));
        shown += &folder.migrate(&arguments).failure();
        shown += "\n";
    }
    assert_data_eq!(
        shown,
        str![[r#"
error[unterminated-string]: the string is never closed
 --> migrations/versions/f1.sql:6:8
  |
6 | SELECT 'no end;
  |        ^ opened here
  |
  = help: close it; a quote that is part of it is written twice

error: the new revision `f1` would break the chain; nothing was written

error: latin.sql is not UTF-8, from byte 3 on
  help: save it as UTF-8

error: could not read absent.sql: no such file or directory

error: whole.sql has sections of its own
  help: give it alone, or take the `-- migrate:` lines out


"#]]
    );
    folder.delete("open.sql");
    folder.delete("latin.sql");
    assert_eq!(folder.contents(), before);
}

#[test]
fn a_revision_in_rust_comes_with_both_functions() {
    let folder = two("");
    assert_data_eq!(
        folder
            .migrate(&["revision", "-m", "Fill", "--rev-id", "d1", "--rust"])
            .success(),
        str![[r#"
Created migrations/versions/d1_fill.rs
  b1 -> d1 (head), Fill

"#]]
    );
    assert_data_eq!(
        folder
            .read("migrations/versions/d1_fill.rs")
            .replace(&created(&folder), "[..]"),
        str![[r#"
//! Fill
//!
//! revision: d1
//! down_revision: b1
//! created: [..]

use embed_migrations::{Context, Result};

pub async fn upgrade(_cx: &mut Context<'_>) -> Result<()> {
    Ok(())
}

pub async fn downgrade(_cx: &mut Context<'_>) -> Result<()> {
    Ok(())
}

"#]]
    );
}

fn created(folder: &Folder) -> String {
    let text = folder.read("migrations/versions/d1_fill.rs");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("//! created: "));
    line.expect("it says when").to_owned()
}

#[test]
fn the_template_makes_folders_where_they_are_read() {
    let folder = two("file_template = \"{year}/{month}_{slug}_{rev}\"\n");
    assert_data_eq!(
        folder
            .migrate(&["revision", "-m", "Create teams", "--rev-id", "d1"])
            .failure(),
        str![[r#"
error: versions/2026/11_create_teams_d1.sql would not be read as a revision; nothing was written
  help: set `recursive = true` in migrate.toml for a `file_template` with folders

"#]]
    );
    folder.write(
        "migrations/migrate.toml",
        "recursive = true\nfile_template = \"{year}/{month}_{slug}_{rev}\"\n",
    );
    folder
        .migrate(&["revision", "-m", "Create teams", "--rev-id", "d1"])
        .success();
    let file = folder
        .tree()
        .into_iter()
        .find(|file| file.ends_with("_create_teams_d1.sql"))
        .expect("it is there");
    assert!(file.starts_with("migrations/versions/20"), "{file}");
}

#[test]
fn times_are_those_of_the_time_zone() {
    let folder = two("timezone = \"Asia/Kathmandu\"\n");
    folder.migrate(&["revision", "--rev-id", "d1"]).success();
    assert!(
        folder
            .read("migrations/versions/d1.sql")
            .contains("+05:45\n")
    );
    folder.write("migrations/migrate.toml", "timezone = \"Europe/Zuerich\"\n");
    assert_data_eq!(
        folder.migrate(&["revision", "--rev-id", "e1"]).failure(),
        str![[r#"
error: there is no time zone `Europe/Zuerich`
  help: `timezone` in migrate.toml takes an IANA name such as "Europe/Zurich"

"#]]
    );
}

#[test]
fn a_branch_stays_in_its_version_location() {
    let folder = Folder::new();
    folder.write(
        "migrations/migrate.toml",
        "versions = [\"core\", \"core/plugin\"]\nheads = \"many\"\nbases = \"many\"\n",
    );
    folder.write("migrations/core/plugin/.gitkeep", "");
    assert_data_eq!(
        folder.migrate(&["revision", "--rev-id", "a1"]).failure(),
        str![[r#"
error: there are 2 version locations
  help: say which one with --version-path: core, core/plugin

"#]]
    );
    folder
        .migrate(&[
            "revision",
            "--rev-id",
            "a1",
            "--version-path",
            "migrations/core/plugin",
        ])
        .success();
    folder.migrate(&["revision", "--rev-id", "a2"]).success();
    folder
        .migrate(&[
            "revision",
            "--rev-id",
            "b1",
            "--head",
            "base",
            "--version-path",
            "core",
        ])
        .success();
    let files: Vec<String> = folder
        .tree()
        .into_iter()
        .filter(|file| file.ends_with("1.sql") || file.ends_with("2.sql"))
        .collect();
    assert_eq!(
        files,
        [
            "migrations/core/b1.sql",
            "migrations/core/plugin/a1.sql",
            "migrations/core/plugin/a2.sql"
        ]
    );
}

#[test]
fn hooks_run_on_the_new_file() {
    let hook =
        |command: &str| format!("[[post_write_hooks]]\nname = \"format\"\ncommand = [{command}]\n");
    let folder = two(&hook("\"sed\", \"-i\", \"s/Create/CREATE/\", \"{file}\""));
    folder
        .migrate(&["revision", "-m", "Create teams", "--rev-id", "d1"])
        .success();
    assert!(text(&folder, "d1_create_teams.sql").starts_with("-- CREATE teams\n"));

    let mut shown = String::new();
    for (n, command) in [
        "\"false\"",
        "\"no-such-program\"",
        "\"sed\", \"-i\", \"s/down_revision/parent/\", \"{file}\"",
    ]
    .iter()
    .enumerate()
    {
        let folder = two(&hook(command));
        let id = format!("e{n}");
        shown += &folder
            .migrate(&["revision", "-m", "Create teams", "--rev-id", &id])
            .failure();
        shown += "\n";
        // What was written is there to be mended.
        assert!(text(&folder, &format!("{id}_create_teams.sql")).contains("Create teams"));
    }
    assert_data_eq!(
        shown,
        str![[r#"
error: the post-write hook `format` failed with exit code 1
  note: the new revision stays in migrations/versions/e0_create_teams.sql
  help: mend the hook and run `false`, or delete the file

error: the post-write hook `format` names a program that is not there: no-such-program
  note: the new revision stays in migrations/versions/e1_create_teams.sql
  help: mend the hook and run `no-such-program`, or delete the file

error[missing-key]: the revision header has no `down_revision`
 --> migrations/versions/e2_create_teams.sql:1:4
  |
1 | -- Create teams
  |    ^^^^^^^^^^^^ in this header
  |
  = help: name the parent, or write `down_revision: none` for the first revision

error[unknown-key]: the header has the unknown key `parent`
 --> migrations/versions/e2_create_teams.sql:4:4
  |
4 | -- parent: b1
  |    ^^^^^^
  |
  = help: the keys are `revision`, `down_revision`, `depends_on`, `branch_labels`, `created`, `transaction`, `foreign_keys`, `irreversible`, `replaces`, `replaced_digest`

error: the post-write hooks left migrations/versions/e2_create_teams.sql broken


"#]]
    );
}

#[test]
fn a_file_that_exists_is_kept() {
    let folder = two("file_template = \"{rev}\"\n");
    folder.write(
        "migrations/versions/d1.sql",
        &folder
            .read("migrations/versions/b1.sql")
            .replace("b1", "x1")
            .replace("a1", "b1"),
    );
    let before = folder.contents();
    assert_data_eq!(
        folder.migrate(&["revision", "--rev-id", "d1"]).failure(),
        str![[r#"
error: migrations/versions/d1.sql exists already; nothing was written
  help: word the message otherwise, or take another id

"#]]
    );
    assert_eq!(folder.contents(), before);
}

#[test]
fn merge_joins_heads() {
    let folder = forked("");
    assert_data_eq!(
        folder
            .migrate(&["merge", "heads", "--rev-id", "d1"])
            .success(),
        str![[r#"
Created migrations/versions/d1_merge_b1_and_c1.sql
  b1, c1 -> d1 (head) (mergepoint), Merge b1 and c1

"#]]
    );
    assert_data_eq!(
        text(&folder, "d1_merge_b1_and_c1.sql"),
        str![[r#"
-- Merge b1 and c1
--
-- revision: d1
-- down_revision: b1, c1
-- created: [..]

-- migrate: upgrade


-- migrate: downgrade

"#]]
    );
    let mut shown = String::new();
    for arguments in [&["heads"][..], &["b1", "c1"], &["d1", "d1"], &["d1", "zz"]] {
        shown += &folder.migrate(&[&["merge"], arguments].concat()).failure();
        shown += "\n";
    }
    assert_data_eq!(
        shown,
        str![[r#"
error: a merge needs two revisions or more
  help: the chain has one head, `d1`: there is nothing to join

error: the revision `b1` is no head
  note: `d1` stands on it already
  help: pass --splice to begin a branch there, or take a head

error: `d1` is named twice
  help: name each revision once

error: no revision or branch is called `zz`; an id of more than three characters can be cut short, others are written in full


"#]]
    );
    folder.migrate(&["merge"]).usage();

    let folder = forked("");
    folder
        .migrate(&[
            "merge",
            "c1",
            "b1",
            "-m",
            "Join",
            "--branch-label",
            "both",
            "--rev-id",
            "d1",
        ])
        .success();
    let text = text(&folder, "d1_join.sql");
    assert!(
        text.contains("-- down_revision: c1, b1\n-- branch_labels: both\n"),
        "{text}"
    );
}

#[test]
fn results_are_told_to_programs_too() {
    let folder = forked("");
    let json = |arguments: &[&str]| {
        folder
            .migrate(&[arguments, &["--format", "json"]].concat())
            .success()
    };
    assert_data_eq!(
        json(&["merge", "heads", "--rev-id", "d1"]),
        str![[r#"
{
  "revisions": [
    {
      "revision": "d1",
      "message": "Merge b1 and c1",
      "down_revision": [
        "b1",
        "c1"
      ],
      "path": "migrations/versions/d1_merge_b1_and_c1.sql"
    }
  ],
  "hazards": []
}

"#]]
    );
    assert_data_eq!(
        json(&["revision", "-m", "x", "--rev-id", "e1"]),
        str![[r#"
{
  "revisions": [
    {
      "revision": "e1",
      "message": "x",
      "down_revision": [
        "d1"
      ],
      "path": "migrations/versions/e1_x.sql"
    }
  ],
  "hazards": []
}

"#]]
    );
    assert_data_eq!(
        json(&["list-templates"]),
        str![[r#"
{
  "templates": [
    {
      "name": "sql",
      "description": "SQL, in sections for the upgrade and the downgrade; `cargo migrate revision`"
    },
    {
      "name": "rust",
      "description": "what SQL cannot do, in Rust; `cargo migrate revision --rust`"
    }
  ]
}

"#]]
    );
    assert_data_eq!(
        json(&["init"]),
        str![[r#"
{
  "directory": "migrations",
  "changed": false,
  "created": [],
  "dialects": [],
  "build_script": null,
  "build_line": "println!(/"cargo:rerun-if-changed=migrations/");",
  "commands": [],
  "source": "src/main.rs",
  "lines": [
    "use embed_migrations::{Migrations, embed_migrations};",
    "static MIGRATIONS: Migrations = embed_migrations!();",
    "MIGRATIONS.upgrade(&pool).await?;"
  ]
}

"#]]
    );
    let refused = folder
        .migrate(&["revision", "--rev-id", "e1", "--format", "json"])
        .failure();
    assert_data_eq!(
        refused,
        str![[r#"
{"error":{"help":"leave --rev-id away, and an id is made up","kind":"other","message":"the revision `e1` exists already, in migrations/versions/e1_x.sql","notes":[]}}

"#]]
    );
}

#[test]
fn templates_are_the_kinds_of_revision() {
    let folder = Folder::new();
    assert_data_eq!(
        folder.migrate(&["list-templates"]).success(),
        str![[r#"
Available templates:

sql  - SQL, in sections for the upgrade and the downgrade; `cargo migrate revision`
rust - what SQL cannot do, in Rust; `cargo migrate revision --rust`

"#]]
    );
}

#[test]
fn edit_opens_the_files_and_checks_the_chain() {
    let folder = forked("");
    let edit = |target: &str, editor: &str| folder.run(&["edit", target], &[("EDITOR", editor)]);
    edit("heads", "sed -i 's/Step b1/Step B/;s/Step c1/Step C/'").success();
    assert!(
        text(&folder, "b1.sql").starts_with("-- Step B\n")
            && text(&folder, "c1.sql").starts_with("-- Step C\n")
    );
    // $VISUAL comes first.
    folder
        .run(&["edit", "a1"], &[("EDITOR", "false"), ("VISUAL", "true")])
        .success();
    let mut shown = String::new();
    for (target, editor) in [
        ("a1", "false"),
        ("a1", "no-such-editor"),
        ("a1", "sed -i 's/down_revision: none/down_revision: zz/'"),
        ("head", "true"),
    ] {
        shown += &edit(target, editor).failure();
        shown += "\n";
    }
    folder.edit(
        "migrations/versions/a1.sql",
        "down_revision: zz",
        "down_revision: none",
    );
    for target in ["base", "zz", "head"] {
        shown += &edit(target, "true").failure();
        shown += "\n";
    }
    shown += &folder.migrate(&["edit", "a1"]).failure();
    assert_data_eq!(
        shown,
        str![[r#"
error: the editor `false` ended with exit status: 1

error: the editor `no-such-editor` did not start: no such file or directory
  help: set VISUAL or EDITOR to a program that is there

error[unknown-parent]: no revision has the id `zz`
 --> migrations/versions/a1.sql:4:19
  |
4 | -- down_revision: zz
  |                   ^^ not found in any file
  |
  = help: restore the missing file, or name the revision that should come before this one

error: the chain is broken, as the files are now

error[unknown-parent]: no revision has the id `zz`
 --> migrations/versions/a1.sql:4:19
  |
4 | -- down_revision: zz
  |                   ^^ not found in any file
  |
  = help: restore the missing file, or name the revision that should come before this one

error: `base` is no revision, and has no file

error: no revision or branch is called `zz`; an id of more than three characters can be cut short, others are written in full

error: `head` means one head, and there are 2: `b1`, `c1`; name one of them, write `heads` for all, or merge them

error: neither VISUAL nor EDITOR is set
  help: set one, such as `EDITOR=vi`

"#]]
    );
}

#[cfg(unix)]
mod trouble {
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_folder_that_cannot_be_written_is_told_and_keeps_what_it_has() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = two("");
        let before = folder.contents();
        let versions = folder.path().join("migrations/versions");
        fs::set_permissions(&versions, fs::Permissions::from_mode(0o555)).expect("it takes a mode");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755))
            .expect("it takes a mode");
        let mut command = folder.command(&["revision", "--rev-id", "d1"]);
        if is_root() {
            command.uid(65_534);
        }
        let output = command.output().expect("it starts");
        fs::set_permissions(&versions, fs::Permissions::from_mode(0o755)).expect("it takes a mode");
        assert_eq!(output.status.code(), Some(1));
        assert_data_eq!(
            String::from_utf8(output.stderr).expect("UTF-8"),
            str![[r#"
error: could not write migrations/versions/d1.sql: permission denied
  help: look at the permissions of the folder

"#]]
        );
        assert_eq!(folder.contents(), before);
    }

    #[test]
    fn a_full_disk_leaves_nothing_half_written() {
        let folder = two("");
        folder.write("big.sql", &"SELECT 1;\n".repeat(1000));
        let before = folder.contents();
        // A file may have 4 blocks of 512 bytes, and then the system says that it is too large.
        let program = env!("CARGO_BIN_EXE_cargo-migrate");
        let script = format!(
            "trap '' XFSZ; ulimit -f 4; exec {program:?} migrate revision --rev-id d1 --sql-file big.sql"
        );
        let output = Command::new("bash")
            .args(["-c", &script])
            .current_dir(folder.path())
            .output()
            .expect("it starts");
        assert_eq!(output.status.code(), Some(1));
        assert_data_eq!(
            String::from_utf8(output.stderr).expect("UTF-8"),
            str![[r#"
error: could not write migrations/versions/d1.sql: file too large
  help: make room and run the command again: nothing was left half written

"#]]
        );
        assert_eq!(folder.contents(), before);
    }
}

#[test]
fn all_heads_are_those_that_the_build_counts() {
    let folder = two("heads = \"many\"\n");
    folder
        .migrate(&[
            "revision",
            "--rev-id",
            "c1",
            "--head",
            "a1",
            "--splice",
            "--depends-on",
            "b1",
        ])
        .success();
    // Alembic leaves b1 out, as c1 depends on it, and joins one head.
    folder
        .migrate(&["merge", "heads", "--rev-id", "d1"])
        .success();
    assert!(text(&folder, "d1_merge_b1_and_c1.sql").contains("-- down_revision: b1, c1\n"));
}
