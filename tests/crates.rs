//! Crates that embed a chain, built by cargo as a user builds them: `tests/crates` is copied, changed and built.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use std::{fs, io};

#[test]
fn the_macro_works_in_a_library_from_a_member_and_by_another_name() {
    let crates = Crates::new("names");
    let chain = "1975ea83b712 Create the users table\n\
                 27c6a30d7c24 Create the members table\n\
                 ae1027a6acf4 Create the teams table\n";
    assert_eq!(crates.run("member"), chain);
    assert_eq!(crates.run("renamed"), chain);

    let absolute = crates.root.join("library/migrations");
    crates.edit(
        "renamed/src/lib.rs",
        "\"../library/migrations\"",
        &format!("{absolute:?}"),
    );
    assert_eq!(crates.run("renamed"), chain);
}

#[test]
fn a_build_sees_each_change_of_the_chain() {
    let crates = Crates::new("changes");
    // Without a build script, too: rustc has read the files that are embedded.
    let revision = "library/migrations/versions/27c6a30d7c24_create_members.sql";
    crates.run("renamed");
    crates.edit(revision, "Create the members table", "Let users join teams");
    let shown = crates.run("renamed");
    assert_contains(&shown, "27c6a30d7c24 Let users join teams\n");
    assert_contains(&crates.run("member"), "27c6a30d7c24 Let users join teams\n");

    crates.write("library/migrations/migrate.toml", "head = \"one\"\n");
    let error = crates.broken_build();
    assert_contains(
        &error,
        "error: `migrate.toml` has the unknown key `head` [config-unknown-key]",
    );
    assert_contains(&error, "--> library/migrations/migrate.toml:1:1");
    assert_contains(&error, "help: did you mean `heads`?");

    crates.edit("library/migrations/migrate.toml", "head", "heads");
    assert!(crates.run("member").contains("Let users join teams"));
}

#[test]
fn a_build_reports_what_a_revision_blocks_as_the_settings_ask() {
    let crates = Crates::new("review");
    crates.edit(
        "library/migrations/versions/27c6a30d7c24_create_members.sql",
        "CREATE TABLE members (id INTEGER PRIMARY KEY);",
        "ALTER TABLE teams DROP COLUMN name;",
    );
    let settings = |build: &str| {
        let text = format!("dialects = [\"sqlite\"]\nlint.build = \"{build}\"\n");
        crates.write("library/migrations/migrate.toml", &text);
    };
    settings("warn");
    let output = crates.cargo("build", "library");
    let warning = String::from_utf8(output.stderr).expect("UTF-8");
    assert!(output.status.success(), "{warning}");
    assert_contains(&warning, "warning: use of deprecated constant");
    assert_contains(&warning, "the column `teams.name` is dropped [drop-column]");
    assert_contains(
        &warning,
        "migrations/versions/27c6a30d7c24_create_members.sql:7:19",
    );
    settings("deny");
    let error = crates.broken_build();
    assert_contains(
        &error,
        "error: the column `teams.name` is dropped [drop-column]",
    );
    crates.edit(
        "library/migrations/versions/27c6a30d7c24_create_members.sql",
        "ALTER TABLE",
        "-- migrate: allow drop-column no release reads it\nALTER TABLE",
    );
    assert_eq!(crates.run("member").lines().count(), 3);
}

#[test]
fn a_revision_deleted_in_the_middle_fails_the_build_with_its_place_and_advice() {
    let crates = Crates::new("middle");
    crates.run("member");
    crates.delete("library/migrations/versions/ae1027a6acf4_create_teams.sql");
    let error = crates.broken_build();
    assert_contains(
        &error,
        "error: no revision has the id `ae1027a6acf4` [unknown-parent]",
    );
    assert_contains(
        &error,
        "--> library/migrations/versions/27c6a30d7c24_create_members.sql:4:19",
    );
    assert_contains(
        &error,
        "help: restore the missing file, or name `1975ea83b712`, which no other revision has as parent",
    );
    // The fault, and cargo's last word.
    let errors = error.lines().filter(|line| line.starts_with("error"));
    assert_eq!(errors.count(), 2, "{error}");
}

#[test]
fn a_second_head_fails_the_build_with_the_command_that_merges() {
    let crates = Crates::new("head");
    crates.run("member");
    crates.write(
        "library/migrations/versions/b3f1d07c9e55_create_invoices.sql",
        "-- Create the invoices table\n--\n-- revision: b3f1d07c9e55\n-- down_revision: ae1027a6acf4\n\n\
         -- migrate: upgrade\nCREATE TABLE invoices (id INTEGER PRIMARY KEY);\n",
    );
    let error = crates.broken_build();
    assert_contains(
        &error,
        "error: the chain has 2 heads: `27c6a30d7c24`, `b3f1d07c9e55` [several-heads]",
    );
    assert_contains(
        &error,
        "--> library/migrations/versions/b3f1d07c9e55_create_invoices.sql:3:14",
    );
    assert_contains(
        &error,
        "help: run `cargo migrate merge 27c6a30d7c24 b3f1d07c9e55`",
    );
}

#[test]
fn a_release_binary_does_not_tell_where_it_was_built() {
    let crates = Crates::new("release");
    let place = crates.root.join("library/migrations");
    let place = place.to_str().expect("a UTF-8 path");
    let tells = |binary: &[u8]| {
        binary
            .windows(place.len())
            .any(|part| part == place.as_bytes())
    };
    assert!(
        tells(&crates.binary("member")),
        "a debug build compares itself with its sources"
    );

    // The settings of a release profile for these two crates; with all others it would take minutes.
    let profile = ["library", "member"].map(|package| {
        format!("[profile.dev.package.{package}]\ndebug = false\ndebug-assertions = false\n")
    });
    let manifest = crates.root.join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).expect("it is there");
    crates.write("Cargo.toml", &format!("{manifest}\n{}", profile.concat()));
    assert!(!tells(&crates.binary("member")));
}

#[test]
fn rustc_shows_a_type_error_at_its_place_in_a_rust_revision() {
    let crates = Crates::new("types");
    crates.write(
        "library/migrations/versions/b3f1d07c9e55_fill_slugs.rs",
        "//! Fill the slugs\n//!\n//! revision: b3f1d07c9e55\n//! down_revision: 27c6a30d7c24\n\n\
         use embed_migrations::{Context, Result};\n\n\
         pub async fn upgrade(_: &mut Context<'_>) -> Result<()> {\n    let _: u8 = \"many\";\n    Ok(())\n}\n",
    );
    let error = crates.broken_build();
    assert_contains(&error, "error[E0308]: mismatched types");
    assert_contains(
        &error,
        "library/migrations/versions/b3f1d07c9e55_fill_slugs.rs:9:17",
    );
}

/// How often the tests of `shop` are run, and with what: `cargo xtask rounds` sets it to `20`.
#[cfg(all(feature = "postgres", feature = "mysql"))]
const ROUNDS: &str = "MIGRATE_TEST_ROUNDS";

#[cfg(all(feature = "postgres", feature = "mysql"))]
#[allow(
    clippy::print_stdout,
    reason = "who runs many rounds wants to see them"
)]
#[test]
fn an_app_with_sixty_tests_on_each_database_leaves_nothing_on_the_servers() {
    use test_servers::{Kind, Server};
    let crates = Crates::new("shop");
    let servers = [Server::start(Kind::Postgres), Server::start(Kind::MySql)];
    let urls = [
        ("sqlite", String::new()),
        ("postgres", servers[0].admin_url()),
        ("mysql", servers[1].admin_url()),
    ];
    let rounds = std::env::var(ROUNDS).ok();
    let mut ways = vec![Runner::CargoTest];
    ways.extend(rounds.is_some().then_some(Runner::Nextest));
    let files = files_of_tests();
    for round in 1..=rounds.map_or(1, |rounds| rounds.parse().expect("a number")) {
        let started = std::time::Instant::now();
        for (database, url) in &urls {
            for runner in &ways {
                for threads in ["2", "16"] {
                    crates.sixty(database, url, *runner, threads);
                }
            }
        }
        assert_eq!(files_of_tests(), files);
        leave_nothing(&urls[1].1, &urls[2].1);
        println!("round {round}: {:.1} s", started.elapsed().as_secs_f64());
    }
}

/// The files of databases for tests on SQLite, templates left out.
#[cfg(all(feature = "postgres", feature = "mysql"))]
fn files_of_tests() -> Vec<String> {
    let folder = target().join("debug/deps/migrate-test");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| !name.contains("_template_")).collect();
    names.sort();
    names
}

/// On PostgreSQL the template alone is left; on MySQL also the databases that are used again, one for each share of the
/// server's connections. The last tests may still be giving theirs back.
#[cfg(all(feature = "postgres", feature = "mysql"))]
fn leave_nothing(postgres: &str, mysql: &str) {
    const ON_POSTGRES: &str =
        "SELECT COUNT(*) FROM pg_database WHERE datname LIKE 'migrate\\_test\\_%'";
    const USERS: &str =
        "SELECT COUNT(*) FROM information_schema.processlist WHERE db LIKE 'migrate\\_test\\_%'";
    const MARKS: &str = "SELECT COUNT(*) FROM information_schema.tables WHERE table_name LIKE 'migrate\\_test\\_failed%'";
    const TEMPLATES: &str = "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE 'migrate\\_test\\_template%'";
    const ALL: &str = "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE 'migrate\\_test\\_%'";
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let numbers = || {
        runtime.block_on(async {
            let postgres = sqlx::PgPool::connect(postgres).await.expect("it connects");
            let mysql = sqlx::MySqlPool::connect(mysql).await.expect("it connects");
            let count = sqlx::query_scalar(ON_POSTGRES).fetch_one(&postgres);
            let mut numbers: Vec<i64> = vec![count.await.expect("a number")];
            for query in [USERS, MARKS, TEMPLATES, ALL] {
                let count = sqlx::query_scalar(query).fetch_one(&mysql);
                numbers.push(count.await.expect("a number"));
            }
            numbers
        })
    };
    let is_clean = |numbers: &[i64]| numbers[..4] == [1, 0, 0, 1] && numbers[4] <= 21;
    let mut left = numbers();
    for _ in 0..50 {
        if is_clean(&left) {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
        left = numbers();
    }
    panic!("databases on PostgreSQL; users, marks, templates and databases on MySQL: {left:?}");
}

/// Runs the tests of a crate.
#[cfg(all(feature = "postgres", feature = "mysql"))]
#[derive(Clone, Copy)]
enum Runner {
    CargoTest,
    Nextest,
}

#[test]
fn a_query_is_checked_against_the_chain_without_any_preparation() {
    let crates = Crates::new("checked");
    assert_eq!(crates.run("checked"), "checked\n");
    let revision = "checked/migrations/versions/b2e1d3c5f7a9_drop_names.sql";
    crates.write(
        revision,
        "-- Drop the names\n--\n-- revision: b2e1d3c5f7a9\n-- down_revision: a1f0c2d4e6b8\n\n\
         -- migrate: upgrade\nALTER TABLE users DROP COLUMN name;\n",
    );
    let output = crates.cargo("build", "checked");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        !output.status.success(),
        "no source has changed, but the chain has"
    );
    assert_contains(&errors, "no such column: name");
    crates.delete(revision);
    assert_eq!(crates.run("checked"), "checked\n");
}

#[cfg(feature = "test")]
#[test]
fn the_guide_to_testing_is_true() {
    let crates = Crates::new("guide");
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/testing.md");
    let guide = fs::read_to_string(guide).expect("the guide");
    let mut code = String::new();
    for block in guide.split("```rust tests/guide.rs\n").skip(1) {
        code += block.split("```").next().expect("a block ends");
    }
    crates.write("shop/tests/guide.rs", &code);
    let build = crates.root.join("checked/build.rs");
    assert_contains(&guide, &fs::read_to_string(build).expect("it is there"));
    let output = crates.cargo_with("test", "shop", &["--test", "guide"]);
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{text}");
    assert_contains(&text, "3 passed");
}

/// A copy of the crates, in a workspace of its own.
struct Crates {
    root: PathBuf,
}

impl Crates {
    fn new(name: &str) -> Self {
        let tests = Path::new(env!("CARGO_TARGET_TMPDIR")).join("crates");
        let root = tests.join(name);
        if root.exists() {
            fs::remove_dir_all(&root).expect("the old copy is removed");
        }
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR"));
        copy(&workspace.join("tests/crates"), &root).expect("the crates are copied");
        let crates = Self { root };
        let here = workspace.to_str().expect("a UTF-8 path");
        let dependency = format!("path = {here:?}");
        crates.edit("Cargo.toml", "path = \"../..\"", &dependency);
        crates.edit("renamed/Cargo.toml", "path = \"../../..\"", &dependency);
        let build = format!("path = '{}'", workspace.join("migrate-build").display());
        crates.edit("Cargo.toml", "path = \"../../migrate-build\"", &build);
        // The versions that are here already: a build must not need the network.
        fs::copy(workspace.join("Cargo.lock"), crates.root.join("Cargo.lock"))
            .expect("the lock file is copied");
        crates
    }

    /// The output of a crate's program.
    fn run(&self, package: &str) -> String {
        let output = self.cargo("run", package);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        assert!(!errors.contains("warning"), "{errors}");
        String::from_utf8(output.stdout).expect("UTF-8")
    }

    /// Cargo's output for a build that must fail.
    fn broken_build(&self) -> String {
        let output = self.cargo("build", "member");
        assert!(!output.status.success(), "the build did not fail");
        String::from_utf8(output.stderr).expect("UTF-8")
    }

    /// The program of a crate, as cargo builds it.
    fn binary(&self, package: &str) -> Vec<u8> {
        let _one = one_at_a_time();
        let output = self.cargo_alone("build", package);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{errors}");
        let name = format!("{package}{}", std::env::consts::EXE_SUFFIX);
        fs::read(target().join("debug").join(name)).expect("the program is there")
    }

    fn cargo(&self, command: &str, package: &str) -> Output {
        let _one = one_at_a_time();
        self.cargo_alone(command, package)
    }

    /// Runs the tests on one database, all of which must pass.
    #[cfg(all(feature = "postgres", feature = "mysql"))]
    fn sixty(&self, database: &str, url: &str, runner: Runner, threads: &str) {
        let _one = one_at_a_time();
        let mut command = Command::new(env!("CARGO"));
        match runner {
            Runner::CargoTest => command.arg("test"),
            Runner::Nextest => command.args(["nextest", "run", "--test-threads", threads]),
        };
        command
            .args(["--offline", "--package", "shop", "--test", database])
            .arg("--target-dir")
            .arg(target());
        if let Runner::CargoTest = runner {
            command.args(["--", "--test-threads", threads]);
        }
        command.current_dir(&self.root).env_remove("RUSTFLAGS");
        // An empty one is none.
        command.env("DATABASE_URL", url);
        let output = command.output().expect("cargo starts");
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{database}, {threads}: {text}");
        assert_contains(&text, "60 passed");
    }

    #[cfg(feature = "test")]
    fn cargo_with(&self, command: &str, package: &str, more: &[&str]) -> Output {
        let _one = one_at_a_time();
        Command::new(env!("CARGO"))
            .args([command, "--offline", "--package", package])
            .args(more)
            .arg("--target-dir")
            .arg(target())
            .current_dir(&self.root)
            .env_remove("RUSTFLAGS")
            .output()
            .expect("cargo starts")
    }

    fn cargo_alone(&self, command: &str, package: &str) -> Output {
        Command::new(env!("CARGO"))
            .args([
                command,
                "--quiet",
                "--offline",
                "--color=never",
                "--package",
                package,
            ])
            .arg("--target-dir")
            .arg(target())
            .current_dir(&self.root)
            .env_remove("RUSTFLAGS")
            .output()
            .expect("cargo starts")
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.root.join(file);
        let text = fs::read_to_string(&path).expect("the file is there");
        assert!(text.contains(from), "{file} has no {from}");
        self.write(file, &text.replace(from, to));
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.root.join(file);
        fs::write(&path, text).expect("the file is written");
        newer(&path);
    }

    fn delete(&self, file: &str) {
        let path = self.root.join(file);
        fs::remove_file(&path).expect("the file is removed");
    }
}

/// The target folder of the tests: the dependencies are built.
fn target() -> &'static Path {
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    parent.expect("it lies in the target folder")
}

/// Every copy of a crate builds its program in the same place, where another test must not find it.
fn one_at_a_time() -> MutexGuard<'static, ()> {
    static BUILDS: Mutex<()> = Mutex::new(());
    BUILDS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Dates a file later than any build so far: some file systems count whole seconds.
fn newer(path: &Path) {
    let file = fs::File::options()
        .write(true)
        .open(path)
        .expect("the file is there");
    let later = SystemTime::now() + Duration::from_secs(2);
    file.set_modified(later).expect("it takes a date");
}

fn assert_contains(text: &str, part: &str) {
    assert!(text.contains(part), "{part}\nis not in\n{text}");
}

/// Copies a folder as it is.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}
