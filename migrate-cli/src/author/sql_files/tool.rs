//! Files that another tool wrote, with its own markers for the two directions.
//!
//! To take such a file as it is would run its downgrade as a part of the upgrade.

use super::part::Part;
use crate::author::failure::{CommandError, Result};

/// A tool, and what its marker lines say after the sign of the comment, in small letters.
struct MarkerTool {
    name: &'static str,
    /// None where the upgrade is what comes before the downgrade.
    up: Option<&'static str>,
    down: &'static str,
    /// The words after a marker, or on a line of their own, that ask for a revision outside a transaction.
    no_transaction: &'static [&'static str],
    /// How its further markers begin: an unknown one is not passed over.
    others: &'static str,
}

const TOOLS: [MarkerTool; 7] = [
    MarkerTool {
        name: "goose",
        up: Some("+goose up"),
        down: "+goose down",
        no_transaction: &["+goose no transaction"],
        others: "+goose",
    },
    MarkerTool {
        name: "sql-migrate",
        up: Some("+migrate up"),
        down: "+migrate down",
        no_transaction: &["+migrate up notransaction", "+migrate down notransaction"],
        others: "+migrate",
    },
    MarkerTool {
        name: "dbmate",
        up: Some("migrate:up"),
        down: "migrate:down",
        no_transaction: &[
            "migrate:up transaction:false",
            "migrate:down transaction:false",
        ],
        others: "migrate:",
    },
    MarkerTool {
        name: "rambler",
        up: Some("rambler up"),
        down: "rambler down",
        no_transaction: &[],
        others: "rambler ",
    },
    MarkerTool {
        name: "Play",
        up: Some("!ups"),
        down: "!downs",
        no_transaction: &[],
        others: "!",
    },
    MarkerTool {
        name: "tern",
        up: None,
        down: "create above / drop below",
        no_transaction: &[],
        others: "create above",
    },
    MarkerTool {
        name: "MyBatis",
        up: None,
        down: "//@undo",
        no_transaction: &[],
        others: "//@",
    },
];

/// The meaning of a line to a tool.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ToolLine {
    Up,
    Down,
    Begin,
    End,
    NoTransaction,
    Unknown,
}

/// The two directions of a file that has markers of another tool; none where it has none.
///
/// # Errors
/// Markers that cannot be carried over: one direction twice, SQL before the first, those of Liquibase.
pub fn divided(name: &str, text: &str) -> Result<Option<Part>> {
    if text
        .lines()
        .filter_map(marker)
        .any(|line| is_of_liquibase(&line))
    {
        return Err(CommandError::new(format!("{name} has the markers of Liquibase, which are not read"))
            .help("take them out; what its `--rollback` lines say goes into a file that ends in `.down.sql`"));
    }
    let uses = |tool: &&MarkerTool| {
        text.lines()
            .any(|line| matches!(tool.read(line), Some(ToolLine::Up | ToolLine::Down)))
    };
    let tools: Vec<&MarkerTool> = TOOLS.iter().filter(uses).collect();
    match *tools {
        [] => Ok(None),
        [tool] => tool.divide(name, text).map(Some),
        [one, other, ..] => Err(CommandError::new(format!(
            "{name} has markers of {} and of {}",
            one.name, other.name
        ))
        .help("take those out that do not count")),
    }
}

impl MarkerTool {
    fn read(&self, line: &str) -> Option<ToolLine> {
        let line = marker(line)?;
        let prefix = self.others.trim_end_matches(':').trim_end();
        let is_other = line.starts_with(self.others);
        let word = line.strip_prefix(prefix).unwrap_or_default().trim();
        Some(if self.no_transaction.contains(&&*line) {
            match line
                .split_whitespace()
                .find(|word| word.ends_with("up") || word.ends_with("down"))
            {
                Some(word) if word.ends_with("up") => ToolLine::Up,
                Some(_) => ToolLine::Down,
                None => ToolLine::NoTransaction,
            }
        } else if Some(&*line) == self.up {
            ToolLine::Up
        } else if line == self.down {
            ToolLine::Down
        } else if is_other && word == "statementbegin" {
            ToolLine::Begin
        } else if is_other && word == "statementend" {
            ToolLine::End
        } else if is_other {
            ToolLine::Unknown
        } else {
            return None;
        })
    }

    fn divide(&self, name: &str, text: &str) -> Result<Part> {
        let mut part = Part {
            notes: vec![format!(
                "{name} has the markers of {}: its two directions became the upgrade and the downgrade",
                self.name
            )],
            ..Part::default()
        };
        let mut seen = Vec::new();
        let (mut upgrade, mut downgrade, mut before) =
            (String::new(), String::new(), String::new());
        for (number, line) in text.lines().enumerate() {
            let read = self.read(line);
            if read.is_some()
                && marker(line).is_some_and(|line| self.no_transaction.contains(&&*line))
            {
                part.keys = vec![("transaction", "off")];
            }
            let out = match seen.last() {
                Some(ToolLine::Up) => &mut upgrade,
                Some(_) => &mut downgrade,
                None if self.up.is_none() => &mut upgrade,
                None => &mut before,
            };
            match read {
                None => push(out, line),
                Some(ToolLine::Begin) => push(out, "-- migrate: statement"),
                Some(ToolLine::End) => push(out, "-- migrate: end"),
                Some(ToolLine::NoTransaction) => {}
                Some(direction @ (ToolLine::Up | ToolLine::Down)) if !seen.contains(&direction) => {
                    seen.push(direction);
                }
                Some(_) => return Err(self.refused(name, number + 1, line)),
            }
        }
        if before
            .lines()
            .any(|line| !line.trim().is_empty() && marker(line).is_none())
        {
            return Err(CommandError::new(format!(
                "{name} has SQL before the first marker of {}",
                self.name
            ))
            .help("move it after the marker of its direction"));
        }
        upgrade.trim().clone_into(&mut part.upgrade);
        downgrade.trim().clone_into(&mut part.downgrade);
        Ok(part)
    }

    fn refused(&self, name: &str, number: usize, line: &str) -> CommandError {
        CommandError::new(format!(
            "{name}:{number}: `{}` of {} cannot be carried over",
            line.trim(),
            self.name
        ))
        .help("a file has one upgrade and one downgrade: divide it by hand, and take the line out")
    }
}

fn push(out: &mut String, line: &str) {
    out.push_str(line);
    out.push('\n');
}

/// The text of a comment, in lower case, with one blank between its words; `None` for any other line.
fn marker(line: &str) -> Option<String> {
    let line = line.trim();
    if !line.starts_with("--") && !line.starts_with('#') {
        return None;
    }
    let signs = ['-', '#', ' ', '\t'];
    let words = line
        .trim_start_matches(signs)
        .trim_end_matches(['-', ' ', '\t']);
    let words: Vec<&str> = words.split_whitespace().collect();
    Some(words.join(" ").to_ascii_lowercase())
}

fn is_of_liquibase(line: &str) -> bool {
    line == "liquibase formatted sql"
        || line.strip_prefix("changeset ").is_some_and(|rest| {
            rest.split_whitespace()
                .next()
                .is_some_and(|id| id.contains(':'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divided(text: &str) -> Result<Option<Part>> {
        super::divided("f.sql", text)
    }

    #[test]
    fn what_undoes_an_upgrade_is_no_part_of_it() {
        for (up, down) in [
            ("-- +goose Up", "-- +goose Down"),
            ("--  +goose UP", "--+goose down"),
            ("-- +migrate Up", "-- +migrate Down"),
            ("-- migrate:up", "-- migrate:down"),
            ("-- rambler up", "-- rambler down"),
            ("# --- !Ups", "# --- !Downs"),
            ("", "---- create above / drop below ----"),
            ("", "-- //@UNDO"),
        ] {
            let text = format!(
                "-- why\n{up}\nCREATE TABLE t (n INT); -- first\n\n{down}\nDROP TABLE t;\n"
            );
            let part = divided(&text)
                .expect("it can be divided")
                .expect("it has markers");
            let upgrade = part.upgrade.trim_start_matches("-- why").trim();
            assert_eq!(
                (upgrade, &*part.downgrade),
                ("CREATE TABLE t (n INT); -- first", "DROP TABLE t;"),
                "{up}"
            );
            assert!(part.keys.is_empty());
        }
    }

    #[test]
    fn statements_and_transactions_are_carried_over() {
        let goose = "-- +goose NO TRANSACTION\n-- +goose Up\n-- +goose StatementBegin\nCREATE f;\n-- +goose StatementEnd\n";
        let part = divided(goose)
            .expect("it can be divided")
            .expect("it has markers");
        assert_eq!(
            part.upgrade,
            "-- migrate: statement\nCREATE f;\n-- migrate: end"
        );
        assert_eq!(part.keys, [("transaction", "off")]);
        for text in [
            "-- migrate:up transaction:false\nA;\n-- migrate:down\nB;",
            "-- migrate:up\nA;\n-- migrate:down transaction:false\nB;",
            "-- +migrate Up notransaction\nA;\n-- +migrate Down\nB;",
        ] {
            let part = divided(text)
                .expect("it can be divided")
                .expect("it has markers");
            assert_eq!((&*part.upgrade, &*part.downgrade), ("A;", "B;"), "{text}");
            assert_eq!(part.keys, [("transaction", "off")], "{text}");
        }
    }

    #[test]
    fn what_cannot_be_carried_over_is_refused() {
        for (text, told) in [
            (
                "-- +goose Up\nA;\n-- +goose Up\nB;",
                "f.sql:3: `-- +goose Up` of goose cannot be carried over",
            ),
            (
                "-- +goose ENVSUBST ON\n-- +goose Up\nA;",
                "f.sql:1: `-- +goose ENVSUBST ON`",
            ),
            (
                "-- migrate:up option:1\n-- migrate:down\n",
                "f.sql:1: `-- migrate:up option:1`",
            ),
            (
                "A;\n-- +goose Up\nB;",
                "f.sql has SQL before the first marker of goose",
            ),
            (
                "-- +goose Up\n-- migrate:down\n",
                "f.sql has markers of goose and of dbmate",
            ),
            (
                "--liquibase formatted sql\n--changeset a:1\nA;\n--rollback B;",
                "the markers of Liquibase",
            ),
            (
                "--changeset ann:create-users\nA;\n",
                "the markers of Liquibase",
            ),
        ] {
            let failure = divided(text).expect_err(text);
            assert!(failure.summary().contains(told), "{failure:?}");
        }
    }

    #[test]
    fn other_comments_are_comments() {
        let text =
            "-- up\n-- changeset\n# why\n-- Down we go!\nSELECT '-- migrate';\n-- migrate up\n";
        assert_eq!(divided(text).expect("nothing is wrong"), None);
    }
}
