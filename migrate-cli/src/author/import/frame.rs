//! Statements around a migration that are there only because of how its tool runs it.

use migrate_chain::Dialect;
use migrate_chain::sql::{Statement, split, transaction_control};

/// A text without its frame, and what was left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Unframed {
    pub text: String,
    pub left_out: Vec<&'static str>,
    /// Whether foreign keys were off around the statements.
    pub foreign_keys_off: bool,
    /// Whether a transaction ends in the middle.
    pub is_outside: bool,
}

/// Leaves out a `BEGIN` and `COMMIT` around all statements, and the PRAGMA around those that switches foreign keys off.
pub fn unframed(dialect: Dialect, text: &str) -> Unframed {
    let mut statements: Vec<Statement> = split(dialect, text).collect();
    let mut gone: Vec<Statement> = Vec::new();
    let mut unframed = Unframed::default();
    let keys = |statement: &Statement, values: &[&str]| {
        let words: String = text[statement.range()].split_whitespace().collect();
        let words = words.to_ascii_uppercase();
        dialect == Dialect::Sqlite
            && words
                .strip_prefix("PRAGMAFOREIGN_KEYS=")
                .is_some_and(|value| values.contains(&value))
    };
    if statements.first().is_some_and(|first| keys(first, &OFF)) {
        unframed.foreign_keys_off = true;
        unframed.left_out.push("PRAGMA foreign_keys");
        gone.push(statements.remove(0));
        if statements.last().is_some_and(|last| keys(last, &ON)) {
            gone.extend(statements.pop());
        }
    }
    let control = |statement: &Statement| transaction_control(dialect, &text[statement.range()]);
    let controls: Vec<Option<&str>> = statements.iter().map(control).collect();
    if let [
        Some("BEGIN" | "START TRANSACTION"),
        inner @ ..,
        Some("COMMIT" | "END"),
    ] = &controls[..]
        && inner.iter().all(Option::is_none)
    {
        unframed.left_out.push("BEGIN and COMMIT");
        gone.extend(statements.pop());
        gone.push(statements.remove(0));
    } else {
        unframed.is_outside = controls.iter().any(Option::is_some);
    }
    unframed.text = without(text, gone);
    unframed
}

const OFF: [&str; 3] = ["OFF", "0", "FALSE"];
const ON: [&str; 3] = ["ON", "1", "TRUE"];

fn without(text: &str, mut gone: Vec<Statement>) -> String {
    gone.sort_by_key(|statement| statement.range().start);
    let (mut kept, mut at) = (String::with_capacity(text.len()), 0);
    for statement in gone {
        let range = statement.range_with_terminator();
        kept.push_str(&text[at..range.start]);
        at = range.end;
    }
    kept.push_str(&text[at..]);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_around_all_statements_is_left_out() {
        let framed = unframed(
            Dialect::Postgres,
            "-- why\nBEGIN;\nCREATE TABLE t (n INT);\nCOMMIT;\n",
        );
        assert_eq!(
            framed.text.split_whitespace().collect::<Vec<_>>().join(" "),
            "-- why CREATE TABLE t (n INT);"
        );
        assert!(!framed.is_outside);
        let halves = "BEGIN; CREATE TABLE a (n INT); COMMIT; CREATE TABLE b (n INT);";
        assert_eq!(
            unframed(Dialect::Postgres, halves),
            Unframed {
                text: halves.to_owned(),
                is_outside: true,
                ..Unframed::default()
            }
        );
        let plain = "CREATE TABLE a (n INT);\n";
        assert_eq!(unframed(Dialect::MySql, plain).text, plain);
    }

    #[test]
    fn foreign_keys_that_are_off_around_all_become_a_key_of_the_header() {
        let text = "PRAGMA foreign_keys=off;\nBEGIN TRANSACTION;\nDROP TABLE t;\nCOMMIT;\nPRAGMA foreign_keys = ON;";
        let framed = unframed(Dialect::Sqlite, text);
        assert_eq!(framed.text.trim(), "DROP TABLE t;");
        assert!(framed.foreign_keys_off && !framed.is_outside);
    }
}
