//! `cargo migrate revision`: what it stands on, and what it refuses.

use snapbox::{assert_data_eq, str};

use super::support::{Folder, forked, refused, text, two};

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
        &["revision", "--head", "base", "--splice", "--rev-id", "d1"],
        &["revision", "--head", "base", "--rev-id", "d1"],
        &["revision", "--head", "zz"],
        &["revision", "--rev-id", "d1", "--depends-on", "zz"],
        &["revision", "--rev-id", "d1", "--version-path", "elsewhere"],
    ];
    assert_data_eq!(
        refused(&two(""), &calls),
        str![[r#"
$ cargo migrate revision --head a1
error: the revision `a1` is not a head
  note: `b1` is a child of it already
  help: pass --splice to begin a branch there, or take a head

$ cargo migrate revision --head base --splice --rev-id d1
error: the chain would have 2 bases: a1, d1; nothing was written
  help: if this is intended, allow it in migrate.toml: `bases = "many"`

$ cargo migrate revision --head base --rev-id d1
error: the chain would have 2 heads: b1, d1, and 2 bases: a1, d1; nothing was written
  help: if this is intended, allow it in migrate.toml: `heads = "many"` and `bases = "many"`

$ cargo migrate revision --head zz
error: no revision or branch is called `zz`; write at least four characters of an id, and other names in full

$ cargo migrate revision --rev-id d1 --depends-on zz
error: no revision or branch is called `zz`; write at least four characters of an id, and other names in full

$ cargo migrate revision --rev-id d1 --version-path elsewhere
error: elsewhere is not a version location
  help: `versions` in migrate.toml has versions

"#]]
    );
}

#[test]
fn a_branch_that_is_asked_for_is_written_with_a_warning() {
    let folder = two("");
    let ended = folder.migrate(&["revision", "--head", "a1", "--splice", "--rev-id", "d1"]);
    assert_data_eq!(
        ended.success(),
        str![[r#"
Created migrations/versions/d1.sql
  a1 -> d1 (head)

"#]]
    );
    assert_data_eq!(
        ended.stderr(),
        str![[r#"
warning: the chain has 2 heads now, and the build fails until they are joined: `cargo migrate merge b1 d1`

"#]]
    );
    folder
        .migrate(&["merge", "b1", "d1", "--rev-id", "e1"])
        .success();
    folder
        .migrate(&["upgrade", "--sql", "--dialect", "sqlite"])
        .success();
    // A chain that may have several gets no warning.
    let many = two("heads = \"many\"\n");
    let ended = many.migrate(&["revision", "--head", "a1", "--splice", "--rev-id", "d1"]);
    ended.success();
    assert_eq!(ended.stderr(), "");
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
  help: leave out --rev-id to get a generated id

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
  = help: give one of them another id: not every database and file system tells the two apart

error: the new revision `B1` would break the chain; nothing was written

$ cargo migrate revision --rev-id d-1
error: `d-1` contains '-', which a name cannot have
  help: an id is made of the letters a to z, digits and `_`; a branch label may have `-` as well

$ cargo migrate revision --rev-id head
error: `head` cannot be the name of a revision or a branch
  help: the words `head`, `heads`, `base`, `current`, `none` name places in the chain; choose another name

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
error: `a b` contains ' ', which a name cannot have
  help: an id is made of the letters a to z, digits and `_`; a branch label may have `-` as well

$ cargo migrate revision -m created: today
error: a line of the message would be read as part of the header; nothing was written
  help: change the message: none of its lines may begin like `revision: …` or `migrate: …`

$ cargo migrate revision -m migrate: upgrade
error: a line of the message would be read as part of the header; nothing was written
  help: change the message: none of its lines may begin like `revision: …` or `migrate: …`

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
 = help: run `cargo migrate init` to create one, or correct the path

"#]]
    );
}
