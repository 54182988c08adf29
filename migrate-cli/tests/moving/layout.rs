//! Migrations as each tool has them in its files.

use super::base::Kind;
use super::support::Folder;

/// The effect of a migration, in SQL that every database reads.
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) up: String,
    pub(crate) down: String,
}

/// So many steps, of four kinds.
pub(crate) fn steps(count: usize) -> Vec<Step> {
    let step = |n: usize| {
        let table = format!("app_{}", n / 4);
        let (name, up, down) = match n % 4 {
            0 => (
                format!("create_{table}"),
                format!(
                    "-- A table; with a `;` in its comment\nCREATE TABLE {table} (\n  id INTEGER PRIMARY KEY,\n  name VARCHAR(40) NOT NULL\n);"
                ),
                format!("DROP TABLE {table};"),
            ),
            1 => (
                format!("add_size_to_{table}"),
                format!("ALTER TABLE {table} ADD COLUMN size INTEGER;"),
                format!("ALTER TABLE {table} DROP COLUMN size;"),
            ),
            2 => (
                format!("index_{table}"),
                format!(
                    "CREATE INDEX by_name_{n} ON {table} (name);\nCREATE INDEX by_size_{n} ON {table} (size);"
                ),
                format!("DROP INDEX by_name_{n};"),
            ),
            _ => (
                format!("fill_{table}"),
                format!("INSERT INTO {table} (id, name) VALUES ({n}, 'it''s; here');"),
                format!("DELETE FROM {table} WHERE id = {n};"),
            ),
        };
        Step { name, up, down }
    };
    (0..count).map(step).collect()
}

/// The version of the step at `n`, from 0: a time, a minute apart.
pub(crate) fn time(n: usize) -> String {
    format!("202401{:02}{:02}{:02}00", 1 + n / 1440, n / 60 % 24, n % 60)
}

/// A crate that uses the tool on this database.
pub(crate) fn package(folder: &Folder, tool: &str, kind: Kind) {
    let name = kind.name();
    folder.write(
        "Cargo.toml",
        &format!(
            "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{}sqlx = {{ version = \"0.9\", \
             features = [\"{name}\"] }}\n",
            if tool == "sqlx" { String::new() } else { format!("{tool} = \"1\"\n") }
        ),
    );
    folder.write("src/main.rs", "fn main() {}\n");
}

/// Writes the steps as `tool` has them.
pub(crate) fn write(folder: &Folder, tool: &str, steps: &[Step]) {
    for (n, Step { name, up, down }) in steps.iter().enumerate() {
        let (number, time) = (n + 1, time(n));
        match tool {
            "sqlx" if n % 2 == 0 => folder.write(&format!("migrations/{time}_{name}.sql"), up),
            "sqlx" | "golang-migrate" => {
                folder.write(&format!("migrations/{time}_{name}.up.sql"), up);
                folder.write(&format!("migrations/{time}_{name}.down.sql"), down);
            }
            "diesel" => {
                let day = format!("2024-01-{:02}-{}", 1 + n / 1440, &time[8..]);
                folder.write(&format!("migrations/{day}_{name}/up.sql"), up);
                folder.write(&format!("migrations/{day}_{name}/down.sql"), down);
            }
            "refinery" => folder.write(&format!("migrations/V{number}__{name}.sql"), up),
            "goose" => folder.write(
                &format!("migrations/{number:05}_{name}.sql"),
                &format!("-- +goose Up\n-- +goose StatementBegin\n{up}\n-- +goose StatementEnd\n\n-- +goose Down\n{down}\n"),
            ),
            "dbmate" => folder.write(
                &format!("db/migrations/{time}_{name}.sql"),
                &format!("-- migrate:up\n{up}\n\n-- migrate:down\n{down}\n"),
            ),
            "flyway" => {
                folder.write(&format!("sql/V1_{number}__{name}.sql"), &up.replace('\n', "\r\n"));
                folder.write(&format!("sql/U1_{number}__{name}.sql"), down);
            }
            "prisma" => folder.write(&format!("prisma/migrations/{time}_{name}/migration.sql"), &format!("{up}\n")),
            tool => panic!("{tool} has no layout here"),
        }
    }
}
