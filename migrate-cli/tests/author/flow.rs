//! The page of the guide that a newcomer reads after the quickstart, as commands: structs first, the schema from them, and
//! builds that fail until both agree.

use std::process::Command;

use super::support::{Folder, app, cargo_broken, cargo_run};

const MODELS: &str = r#"use embed_migrations::Table;

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

    folder.edit(
        "src/models.rs",
        "    pub name: String,\n",
        "    pub name: String,\n    pub city: Option<String>,\n",
    );
    let error = cargo_broken(&folder);
    let expected = "error: `Team::city` is not in the chain yet: run `cargo migrate revision --autogenerate`\n --> src/models.rs:9:9\n";
    assert!(error.contains(expected), "{error}");
    migrate(&[
        "revision",
        "--autogenerate",
        "-m",
        "cities",
        "--rev-id",
        "b1",
    ]);
    assert_eq!(cargo_run(&folder), "2 for users\n");
    migrate(&["upgrade"]);
    migrate(&["check"]);

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
    for line in [19, 27] {
        let expected =
            format!("error: `users` has no column `nickname`\n  --> src/models.rs:{line}:9\n");
        assert!(error.contains(&expected), "{error}");
    }
}

#[test]
fn structs_and_chain_stay_in_step_on_sqlite() {
    structs_and_chain_stay_in_step("sqlite", "sqlite:app.db?mode=rwc");
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
