//! Layouts of many sizes: each is imported, and a new database of the chain is like one of the tool.

use std::path::Path;

use super::base::{Base, Kind};
use super::guide::by_its_crate;
use super::layout::{package, steps, write};
use super::support::Folder;

#[test]
fn a_chain_from_each_layout_makes_the_schema_of_the_tool() {
    for (tool, size) in [
        ("flyway", 10),
        ("refinery", 24),
        ("diesel", 60),
        ("goose", 100),
        ("dbmate", 160),
        ("prisma", 200),
        ("golang-migrate", 280),
        ("sqlx", 400),
    ] {
        let folder = Folder::new();
        package(&folder, tool, Kind::Sqlite);
        let steps = steps(size);
        write(&folder, tool, &steps);
        let before = folder.contents();
        let said = folder.migrate(&["import", tool]).success();
        assert!(
            said.starts_with(&format!("Read {size} migrations of {tool}")),
            "{said}"
        );
        for (file, text) in before.into_iter().filter(|(file, _)| file != "Cargo.toml") {
            assert_eq!(
                folder.read(&file),
                text,
                "{tool}: the old files stay as they were"
            );
        }
        let (new, whole) = (Base::new(Kind::Sqlite), Base::new(Kind::Sqlite));
        let said = folder
            .migrate(&["upgrade", "--database-url", &new.url])
            .success();
        assert!(
            said.starts_with(&format!("upgraded {size} revisions")),
            "{tool}: {said}"
        );
        let file = whole.url.trim_start_matches("sqlite://");
        let file = Path::new(file.trim_end_matches("?mode=rwc"));
        if !by_its_crate(tool, &folder.path().join("migrations"), file) {
            let steps = steps.iter().map(|step| &*step.up);
            whole.run(&steps.collect::<Vec<_>>().join("\n"));
        }
        let dump = |base: &Base| {
            folder
                .migrate(&["dump", "--database", "--database-url", &base.url])
                .success()
        };
        assert_eq!(dump(&new), dump(&whole), "{tool}");
        assert_eq!(new.schema(), whole.schema(), "{tool}: its rows, too");
        let again = folder.migrate(&["import", tool]).success();
        assert!(again.contains("nothing was written"), "{tool}: {again}");
    }
}

/// A view of Flyway that is run again whenever it changes: one revision, and a file with what it is now.
#[test]
fn what_flyway_runs_again_becomes_an_object_and_a_revision() {
    let folder = Folder::new();
    package(&folder, "flyway", Kind::Sqlite);
    write(&folder, "flyway", &steps(2));
    let view = "DROP VIEW IF EXISTS app_names;\nCREATE VIEW app_names AS SELECT name FROM app_0;\n";
    folder.write("sql/R__app_names.sql", view);
    folder.write("sql/beforeMigrate.sql", "SELECT 1;\n");
    let ended = folder.migrate(&["import", "flyway"]);
    ended.success();
    let told = ended.stderr();
    assert!(told.contains("objects/app_names.sql"), "{told}");
    assert!(
        told.contains("not carried over: ") && told.contains("beforeMigrate.sql:1"),
        "{told}"
    );
    assert_eq!(folder.read("migrations/objects/app_names.sql"), view);
    let base = Base::new(Kind::Sqlite);
    let url = ["--database-url", &base.url];
    let said = folder.migrate(&[&["upgrade"], &url[..]].concat()).success();
    assert!(said.starts_with("upgraded 3 revisions"), "{said}");
    // As the settings say in a comment, with models that name the tables.
    folder.write(
        "src/models.rs",
        "#[derive(embed_migrations::Table)]\n#[table(name = \"app_0\")]\nstruct App { #[table(primary_key)] id: i32, \
         #[table(type = \"VARCHAR(40)\")] name: String, size: Option<i32> }\n",
    );
    let settings = folder.read("migrations/migrate.toml");
    let settings = settings
        .replace("# [schema]", "[schema]")
        .replace("# files", "files");
    let settings = settings.replace(
        "# models = [\"src/models\"]",
        "models = [\"src/models.rs\"]",
    );
    folder.write("migrations/migrate.toml", &settings);
    folder.edit(
        "migrations/objects/app_names.sql",
        "SELECT name",
        "SELECT id, name",
    );
    let dev = ["--dev-url", "sqlite::memory:"];
    let said = folder
        .migrate(
            &[
                &["revision", "-m", "More names", "--autogenerate"],
                &dev[..],
            ]
            .concat(),
        )
        .success();
    let file = folder
        .tree()
        .into_iter()
        .find(|file| file.contains("more_names"));
    let text = folder.read(&file.expect("a revision"));
    assert!(text.contains("SELECT id, name"), "{said}: {text}");
}
