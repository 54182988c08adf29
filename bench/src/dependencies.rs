//! How many crates an app gains that has sqlx and tokio already.

use crate::Result;
use crate::crates::{Crate, ours};
use crate::measure::Row;

const GOAL: usize = 15;

const APP: &str = "\
sqlx = { version = \"0.9\", default-features = false, features = [\"runtime-tokio\", \"sqlite\"] }
tokio = { version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }
";

pub(crate) fn run() -> Result<Vec<Row>> {
    let without = Crate::new(APP, "src/lib.rs", "")?.tree()?;
    let ours = ours("embed-migrations").replace('}', ", features = [\"sqlite\"] }");
    let with = Crate::new(&format!("{APP}embed-migrations = {ours}"), "src/lib.rs", "")?.tree()?;
    let gained: Vec<&str> = with
        .iter()
        .filter(|name| !without.contains(name))
        .map(String::as_str)
        .collect();
    eprintln!("gained: {}", gained.join(", "));
    let what = "crates that an app with sqlx and tokio gains";
    Ok(vec![Row::alone(
        what,
        gained.len().to_string(),
        format!("≤ {GOAL}"),
        gained.len() <= GOAL,
    )])
}
