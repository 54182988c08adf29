//! The revisions that another tool has applied, by its history.

use std::collections::{HashMap, HashSet};

use migrate_chain::Revision;
use migrate_chain::adopt::Tool;
use migrate_chain::graph::RevisionGraph;

use super::rows::{HistoryRow, RowState};

/// The comparison of a history with a chain.
pub struct HistoryComparison<'h> {
    /// The revisions that are applied by the history and not by the version rows, parents first, each with the row that
    /// says so.
    pub adopted: Vec<(usize, &'h HistoryRow)>,
    /// The versions that no revision adopts.
    pub unknown: Vec<&'h str>,
}

/// Why a history cannot be taken over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AdoptRefusal {
    /// A migration failed, or is under way.
    Failed { version: String },
    /// The checksum is not that of the file that was imported.
    Edited { revision: usize, version: String },
    /// A revision is applied, and one under it is not.
    Gap { applied: usize, missing: usize },
    /// Only some of the migrations that a revision adopts are applied.
    Partly { revision: usize, missing: String },
}

/// The version table and the journal.
#[derive(Debug, Default)]
pub struct Ours {
    /// The version rows, as places in the chain.
    pub rows: Vec<usize>,
    /// The revisions that the journal has a record of: what the other tool says about them is older.
    pub recorded: HashSet<String>,
}

/// Compares a history with a chain, and with what is recorded of it.
///
/// # Errors
/// Why nothing of it can be taken over.
pub fn compare<'h>(
    tool: Tool,
    revisions: &[Revision],
    graph: &RevisionGraph,
    ours: &Ours,
    rows: &'h [HistoryRow],
) -> Result<HistoryComparison<'h>, AdoptRefusal> {
    let history = AppliedRows::read(tool, rows)?;
    let mut is_applied = graph.ancestors(&ours.rows);
    let mut by_history: Vec<Option<&HistoryRow>> = vec![None; revisions.len()];
    for (index, revision) in revisions.iter().enumerate() {
        by_history[index] = history.of(index, revision)?;
    }
    if let Some(row) = history.up_to {
        let is_tip = |revision: &Revision| {
            revision
                .adopts()
                .any(|(version, _)| tool_eq(tool, version, &row.version))
        };
        if let Some(tip) = revisions.iter().position(is_tip) {
            for (index, under) in graph.ancestors(&[tip]).into_iter().enumerate() {
                if under && revisions[index].adopts().next().is_some() {
                    by_history[index] = Some(row);
                }
            }
        }
    }
    let mut adopted = Vec::new();
    for index in graph.parents_first() {
        let is_ours = is_applied[index] || ours.recorded.contains(graph.id(index));
        let Some(row) = by_history[index].filter(|_| !is_ours) else {
            continue;
        };
        if let Some(&missing) = graph.all(index).iter().find(|&&under| !is_applied[under]) {
            return Err(AdoptRefusal::Gap {
                applied: index,
                missing,
            });
        }
        is_applied[index] = true;
        adopted.push((index, row));
    }
    Ok(HistoryComparison {
        adopted,
        unknown: history.unknown(revisions),
    })
}

/// The rows that count, by version.
struct AppliedRows<'h> {
    tool: Tool,
    applied: HashMap<String, &'h HistoryRow>,
    baseline: Option<&'h HistoryRow>,
    up_to: Option<&'h HistoryRow>,
}

impl<'h> AppliedRows<'h> {
    /// The newest row of a version counts. A failed one must be repaired first, wherever it is.
    fn read(tool: Tool, rows: &'h [HistoryRow]) -> Result<Self, AdoptRefusal> {
        let mut history = Self {
            tool,
            applied: HashMap::new(),
            baseline: None,
            up_to: None,
        };
        for row in rows {
            let version = normal(tool, &row.version);
            match row.state {
                RowState::Applied => drop(history.applied.insert(version, row)),
                RowState::Undone => drop(history.applied.remove(&version)),
                RowState::Baseline => history.baseline = Some(row),
                RowState::UpTo => history.up_to = Some(row),
                RowState::Failed => {
                    return Err(AdoptRefusal::Failed {
                        version: row.version.clone(),
                    });
                }
            }
        }
        Ok(history)
    }

    /// The row by which a revision is applied: the last of those that it adopts.
    fn of(
        &self,
        index: usize,
        revision: &Revision,
    ) -> Result<Option<&'h HistoryRow>, AdoptRefusal> {
        let (mut found, mut missing) = (None, None);
        for (version, checksum) in revision.adopts() {
            match self.row(version) {
                None => missing = missing.or(Some(version)),
                Some(row) => {
                    let is_other = matches!((checksum, &row.checksum), (Some(ours), Some(theirs)) if !is_checksum(self.tool, ours, theirs));
                    if is_other && row.state == RowState::Applied {
                        return Err(AdoptRefusal::Edited {
                            revision: index,
                            version: row.version.clone(),
                        });
                    }
                    found = Some(row);
                }
            }
        }
        match (found, missing) {
            (Some(_), Some(missing)) => Err(AdoptRefusal::Partly {
                revision: index,
                missing: missing.to_owned(),
            }),
            (found, _) => Ok(found),
        }
    }

    fn row(&self, version: &str) -> Option<&'h HistoryRow> {
        let applied = self.applied.get(&normal(self.tool, version)).copied();
        applied.or_else(|| {
            let baseline = self.baseline?;
            (numbers(version)? <= numbers(&baseline.version)?).then_some(baseline)
        })
    }

    /// The versions that no revision adopts, sorted.
    fn unknown(&self, revisions: &[Revision]) -> Vec<&'h str> {
        let adopts = |row: &HistoryRow| {
            let mut versions = revisions.iter().flat_map(Revision::adopts);
            versions.any(|(version, _)| tool_eq(self.tool, version, &row.version))
        };
        let known: HashSet<String> = revisions
            .iter()
            .flat_map(Revision::adopts)
            .map(|(version, _)| normal(self.tool, version))
            .collect();
        let rows = self
            .applied
            .iter()
            .filter(|(version, _)| !known.contains(*version));
        let mut unknown: Vec<&str> = rows.map(|(_, row)| &*row.version).collect();
        unknown.extend(
            self.up_to
                .filter(|row| !adopts(row))
                .map(|row| &*row.version),
        );
        unknown.sort_unstable();
        unknown
    }
}

fn tool_eq(tool: Tool, one: &str, other: &str) -> bool {
    normal(tool, one) == normal(tool, other)
}

/// Whether a row has one of the checksums that a header has, with `|` between them.
fn is_checksum(tool: Tool, ours: &str, theirs: &str) -> bool {
    let mut ours = ours.split('|');
    // Old versions of Prisma wrote each byte without a zero in front.
    let is_old = tool == Tool::Prisma && theirs.len() < 64;
    ours.any(|one| one == theirs || (is_old && without_zeros(one) == theirs))
}

fn without_zeros(hex: &str) -> String {
    let bytes = (0..hex.len())
        .step_by(2)
        .filter_map(|at| hex.get(at..at + 2));
    bytes
        .map(|byte| byte.strip_prefix('0').unwrap_or(byte))
        .collect()
}

/// A version as its tool compares it: Flyway takes `1`, `01` and `1.0` for one version.
fn normal(tool: Tool, version: &str) -> String {
    match (tool, numbers(version)) {
        (Tool::Flyway, Some(numbers)) => numbers.join("."),
        _ => version.to_owned(),
    }
}

/// The parts of a version of numbers, which compare as those do: each with its length in front.
fn numbers(version: &str) -> Option<VersionParts> {
    let parts = version.split(['.', '_']).map(|part| {
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.trim_start_matches('0').to_owned())
    });
    let mut parts: Vec<String> = parts.collect::<Option<_>>()?;
    while parts.len() > 1 && parts.last().is_some_and(String::is_empty) {
        parts.pop();
    }
    Some(VersionParts(
        parts.into_iter().map(|part| (part.len(), part)).collect(),
    ))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct VersionParts(Vec<(usize, String)>);

impl VersionParts {
    fn join(&self, sign: &str) -> String {
        let parts: Vec<&str> = self.0.iter().map(|(_, part)| &**part).collect();
        parts.join(sign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Migrations;

    /// A line of revisions, each with what it adopts.
    fn chain(adopts: &[&str]) -> Migrations {
        let folder = tempfile::tempdir().expect("a folder");
        let versions = folder.path().join("versions");
        std::fs::create_dir(&versions).expect("a folder");
        for (n, adopts) in adopts.iter().enumerate() {
            let parent = n
                .checked_sub(1)
                .map_or("none".to_owned(), |n| format!("r{n}"));
            let adopts = if adopts.is_empty() {
                String::new()
            } else {
                format!("-- adopts: {adopts}\n")
            };
            let text = format!(
                "-- revision: r{n}\n-- down_revision: {parent}\n{adopts}\n-- migrate: upgrade\nSELECT 1;\n"
            );
            std::fs::write(versions.join(format!("r{n}.sql")), text).expect("it is written");
        }
        Migrations::load(folder.path()).expect("a sound chain")
    }

    fn row(version: &str, checksum: Option<&str>, state: RowState) -> HistoryRow {
        HistoryRow {
            version: version.to_owned(),
            checksum: checksum.map(str::to_owned),
            state,
            at: None,
            by: None,
        }
    }

    fn applied(version: &str) -> HistoryRow {
        row(version, None, RowState::Applied)
    }

    fn compared(
        tool: Tool,
        adopts: &[&str],
        rows: &[HistoryRow],
    ) -> Result<(Vec<usize>, Vec<String>), AdoptRefusal> {
        let migrations = chain(adopts);
        let compared = compare(
            tool,
            migrations.revisions(),
            &migrations.graph(),
            &Ours::default(),
            rows,
        )?;
        let adopted = compared.adopted.iter().map(|(index, _)| *index).collect();
        Ok((
            adopted,
            compared.unknown.into_iter().map(str::to_owned).collect(),
        ))
    }

    #[test]
    fn the_applied_revisions_are_those_of_the_rows() {
        let adopts = ["1 aa", "2 bb", "3 cc", ""];
        let rows = [
            row("1", Some("aa"), RowState::Applied),
            row("2", Some("bb"), RowState::Applied),
        ];
        assert_eq!(
            compared(Tool::Sqlx, &adopts, &rows),
            Ok((vec![0, 1], vec![]))
        );
        assert_eq!(compared(Tool::Sqlx, &adopts, &[]), Ok((vec![], vec![])));
        assert_eq!(
            compared(Tool::Sqlx, &["1"], &[applied("1"), applied("9")]),
            Ok((vec![0], vec!["9".to_owned()]))
        );
    }

    #[test]
    fn a_history_that_the_chain_cannot_have_is_refused() {
        let adopts = ["1 aa", "2 bb", "3 cc"];
        let gap = compared(Tool::Sqlx, &adopts, &[applied("1"), applied("3")]);
        assert_eq!(
            gap,
            Err(AdoptRefusal::Gap {
                applied: 2,
                missing: 1
            })
        );
        let edited = compared(
            Tool::Sqlx,
            &adopts,
            &[row("1", Some("ab"), RowState::Applied)],
        );
        assert_eq!(
            edited,
            Err(AdoptRefusal::Edited {
                revision: 0,
                version: "1".to_owned()
            })
        );
        let failed = compared(
            Tool::Sqlx,
            &adopts,
            &[applied("1"), row("2", None, RowState::Failed)],
        );
        assert_eq!(
            failed,
            Err(AdoptRefusal::Failed {
                version: "2".to_owned()
            })
        );
        let partly = compared(Tool::Sqlx, &["1, 2"], &[applied("1")]);
        assert_eq!(
            partly,
            Err(AdoptRefusal::Partly {
                revision: 0,
                missing: "2".to_owned()
            })
        );
    }

    #[test]
    fn each_checksum_of_a_header_counts() {
        let state = |tool, adopts: &str, theirs| {
            let rows = [row("1", Some(theirs), RowState::Applied)];
            compared(tool, &[adopts], &rows).is_ok()
        };
        assert!(state(Tool::Prisma, "1 0a0b|cc", "0a0b"));
        assert!(state(Tool::Prisma, "1 0a0b|cc", "cc"));
        assert!(!state(Tool::Prisma, "1 0a0b|cc", "dd"));
        // As Prisma wrote it once; 00 is `0`.
        assert!(state(Tool::Prisma, "1 0a00fb|cc", "a0fb"));
        assert!(!state(Tool::Sqlx, "1 0a00fb", "a0fb"));
    }

    #[test]
    fn a_revision_that_was_undone_since_is_not_taken_over_again() {
        let migrations = chain(&["1", "2"]);
        let ours = Ours {
            rows: vec![0],
            recorded: ["r0", "r1"].map(str::to_owned).into(),
        };
        let rows = [applied("1"), applied("2")];
        let compared = compare(
            Tool::Diesel,
            migrations.revisions(),
            &migrations.graph(),
            &ours,
            &rows,
        );
        assert_eq!(compared.expect("it compares").adopted, []);
    }

    #[test]
    fn the_newest_row_of_a_version_counts() {
        let undone = row("2", None, RowState::Undone);
        let rows = [applied("1"), applied("2"), undone.clone()];
        assert_eq!(
            compared(Tool::Goose, &["1", "2"], &rows),
            Ok((vec![0], vec![]))
        );
        let rows = [applied("1"), undone, applied("2")];
        assert_eq!(
            compared(Tool::Goose, &["1", "2"], &rows),
            Ok((vec![0, 1], vec![]))
        );
    }

    #[test]
    fn one_row_of_golang_migrate_means_all_up_to_it() {
        let up_to = |version| [row(version, None, RowState::UpTo)];
        let adopts = ["1", "2", "3", ""];
        assert_eq!(
            compared(Tool::GolangMigrate, &adopts, &up_to("2")),
            Ok((vec![0, 1], vec![]))
        );
        assert_eq!(
            compared(Tool::GolangMigrate, &adopts, &up_to("7")),
            Ok((vec![], vec!["7".to_owned()]))
        );
    }

    #[test]
    fn versions_of_flyway_are_numbers_and_a_baseline_covers_what_is_below() {
        let rows = [row("2", None, RowState::Baseline), applied("10.1")];
        let adopts = ["1", "1.1", "02.0", "10_1"];
        assert_eq!(
            compared(Tool::Flyway, &adopts, &rows),
            Ok((vec![0, 1, 2, 3], vec![]))
        );
        assert_eq!(
            compared(Tool::Flyway, &["3"], &rows[..1]),
            Ok((vec![], vec![]))
        );
    }
}
