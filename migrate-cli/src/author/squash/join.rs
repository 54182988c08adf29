//! The SQL of several revisions as that of one.

use std::fmt::Write as _;

use migrate_chain::sql::{comment, split};
use migrate_chain::{Dialect, Revision};

use super::super::failure::{CommandError, Result};

/// The SQL of a run, joined.
#[derive(Debug, PartialEq, Eq)]
pub struct Joined {
    /// Both directions, with their markers.
    pub body: String,
    /// Whether there is a downgrade.
    pub has_downgrade: bool,
    /// The databases that it serves.
    pub dialects: Vec<Dialect>,
    /// The revisions because of which there is no downgrade, though none is said to be irreversible.
    pub without_downgrade: Vec<String>,
}

/// Joins the upgrades of a run in its order and the downgrades in reverse, for each database separately.
///
/// `declared` are the databases that the chain must serve; where none are, those that every revision of the run serves.
///
/// # Errors
/// A database has SQL for some of the revisions only, or their statements are not the same once they stand together.
pub fn join(run: &[&Revision], declared: &[Dialect]) -> Result<Joined> {
    let dialects = dialects(run, declared)?;
    let is_irreversible = run.iter().any(|revision| revision.irreversible().is_some());
    let lacks = |revision: &&&Revision| {
        dialects
            .iter()
            .any(|&dialect| !revision.has_downgrade(dialect))
    };
    let without_downgrade: Vec<String> = if is_irreversible {
        Vec::new()
    } else {
        run.iter()
            .filter(lacks)
            .map(|revision| revision.id().to_owned())
            .collect()
    };
    // A section without names serves every database there is.
    let may_be_unnamed = !declared.is_empty() || dialects.len() == Dialect::ALL.len();
    let join =
        |word, run: &[&Revision], range| sections(word, run, &dialects, may_be_unnamed, range);
    let mut body = join("upgrade", run, Revision::upgrade_range)?;
    let has_downgrade = !is_irreversible && without_downgrade.is_empty();
    if has_downgrade {
        let reversed: Vec<&Revision> = run.iter().rev().copied().collect();
        body.push('\n');
        body.push_str(&join("downgrade", &reversed, Revision::downgrade_range)?);
    }
    Ok(Joined {
        body,
        has_downgrade,
        dialects,
        without_downgrade,
    })
}

/// The databases that the whole run serves.
fn dialects(run: &[&Revision], declared: &[Dialect]) -> Result<Vec<Dialect>> {
    if !declared.is_empty() {
        return Ok(declared.to_vec());
    }
    let serves =
        |dialect: Dialect| move |revision: &&&Revision| revision.upgrade_range(dialect).is_some();
    let mut dialects = Vec::new();
    for dialect in Dialect::ALL {
        let count = run.iter().filter(serves(dialect)).count();
        let lacking = run.iter().find(|revision| !serves(dialect)(revision));
        match lacking {
            None => dialects.push(dialect),
            Some(revision) if count > 0 => {
                return Err(CommandError::new(format!(
                    "cannot squash: `{}` has no SQL for {dialect}, and others have",
                    revision.id()
                ))
                .help("declare the databases of the chain: `dialects = […]` in migrate.toml"));
            }
            Some(_) => {}
        }
    }
    Ok(dialects)
}

type RangeOf = fn(&Revision, Dialect) -> Option<std::ops::Range<usize>>;

/// The sections of one direction, those of databases with the same SQL together.
fn sections(
    word: &str,
    run: &[&Revision],
    dialects: &[Dialect],
    may_be_unnamed: bool,
    range: RangeOf,
) -> Result<String> {
    let mut groups: Vec<(Vec<Dialect>, String)> = Vec::new();
    for &dialect in dialects {
        let text = joined(run, dialect, range)?;
        match groups.iter_mut().find(|(_, same)| *same == text) {
            Some((dialects, _)) => dialects.push(dialect),
            None => groups.push((vec![dialect], text)),
        }
    }
    let is_unnamed = groups.len() == 1 && may_be_unnamed;
    let section = |(dialects, text): &(Vec<Dialect>, String)| {
        let named = dialects.iter().map(|dialect| dialect.name());
        let words: Vec<&str> = std::iter::once(word)
            .chain(named.filter(|_| !is_unnamed))
            .collect();
        format!("-- migrate: {}\n{text}", words.join(" "))
    };
    Ok(groups.iter().map(section).collect::<Vec<_>>().join("\n"))
}

/// The SQL of a run for one database.
fn joined(run: &[&Revision], dialect: Dialect, range: RangeOf) -> Result<String> {
    let mut whole = String::new();
    let mut statements = Vec::new();
    for revision in run {
        let Some(range) = range(revision, dialect) else {
            continue;
        };
        let text = &revision.text()[range];
        statements.extend(split(dialect, text).map(|statement| text[statement.range()].to_owned()));
        if !text.trim().is_empty() {
            if !whole.is_empty() {
                whole.push('\n');
            }
            let title = comment(&format!("{}: {}", revision.id(), revision.title()));
            let _ = write!(whole, "{title}\n{}\n", ended(dialect, text));
        }
    }
    let together: Vec<&str> = split(dialect, &whole)
        .map(|statement| &whole[statement.range()])
        .collect();
    if together == statements {
        Ok(whole)
    } else {
        let odd = run
            .iter()
            .map(|revision| revision.id())
            .collect::<Vec<_>>()
            .join(", ");
        Err(CommandError::new(
            "cannot squash: joined in one file, the statements are split in another way",
        )
        .note(format!(
            "the revisions are {odd}; a `DELIMITER` that is not set back does this"
        ))
        .help("fix that revision, or leave it out of the squash"))
    }
}

/// The text with its last statement ended, so that the next one is not part of it.
fn ended(dialect: Dialect, text: &str) -> String {
    let text = text.trim_matches(['\r', '\n']).trim_end();
    let alone = split(dialect, text).count();
    let is_ended = split(dialect, &format!("{text}\nSELECT 1")).count() > alone;
    if is_ended || alone == 0 {
        text.to_owned()
    } else {
        format!("{text}\n;")
    }
}

#[cfg(test)]
#[allow(
    clippy::needless_raw_string_hashes,
    reason = "snapbox writes snapshots so"
)]
mod tests {
    use super::super::super::testing::Scene;
    use super::*;

    /// Joins revisions with these bodies, each on the one before.
    fn joined(settings: &str, bodies: &[&str]) -> Result<Joined, String> {
        let file = |(n, body): (usize, &&str)| {
            let parent = if n == 0 {
                "none".to_owned()
            } else {
                format!("r{}", n - 1)
            };
            let header =
                format!("-- Step {n}\n--\n-- revision: r{n}\n-- down_revision: {parent}\n");
            (&*String::leak(format!("r{n}")), header + body)
        };
        let files: Vec<(&str, String)> = bodies.iter().enumerate().map(file).collect();
        let directory = Scene::new(settings, &files).open();
        let run: Vec<&Revision> = directory.chain.revisions.iter().collect();
        join(&run, &directory.chain.config.dialects)
            .map_err(|failure| failure.summary().into_owned())
    }

    #[test]
    fn upgrades_stand_in_order_and_downgrades_in_reverse() {
        let joined = joined(
            "",
            &[
                "\n-- migrate: upgrade\nCREATE TABLE a (n INT) -- no end\n\n-- migrate: downgrade\nDROP TABLE a\n",
                "\n-- migrate: upgrade\n-- migrate: downgrade\n",
                "\n-- migrate: upgrade\n-- migrate: statement\nCREATE TABLE b (n INT);\n-- migrate: end\n\n-- migrate: downgrade\nDROP TABLE b;\n",
            ],
        )
        .expect("they join");
        assert_eq!(joined.dialects, Dialect::ALL);
        snapbox::assert_data_eq!(
            joined.body,
            snapbox::str![[r#"
-- migrate: upgrade
-- r0: Step 0
CREATE TABLE a (n INT) -- no end
;

-- r2: Step 2
-- migrate: statement
CREATE TABLE b (n INT);
-- migrate: end

-- migrate: downgrade
-- r2: Step 2
DROP TABLE b;

-- r0: Step 0
DROP TABLE a
;

"#]]
        );
    }

    #[test]
    fn each_database_keeps_its_own_sql() {
        let joined = joined(
            "dialects = ['sqlite', 'postgres', 'mysql']\n",
            &[
                "\n-- migrate: upgrade\nSELECT 1;\n\n-- migrate: downgrade\n",
                "\n-- migrate: upgrade postgres\nSELECT 'p';\n-- migrate: upgrade\nSELECT 2;\n\n-- migrate: downgrade\n",
            ],
        )
        .expect("they join");
        snapbox::assert_data_eq!(
            joined.body,
            snapbox::str![[r#"
-- migrate: upgrade sqlite mysql
-- r0: Step 0
SELECT 1;

-- r1: Step 1
SELECT 2;

-- migrate: upgrade postgres
-- r0: Step 0
SELECT 1;

-- r1: Step 1
SELECT 'p';

-- migrate: downgrade

"#]]
        );
    }

    #[test]
    fn a_database_that_only_some_serve_is_refused_unless_it_is_not_declared() {
        let bodies = [
            "\n-- migrate: upgrade\nSELECT 1;\n",
            "\n-- migrate: upgrade sqlite\nSELECT 2;\n",
        ];
        let refused = joined("", &bodies).expect_err("r1 has none for postgres");
        assert_eq!(
            refused,
            "cannot squash: `r1` has no SQL for postgres, and others have"
        );
        let declared = joined("dialects = ['sqlite']\n", &bodies).expect("only SQLite counts");
        assert_eq!(declared.dialects, [Dialect::Sqlite]);
        let only = [
            "\n-- migrate: upgrade sqlite\nSELECT 1;\n",
            "\n-- migrate: upgrade sqlite\nSELECT 2;\n",
        ];
        let named = joined("", &only).expect("they join");
        assert!(
            named.body.starts_with("-- migrate: upgrade sqlite\n"),
            "{}",
            named.body
        );
    }

    #[test]
    fn without_each_downgrade_there_is_none() {
        let bodies = [
            "\n-- migrate: upgrade\nSELECT 1;\n",
            "\n-- migrate: upgrade\nSELECT 2;\n\n-- migrate: downgrade\n",
        ];
        let joined = joined("", &bodies).expect("they join");
        assert_eq!(joined.without_downgrade, ["r0"]);
        assert!(!joined.body.contains("downgrade"), "{}", joined.body);
    }

    #[test]
    fn a_delimiter_that_stays_changed_is_refused() {
        let bodies = [
            "\n-- migrate: upgrade mysql\nDELIMITER $$\nSELECT 1$$\n",
            "\n-- migrate: upgrade mysql\nSELECT 2; SELECT 3;\n",
        ];
        let refused = joined("dialects = ['mysql']\n", &bodies)
            .expect_err("the second is one statement then");
        assert!(
            refused.contains("the statements are split in another way"),
            "{refused}"
        );
    }
}
