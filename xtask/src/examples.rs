//! Runs each example as a newcomer would, and looks at what it prints.

use std::path::Path;

use xshell::{Shell, cmd};

use crate::steps::{Result, Steps};

/// The output of each example.
const EXPECTED: [(&str, &[&str]); 6] = [
    ("axum_service", &["200 OK"]),
    ("data_migration", &["Switzerland"]),
    (
        "multi_tenant",
        &[
            "grace: the upgrade of revision",
            "3 of 4 are ready; not grace",
        ],
    ),
    ("own_cli", &["(head)"]),
    ("quickstart", &["upgraded"]),
    ("wait_until_current", &["worker 3: the database is current"]),
];

pub fn run(sh: &Shell, steps: &mut Steps) -> Result {
    for name in names(sh)? {
        let expected = EXPECTED.iter().find(|(known, _)| *known == name);
        let Some((_, expected)) = expected else {
            return Err(format!(
                "xtask/src/examples.rs does not say what examples/{name}.rs prints"
            )
            .into());
        };
        run_one(sh, steps, &name, expected);
    }
    quickstart_again(sh, steps);
    steps.step(
        "example sea_orm: its entities are the source of a revision",
        |_| sea_orm(sh),
    );
    Ok(())
}

/// The examples on disk, so that none is forgotten.
fn names(sh: &Shell) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for path in sh.read_dir("examples")? {
        if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.file_stem().ok_or("it has a name")?;
            names.push(name.to_string_lossy().into_owned());
        }
    }
    Ok(names)
}

fn run_one(sh: &Shell, steps: &mut Steps, name: &str, expected: &[&str]) {
    if name == "quickstart" {
        remove_database();
    }
    let arguments: &[&str] = match name {
        "axum_service" => &["--", "--once"],
        "own_cli" => &["--features", "cli", "--", "migrate", "heads"],
        _ => &[],
    };
    // The default database of an example is SQLite, whatever this shell has set.
    let command =
        cmd!(sh, "cargo run --quiet --example {name} {arguments...}").env_remove("DATABASE_URL");
    check(steps, &format!("example {name}"), command, expected);
}

/// A second run finds nothing to do, and says so.
fn quickstart_again(sh: &Shell, steps: &mut Steps) {
    let command = cmd!(sh, "cargo run --quiet --example quickstart").env_remove("DATABASE_URL");
    check(
        steps,
        "example quickstart, a second time",
        command,
        &["nothing to do"],
    );
}

/// Nothing differs at first; then a field is added, and a revision brings its column.
fn sea_orm(sh: &Shell) -> Result {
    let target = sh.current_dir().join("target");
    let example = target.join("sea_orm_example");
    sh.remove_path(&example)?;
    cmd!(sh, "cp -r examples/sea_orm {example}").run()?;
    cmd!(sh, "cargo build --quiet --package cargo-migrate").run()?;
    let migrate = target.join("debug/cargo-migrate");
    let _example = sh.push_dir(&example);
    // Before it is started by `program`: that may take no longer than ten minutes, downloads included.
    cmd!(sh, "cargo fetch --locked --quiet").run()?;
    let generate = || {
        let command = cmd!(
            sh,
            "{migrate} migrate revision --autogenerate -m 'Add an age'"
        );
        command.env_remove("DATABASE_URL").read()
    };
    let unchanged = generate()?;
    if !unchanged.contains("no revision was written") {
        return Err(
            format!("the chain of the example is not that of its entities: {unchanged}").into(),
        );
    }
    let entity = sh.read_file("src/entity.rs")?;
    let field = "pub nickname: Option<String>,";
    let more = format!("{field}\n        pub age: Option<i32>,");
    sh.write_file("src/entity.rs", entity.replace(field, &more))?;
    let created = generate()?;
    let path = created
        .lines()
        .find_map(|line| line.strip_prefix("Created "));
    let revision = sh.read_file(path.ok_or("a revision is created")?)?;
    if !revision.contains("ADD COLUMN \"age\"") {
        return Err(format!("the revision does not add the column: {revision}").into());
    }
    Ok(())
}

fn check(steps: &mut Steps, name: &str, command: xshell::Cmd<'_>, expected: &[&str]) {
    if let Some(output) = steps.output(name, command) {
        for text in expected.iter().filter(|text| !output.contains(**text)) {
            steps.step(&format!("{name}: its output"), |_| {
                Err(format!("it does not say `{text}`").into())
            });
        }
    }
}

fn remove_database() {
    for suffix in ["", "-wal", "-shm", "-journal"] {
        // It may be gone already.
        let _ = std::fs::remove_file(Path::new("target").join(format!("quickstart.db{suffix}")));
    }
}
