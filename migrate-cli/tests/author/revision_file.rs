//! The file that `cargo migrate revision` writes: its name, its text, the hooks, and a disk that takes none.

use std::fs;

use snapbox::{assert_data_eq, str};

use super::support::{Folder, is_root, text, two};

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

error: latin.sql:1:4: the file is not UTF-8: the byte at offset 3 is not valid
  help: save the file as UTF-8

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
fn the_downgrade_of_another_tool_never_runs_as_a_part_of_the_upgrade() {
    let folder = two("dialects = [\"sqlite\"]\n");
    folder.write(
        "1_goose.sql",
        "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE TABLE t (n INT);\n\n-- +goose Down\nDROP TABLE t;\n",
    );
    folder.write(
        "2_dbmate.sql",
        "-- migrate:up\nCREATE TABLE u (n INT);\n-- migrate:down\nDROP TABLE u;\n",
    );
    let files = ["--sql-file", "1_goose.sql", "--sql-file", "2_dbmate.sql"];
    let ended = folder.migrate(&[&["revision", "--rev-id", "d1"][..], &files].concat());
    ended.success();
    assert_data_eq!(
        ended.stderr(),
        str![[r#"
note: 1_goose.sql has the markers of goose: its two directions became the upgrade and the downgrade
note: 2_dbmate.sql has the markers of dbmate: its two directions became the upgrade and the downgrade

"#]]
    );
    assert_data_eq!(
        text(&folder, "d1.sql"),
        str![[r#"
-- revision: d1
-- down_revision: b1
-- created: [..]
-- transaction: off

-- migrate: upgrade
CREATE TABLE t (n INT);

CREATE TABLE u (n INT);

-- migrate: downgrade
DROP TABLE u;

DROP TABLE t;

"#]]
    );
    folder.write("liquibase.sql", "--liquibase formatted sql\n--changeset a:1\nCREATE TABLE v (n INT);\n--rollback DROP TABLE v;\n");
    let before = folder.contents();
    assert_data_eq!(
        folder
            .migrate(&["revision", "--rev-id", "e1", "--sql-file", "liquibase.sql"])
            .failure(),
        str![[r#"
error: liquibase.sql has the markers of Liquibase, which are not read
  help: take them out; what its `--rollback` lines say goes into a file that ends in `.down.sql`

"#]]
    );
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
        // The written file is kept, to be corrected.
        assert!(text(&folder, &format!("{id}_create_teams.sql")).contains("Create teams"));
    }
    assert_data_eq!(
        shown,
        str![[r#"
error: the post-write hook `format` failed with exit code 1
  note: the new revision stays in migrations/versions/e0_create_teams.sql
  help: fix the hook and run `false`, or delete the file

error: the post-write hook `format` names a program that is not there: no-such-program
  note: the new revision stays in migrations/versions/e1_create_teams.sql
  help: fix the hook and run `no-such-program`, or delete the file

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
  = help: the keys are `revision`, `down_revision`, `depends_on`, `branch_labels`, `created`, `transaction`, `foreign_keys`, `irreversible`, `replaces`, `replaced_digest`, `adopts`

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
  help: change the message or the id

"#]]
    );
    assert_eq!(folder.contents(), before);
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
