//! `cargo migrate merge`, `edit` and `list-templates`, and what they tell to programs.

use snapbox::{assert_data_eq, str};

use super::support::{Folder, URL, forked, text, three, two};

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

error: the revision `b1` is not a head
  note: `d1` is a child of it already
  help: pass --splice to begin a branch there, or take a head

error: `d1` is named twice
  help: name each revision once

error: no revision or branch is called `zz`; write at least four characters of an id, and other names in full


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
  "hazards": [],
  "warnings": [],
  "notes": []
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
  "hazards": [],
  "warnings": [],
  "notes": []
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
  "manifest_lines": [],
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
{"error":{"help":"leave out --rev-id to get a generated id","kind":"other","message":"the revision `e1` exists already, in migrations/versions/e1_x.sql","notes":[]}}

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

error: `base` is not a revision, and has no file

error: no revision or branch is called `zz`; write at least four characters of an id, and other names in full

error: `head` means one head, and there are 2: `b1`, `c1`; name one of them, write `heads` for all, or merge them

error: neither VISUAL nor EDITOR is set
  help: set one, such as `EDITOR=vi`

"#]]
    );
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
