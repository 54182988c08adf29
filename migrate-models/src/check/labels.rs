//! The variants of an enum against the labels of the chain.

use migrate_chain::lock::{Column, Enum, KeyKind, Lock, Table};
use migrate_chain::{Dialect, nearest_name};
use syn::Error;

use super::drift;
use super::report::Report;
use crate::enumeration::{Enumeration, HeldBy};

/// Compares an enum with its declaration, where models are the source, and with the type of its name in `PostgreSQL`.
pub fn check_enum(found: &Enumeration, lock: &Lock) -> Vec<Error> {
    let HeldBy::Labels { name, labels } = &found.held_by else {
        return Vec::new();
    };
    let mut report = Report::new(lock);
    if !drift::enumeration(found, labels, lock, &mut report) {
        for locked in &lock.databases {
            if let Some(there) = of_name(&locked.built.enums, name) {
                compare(found, labels, there, locked.of.dialect, &mut report);
            }
        }
    }
    report.finish()
}

/// The type of a name; the name of the app may leave out the schema.
fn of_name<'e>(enums: &'e [Enum], name: &str) -> Option<&'e Enum> {
    let exact = enums.iter().find(|found| found.name == name);
    let mut last = enums
        .iter()
        .filter(|found| found.name.rsplit('.').next() == Some(name));
    exact.or_else(|| last.next())
}

fn compare(
    found: &Enumeration,
    labels: &[String],
    there: &Enum,
    dialect: Dialect,
    report: &mut Report,
) {
    let known: Vec<&str> = there.labels.iter().map(String::as_str).collect();
    for (variant, label) in found.labelled(labels) {
        if known.contains(&&**label) {
            continue;
        }
        let next = match nearest_name(label, &known) {
            Some(nearest) => format!("; did you mean `{nearest}`?"),
            None => format!("; its labels are `{}`", known.join("`, `")),
        };
        let message = format!("the type `{}` has no label `{label}`{next}", there.name);
        report.add(variant.span(), message, Some(dialect));
    }
    for label in there.labels.iter().filter(|label| !labels.contains(label)) {
        let message = format!(
            "`{}` has no variant for the label `{label}` of the type `{}`: add one, since a row may have it",
            found.ident, there.name
        );
        report.add(found.ident.span(), message, Some(dialect));
    }
}

/// The texts that a column is limited to, by its type in `MySQL` or a check in `SQLite`.
pub fn of_column(dialect: Dialect, table: &Table, column: &Column) -> Vec<String> {
    let listed = match dialect {
        Dialect::MySql => column.sql_type.strip_prefix("enum").and_then(texts),
        Dialect::Sqlite => {
            let mut checks = table.keys.iter().filter(|key| key.kind == KeyKind::Check);
            checks.find_map(|check| one_of(&check.text, &column.name))
        }
        Dialect::Postgres => None,
    };
    listed.unwrap_or_default()
}

/// The texts of `(name in ('a', 'b'))`.
fn one_of(check: &str, name: &str) -> Option<Vec<String>> {
    let condition = check.trim().strip_prefix('(')?.strip_suffix(')')?.trim();
    let (before, list) = condition.split_at(condition.find('(')?);
    let before = before.trim_end();
    let (column, word) = before.split_at_checked(before.len().checked_sub(2)?)?;
    let column = column.trim().trim_matches(['"', '`', '[', ']']);
    let is_list = word.eq_ignore_ascii_case("in") && column.eq_ignore_ascii_case(name);
    texts(list).filter(|_| is_list)
}

/// The texts of `('a', 'b')`.
fn texts(list: &str) -> Option<Vec<String>> {
    let inner = list.trim().strip_prefix('(')?.strip_suffix(')')?;
    let (mut rest, mut texts) = (inner.trim(), Vec::new());
    loop {
        let text = rest.strip_prefix('\'')?;
        let end = closing(text)?;
        texts.push(text[..end].replace("''", "'"));
        rest = text[end + 1..].trim_start();
        if rest.is_empty() {
            return Some(texts);
        }
        rest = rest.strip_prefix(',')?.trim_start();
    }
}

/// The quotation mark that ends a text.
fn closing(text: &str) -> Option<usize> {
    let mut marks = text.match_indices('\'').map(|(at, _)| at).peekable();
    while let Some(at) = marks.next() {
        if marks.next_if_eq(&(at + 1)).is_none() {
            return Some(at);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn the_texts_of_a_list_are_read_as_sql_writes_them() {
        let expected = Some(strings(&["a", "it's", "b, c"]));
        assert_eq!(texts("('a','it''s', 'b, c')"), expected);
        assert_eq!(texts("('''')"), Some(strings(&["'"])));
        for other in ["", "()", "('a'", "(1, 2)", "('a' || 'b')", "('a')('b')"] {
            assert_eq!(texts(other), None, "{other}");
        }
    }

    #[test]
    fn a_check_that_is_a_list_of_texts_limits_its_column() {
        for check in [
            "(mood in('ok', 'sad'))",
            "(\"mood\" IN ('ok', 'sad'))",
            "( Mood  in ('ok','sad') )",
        ] {
            let listed = one_of(check, "mood");
            assert_eq!(listed, Some(strings(&["ok", "sad"])), "{check}");
        }
        for other in [
            "(mood in (1, 2))",
            "(x in ('ok'))",
            "(mood = 'in')",
            "(mood in ('ok') or x)",
            "in",
        ] {
            assert_eq!(one_of(other, "mood"), None, "{other}");
        }
    }
}
