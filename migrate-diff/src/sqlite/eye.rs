//! The second eye on SQLite: what its pragmas say, and the text of `sqlite_schema`, normalised for blanks, case and quotes.
//! Nothing here is shared with the parser that makes plans.

use std::collections::BTreeMap;

use migrate_chain::Dialect;
use migrate_chain::sql::{TokenKind, tokens};

use crate::connection::Connection;
use crate::error::Error;
use crate::eye::Facts;
use crate::filter::Filter;
use crate::rows::Row;

/// Tables that are no one's part.
const OWN: &str = "m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND m.sql NOT LIKE 'create virtual%' \
    AND m.name NOT IN (SELECT l.name FROM pragma_table_list AS l WHERE l.schema = 'main' AND l.type = 'shadow')";

/// The pragmas read for each table: the name of the pragma, its columns, and the table it is joined with.
const PRAGMAS: [(&str, &str, &str); 4] = [
    (
        "table_list",
        "p.wr, p.strict, p.ncol",
        // The limit has the list read once, and not for each table.
        "(SELECT * FROM pragma_table_list WHERE schema = 'main' LIMIT -1) AS p WHERE p.name = m.name",
    ),
    (
        "table_xinfo",
        "lower(p.name) AS name, upper(replace(p.type, ' ', '')) AS type, p.\"notnull\", p.dflt_value, p.pk, p.hidden",
        "pragma_table_xinfo(m.name) AS p WHERE true",
    ),
    (
        "index_xinfo",
        "CASE i.origin WHEN 'c' THEN lower(i.name) END AS name, i.\"unique\", i.origin, i.partial, \
         group_concat(lower(coalesce(p.name, 'expression')) || ' ' || p.desc || ' ' || lower(p.coll)) AS columns",
        "pragma_index_list(m.name) AS i, pragma_index_xinfo(i.name) AS p WHERE p.cid <> -1 AND p.key = 1 GROUP BY m.name, i.name",
    ),
    (
        "foreign_key_list",
        "lower(p.\"table\") AS \"table\", p.on_update, p.on_delete, \
         group_concat(lower(p.\"from\") || ' ' || lower(coalesce(p.\"to\", ''))) AS columns",
        "pragma_foreign_key_list(m.name) AS p WHERE true GROUP BY m.name, p.id",
    ),
];

/// Everything that the database says of what `filter` admits.
pub async fn look(connection: &mut Connection, filter: &Filter) -> Result<Facts, Error> {
    let mut facts = Facts::default();
    for (pragma, columns, from) in PRAGMAS {
        let (from, rest) = from.rsplit_once(" WHERE ").unwrap_or((from, "true"));
        let sql = format!(
            "SELECT lower(m.name) AS own, {columns} FROM sqlite_schema AS m, {from} WHERE {OWN} AND {rest}"
        );
        let rows = connection.named_rows(&sql).await?;
        for row in rows.iter().filter(|row| filter.admits(row.text("own"))) {
            facts.add(subject("table", row.text("own"), pragma), values(row));
        }
    }
    let sql = "SELECT type, lower(name) AS name, lower(tbl_name) AS own, sql FROM sqlite_schema AS m WHERE sql IS NOT NULL \
        AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND m.name NOT IN (SELECT l.name FROM pragma_table_list AS l WHERE l.schema = 'main' AND l.type = 'shadow')";
    let rows = connection.named_rows(sql).await?;
    for row in rows.iter().filter(|row| filter.admits(row.text("own"))) {
        let subject = subject(row.text("type"), row.text("name"), "sqlite_schema");
        for part in parts(row.text("sql")) {
            facts.add(subject.clone(), BTreeMap::from([("text".to_owned(), part)]));
        }
    }
    Ok(facts)
}

fn subject(kind: &str, name: &str, source: &str) -> (String, String) {
    (format!("{kind} {name}"), source.to_owned())
}

fn values(row: Row<'_>) -> BTreeMap<String, String> {
    let values = row.fields().filter(|(name, _)| *name != "own");
    values
        .map(|(name, value)| match name {
            "dflt_value" => (name.to_owned(), words(value).join(" ")),
            _ => (name.to_owned(), value.to_owned()),
        })
        .collect()
}

/// The words of a statement: without blanks, comments, case and quotes.
fn words(sql: &str) -> Vec<String> {
    let tokens = tokens(Dialect::Sqlite, sql).filter(|token| !token.is_trivia());
    tokens
        .map(|token| {
            let text = &sql[token.range()];
            match token.kind {
                TokenKind::Word => text.to_ascii_lowercase(),
                TokenKind::QuotedIdentifier => {
                    let quote = text.chars().next_back().unwrap_or('"');
                    let inside = &text[1..text.len() - 1];
                    let twice = format!("{quote}{quote}");
                    inside
                        .replace(&twice, &quote.to_string())
                        .to_ascii_lowercase()
                }
                _ => text.to_owned(),
            }
        })
        .collect()
}

/// The parts of a statement whose order means nothing: the clauses of a table; otherwise the whole statement.
fn parts(sql: &str) -> Vec<String> {
    let words = words(sql);
    let is_table = words.get(1).is_some_and(|word| word == "table");
    let open = words
        .iter()
        .position(|word| word == "(")
        .filter(|_| is_table);
    let Some(open) = open else {
        let said = words.iter().enumerate();
        let said = said.filter(|(n, word)| *n > 6 || !matches!(&***word, "if" | "not" | "exists"));
        let said: Vec<&str> = said.map(|(_, word)| word.as_str()).collect();
        return vec![said.join(" ")];
    };
    let (mut depth, mut items, mut item) = (0_usize, Vec::new(), Vec::new());
    for word in &words[open..] {
        match word.as_str() {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        match (word.as_str(), depth) {
            ("(", 1) if item.is_empty() && items.is_empty() => {}
            (",", 0 | 1) | (")", 0) => items.push(std::mem::take(&mut item)),
            _ => item.push(word.as_str()),
        }
    }
    items.push(item);
    items.iter().flat_map(|item| clauses(item)).collect()
}

/// Words that begin a clause.
const BEGIN: [&str; 12] = [
    "constraint",
    "primary",
    "unique",
    "check",
    "foreign",
    "references",
    "not",
    "null",
    "default",
    "collate",
    "generated",
    "as",
];

/// The clauses of a column or of a table's constraint, with the column that each is about.
fn clauses(item: &[&str]) -> Vec<String> {
    let mut clauses: Vec<Vec<&str>> = vec![Vec::new()];
    let (mut depth, mut is_named) = (0_usize, false);
    let is_foreign = item.contains(&"foreign");
    for (n, word) in item.iter().enumerate() {
        let before = n.checked_sub(1).and_then(|before| item.get(before));
        // `ON DELETE SET NULL` and `NOT NULL` are one clause each, and so is one with its name.
        let goes_on = before.is_some_and(|before| matches!(*before, "set" | "not" | "always"))
            || is_named
            || (is_foreign && *word == "references")
            || before.is_none();
        if depth == 0 && BEGIN.contains(word) && !goes_on {
            clauses.push(Vec::new());
        }
        is_named = *word == "constraint" || (is_named && before == Some(&"constraint"));
        match *word {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if let Some(clause) = clauses.last_mut() {
            clause.push(word);
        }
    }
    let is_constraint = item.first().is_some_and(|word| BEGIN[..5].contains(word));
    let column = if is_constraint {
        None
    } else {
        item.first().copied()
    };
    let said = clauses.iter().map(|clause| said(clause, column));
    said.filter(|clause| !clause.is_empty()).collect()
}

/// Words that mean the same as their absence.
const SAYS_NOTHING: [&str; 9] = [
    " on delete no action",
    " on update no action",
    " on conflict abort",
    " initially immediate",
    " not deferrable",
    " match simple",
    " asc",
    " generated always",
    " virtual",
];

/// A clause, spelt as one of the column that it is about, if it is about one.
fn said(clause: &[&str], column: Option<&str>) -> String {
    let mut text = format!(" {}", clause.join(" "));
    for nothing in SAYS_NOTHING {
        text = text.replace(nothing, "");
    }
    if text.ends_with(" deferrable") {
        text.truncate(text.len() - " deferrable".len());
    }
    let text = text.trim();
    if text == "null" || text.is_empty() {
        return String::new();
    }
    for (words, short) in [
        ("primary key ( ", "primary key"),
        ("unique ( ", "unique"),
        ("foreign key ( ", ""),
    ] {
        let inside = text
            .strip_prefix(words)
            .and_then(|rest| rest.split_once(" )"));
        if let Some((inside, rest)) = inside.filter(|(inside, _)| !inside.contains(' ')) {
            return format!("{inside}: {}", format!("{short}{rest}").trim());
        }
    }
    match column {
        Some(column)
            if !text.starts_with("check")
                && !text.contains(" check (")
                && !is_first(clause, column) =>
        {
            format!("{column}: {text}")
        }
        _ => text.to_owned(),
    }
}

/// Whether a clause is the name of the column with its type.
fn is_first(clause: &[&str], column: &str) -> bool {
    clause.first() == Some(&column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(sql: &str) -> Vec<String> {
        let mut parts = parts(sql);
        parts.sort();
        parts
    }

    #[test]
    fn spelling_is_no_difference() {
        for (one, other) in [
            (
                "CREATE TABLE t (a INT)",
                "create table \"T\" ( [a]  int /* a */ )",
            ),
            (
                "CREATE TABLE t (a INT, b INT)",
                "CREATE TABLE t (b INT, a INT)",
            ),
            (
                "CREATE TABLE t (a INT PRIMARY KEY, b INT UNIQUE CHECK (b>0), c INT REFERENCES u(id) ON UPDATE NO ACTION)",
                "CREATE TABLE t (a INT, b INT, c INT, PRIMARY KEY (a), UNIQUE (b), CHECK (b > 0), FOREIGN KEY (c) REFERENCES u (id))",
            ),
            (
                "CREATE TABLE t (a INT NOT NULL DEFAULT 1, b AS (a) VIRTUAL)",
                "CREATE TABLE t (a INT DEFAULT 1 NOT NULL ON CONFLICT ABORT, b GENERATED ALWAYS AS (a))",
            ),
        ] {
            assert_eq!(sorted(one), sorted(other), "{other}");
        }
    }

    #[test]
    fn each_word_that_means_something_is_seen() {
        let base = "CREATE TABLE t (a INT NOT NULL DEFAULT 1 COLLATE nocase, b INT CHECK (b > 1) REFERENCES u (id) ON DELETE SET NULL, c AS (a + 1), d TEXT)";
        for (from, to) in [
            ("INT NOT", "TEXT NOT"),
            ("NOT NULL", "NOT NULL ON CONFLICT IGNORE"),
            ("DEFAULT 1", "DEFAULT 2"),
            ("nocase", "rtrim"),
            ("b > 1", "b > 2"),
            ("b > 1", "B > 'A'"),
            ("u (id)", "u (di)"),
            ("SET NULL", "CASCADE"),
            ("a + 1)", "a + 1) STORED"),
            ("SET NULL", "SET NULL DEFERRABLE INITIALLY DEFERRED"),
            ("d TEXT)", "d TEXT) STRICT"),
            ("d TEXT", "d TEXT COLLATE nocase"),
            ("d TEXT", "d TEXT, CONSTRAINT x UNIQUE (a, b)"),
        ] {
            let changed = base.replacen(from, to, 1);
            assert_ne!(sorted(base), sorted(&changed), "{to}");
        }
    }
}
