//! The tools that are not crates: their tables are made as their sources make them.

use super::base::{Base, Kind, each};
use super::layout::{package, steps, time, write};
use super::support::Folder;
use super::tables;

each!(
    the_history_of_goose,
    the_history_of_dbmate,
    the_history_of_golang_migrate,
    the_history_of_flyway,
    the_history_of_prisma,
    the_history_of_diesel,
    the_history_of_sea_orm,
);

const ALL: usize = 6;
const APPLIED: usize = 4;

/// The chain of a tool, and a database with the first steps applied and the history in `table`.
fn moved(
    tool: &str,
    kind: Kind,
    table: &str,
    row: impl Fn(&Folder, usize) -> String,
) -> (Folder, Base) {
    let folder = Folder::new();
    package(&folder, tool, kind);
    let steps = steps(ALL);
    write(&folder, tool, &steps);
    folder.migrate(&["import", tool]).success();
    let base = Base::new(kind);
    base.run(table);
    for (n, step) in steps.iter().enumerate().take(APPLIED) {
        base.run(&step.up);
        base.run(&row(&folder, n));
    }
    (folder, base)
}

/// An upgrade takes over the first steps and runs the others.
#[track_caller]
fn taken_over(folder: &Folder, base: &Base) {
    let status = folder
        .migrate(&["status", "--database-url", &base.url])
        .success();
    assert!(
        status.contains(&format!(": {APPLIED} revisions")),
        "{status}"
    );
    let said = folder
        .migrate(&["upgrade", "--database-url", &base.url])
        .success();
    let expected = format!(
        "took over {APPLIED} revisions, upgraded {} revisions",
        ALL - APPLIED
    );
    assert!(said.starts_with(&expected), "{said}");
    assert_eq!(
        base.journal(),
        [
            format!("finished {}", ALL - APPLIED),
            format!("stamped {APPLIED}")
        ]
    );
    let whole = Base::new(base.kind);
    for step in steps(ALL) {
        whole.run(&step.up);
    }
    assert_eq!(base.schema(), whole.schema());
    folder
        .migrate(&["check", "--database-url", &base.url])
        .success();
}

/// The checksum of the `n`th revision, as its header has it.
fn checksum(folder: &Folder, version: &str) -> String {
    let found = folder.contents().into_values().find_map(|text| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("-- adopts: "))?;
        let (found, checksum) = line.split_once(' ')?;
        (found == version).then(|| checksum.to_owned())
    });
    found.expect("it is adopted")
}

fn the_history_of_goose(kind: Kind) {
    let insert = |version: usize, is_applied| {
        let is_applied = truth(kind, is_applied);
        format!(
            "INSERT INTO goose_db_version (version_id, is_applied) VALUES ({version}, {is_applied});"
        )
    };
    let table = tables::goose(kind) + &insert(0, true);
    let (folder, base) = moved("goose", kind, &table, |_, n| insert(n + 1, true));
    // Old versions of goose kept what was undone: it is not applied.
    base.run(&insert(APPLIED + 1, true));
    base.run(&insert(APPLIED + 1, false));
    taken_over(&folder, &base);
}

fn truth(kind: Kind, value: bool) -> &'static str {
    match (kind, value) {
        (Kind::Sqlite, true) => "1",
        (Kind::Sqlite, false) => "0",
        (_, true) => "true",
        (_, false) => "false",
    }
}

fn the_history_of_dbmate(kind: Kind) {
    let table = tables::dbmate(kind);
    let (folder, base) = moved("dbmate", kind, &table, |_, n| {
        format!(
            "insert into schema_migrations (version) values ('{}')",
            time(n)
        )
    });
    taken_over(&folder, &base);
}

fn the_history_of_golang_migrate(kind: Kind) {
    let table = tables::golang_migrate(kind);
    let (folder, base) = moved("golang-migrate", kind, table, |_, n| {
        format!(
            "DELETE FROM schema_migrations; INSERT INTO schema_migrations (version, dirty) VALUES ({}, {})",
            time(n),
            truth(kind, false)
        )
    });
    taken_over(&folder, &base);
}

fn the_history_of_flyway(kind: Kind) {
    let table = tables::flyway(kind);
    let q = |sql: &str| match kind {
        Kind::MySql => sql.replace('"', "`"),
        _ => sql.to_owned(),
    };
    let row = |rank: usize, version: &str, what: &str, checksum: &str| {
        let is_done = truth(kind, true);
        q(&format!(
            r#"INSERT INTO "flyway_schema_history" ("installed_rank", "version", "description", "type", "script", "checksum", "installed_by",
               "execution_time", "success") VALUES ({rank}, '{version}', 'd', '{what}', 'V.sql', {checksum}, 'ann', 3, {is_done});"#
        ))
    };
    let (folder, base) = moved("flyway", kind, &table, |folder, n| {
        let version = format!("1.{}", n + 1);
        row(n + 1, &version, "SQL", &checksum(folder, &version))
    });
    // One was applied and undone, and one whose file is gone was applied and marked so.
    let undone = format!("1.{}", APPLIED + 1);
    for (n, (version, what)) in [
        (&*undone, "SQL"),
        (&undone, "UNDO_SQL"),
        ("1.9", "SQL"),
        ("1.9", "DELETE"),
    ]
    .into_iter()
    .enumerate()
    {
        base.run(&row(APPLIED + 1 + n, version, what, "7"));
    }
    taken_over(&folder, &base);
    let tool = base.texts(
        "SELECT CAST(tool_version AS CHAR(40)) FROM migrate_journal WHERE event = 'stamped'",
    );
    assert!(
        tool.iter().all(|tool| tool.trim() == "flyway, by ann"),
        "{tool:?}"
    );
}

fn the_history_of_prisma(kind: Kind) {
    let table = tables::prisma(kind);
    let (folder, base) = moved("prisma", kind, &table, |folder, n| {
        let name = format!("{}_{}", time(n), steps(ALL)[n].name);
        // The file has one kind of line ends, and it was applied with either.
        let checksums = checksum(folder, &name);
        let checksum = checksums.split('|').nth(n % 2).expect("two checksums");
        let insert = "INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, rolled_back_at) VALUES";
        // A first try was rolled back.
        format!(
            "{insert} ('a{n}', '{checksum}', NULL, '{name}', CURRENT_TIMESTAMP); {insert} ('b{n}', '{checksum}', CURRENT_TIMESTAMP, '{name}', NULL)"
        )
    });
    taken_over(&folder, &base);
}

fn the_history_of_diesel(kind: Kind) {
    let table = "CREATE TABLE IF NOT EXISTS __diesel_schema_migrations (version VARCHAR(50) PRIMARY KEY NOT NULL, \
                 run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP)";
    let (folder, base) = moved("diesel", kind, table, |_, n| {
        format!(
            "INSERT INTO __diesel_schema_migrations (version) VALUES ('{}')",
            time(n)
        )
    });
    taken_over(&folder, &base);
}

/// The schema of the database is the first revision, and all names must be in the history.
fn the_history_of_sea_orm(kind: Kind) {
    let folder = Folder::new();
    package(&folder, "sea-orm", kind);
    let names = ["m20240101_000001_create_users", "m20240102_000001_add_size"];
    folder.write("migration/Cargo.toml", "[package]\nname = \"migration\"\n");
    for name in names {
        folder.write(&format!("migration/src/{name}.rs"), "");
    }
    let base = Base::new(kind);
    base.run("CREATE TABLE seaql_migrations (version VARCHAR(255) NOT NULL PRIMARY KEY, applied_at BIGINT NOT NULL)");
    for step in steps(3) {
        base.run(&step.up);
    }
    base.run(&format!(
        "INSERT INTO seaql_migrations VALUES ('{}', 1704103200)",
        names[0]
    ));
    folder
        .migrate(&["import", "--database-url", &base.url])
        .success();
    let refused = folder
        .migrate(&["upgrade", "--database-url", &base.url])
        .failure();
    assert!(refused.contains("adopts several migrations"), "{refused}");
    base.run(&format!(
        "INSERT INTO seaql_migrations VALUES ('{}', 1704103200)",
        names[1]
    ));
    let said = folder
        .migrate(&["upgrade", "--database-url", &base.url])
        .success();
    assert!(
        said.starts_with("took over 1 revision, now at baseline"),
        "{said}"
    );
    let new = Base::new(kind);
    folder
        .migrate(&["upgrade", "--database-url", &new.url])
        .success();
    assert_eq!(new.schema(), base.schema());
}
