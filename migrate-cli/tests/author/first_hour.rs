//! The first commands that a newcomer tries.
use super::support::{Folder, URL, three};

#[test]
fn a_revision_without_a_statement_is_told_before_it_runs() {
    let folder = Folder::new();
    folder.write("migrations/migrate.toml", "");
    folder.revision("a1", "none");
    folder
        .migrate(&["revision", "-m", "Later", "--rev-id", "b1"])
        .success();
    let ended = folder.migrate(&["upgrade", "--database-url", URL]);
    ended.success();
    assert!(
        ended
            .stderr()
            .contains("the upgrade of `b1` has no statement"),
        "{}",
        ended.stderr()
    );
    let ended = folder.migrate(&["downgrade", "-1", "--database-url", URL]);
    ended.success();
    assert!(
        ended.stderr().contains("the downgrade of `b1` is empty"),
        "{}",
        ended.stderr()
    );
}

/// It counts as applied, and to fill it in is an edit: the error leads out of that, on a database without the table.
#[test]
fn a_revision_that_was_run_empty_and_filled_in_since_is_run_again() {
    let folder = Folder::new();
    folder.write("migrations/migrate.toml", "");
    folder.revision("a1", "none");
    let file = "migrations/versions/b1_users.sql";
    folder
        .migrate(&["revision", "-m", "Users", "--rev-id", "b1"])
        .success();
    let call = |words: &[&str]| folder.migrate(&[words, &["--database-url", URL]].concat());
    call(&["upgrade"]).success();
    folder.edit(
        file,
        "upgrade\n",
        "upgrade\nCREATE TABLE users (n INTEGER);\n",
    );
    for command in ["upgrade", "check"] {
        let said = call(&[command]);
        let said = said.stderr() + &said.stdout();
        if command == "upgrade" {
            assert!(
                said.contains("it had no statement when it was run"),
                "{said}"
            );
            assert!(said.contains("`cargo migrate redo`"), "{said}");
        } else {
            assert!(said.contains("edited: b1"), "{said}");
        }
    }
    // The downgrade of the file would drop a table that is not there: that of the journal is empty.
    folder.edit(file, "downgrade\n", "downgrade\nDROP TABLE users;\n");
    call(&["redo", "--yes"]).success();
    call(&["check"]).success();
    let schema = call(&["dump", "--database"]).success();
    assert!(schema.contains("users"), "{schema}");
    folder
        .migrate(&["revision", "-m", "More", "--rev-id", "c1"])
        .success();
    call(&["upgrade"]).success();
    folder.edit(file, "n INTEGER", "n BIGINT");
    let said = call(&["upgrade"]).failure();
    assert!(said.contains("`cargo migrate accept b1`"), "{said}");
}

#[test]
fn the_words_of_other_tools_are_understood() {
    let folder = three("base");
    for (word, expected) in [
        ("info", "pending"),
        ("up", "upgraded 3 revisions"),
        ("run", "nothing to do"),
    ] {
        let said = folder.migrate(&[word, "--database-url", URL]).success();
        assert!(said.contains(expected), "{word}: {said}");
    }
    folder.migrate(&["new", "-m", "One"]).success();
    folder.migrate(&["add", "-m", "Two"]).success();
    for (word, hint) in [
        ("reset", "`cargo migrate fresh` drops everything"),
        ("revert", "`cargo migrate downgrade -1`"),
        ("deploy", "`cargo migrate upgrade`"),
        ("validate", "`cargo migrate check`"),
    ] {
        let said = folder.migrate(&[word]).usage();
        assert!(said.contains(hint) && !said.contains("similar"), "{said}");
    }
}

#[test]
fn a_new_revision_may_run_outside_a_transaction_and_is_opened() {
    let folder = three("base");
    let call = [
        "revision",
        "-m",
        "Index",
        "--rev-id",
        "d1",
        "--transaction",
        "off",
        "--edit",
    ];
    folder
        .run(&call, &[("EDITOR", "sed -i s/Index/Edited/")])
        .success();
    let text = folder.read("migrations/versions/d1_index.sql");
    assert!(
        text.contains("-- transaction: off\n") && text.starts_with("-- Edited\n"),
        "{text}"
    );
}

#[test]
fn a_database_without_a_tool_becomes_the_first_revision() {
    let folder = three("head");
    let schema = folder
        .migrate(&["dump", "--database", "--database-url", URL])
        .success();
    assert!(
        schema.contains("b1") && !schema.contains("alembic_version"),
        "{schema}"
    );
    let picture = folder
        .migrate(&[
            "dump",
            "--format",
            "mermaid",
            "--dev-url",
            "sqlite::memory:",
        ])
        .success();
    assert!(
        picture.starts_with("erDiagram\n") && picture.contains("\"b1\" {"),
        "{picture}"
    );
    let new = Folder::new();
    new.migrate(&["init"]).success();
    let statements: Vec<&str> = schema.lines().collect();
    new.write("first.sql", &statements.join("\n"));
    new.migrate(&[
        "revision",
        "-m",
        "First",
        "--rev-id",
        "f1",
        "--sql-file",
        "first.sql",
    ])
    .success();
    new.migrate(&["upgrade", "--database-url", URL]).success();
    let again = new
        .migrate(&["dump", "--database", "--database-url", URL])
        .success();
    assert_eq!(again, schema);
    let other = Folder::new();
    let url = format!("sqlite:{}", new.path().join("app.db").display());
    other.write(
        "migrations/migrate.toml",
        "version_table = \"own_version\"\nexclude = [\"alembic_version\", \"migrate_journal\"]\n",
    );
    other
        .migrate(&["init", "--from-database", "--database-url", &url])
        .success();
    other.migrate(&["check", "--database-url", &url]).success();
    assert_eq!(other.read("migrations/schema.sql").trim(), schema.trim());
}
