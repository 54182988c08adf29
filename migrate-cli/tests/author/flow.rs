//! The guide to models on the databases with a server: structs first, the schema from them, and builds that fail until
//! both agree. `sessions.rs` runs the guide itself on SQLite.

use std::process::Command;

use super::support::{Folder, app, cargo_broken, cargo_program, cargo_run};

const MODELS: &str = r#"use embed_migrations::{Table, TableEnum};

#[derive(sqlx::FromRow, Table)]
#[table(name = "teams")]
pub struct Team {
    #[table(primary_key)]
    pub id: i64,
    pub name: String,
}

#[derive(sqlx::FromRow, Table)]
#[table(name = "users")]
pub struct User {
    #[table(primary_key)]
    pub id: i64,
    #[table(unique)]
    pub email: String,
    pub nickname: Option<String>,
    #[table(references = "teams(id)")]
    pub team_id: i64,
    pub role: Option<Role>,
}

#[derive(sqlx::Type, TableEnum)]
#[sqlx(rename_all = "lowercase")]
pub enum Role {
    Reader,
    Writer,
}

#[derive(sqlx::FromRow, Table)]
#[table(name = "users", partial)]
pub struct Nickname {
    pub nickname: Option<String>,
}
"#;

const MAIN: &str = "use embed_migrations::{Migrations, Table, embed_migrations};\n\n#[allow(dead_code)]\nmod models;\n\n\
    static MIGRATIONS: Migrations = embed_migrations!();\n\n\
    fn main() {\n    println!(\"{} for {}\", MIGRATIONS.revisions().len(), models::User::TABLE);\n}\n";

fn structs_and_chain_stay_in_step(dialect: &str, url: &str) {
    let folder = Folder::new();
    app(&folder);
    folder.edit("Cargo.toml", "[\"sqlite\"]", "[\"sqlite\", \"models\"]");
    folder.edit(
        "Cargo.toml",
        "[\"runtime-tokio\", \"sqlite\"]",
        "[\"derive\", \"runtime-tokio\", \"sqlite\"]",
    );
    folder.write("src/main.rs", MAIN);
    folder.write("src/models.rs", MODELS);
    folder.write(
        "migrations/migrate.toml",
        &format!("dialects = [\"{dialect}\"]\nlock = \"required\"\n\n[schema]\nmodels = [\"src/models.rs\"]\n"),
    );
    folder.write("migrations/versions/.keep", "");
    let migrate = |words: &[&str]| folder.run(words, &[("DATABASE_URL", url)]).success();

    migrate(&["revision", "--autogenerate", "-m", "init", "--rev-id", "a1"]);
    migrate(&["upgrade"]);
    assert_eq!(cargo_run(&folder), "1 for users\n");
    the_program_has_no_path_of_the_lock(&folder);

    folder.edit(
        "src/models.rs",
        "    pub name: String,\n",
        "    pub name: String,\n    pub city: Option<String>,\n",
    );
    folder.edit(
        "src/models.rs",
        "    Writer,\n",
        "    Writer,\n    Owner,\n",
    );
    let error = cargo_broken(&folder);
    for (what, place) in [
        ("Team::city", " --> src/models.rs:9:9"),
        ("Role::Owner", "  --> src/models.rs:30:5"),
    ] {
        let expected = format!(
            "error: `{what}` is not in the chain yet: run `cargo migrate revision --autogenerate`\n{place}\n"
        );
        assert!(error.contains(&expected), "{error}");
    }
    migrate(&[
        "revision",
        "--autogenerate",
        "-m",
        "cities",
        "--rev-id",
        "b1",
    ]);
    // PostgreSQL takes a label only in a revision of its own.
    let revisions = if dialect == "postgres" { 3 } else { 2 };
    assert_eq!(cargo_run(&folder), format!("{revisions} for users\n"));
    migrate(&["upgrade"]);
    migrate(&["check"]);

    what_models_prints_is_in_step(&folder, &migrate);

    let revision = folder.read("migrations/versions/a1_init.sql");
    folder.write(
        "migrations/versions/a1_init.sql",
        &revision.replace("nickname", "alias"),
    );
    let error = cargo_broken(&folder);
    assert!(
        error.contains("[lock-out-of-date]") && error.contains("`cargo migrate lock`"),
        "{error}"
    );
    migrate(&["lock"]);
    let error = cargo_broken(&folder);
    assert!(
        error.contains("error: `users` has no column `nickname`\n"),
        "{error}"
    );
}

/// A debug build compares the directory with what it has embedded, and so has its path. It does not read the lock.
fn the_program_has_no_path_of_the_lock(folder: &Folder) {
    let program = cargo_program(folder);
    let has = |path: &str| {
        let path = folder.path().join(path);
        let path = path.to_str().expect("a UTF-8 path").as_bytes();
        program.windows(path.len()).any(|part| part == path)
    };
    assert!(
        has("migrations"),
        "this is not the program of {}",
        folder.path().display()
    );
    assert!(!has("migrations/schema.lock"));
}

/// The structs that are printed compile, and as the source they ask for nothing that the chain does not build.
fn what_models_prints_is_in_step(folder: &Folder, migrate: &dyn Fn(&[&str]) -> String) {
    let printed = migrate(&["models"]);
    assert_eq!(migrate(&["models", "--live"]), printed);
    folder.write("src/models.rs", &printed);
    migrate(&["lock"]);
    assert!(cargo_run(folder).ends_with(" for users\n"));
}

#[test]
fn structs_and_chain_stay_in_step_on_postgres() {
    let server = test_servers::postgres();
    let create = [
        "--no-psqlrc",
        &server.admin_url(),
        "-qc",
        "CREATE DATABASE models_flow",
    ];
    let created = Command::new("psql").args(create).status();
    assert!(created.expect("psql is installed").success());
    structs_and_chain_stay_in_step("postgres", &server.url("models_flow"));
}

#[test]
fn structs_and_chain_stay_in_step_on_mysql() {
    let server = test_servers::mysql();
    let created = server
        .mariadb()
        .args(["-e", "CREATE DATABASE models_flow"])
        .status();
    assert!(created.expect("mariadb is installed").success());
    structs_and_chain_stay_in_step("mysql", &server.url("models_flow"));
}
