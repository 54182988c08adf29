//! `cargo migrate lint`, as a user runs it.

use std::process::Command;

use snapbox::{assert_data_eq, str};

use super::support::{Folder, URL};

/// a1 creates a table; b1 drops a column of it.
fn dropping() -> Folder {
    let folder = Folder::new();
    folder.write("migrations/migrate.toml", "dialects = [\"sqlite\"]\n");
    write(
        &folder,
        "a1",
        "none",
        "CREATE TABLE users (id INTEGER, note TEXT);",
        "DROP TABLE users;",
    );
    write(
        &folder,
        "b1",
        "a1",
        "ALTER TABLE users DROP COLUMN note;",
        "ALTER TABLE users ADD COLUMN note TEXT;",
    );
    folder
}

fn write(folder: &Folder, id: &str, parent: &str, upgrade: &str, downgrade: &str) {
    let text = format!(
        "-- Step {id}\n--\n-- revision: {id}\n-- down_revision: {parent}\n\n-- migrate: upgrade\n{upgrade}\n\n\
         -- migrate: downgrade\n{downgrade}\n"
    );
    folder.write(&format!("migrations/versions/{id}.sql"), &text);
}

#[test]
fn a_finding_is_shown_at_its_place_with_what_it_blocks() {
    let folder = dropping();
    let ended = folder.migrate(&["lint", "b1"]);
    assert_data_eq!(
        ended.difference(),
        str![[r#"
error[drop-column]: the column `users.note` is dropped
 --> migrations/versions/b1.sql:7:19
  |
7 | ALTER TABLE users DROP COLUMN note;
  |                   ^^^^^^^^^^^^^^^^ blocks reads and writes for an instant
  |
  = note: read in the SQL for sqlite
  = help: Its values are lost, and the release of the app that is running still reads it. Stop using it first; then say so with `allow`.

1 error in 1 revision; measured on SQLite [..]

"#]]
    );
    assert_eq!(ended.stderr(), "1 revision `b1`\n");
}

#[test]
fn what_is_new_depends_on_the_database_the_range_and_the_settings() {
    let folder = dropping();
    let looked_at = |arguments: &[&str]| {
        let ended = folder.migrate(&[&["lint", "--no-measure"], arguments].concat());
        let shown = ended.stderr();
        shown.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(looked_at(&["--since", "a1"]), "1 revision after `a1`");
    assert_eq!(looked_at(&[":b1"]), "2 revisions in :b1");
    assert_eq!(looked_at(&["a1:b1"]), "1 revision in a1:b1");
    assert_eq!(
        looked_at(&[]),
        "2 revisions, each as a deployment of its own, since no database says what is new"
    );
    folder
        .migrate(&["upgrade", "a1", "--database-url", URL])
        .success();
    let database = ["lint", "--no-measure", "--database-url", URL];
    let ended = folder.migrate(&database);
    ended.difference();
    assert_eq!(ended.stderr(), format!("1 revision new to {URL}\n"));
    folder.write(
        "migrations/migrate.toml",
        "dialects = [\"sqlite\"]\nlint.since = \"b1\"\n",
    );
    assert!(looked_at(&[]).starts_with("0 revisions after `b1`"));
    folder.migrate(&["lint"]).success();
}

/// Runs git in the folder, and fails with what it says.
fn git(folder: &Folder, arguments: &[&str]) {
    let output = Command::new("git")
        .args(["-c", "user.name=x", "-c", "user.email=x@example.org"])
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .expect("git starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}

#[test]
fn new_since_a_git_ref_are_the_files_that_a_branch_adds_committed_or_not() {
    let folder = dropping();
    folder.delete("migrations/versions/b1.sql");
    git(&folder, &["init", "-q", "-b", "main"]);
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "-q", "-m", "one"]);
    git(&folder, &["checkout", "-q", "-b", "feature"]);
    write(
        &folder,
        "b1",
        "a1",
        "ALTER TABLE users DROP COLUMN note;",
        "SELECT 1;",
    );
    git(&folder, &["add", "."]);
    git(&folder, &["commit", "-q", "-m", "two"]);
    write(
        &folder,
        "c1",
        "b1",
        "ALTER TABLE users ADD COLUMN n TEXT;",
        "SELECT 1;",
    );
    folder.edit("migrations/versions/a1.sql", "Step a1", "Step one");
    let ended = folder.migrate(&["lint", "--base", "main", "--no-measure"]);
    ended.difference();
    assert_eq!(ended.stderr(), "2 revisions new since main\n");
    assert_data_eq!(
        folder.migrate(&["lint", "--base", "origin/main"]).failure(),
        str![[r#"
error: git does not know `origin/main` in [..]
  help: fetch it: `git fetch origin main`

"#]]
    );
}

#[test]
fn the_exit_code_follows_the_severity_and_what_is_accepted() {
    let folder = dropping();
    let lint = |more: &[&str]| folder.migrate(&[&["lint", "b1", "--no-measure"], more].concat());
    lint(&["--fail-on", "warning"]).difference();
    folder.edit(
        "migrations/versions/b1.sql",
        "ALTER TABLE users DROP",
        "-- migrate: allow drop-column nobody reads it\nALTER TABLE users DROP",
    );
    assert_eq!(
        lint(&["--fail-on", "warning"]).success(),
        "no findings, 1 accepted in 1 revision; read, not measured\n"
    );
    folder.write(
        "migrations/migrate.toml",
        "lint.allow = [{ code = \"drop-colum\", reason = \"r\" }]\n",
    );
    assert_data_eq!(
        lint(&[]).stderr(),
        str![[r#"
1 revision `b1`
warning: `[lint] allow` in migrate.toml names `drop-colum`, which is not a rule; did you mean `drop-column`?

"#]]
    );
}

#[test]
fn programs_and_code_hosts_get_the_same_in_their_forms() {
    let folder = dropping();
    let report = |format: &str| {
        let ended = folder.migrate(&["lint", "b1", "--no-measure", "--format", format]);
        ended.difference()
    };
    assert_data_eq!(
        report("github"),
        str![[r#"
::error file=migrations/versions/b1.sql,line=7,endLine=7,col=19,title=drop-column::the column `users.note` is dropped%0Aread in the SQL for sqlite
::notice title=cargo migrate lint::1 error in 1 revision; read, not measured

"#]]
    );
    let json: serde_json::Value = serde_json::from_str(&report("json")).expect("it is JSON");
    let finding = &json["findings"][0];
    assert_eq!(finding["code"], "drop-column");
    assert_eq!(
        (&finding["line"], &finding["column"]),
        (&7.into(), &19.into())
    );
    assert_eq!(finding["statement"], "ALTER TABLE users DROP COLUMN note");
    let sarif: serde_json::Value = serde_json::from_str(&report("sarif")).expect("it is JSON");
    assert_eq!(sarif["version"], "2.1.0");
    let result = &sarif["runs"][0]["results"][0];
    let place = &result["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"]["uri"],
        "migrations/versions/b1.sql"
    );
    assert_eq!(place["region"]["startLine"], 7);
    let rules = sarif["runs"][0]["tool"]["driver"]["rules"]
        .as_array()
        .expect("a list");
    assert!(rules.iter().any(|rule| rule["id"] == result["ruleId"]));
    assert_data_eq!(
        report("markdown"),
        str![[r#"
<!-- cargo migrate lint -->
### Migrations

1 error in 1 revision; read, not measured.

| revision | | transaction | blocks |
|---|---|---|---|
| `b1` | Step b1 | yes | nothing for long |

#### Findings

❌ **the column `users.note` is dropped** `drop-column` in `migrations/versions/b1.sql:7:19`

Blocks reads and writes for an instant. Read in the SQL for sqlite.

```sql
ALTER TABLE users DROP COLUMN note
```

<details><summary>SQL</summary>

`versions/b1.sql`

```sql
-- Step b1
--
-- revision: b1
-- down_revision: a1

-- migrate: upgrade
ALTER TABLE users DROP COLUMN note;

-- migrate: downgrade
ALTER TABLE users ADD COLUMN note TEXT;
```

</details>

"#]]
    );
    let usage = folder.migrate(&["status", "--format", "sarif"]).usage();
    assert!(usage.contains("only `lint` has this format"), "{usage}");
}

#[test]
fn a_revision_that_does_not_run_is_an_error_at_its_place() {
    let folder = dropping();
    folder.edit(
        "migrations/versions/b1.sql",
        "DROP COLUMN note",
        "DROP COLUMN nope",
    );
    assert_data_eq!(
        folder.migrate(&["lint", "b1"]).failure(),
        str![[r#"
1 revision `b1`
error: migrations/versions/b1.sql:7:1: the database refused a statement: no such column: "nope"
  note: ALTER TABLE users DROP COLUMN nope
  help: correct the revision, or pass --no-measure to read it only

"#]]
    );
}

/// A chain for PostgreSQL with one of each statement that has a safe form.
fn unsafe_ones() -> Folder {
    let folder = Folder::new();
    folder.write("migrations/migrate.toml", "dialects = [\"postgres\"]\n");
    write(
        &folder,
        "a1",
        "none",
        "CREATE TABLE users (id bigint PRIMARY KEY);\nCREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint, total integer);",
        "DROP TABLE orders;\nDROP TABLE users;",
    );
    write(
        &folder,
        "b1",
        "a1",
        "ALTER TABLE orders ADD COLUMN note text;\nCREATE INDEX orders_total ON orders (total);\n\
         ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id);\n\
         ALTER TABLE orders ALTER COLUMN total SET NOT NULL;\n\
         ALTER TABLE orders ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();",
        "ALTER TABLE orders DROP COLUMN token;\nALTER TABLE orders ALTER total DROP NOT NULL;\n\
         ALTER TABLE orders DROP CONSTRAINT orders_user_id_fkey;\nDROP INDEX orders_total;\n\
         ALTER TABLE orders DROP COLUMN note;",
    );
    write(
        &folder,
        "c1",
        "b1",
        "CREATE INDEX orders_user ON orders (user_id);",
        "DROP INDEX orders_user;",
    );
    folder
}

#[test]
fn what_has_one_safe_form_is_rewritten_and_goes_up_and_down_without_blocking() {
    if test_servers::is_skipped(test_servers::Kind::Postgres) {
        return;
    }
    let server = test_servers::postgres().url("postgres");
    let folder = unsafe_ones();
    let dev = ["--dev-url", &server];
    folder
        .migrate(&[&["lint", "--since", "a1"], &dev[..]].concat())
        .difference();
    let fixed = folder.migrate(&[&["lint", "--since", "a1", "--fix"], &dev[..]].concat());
    fixed.success();
    let upgrade = folder.read("migrations/versions/b1.sql");
    assert!(!upgrade.contains("INDEX"), "{upgrade}");
    let alone = folder.read("migrations/versions/c1.sql");
    assert!(
        alone.contains("-- transaction: off\n")
            && alone.contains("INDEX CONCURRENTLY orders_user ON"),
        "{alone}"
    );
    let again =
        folder.migrate(&[&["lint", "--since", "a1", "--fail-on", "error"], &dev[..]].concat());
    again.success();
    folder.migrate(&[&["verify"], &dev[..]].concat()).success();
}

#[test]
fn nothing_is_rewritten_that_nobody_calls_new() {
    let folder = unsafe_ones();
    let before = folder.contents();
    let said = folder.migrate(&["lint", "--fix", "--no-measure"]).failure();
    assert!(
        said.contains("nothing says which revisions are new"),
        "{said}"
    );
    assert_eq!(folder.contents(), before);
}

#[test]
fn a_statement_that_other_databases_run_too_is_not_rewritten() {
    let folder = unsafe_ones();
    folder.write(
        "migrations/migrate.toml",
        "dialects = [\"postgres\", \"mysql\"]\n",
    );
    let before = folder.contents();
    let fixed = folder.migrate(&["lint", "c1", "--fix", "--no-measure"]);
    fixed.success();
    assert!(
        fixed.stderr().contains("its section is for mysql, too"),
        "{}",
        fixed.stderr()
    );
    assert_eq!(folder.contents(), before);
}

#[test]
fn what_was_changed_by_hand_is_listed_with_the_sql_of_both_directions() {
    let folder = dropping();
    folder.revision("c1", "b1");
    let on = |arguments: &[&str]| folder.migrate(&[arguments, &["--database-url", URL]].concat());
    on(&["upgrade", "c1"]).success();
    let same = on(&["check", "--drift"]).success();
    assert!(
        same.ends_with("The database is what the chain builds at c1\n"),
        "{same}"
    );
    sqlite(
        &folder,
        "CREATE TABLE notes (id INTEGER PRIMARY KEY); DROP TABLE c1;",
    );
    let drifted = on(&["check", "--drift"]).difference();
    let (_, drift) = drifted
        .split_once("The database is not")
        .expect("it says so");
    assert_data_eq!(
        drift,
        str![[r#"
 what the chain builds at c1:
  - table c1
  + table notes

This undoes it in the database:

-- destructive: drops table notes and its rows
DROP TABLE "notes";
CREATE TABLE c1 (n INTEGER);

This does it to other databases, as a revision:

-- destructive: drops table c1 and its rows
DROP TABLE "c1";
CREATE TABLE notes (id INTEGER PRIMARY KEY);

"#]]
    );
    let usage = on(&["check", "--drift", "--live"]).usage();
    assert!(usage.contains("cannot be used with"), "{usage}");
}

/// Runs SQL on the database of a folder.
fn sqlite(folder: &Folder, sql: &'static str) {
    use sqlx::Connection as _;
    let path = folder.path().join("app.db");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let url = format!("sqlite:{}", path.display());
        let mut connection = sqlx::SqliteConnection::connect(&url)
            .await
            .expect("it is there");
        sqlx::raw_sql(sql)
            .execute(&mut connection)
            .await
            .expect("it runs");
        connection.close().await.expect("it closes");
    });
}
