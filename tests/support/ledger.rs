//! An independent look at the two tables: it shares no code with the runtime.

use std::collections::{BTreeMap, BTreeSet};

/// The journal rows that [`assert_consistent`] needs, one a line.
pub const JOURNAL: &str = "SELECT CONCAT_WS('|', event, direction, revision, down_revision, depends_on) FROM migrate_journal ORDER BY sequence";

/// The version rows, sorted.
pub const VERSIONS: &str = "SELECT version_num FROM alembic_version ORDER BY version_num";

/// Panics unless the version rows are the maximal elements of what the journal says is applied, each revision was
/// applied at most once without being undone in between, and nothing is under way.
pub fn assert_consistent(versions: &[String], lines: &[String]) {
    let mut parents: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut applied: BTreeSet<&str> = BTreeSet::new();
    for line in lines {
        let [event, direction, revision, down, depends] = line.split('|').collect::<Vec<_>>()[..]
        else {
            panic!("a journal row of another shape: {line}");
        };
        parents.entry(revision).or_default().extend(
            down.split(',')
                .chain(depends.split(','))
                .filter(|name| !name.is_empty()),
        );
        if event == "finished" {
            match direction {
                "upgrade" => assert!(
                    applied.insert(revision),
                    "{revision} was applied twice: {lines:#?}"
                ),
                _ => assert!(
                    applied.remove(revision),
                    "{revision} was undone twice: {lines:#?}"
                ),
            }
        }
    }
    let under: BTreeSet<&str> = applied
        .iter()
        .flat_map(|revision| &parents[revision])
        .copied()
        .collect();
    let maximal: Vec<&str> = applied.difference(&under).copied().collect();
    assert_eq!(versions, maximal, "{lines:#?}");
    let last = lines
        .last()
        .map_or("", |line| line.split('|').next().unwrap_or_default());
    assert!(
        !["started", "statement", "failed"].contains(&last),
        "under way: {lines:#?}"
    );
}
