//! Builds the proc macro from nothing, with all that it depends on.

use crate::Result;
use crate::crates::{Crate, ours};
use crate::measure::{Row, side_by_side};

const RUNS: usize = 3;

pub(crate) fn run() -> Result<Vec<Row>> {
    let ours = Crate::new(&ours("embed-migrations-macros", &[]), "src/lib.rs", "")?;
    let sqlx =
        "sqlx-macros = { version = \"0.9\", default-features = false, features = [\"migrate\"] }";
    let peer = Crate::new(sqlx, "src/lib.rs", "")?;
    let times = side_by_side(RUNS, || ours.build_anew(), || peer.build_anew())?;
    Ok(vec![Row::ratio(
        "clean build of the macro and its tree",
        times,
        "sqlx-macros with migrate",
        0.22,
    )])
}
