//! The crates that an app gains that has sqlx and tokio already.

use crate::Result;
use crate::crates::{Crate, ours};
use crate::measure::Row;

const GOAL: usize = 15;

const APP: &str = "\
sqlx = { version = \"0.9\", default-features = false, features = [\"runtime-tokio\", \"sqlite\"] }
tokio = { version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }
";

/// The macros of sqlx, which its default features have, ask for features of their own.
const APP_WITH_MACROS: &str =
    "sqlx = { version = \"0.9\", features = [\"runtime-tokio\", \"sqlite\"] }\n";

pub(crate) fn run() -> Result<Vec<Row>> {
    Ok(vec![gained()?, built_twice()?])
}

fn gained() -> Result<Row> {
    let without = Crate::new(APP, "src/lib.rs", "")?.tree()?;
    let with = Crate::new(&with_ours(APP), "src/lib.rs", "")?.tree()?;
    Ok(at_most(
        GOAL,
        "crates that an app with sqlx and tokio gains",
        with.iter().filter(|name| !without.contains(name)),
    ))
}

/// The app needs the crates that the macro needs, too: each is built once if it has the same features for both.
fn built_twice() -> Result<Row> {
    let needed = Crate::new(&ours("embed-migrations-chain", &[]), "src/lib.rs", "")?.tree()?;
    let builds = Crate::new(&with_ours(APP_WITH_MACROS), "src/lib.rs", "")?.builds()?;
    let times = |name: &str| {
        let is_of_it = |build: &&String| build.starts_with(&format!("{name} "));
        builds.iter().filter(is_of_it).count()
    };
    Ok(at_most(
        0,
        "crates of these that it builds for the macro and again for the app",
        needed.iter().filter(|name| times(name) > 1),
    ))
}

/// How many crates there are, which are named beside the table.
fn at_most<'n>(goal: usize, what: &str, crates: impl Iterator<Item = &'n String>) -> Row {
    let names: Vec<&str> = crates.map(String::as_str).collect();
    eprintln!("{what}: {}", names.join(", "));
    let count = names.len();
    Row::alone(what, count.to_string(), format!("≤ {goal}"), count <= goal)
}

/// The dependencies, and embed-migrations for SQLite.
fn with_ours(dependencies: &str) -> String {
    dependencies.to_owned() + &ours("embed-migrations", &["sqlite"])
}
