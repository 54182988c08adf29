//! What it costs to build a crate again that embeds a long chain, against one with a hand-written table.

use std::fmt::Write as _;

use crate::Result;
use crate::chains;
use crate::crates::{Crate, ours};
use crate::measure::{Row, side_by_side};

const RUNS: usize = 9;
const FILE: &str = "src/lib.rs";

pub(crate) fn run() -> Result<Vec<Row>> {
    [(1_000, 1.3), (10_000, 1.5)]
        .into_iter()
        .map(|(length, goal)| measure(length, goal))
        .collect()
}

fn measure(length: usize, goal: f64) -> Result<Row> {
    let ours = Crate::new(
        &format!("embed-migrations = {}", ours("embed-migrations")),
        FILE,
        EMBEDDED,
    )?;
    let peer = Crate::new("", FILE, &by_hand(length)?)?;
    for app in [&ours, &peer] {
        chains::write(&app.path().join("migrations"), length)?;
        app.build()?;
    }
    let times = side_by_side(RUNS, || ours.rebuild(FILE), || peer.rebuild(FILE))?;
    Ok(Row::ratio(
        format!("touch and rebuild, {length} revisions"),
        times,
        "include_str! by hand",
        goal,
    ))
}

const EMBEDDED: &str = "\
use embed_migrations::{Migrations, embed_migrations};
pub static MIGRATIONS: Migrations = embed_migrations!();
";

fn by_hand(length: usize) -> Result<String> {
    let mut source = "pub static MIGRATIONS: &[(&str, &str)] = &[\n".to_owned();
    for name in chains::files(length).keys() {
        writeln!(
            source,
            "    ({name:?}, include_str!(\"../migrations/versions/{name}\")),"
        )?;
    }
    source.push_str("];\n");
    Ok(source)
}
