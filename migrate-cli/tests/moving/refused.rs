//! Histories that a chain cannot have: each is refused, and nothing is changed.

use super::base::{Base, Kind, each};
use super::layout::{package, steps, time, write};
use super::support::Folder;
use super::tables;

each!(
    a_history_that_the_chain_cannot_have_is_refused,
    a_dirty_database_of_golang_migrate_is_refused,
    a_foreign_history_is_refused_until_the_settings_say_whose_it_is
);

/// A chain that was imported from sqlx, and a database with the table of sqlx.
fn start(kind: Kind) -> (Folder, Base) {
    let folder = Folder::new();
    package(&folder, "sqlx", kind);
    write(&folder, "sqlx", &steps(4));
    folder.migrate(&["import"]).success();
    let base = Base::new(kind);
    let (time, bytes) = match kind {
        Kind::Postgres => ("TIMESTAMPTZ", "BYTEA"),
        Kind::Sqlite | Kind::MySql => ("TIMESTAMP", "BLOB"),
    };
    base.run(&format!(
        "CREATE TABLE _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on {time} NOT NULL \
         DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, checksum {bytes} NOT NULL, execution_time BIGINT NOT NULL)"
    ));
    (folder, base)
}

fn row(folder: &Folder, base: &Base, n: usize, success: bool, checksum: Option<&str>) {
    let version = time(n);
    let own = folder.contents().into_values().find_map(|text| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("-- adopts: "))?;
        line.strip_prefix(&format!("{version} ")).map(str::to_owned)
    });
    let checksum = checksum
        .map(str::to_owned)
        .or(own)
        .unwrap_or_else(|| "00".to_owned());
    let (bytes, success) = match (base.kind, success) {
        (Kind::Postgres, success) => (format!("'\\x{checksum}'"), success.to_string()),
        (_, success) => (format!("x'{checksum}'"), u8::from(success).to_string()),
    };
    base.run(&format!(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES ({version}, 'd', {success}, {bytes}, 1)"
    ));
}

fn a_history_that_the_chain_cannot_have_is_refused(kind: Kind) {
    type Rows = &'static [(usize, bool, Option<&'static str>)];
    let cases: [(&str, Rows, &str); 5] = [
        (
            "failed",
            &[(0, true, None), (1, false, None)],
            "failed, or is under way",
        ),
        (
            "edited",
            &[(0, true, Some("abcd"))],
            "is not the one that revision",
        ),
        (
            "gapped",
            &[(0, true, None), (2, true, None)],
            "under it is not",
        ),
        ("reordered", &[(1, true, None)], "under it is not"),
        (
            "unknown",
            &[(0, true, None), (9, true, None)],
            "which no revision adopts",
        ),
    ];
    for (name, rows, told) in cases {
        let (folder, base) = start(kind);
        for &(n, success, checksum) in rows {
            row(&folder, &base, n, success, checksum);
        }
        let tables = base.tables();
        for command in ["upgrade", "adopt", "check"] {
            let said = folder.migrate(&[command, "--database-url", &base.url]);
            let said = said.stderr() + &said.stdout();
            assert!(said.contains(told), "{name}, {command}: {said}");
            assert_eq!(base.tables(), tables, "{name}, {command}");
        }
        let status = folder
            .migrate(&["status", "--database-url", &base.url])
            .success();
        assert!(status.contains(told), "{name}: {status}");
    }
}

/// A run of golang-migrate was cut off: the version of its one row is dirty.
fn a_dirty_database_of_golang_migrate_is_refused(kind: Kind) {
    let folder = Folder::new();
    package(&folder, "golang-migrate", kind);
    write(&folder, "golang-migrate", &steps(3));
    folder.migrate(&["import", "golang-migrate"]).success();
    let base = Base::new(kind);
    base.run(tables::golang_migrate(kind));
    base.run(&steps(1)[0].up);
    base.run(&format!(
        "INSERT INTO schema_migrations (version, dirty) VALUES ({}, {})",
        time(1),
        if kind == Kind::Sqlite { "1" } else { "true" }
    ));
    let tables = base.tables();
    for command in ["upgrade", "adopt"] {
        let said = folder
            .migrate(&[command, "--database-url", &base.url])
            .failure();
        assert!(said.contains("failed, or is under way"), "{said}");
        assert!(said.contains("repair it with golang-migrate"), "{said}");
        assert_eq!(base.tables(), tables, "{command}");
    }
}

fn a_foreign_history_is_refused_until_the_settings_say_whose_it_is(kind: Kind) {
    let (folder, base) = start(kind);
    folder.write("migrations/migrate.toml", "");
    // A table without rows is no history.
    folder
        .migrate(&["status", "--database-url", &base.url])
        .success();
    row(&folder, &base, 0, true, None);
    let said = folder
        .migrate(&["upgrade", "--database-url", &base.url])
        .failure();
    assert!(
        said.contains("`cargo migrate import sqlx`") && said.contains("[adopt] tool = \"none\""),
        "{said}"
    );
    assert_eq!(base.tables(), ["_sqlx_migrations"]);
    folder.write("migrations/migrate.toml", "[adopt]\ntool = \"none\"\n");
    let said = folder
        .migrate(&["upgrade", "--database-url", &base.url])
        .success();
    assert!(said.starts_with("upgraded 4 revisions"), "{said}");
    // Our own record counts, whatever the other table says.
    folder.migrate(&["downgrade", "base", "--database-url", &base.url]);
}
