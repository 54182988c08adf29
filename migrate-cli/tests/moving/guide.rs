//! The pages of `docs/moving`, as a user types them: the tool migrates a database, and we go on with it.

use std::path::Path;
use std::{env, fs};

use diesel_migrations::{FileBasedMigrations, MigrationHarness as _};
use sqlx::Connection as _;

use super::base::{Kind, wait};
use super::session::Session;
use super::tables;

/// Names the tool that this program is when a page calls it.
const TOOL: &str = "MOVING_TOOL";

#[track_caller]
fn page(tool: &str, program: &str) {
    let itself = env::current_exe().expect("a path");
    let line = format!(
        "{TOOL}={tool} exec '{}' --exact guide::a_page_calls_a_tool >/dev/null",
        itself.display()
    );
    let page = format!("{}/../docs/moving/{tool}.md", env!("CARGO_MANIFEST_DIR"));
    Session::sqlite().with_program(program, &line).check(page);
}

macro_rules! pages {
    ($($test:ident: $tool:literal, $program:literal;)*) => {
        $(#[test] fn $test() { page($tool, $program); })*
    };
}

pages! {
    the_page_of_sqlx: "sqlx", "sqlx";
    the_page_of_diesel: "diesel", "diesel";
    the_page_of_refinery: "refinery", "refinery";
    the_page_of_goose: "goose", "goose";
    the_page_of_dbmate: "dbmate", "dbmate";
    the_page_of_golang_migrate: "golang-migrate", "migrate";
    the_page_of_flyway: "flyway", "flyway";
    the_page_of_prisma: "prisma", "prisma";
}

#[test]
fn the_page_of_alembic() {
    let tools = super::alembic::tools();
    let line = format!(
        "exec '{}' \"$@\" 2>/dev/null",
        tools.join("alembic").display()
    );
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/moving/alembic.md");
    Session::sqlite().with_program("alembic", &line).check(page);
}

/// This program, started by a page: the crate of the tool, or what its source does to `app.db`.
#[test]
fn a_page_calls_a_tool() {
    let Ok(tool) = env::var(TOOL) else {
        // Started with the other tests.
        return;
    };
    if !by_its_crate(&tool, Path::new("migrations"), Path::new("app.db")) {
        stand_in(&tool);
    }
}

/// Migrates a database with the crate of the tool, if it is one.
pub(crate) fn by_its_crate(tool: &str, migrations: &Path, database: &Path) -> bool {
    match tool {
        "sqlx" => wait(async {
            let migrator = sqlx::migrate::Migrator::new(migrations).await;
            let url = format!("sqlite:{}?mode=rwc", database.display());
            let connection = sqlx::SqliteConnection::connect(&url).await;
            let mut connection = connection.expect("it opens");
            let migrator = migrator.expect("its migrations");
            migrator.run(&mut connection).await.expect("it migrates");
            connection.close().await.expect("it closes");
        }),
        "diesel" => {
            use diesel::Connection as _;
            let found = FileBasedMigrations::from_path(migrations).expect("its migrations");
            let path = database.to_str().expect("it is UTF-8");
            let mut connection = diesel::SqliteConnection::establish(path).expect("it opens");
            connection
                .run_pending_migrations(found)
                .expect("it migrates");
        }
        "refinery" => {
            let found = refinery::load_sql_migrations(migrations).expect("its migrations");
            let mut connection = rusqlite::Connection::open(database).expect("it opens");
            let runner = refinery::Runner::new(&found);
            runner.run(&mut connection).expect("it migrates");
        }
        _ => return false,
    }
    true
}

/// Runs the upgrades, and writes the rows that the tool writes.
fn stand_in(tool: &str) {
    let (table, folder) = match tool {
        "goose" => (tables::goose(Kind::Sqlite), "migrations"),
        "dbmate" => (tables::dbmate(Kind::Sqlite), "db/migrations"),
        "golang-migrate" => (
            tables::golang_migrate(Kind::Sqlite).to_owned(),
            "migrations",
        ),
        "flyway" => (tables::flyway(Kind::Sqlite), "sql"),
        "prisma" => (tables::prisma(Kind::Sqlite), "prisma/migrations"),
        other => panic!("{other} is no tool of a page"),
    };
    let database = rusqlite::Connection::open("app.db").expect("it opens");
    database.execute_batch(&table).expect("the table");
    for (n, name) in upgrades(Path::new(folder)).into_iter().enumerate() {
        let path = Path::new(folder).join(&name);
        let text = if path.is_dir() {
            fs::read_to_string(path.join("migration.sql"))
        } else {
            fs::read_to_string(path)
        };
        let text = text.expect("a migration");
        let is_down = |line: &&str| line.contains("+goose Down") || line.contains("migrate:down");
        let upgrade: Vec<&str> = text.lines().take_while(|line| !is_down(line)).collect();
        database
            .execute_batch(&upgrade.join("\n"))
            .expect("it runs");
        database
            .execute_batch(&record(tool, n, &name, &text))
            .expect("a row");
    }
}

fn upgrades(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("its migrations");
    let names = entries.map(|entry| {
        entry
            .expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    let mut names: Vec<String> = names
        .filter(|name| !name.ends_with(".down.sql") && !name.starts_with('U'))
        .collect();
    names.sort();
    names
}

fn record(tool: &str, n: usize, name: &str, text: &str) -> String {
    let version = name.split('_').next().unwrap_or_default();
    match tool {
        "goose" => {
            let version: i64 = version.parse().expect("a number");
            format!("INSERT INTO goose_db_version (version_id, is_applied) VALUES ({version}, 1)")
        }
        "dbmate" => format!("insert into schema_migrations (version) values ('{version}')"),
        "golang-migrate" => format!(
            "DELETE FROM schema_migrations; INSERT INTO schema_migrations (version, dirty) VALUES ({version}, false)"
        ),
        "flyway" => {
            let lines: Vec<&str> = text.lines().collect();
            let checksum = crc32fast::hash(lines.concat().as_bytes()).cast_signed();
            let version = &version[1..];
            format!(
                "INSERT INTO flyway_schema_history VALUES ({rank}, '{version}', 'd', 'SQL', '{name}', {checksum}, '', '2024-01-31 12:00:00.000', 3, 1)",
                rank = n + 1
            )
        }
        _ => {
            use std::fmt::Write as _;

            use sha2::Digest as _;
            let checksum = sha2::Sha256::digest(text);
            let checksum = checksum.iter().fold(String::new(), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            });
            format!(
                "INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count) \
                 VALUES ('{n}', '{checksum}', 1706702645000, '{name}', 1)"
            )
        }
    }
}
