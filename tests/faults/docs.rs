//! The table in the documentation.

use std::collections::BTreeSet;

use libtest_mimic::Failed;

use crate::cells;

const DOCS: &str = "docs/faults.md";

/// The documentation lists the cells that there are, and no others.
pub fn list_the_cells() -> Result<(), Failed> {
    let text = std::fs::read_to_string(DOCS)?;
    let listed: BTreeSet<String> = cells_of(&text).collect();
    let there: BTreeSet<String> = cells::all().iter().map(ToString::to_string).collect();
    let missing: Vec<&String> = there.difference(&listed).collect();
    let strange: Vec<&String> = listed.difference(&there).collect();
    if missing.is_empty() && strange.is_empty() {
        return Ok(());
    }
    Err(format!("{DOCS} lacks {missing:?} and lists {strange:?}: write it with `cargo xtask soak --write-docs`").into())
}

/// The cells of a table whose rows are ``| `cargo xtask soak sqlite/sigkill/after-lock` | once | … |``, a column for each number of
/// processes as its head says.
fn cells_of(text: &str) -> impl Iterator<Item = String> {
    let mut processes: Vec<&str> = Vec::new();
    let mut cells = Vec::new();
    for line in text.lines().filter(|line| line.starts_with('|')) {
        let mut columns = line.trim_matches('|').split('|').map(str::trim);
        let first = columns.next().unwrap_or_default();
        if let Some(name) = first
            .strip_prefix("`cargo xtask soak ")
            .and_then(|name| name.strip_suffix('`'))
        {
            let results = processes.iter().zip(columns);
            let filled = results.filter(|(_, result)| !result.is_empty());
            cells.extend(filled.map(|(processes, _)| format!("{name}/{processes}")));
        } else if !first.starts_with('-') {
            processes = columns.collect();
        }
    }
    cells.into_iter()
}
