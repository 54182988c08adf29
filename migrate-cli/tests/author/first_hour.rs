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
