//! Chains with revisions in Rust: the app's own commands, which `app` in migrate.toml names, run what only the app has.

use super::support::{Folder, app};

const MAIN: &str = "use embed_migrations::cli::Migrate;\nuse embed_migrations::{Migrations, embed_migrations};\n\n\
    static MIGRATIONS: Migrations = embed_migrations!();\n\n\
    #[derive(clap::Parser)]\nenum App {\n    Migrate(Migrate),\n}\n\n\
    #[tokio::main]\nasync fn main() -> std::process::ExitCode {\n    let App::Migrate(migrate) = clap::Parser::parse();\n    migrate.run(&MIGRATIONS).await\n}\n";

const RUST: &str = "//! Fill it\n//!\n//! revision: b1\n//! down_revision: a1\n\n\
    use embed_migrations::{Context, Result};\n\n\
    pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {\n    cx.execute(\"CREATE TABLE by_rust (n INTEGER)\").await?;\n    Ok(())\n}\n\n\
    pub async fn downgrade(cx: &mut Context<'_>) -> Result<()> {\n    cx.execute(\"DROP TABLE by_rust\").await?;\n    Ok(())\n}\n";

#[test]
fn every_command_works_on_a_chain_with_a_rust_revision() {
    let folder = Folder::new();
    app(&folder);
    folder.edit("Cargo.toml", "[\"sqlite\"]", "[\"sqlite\", \"cli\"]");
    folder.edit(
        "Cargo.toml",
        "tokio = {",
        "clap = { version = \"4\", features = [\"derive\"] }\ntokio = {",
    );
    folder.write("src/main.rs", MAIN);
    folder.write(
        "migrations/migrate.toml",
        "dialects = [\"sqlite\"]\nlock = \"required\"\n",
    );
    folder.revision("a1", "none");
    folder.write("migrations/versions/b1.rs", RUST);
    folder.revision("c1", "b1");
    let target = super::support::target()
        .to_str()
        .expect("a UTF-8 path")
        .to_owned();
    let url = format!("sqlite:{}?mode=rwc", folder.path().join("app.db").display());
    let environment = [("DATABASE_URL", &*url), ("CARGO_TARGET_DIR", &*target)];

    let said = folder.run(&["lock"], &environment).failure();
    assert!(
        said.contains("`app = [\"cargo\", \"run\", \"-q\", \"--\", \"migrate\"]`"),
        "{said}"
    );

    // The app has its commands by now: `init` finds them.
    folder.delete("migrations/migrate.toml");
    folder.migrate(&["init"]).success();
    folder.edit(
        "migrations/migrate.toml",
        "\"-q\", \"--\"",
        "\"-q\", \"--offline\", \"--\"",
    );
    folder.edit(
        "migrations/migrate.toml",
        "# \"many\"",
        "lock = \"required\"\n# \"many\"",
    );
    folder.run(&["lock"], &environment).success();
    assert!(
        folder
            .read("migrations/schema.lock")
            .contains("table  by_rust\n")
    );
    let said = folder.run(&["verify"], &environment).success();
    assert!(said.contains("3 revisions"), "{said}");

    let said = folder.run(&["upgrade"], &environment);
    said.success();
    assert!(
        said.stderr()
            .contains("runs this: a revision is written in Rust"),
        "{}",
        said.stderr()
    );
    assert!(
        folder
            .run(&["current"], &environment)
            .success()
            .contains("c1 (head)")
    );
    folder.run(&["check"], &environment).success();
    folder.run(&["downgrade", "a1"], &environment).success();

    folder.write(
        "migrations/schema.sql",
        "CREATE TABLE a1 (n INTEGER);\nCREATE TABLE by_rust (n INTEGER);\nCREATE TABLE c1 (n INTEGER, more TEXT);\n",
    );
    folder
        .run(
            &["revision", "--autogenerate", "-m", "more", "--rev-id", "d1"],
            &environment,
        )
        .success();
    assert!(
        folder
            .read("migrations/versions/d1_more.sql")
            .contains("ADD COLUMN")
    );
    folder
        .run(&["squash", "c1:d1", "-m", "one"], &environment)
        .success();
    assert!(
        folder
            .read("migrations/schema.lock")
            .contains("column  more  TEXT")
    );
}
