//! `cargo migrate lock`, and the refusal of a chain whose lock is another's.

use snapbox::{assert_data_eq, str};

use super::support::{Folder, two};

const USERS: &str = "-- Create users\n--\n-- revision: a1\n-- down_revision: none\n\n-- migrate: upgrade\n\
    CREATE TABLE teams (id INTEGER PRIMARY KEY);\n\
    CREATE TABLE users (\n    id INTEGER PRIMARY KEY,\n    email TEXT NOT NULL UNIQUE,\n    team_id INTEGER REFERENCES teams (id) ON DELETE SET NULL,\n\
    \x20   age INTEGER CHECK (age > 0),\n    next_age INTEGER AS (age + 1),\n    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP\n);\n\
    CREATE INDEX users_age ON users (age) WHERE age > 1;\n\
    CREATE VIEW adults AS SELECT id, age + 1 AS next FROM users;\n";

#[test]
fn a_lock_shows_the_schema_with_one_fact_a_line() {
    let folder = Folder::new();
    folder.write("migrations/versions/a1.sql", USERS);
    assert_data_eq!(
        folder.migrate(&["lock"]).success(),
        str![[r#"
Wrote migrations/schema.lock for sqlite

"#]]
    );
    assert_data_eq!(
        folder.read("migrations/schema.lock"),
        str![[r#"
# The schema at the heads of this chain: `cargo migrate lock` writes it. Do not edit it.
format 1
sqlite    [..]  SQLite 3
checksum  [..]

[sqlite]
view  adults
  column  id    INTEGER
  column  next  -
table  teams
  column  id  INTEGER  not null  identity
  primary key  (id)
table  users
  column  age         INTEGER
  column  created_at  TEXT     not null  default CURRENT_TIMESTAMP
  column  email       TEXT     not null
  column  id          INTEGER  not null  identity
  column  next_age    INTEGER  generated (age + 1) virtual
  column  team_id     INTEGER
  primary key  (id)
  unique       (email)
  foreign key  (team_id)  references teams (id) on delete set null
  check        (age > 0)
  index        users_age  (age) WHERE age > 1

"#]]
    );
    assert_data_eq!(
        folder.migrate(&["lock", "--format", "json"]).success(),
        str![[r#"
{
  "path": "migrations/schema.lock",
  "dialects": [
    "sqlite"
  ],
  "is_changed": false
}

"#]]
    );
}

#[test]
fn a_revision_edited_by_hand_makes_the_lock_out_of_date_and_lock_ends_that() {
    let folder = two("");
    folder.migrate(&["lock"]).success();
    folder.edit(
        "migrations/versions/b1.sql",
        "(n INTEGER)",
        "(n INTEGER, m INTEGER)",
    );
    let url = ["--database-url", "sqlite:app.db"];
    for command in ["check", "upgrade"] {
        assert_data_eq!(
            folder.migrate(&[command, url[0], url[1]]).failure(),
            str![[r#"
error[lock-out-of-date]: `schema.lock` is not of this chain for sqlite
 --> migrations/schema.lock:3:1
  |
3 | sqlite    [..]  SQLite 3
  | ^^^^^^
  |
  = help: run `cargo migrate lock`, which writes the file

"#]]
        );
    }
    // The build that a command starts is not checked: otherwise nothing could write the lock of a chain with Rust
    // revisions.
    let unlocked = [("EMBED_MIGRATIONS_UNLOCKED", "1")];
    folder
        .run(&["upgrade", url[0], url[1]], &unlocked)
        .success();
    folder.migrate(&["lock"]).success();
    folder.migrate(&["check", url[0], url[1]]).success();
    assert!(
        folder
            .read("migrations/schema.lock")
            .contains("  column  m  INTEGER\n")
    );
}

#[test]
fn each_command_that_writes_a_revision_writes_the_lock() {
    let folder = two("");
    folder.migrate(&["lock"]).success();
    for command in [
        &["revision", "-m", "An index", "--rev-id", "c1"][..],
        &[
            "revision", "-m", "Another", "--rev-id", "d1", "--head", "b1", "--splice",
        ],
        &["merge", "c1", "d1", "-m", "Both", "--rev-id", "e1"],
        &["squash", "a1:b1", "-m", "One"],
    ] {
        let before = folder.read("migrations/schema.lock");
        folder.migrate(command).success();
        let lock = folder.read("migrations/schema.lock");
        assert_ne!(lock, before, "{command:?}");
        assert!(lock.contains("table  a1\n"), "{command:?}: {lock}");
    }
    let said = folder.migrate(&["lock"]).success();
    assert!(said.contains("is up to date"), "{said}");
}

#[test]
fn without_a_lock_no_command_writes_one_unless_it_is_required() {
    let folder = two("");
    folder.migrate(&["revision", "-m", "More"]).success();
    assert!(!folder.tree().contains(&"migrations/schema.lock".to_owned()));
    folder.write("migrations/migrate.toml", "lock = \"required\"\n");
    let said = folder.migrate(&["heads"]).success();
    assert!(
        said.contains("(head)"),
        "what only shows the chain works: {said}"
    );
    let said = folder
        .migrate(&["upgrade", "--database-url", "sqlite:app.db"])
        .failure();
    assert!(said.contains("error[no-lock]"), "{said}");
    folder.migrate(&["revision", "-m", "Even more"]).success();
    assert!(folder.tree().contains(&"migrations/schema.lock".to_owned()));
}

#[test]
fn a_lock_that_cannot_be_read_is_written_again() {
    let folder = two("dialects = ['sqlite']\n");
    folder.migrate(&["lock"]).success();
    let sound = folder.read("migrations/schema.lock");
    let newer = sound.replace("\nformat 1\n", "\nformat 9\n");
    let conflict = sound.replace("\nsqlite", "\n<<<<<<< HEAD\nsqlite");
    let other = sound
        .replace("\nsqlite", "\npostgres")
        .replace("[sqlite]", "[postgres]");
    for (text, code) in [
        (newer, "unsound-lock"),
        (conflict, "unsound-lock"),
        (other, "lock-out-of-date"),
    ] {
        folder.write("migrations/schema.lock", &text);
        let said = folder
            .migrate(&["upgrade", "--database-url", "sqlite:app.db"])
            .failure();
        assert!(said.contains(&format!("error[{code}]")), "{said}");
        folder.migrate(&["lock"]).success();
        assert_eq!(folder.read("migrations/schema.lock"), sound);
    }
}
