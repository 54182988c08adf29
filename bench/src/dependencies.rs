//! What an app has to build for it that has sqlx and tokio already.

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
    let gained: Vec<&str> = with
        .iter()
        .filter(|name| !without.contains(name))
        .map(String::as_str)
        .collect();
    eprintln!("gained: {}", gained.join(", "));
    let what = "crates that an app with sqlx and tokio gains";
    Ok(Row::alone(
        what,
        gained.len().to_string(),
        format!("≤ {GOAL}"),
        gained.len() <= GOAL,
    ))
}

/// What the macro needs, the app needs too: it is built once if it has the same features for both.
fn built_twice() -> Result<Row> {
    let chain = format!("migrate-chain = {}", ours("migrate-chain"));
    let needed = Crate::new(&chain, "src/lib.rs", "")?.tree()?;
    let app = with_ours(APP_WITH_MACROS);
    let builds = Crate::new(&app, "src/lib.rs", "")?.builds()?;
    let is_built_twice = |name: &&String| {
        let builds = builds.iter();
        builds
            .filter(|build| build.starts_with(&format!("{name} ")))
            .count()
            > 1
    };
    let twice: Vec<&str> = needed
        .iter()
        .filter(is_built_twice)
        .map(String::as_str)
        .collect();
    eprintln!("built twice: {}", twice.join(", "));
    let what = "crates of these that it builds for the macro and again for the app";
    Ok(Row::alone(
        what,
        twice.len().to_string(),
        "0".to_owned(),
        twice.is_empty(),
    ))
}

/// The dependencies, and embed-migrations for SQLite.
fn with_ours(dependencies: &str) -> String {
    let ours = ours("embed-migrations").replace('}', ", features = [\"sqlite\"] }");
    format!("{dependencies}embed-migrations = {ours}\n")
}
