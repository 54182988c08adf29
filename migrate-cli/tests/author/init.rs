//! `cargo migrate init`, in whatever it finds.
use super::support::{Folder, cargo_build, cargo_run};
use snapbox::{assert_data_eq, str};

/// A crate as `cargo init` makes it, with the databases of its app.
fn package(folder: &Folder, path: &str, dependencies: &str) {
    folder.write(
        &format!("{path}Cargo.toml"),
        &format!("[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}"),
    );
    folder.write(&format!("{path}src/main.rs"), "fn main() {}\n");
}

const SQLX: &str = "sqlx = { version = \"0.9\", features = [\"runtime-tokio\", \"sqlite\"] }\n";
const LIBRARY: &str = "embed-migrations = { version = \"0.1\", features = [\"sqlite\"] }\n";

#[test]
fn an_empty_crate_is_set_up_and_told_what_to_add() {
    let folder = Folder::new();
    package(&folder, "", "");
    assert_data_eq!(
        folder.migrate(&["init"]).success(),
        str![[r#"
Created migrations/migrate.toml
Created migrations/versions/
Created build.rs

The crate needs, with the database that it uses:

    cargo add embed-migrations --features sqlite
    cargo add sqlx --no-default-features --features runtime-tokio,sqlite

Add to src/main.rs, where `pool` is the app's sqlx pool:

    use embed_migrations::{Migrations, embed_migrations};
    static MIGRATIONS: Migrations = embed_migrations!();
    MIGRATIONS.upgrade(&pool).await?;

Then write the first revision: cargo migrate revision -m "Create users"

"#]]
    );
    assert_eq!(
        folder.tree(),
        [
            "Cargo.toml",
            "build.rs",
            "migrations/migrate.toml",
            "migrations/versions/.gitkeep",
            "src/main.rs"
        ]
    );
    assert_data_eq!(
        folder.read("build.rs"),
        str![[r#"
//! Makes cargo see a revision file that is added.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}

"#]]
    );
    assert_data_eq!(
        folder.read("migrations/migrate.toml"),
        str![[r##"
# How the revisions in this directory are read. Each key may be left out.

# The databases that every revision must have SQL for.
# dialects = ["sqlite"]

# "many" allows several heads; with "one", the build says when two people have added a revision.
# heads = "one"

# "required" asks each revision for a downgrade, or for the reason why there is none.
# downgrade = "optional"

# The file of a new revision: {rev} {slug} {year} {month} {day} {hour} {minute} {second} {epoch}.
# file_template = "{rev}_{slug}"
# timezone = "UTC"

# A command for each new revision file.
# [[post_write_hooks]]
# name = "format"
# command = ["sqlfluff", "fix", "{file}"]

"##]]
    );
    // Cargo's messages about an empty chain and about the build script.
    folder.migrate(&["heads"]).success();
}

#[test]
fn the_second_time_nothing_changes() {
    let folder = Folder::new();
    package(&folder, "", &format!("{LIBRARY}{SQLX}"));
    folder.migrate(&["init"]).success();
    let before = folder.contents();
    assert_data_eq!(
        folder.migrate(&["init"]).success(),
        str![[r#"
migrations is set up already; nothing was changed

"#]]
    );
    assert_eq!(folder.contents(), before);
}

#[test]
fn a_member_of_a_workspace_declares_what_it_inherits() {
    let folder = Folder::new();
    folder.write(
        "Cargo.toml",
        "[workspace]\nmembers = [\"app\"]\n\n[workspace.dependencies]\n\
         sqlx = { version = \"0.9\", features = [\"runtime-tokio\", \"postgres\"] }\n",
    );
    package(
        &folder,
        "app/",
        "sqlx = { workspace = true, features = [\"sqlite\"] }\n",
    );
    assert_data_eq!(
        folder.migrate(&["init", "app/db/migrations"]).success(),
        str![[r#"
Created app/db/migrations/migrate.toml
Created app/db/migrations/versions/
Created app/build.rs

The crate needs:

    cargo add embed-migrations --features sqlite,postgres

For the commands to find the directory, add to Cargo.toml:

    [package.metadata.embed-migrations]
    directory = "db/migrations"

Add to app/src/main.rs, where `pool` is the app's sqlx pool:

    use embed_migrations::{Migrations, embed_migrations};
    static MIGRATIONS: Migrations = embed_migrations!("db/migrations");
    MIGRATIONS.upgrade(&pool).await?;

Then write the first revision: cargo migrate revision -m "Create users"

"#]]
    );
    assert!(
        folder
            .read("app/db/migrations/migrate.toml")
            .contains("\ndialects = [\"sqlite\", \"postgres\"]\n")
    );
    assert!(
        folder
            .read("app/build.rs")
            .contains("println!(\"cargo:rerun-if-changed=db/migrations\");")
    );
}

#[test]
fn a_folder_without_a_crate_gets_the_directory_alone() {
    let folder = Folder::new();
    assert_data_eq!(
        folder.migrate(&["init"]).success(),
        str![[r#"
Created migrations/migrate.toml
Created migrations/versions/

This folder is not in a crate. The crate that embeds the directory needs this in its build.rs:

    println!("cargo:rerun-if-changed=migrations");

Add to src/main.rs, where `pool` is the app's sqlx pool:

    use embed_migrations::{Migrations, embed_migrations};
    static MIGRATIONS: Migrations = embed_migrations!();
    MIGRATIONS.upgrade(&pool).await?;

Then write the first revision: cargo migrate revision -m "Create users"

"#]]
    );
    assert_eq!(
        folder.tree(),
        ["migrations/migrate.toml", "migrations/versions/.gitkeep"]
    );
    folder.write("Cargo.toml", "[workspace]\nmembers = []\n");
    assert_data_eq!(
        folder.migrate(&["init", "other"]).success(),
        str![[r#"
Created other/migrate.toml
Created other/versions/

This folder is not in a crate. The crate that embeds the directory needs this in its build.rs:

    println!("cargo:rerun-if-changed=other");

Add to src/main.rs, where `pool` is the app's sqlx pool:

    use embed_migrations::{Migrations, embed_migrations};
    static MIGRATIONS: Migrations = embed_migrations!("other");
    MIGRATIONS.upgrade(&pool).await?;

Then write the first revision: cargo migrate revision -m "Create users"

"#]]
    );
}

#[test]
fn a_build_script_is_extended_left_alone_or_told_of() {
    let scripts = [
        (
            "fn main() {\n    println!(\"cargo:rerun-if-changed=proto\");\n}\n",
            true,
            "",
        ),
        (
            "fn main() {\n    println!(\"cargo:rustc-link-lib=z\");\n}\n",
            false,
            "",
        ),
        (
            "fn main() {\n    tonic_build::compile_protos(\"a.proto\").unwrap();\n}\n",
            false,
            "[build-dependencies]\ntonic-build = \"0.14\"\n",
        ),
        (
            "fn main() { println!(\"cargo:rerun-if-changed=proto\"); }\n",
            false,
            "",
        ),
    ];
    let mut shown = String::new();
    for (script, is_changed, more) in scripts {
        let folder = Folder::new();
        package(&folder, "", &format!("{LIBRARY}{SQLX}\n{more}"));
        folder.write("build.rs", script);
        shown += &folder.migrate(&["init"]).success();
        shown += "\n=====\n";
        assert_eq!(folder.read("build.rs") != script, is_changed, "{script}");
    }
    assert_data_eq!(
        shown,
        str![[r#"
Created migrations/migrate.toml
Created migrations/versions/
Changed build.rs

Add to src/main.rs, where `pool` is the app's sqlx pool:

    use embed_migrations::{Migrations, embed_migrations};
    static MIGRATIONS: Migrations = embed_migrations!();
    MIGRATIONS.upgrade(&pool).await?;

Then write the first revision: cargo migrate revision -m "Create users"

=====
Created migrations/migrate.toml
Created migrations/versions/
build.rs stays as it is: cargo runs it for every change of the crate

Add to src/main.rs, where `pool` is the app's sqlx pool:

    use embed_migrations::{Migrations, embed_migrations};
    static MIGRATIONS: Migrations = embed_migrations!();
    MIGRATIONS.upgrade(&pool).await?;

Then write the first revision: cargo migrate revision -m "Create users"

=====
Created migrations/migrate.toml
Created migrations/versions/
build.rs was not changed: it may rely on cargo running it for every change, which the line would end.

For cargo to see new revisions, its `main` needs:

    println!("cargo:rerun-if-changed=migrations");

Add to src/main.rs, where `pool` is the app's sqlx pool:

    use embed_migrations::{Migrations, embed_migrations};
    static MIGRATIONS: Migrations = embed_migrations!();
    MIGRATIONS.upgrade(&pool).await?;

Then write the first revision: cargo migrate revision -m "Create users"

=====
Created migrations/migrate.toml
Created migrations/versions/
build.rs was not changed: its `main` is not plain enough to extend.

For cargo to see new revisions, its `main` needs:

    println!("cargo:rerun-if-changed=migrations");

Add to src/main.rs, where `pool` is the app's sqlx pool:

    use embed_migrations::{Migrations, embed_migrations};
    static MIGRATIONS: Migrations = embed_migrations!();
    MIGRATIONS.upgrade(&pool).await?;

Then write the first revision: cargo migrate revision -m "Create users"

=====

"#]]
    );
}

#[test]
fn a_directory_with_other_files_is_completed() {
    let folder = Folder::new();
    folder.write(
        "migrations/20240101_users.sql",
        "CREATE TABLE users (id INTEGER);\n",
    );
    folder.write(
        "migrations/migrate.toml",
        "versions = [\"main\", \"plugin\"]\n",
    );
    assert_data_eq!(
        folder.migrate(&["init"]).success(),
        str![[r#"
Created migrations/main/
Created migrations/plugin/

This folder is not in a crate. The crate that embeds the directory needs this in its build.rs:

    println!("cargo:rerun-if-changed=migrations");

Add to src/main.rs, where `pool` is the app's sqlx pool:

    use embed_migrations::{Migrations, embed_migrations};
    static MIGRATIONS: Migrations = embed_migrations!();
    MIGRATIONS.upgrade(&pool).await?;

Then write the first revision: cargo migrate revision -m "Create users"

"#]]
    );
    assert_eq!(
        folder.tree(),
        [
            "migrations/20240101_users.sql",
            "migrations/main/.gitkeep",
            "migrations/migrate.toml",
            "migrations/plugin/.gitkeep"
        ]
    );
}

#[test]
fn a_broken_directory_or_manifest_is_told_and_not_touched() {
    let folder = Folder::new();
    folder.write("migrations/migrate.toml", "version = \"versions\"\n");
    assert_data_eq!(
        folder.migrate(&["init"]).failure(),
        str![[r#"
error[config-unknown-key]: `migrate.toml` has the unknown key `version`
 --> migrations/migrate.toml:1:1
  |
1 | version = "versions"
  | ^^^^^^^
  |
  = help: did you mean `versions`?

error[config-value]: `versions` in `migrate.toml` has an invalid value
 --> migrations/migrate.toml:1:11
  |
1 | version = "versions"
  |           ^^^^^^^^^^
  |
  = help: `versions` takes a list of folders inside the migration directory, such as ["versions"]

error: the migration directory has 2 faults

"#]]
    );
    let folder = Folder::new();
    folder.write("Cargo.toml", "[package\n");
    assert_data_eq!(
        folder.migrate(&["init"]).failure(),
        str![[r#"
error: Cargo.toml is not TOML: unclosed table, expected `]`
  help: correct it; `cargo check` shows the place

"#]]
    );
    assert_eq!(folder.tree(), ["Cargo.toml"]);
}

#[test]
fn what_init_prints_makes_cargo_run_migrate() {
    let folder = Folder::new();
    super::support::app(&folder);
    let printed = folder.migrate(&["init"]).success();
    let lines: Vec<&str> = printed
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .collect();
    let [use_line, constant, upgrade] = lines[lines.len() - 3..] else {
        panic!("{printed}")
    };
    folder
        .migrate(&["revision", "-m", "Create users", "--rev-id", "a1"])
        .success();
    folder.edit(
        "migrations/versions/a1_create_users.sql",
        "upgrade\n",
        "upgrade\nCREATE TABLE users (id INTEGER PRIMARY KEY);\n",
    );
    folder.write(
        "src/main.rs",
        &format!(
            "{use_line}\n\n{constant}\n\n#[tokio::main]\nasync fn main() -> Result<(), Box<dyn std::error::Error>> {{\n    \
             let pool = sqlx::SqlitePool::connect(\"sqlite:app.db?mode=rwc\").await?;\n    let report = {};\n    \
             println!(\"{{report}}\");\n    Ok(())\n}}\n",
            upgrade.trim_end_matches(';')
        ),
    );
    let first = cargo_run(&folder);
    assert!(first.starts_with("upgraded 1 revision in "), "{first}");
    assert!(first.ends_with("now at a1\n"), "{first}");

    // The next build notices a new file, and nothing else has to be done.
    folder
        .migrate(&["revision", "-m", "Create teams", "--rev-id", "b2"])
        .success();
    let second = cargo_run(&folder);
    assert!(second.ends_with("now at b2\n"), "{second}");
}

#[test]
fn the_next_build_notices_a_revision_without_a_build_script_too() {
    let folder = Folder::new();
    super::support::app(&folder);
    folder.migrate(&["init"]).success();
    folder.delete("build.rs");
    let main = "fn main() {\n    static CHAIN: embed_migrations::Migrations = embed_migrations::embed_migrations!();\n    \
                println!(\"{:?}\", CHAIN.heads());\n}\n";
    folder.write("src/main.rs", main);
    for settings in [true, false] {
        if !settings {
            folder.delete("migrations/migrate.toml");
            folder.delete("migrations/versions/a1.sql");
        }
        assert_eq!(cargo_run(&folder), "[]\n");
        folder.migrate(&["revision", "--rev-id", "a1"]).success();
        assert_eq!(cargo_run(&folder), "[\"a1\"]\n");
    }
    cargo_build(&folder);
}

#[test]
fn commands_find_the_directory_from_a_folder_below() {
    let folder = Folder::new();
    package(&folder, "", SQLX);
    folder.write("src/db/mod.rs", "");
    let below = |arguments: &[&str]| {
        let output = folder
            .command(arguments)
            .current_dir(folder.path().join("src/db"))
            .output()
            .expect("it starts");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned()
                + &String::from_utf8_lossy(&output.stderr),
        )
    };
    // At the root of the crate, and once.
    let (code, said) = below(&["init"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.starts_with("Created ../../migrations/migrate.toml\n"),
        "{said}"
    );
    assert!(said.contains("\nCreated ../../build.rs\n"), "{said}");
    assert!(
        folder
            .tree()
            .contains(&"migrations/migrate.toml".to_owned())
    );
    let (_, said) = below(&["init"]);
    assert_eq!(
        said,
        "../../migrations is set up already; nothing was changed\n"
    );
    let (_, said) = below(&["revision", "--rev-id", "a1", "-m", "x"]);
    assert_eq!(
        said,
        "Created ../../migrations/versions/a1_x.sql\n  <base> -> a1 (head), x\n"
    );
    let (_, said) = below(&["heads"]);
    assert_eq!(said, "a1 (head)\n");
}

#[test]
fn a_crate_with_a_chain_gets_no_second_one() {
    let folder = Folder::new();
    package(&folder, "", SQLX);
    assert_data_eq!(
        folder.migrate(&["init", "db/chain"]).success(),
        str![[r#"
Created db/chain/migrate.toml
Created db/chain/versions/
Created build.rs

The crate needs:

    cargo add embed-migrations --features sqlite

For the commands to find the directory, add to Cargo.toml:

    [package.metadata.embed-migrations]
    directory = "db/chain"

Add to src/main.rs, where `pool` is the app's sqlx pool:

    use embed_migrations::{Migrations, embed_migrations};
    static MIGRATIONS: Migrations = embed_migrations!("db/chain");
    MIGRATIONS.upgrade(&pool).await?;

Then write the first revision: cargo migrate revision -m "Create users"

"#]]
    );
    folder.edit(
        "Cargo.toml",
        "[dependencies]",
        "[package.metadata.embed-migrations]\ndirectory = \"db/chain\"\n\n[dependencies]",
    );
    let before = folder.contents();
    assert_data_eq!(
        folder.migrate(&["init"]).success(),
        str![[r#"
db/chain is set up already; nothing was changed

"#]]
    );
    assert_data_eq!(
        folder.migrate(&["init", "migrations"]).failure(),
        str![[r#"
error: the crate has a chain in db/chain already; migrations was not created
  help: add revisions to that one: the commands find it on their own, or with `--dir`

"#]]
    );
    assert_eq!(folder.contents(), before);
}

#[test]
fn a_folder_of_another_tool_is_left_to_it() {
    let folder = Folder::new();
    package(&folder, "", SQLX);
    for n in 1..=12 {
        folder.write(&format!("migrations/{n}_step.sql"), "SELECT 1;\n");
    }
    let before = folder.contents();
    assert_data_eq!(
        folder.migrate(&["init"]).failure(),
        str![[r#"
error: migrations has 12 migrations of sqlx; nothing was created
  note: a chain next to it needs a folder of its own: `cargo migrate init db/migrations`
  help: take the migrations and their history over: `cargo migrate import`

"#]]
    );
    assert_eq!(folder.contents(), before);
    folder.migrate(&["init", "db/migrations"]).success();
}
