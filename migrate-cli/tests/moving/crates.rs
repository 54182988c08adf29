//! The tools that are Rust crates: they migrate a database, and we go on with it.

use std::path::Path;

use diesel_migrations::{FileBasedMigrations, MigrationHarness as _};
use sqlx::migrate::Migrator;
use sqlx::{Connection as _, MySqlConnection, PgConnection, SqliteConnection};

use super::base::{Base, Kind, each, wait};
use super::layout::{package, steps, time, write};
use super::support::Folder;

each!(
    eight_processes_take_over_a_database_of_sqlx_at_every_version,
    old_and_new_processes_start_together,
    the_previous_release_still_starts,
);

/// How often each is tried: more where `MIGRATE_ROUNDS` says so.
fn rounds() -> usize {
    let rounds = std::env::var("MIGRATE_ROUNDS").ok();
    rounds.and_then(|rounds| rounds.parse().ok()).unwrap_or(1)
}

/// The crate of an app that has so many migrations of sqlx, imported.
fn imported(tool: &str, kind: Kind, count: usize) -> Folder {
    let folder = Folder::new();
    package(&folder, tool, kind);
    write(&folder, tool, &steps(count));
    folder.migrate(&["import"]).success();
    folder
}

/// The migrations of sqlx up to the `count`th, by sqlx.
fn sqlx_to(base: &Base, folder: &Path, count: usize) {
    try_sqlx_to(base, folder, count).expect("it migrates");
}

fn try_sqlx_to(
    base: &Base,
    folder: &Path,
    count: usize,
) -> Result<(), sqlx::migrate::MigrateError> {
    let target: i64 = count
        .checked_sub(1)
        .map_or(0, |n| time(n).parse().expect("a number"));
    wait(async {
        let migrator = Migrator::new(folder.join("migrations")).await?;
        macro_rules! on {
            ($connection:ty) => {{
                let mut connection = <$connection>::connect(&base.url).await.expect("it answers");
                migrator.run_to(target, &mut connection).await?;
                connection.close().await.expect("it closes");
            }};
        }
        match base.kind {
            Kind::Sqlite => on!(SqliteConnection),
            Kind::Postgres => on!(PgConnection),
            Kind::MySql => on!(MySqlConnection),
        }
        Ok(())
    })
}

/// Starts so many processes at once that upgrade the database, and returns what each printed.
fn upgrades(folder: &Folder, base: &Base, count: usize) -> Vec<String> {
    let start = |_| {
        let mut command = folder.command(&["upgrade", "--database-url", &base.url]);
        let command = command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        command.spawn().expect("it starts")
    };
    let started: Vec<_> = (0..count).map(start).collect();
    let end = |child: std::process::Child| {
        let output = child.wait_with_output().expect("it ends");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {errors}", base.url);
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    started.into_iter().map(end).collect()
}

fn eight_processes_take_over_a_database_of_sqlx_at_every_version(kind: Kind) {
    const ALL: usize = 8;
    let folder = imported("sqlx", kind, ALL);
    let whole = Base::new(kind);
    sqlx_to(&whole, folder.path(), ALL);
    for _ in 0..rounds() {
        for count in 0..=ALL {
            let base = Base::new(kind);
            if count > 0 {
                sqlx_to(&base, folder.path(), count);
            }
            let said = upgrades(&folder, &base, 8);
            let took = said
                .iter()
                .filter(|text| text.contains("took over"))
                .count();
            assert_eq!(took, usize::from(count > 0), "{said:?}");
            assert_eq!(base.schema(), whole.schema(), "from {count}");
            let mut expected = Vec::new();
            if count < ALL {
                expected.push(format!("finished {}", ALL - count));
            }
            if count > 0 {
                expected.push(format!("stamped {count}"));
            }
            assert_eq!(base.journal(), expected, "from {count}");
        }
    }
}

/// The release before knows the migrations of sqlx, which are applied; ours has one more.
fn old_and_new_processes_start_together(kind: Kind) {
    let folder = imported("sqlx", kind, 6);
    folder
        .migrate(&["revision", "-m", "More", "--rev-id", "more"])
        .success();
    let file = folder
        .tree()
        .into_iter()
        .find(|file| file.contains("more_more"))
        .expect("the revision");
    folder.edit(
        &file,
        "upgrade\n",
        "upgrade\nCREATE TABLE app_more (id INTEGER PRIMARY KEY);\n",
    );
    for _ in 0..rounds() {
        let base = Base::new(kind);
        sqlx_to(&base, folder.path(), 6);
        std::thread::scope(|scope| {
            let old: Vec<_> = (0..3)
                .map(|_| scope.spawn(|| try_sqlx_to(&base, folder.path(), 6)))
                .collect();
            upgrades(&folder, &base, 4);
            for old in old {
                let ended = old.join().expect("it does not panic");
                // MariaDB answers NULL to the lock that sqlx asks for, and SQLite may be busy: both are errors of sqlx alone.
                assert!(ended.is_ok() || kind != Kind::Postgres, "{ended:?}");
            }
        });
        assert_eq!(base.journal(), ["finished 1", "stamped 6"]);
    }
}

fn the_previous_release_still_starts(kind: Kind) {
    let folder = imported("sqlx", kind, 5);
    let base = Base::new(kind);
    sqlx_to(&base, folder.path(), 5);
    let before = base.schema();
    let said = folder
        .migrate(&["adopt", "--database-url", &base.url])
        .success();
    assert!(said.starts_with("took over 5 revisions, now at "), "{said}");
    sqlx_to(&base, folder.path(), 5);
    assert_eq!(base.schema(), before);
    folder
        .migrate(&["check", "--database-url", &base.url])
        .success();
}

#[test]
fn a_database_of_diesel_is_taken_over_and_diesel_still_runs_on_it() {
    use diesel::Connection as _;
    let folder = imported("diesel", Kind::Sqlite, 8);
    let migrations =
        FileBasedMigrations::from_path(folder.path().join("migrations")).expect("its migrations");
    let whole = Base::new(Kind::Sqlite);
    let connect = |base: &Base| {
        let path = base
            .url
            .trim_start_matches("sqlite://")
            .trim_end_matches("?mode=rwc");
        diesel::SqliteConnection::establish(path).expect("it opens")
    };
    connect(&whole)
        .run_pending_migrations(migrations.clone())
        .expect("it migrates");
    for count in 1..=8 {
        let base = Base::new(Kind::Sqlite);
        let mut diesel = connect(&base);
        for _ in 0..count {
            diesel
                .run_next_migration(migrations.clone())
                .expect("it migrates");
        }
        upgrades(&folder, &base, 8);
        assert_eq!(base.schema(), whole.schema(), "from {count}");
        let stamped = format!("stamped {count}");
        assert!(base.journal().contains(&stamped), "{:?}", base.journal());
    }
    assert!(
        connect(&whole)
            .run_pending_migrations(migrations)
            .expect("nothing is pending")
            .is_empty()
    );
}

#[test]
fn a_database_of_refinery_is_taken_over_with_its_checksums() {
    let folder = imported("refinery", Kind::Sqlite, 8);
    let migrations =
        refinery::load_sql_migrations(folder.path().join("migrations")).expect("its migrations");
    for count in 1..=8_i32 {
        let base = Base::new(Kind::Sqlite);
        let path = base
            .url
            .trim_start_matches("sqlite://")
            .trim_end_matches("?mode=rwc");
        let mut connection = rusqlite::Connection::open(path).expect("it opens");
        let runner = || refinery::Runner::new(&migrations);
        runner()
            .set_target(refinery::Target::Version(count))
            .run(&mut connection)
            .expect("it migrates");
        upgrades(&folder, &base, 8);
        let stamped = format!("stamped {count}");
        assert!(base.journal().contains(&stamped), "{:?}", base.journal());
        if count == 8 {
            runner()
                .run(&mut connection)
                .expect("the previous release starts");
        }
    }
}
