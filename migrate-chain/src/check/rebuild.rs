//! In SQLite, a table that others refer to is not dropped and built again while foreign keys are on.

use std::collections::HashMap;
use std::ops::Range;

use crate::Dialect;
use crate::diagnostic::{Diagnostic, Fault};
use crate::input::config::Config;
use crate::revision::ForeignKeys;
use crate::revision::draft::{Draft, DraftBody};
use crate::revision::script::DirectionSections;
use crate::source::Place;
use crate::sql::{self, sqlite::TableChange};

/// Reports each table that a section drops and brings back under its name, if anything in the chain refers to it.
pub fn rebuilt_parents(config: &Config, drafts: &[Draft], faults: &mut Vec<Diagnostic>) {
    let rebuilds: Vec<Rebuild<'_>> = drafts
        .iter()
        .flat_map(|draft| rebuilds(config, draft))
        .collect();
    if rebuilds.is_empty() {
        return;
    }
    let chain = References::of(drafts);
    for rebuild in rebuilds {
        let Some((child, place)) = chain.to(&rebuild.table) else {
            continue;
        };
        let fault = Fault::RebuiltParent {
            table: rebuild.table.clone(),
            child: child.to_owned(),
        };
        let drop = Place::new(&rebuild.draft.source, rebuild.drop.clone());
        faults
            .push(Diagnostic::new(fault, drop).with(place.clone(), "it refers to the table here"));
    }
}

/// A table that a section drops and brings back.
struct Rebuild<'d> {
    draft: &'d Draft,
    table: String,
    /// The statement that drops it.
    drop: Range<usize>,
}

fn rebuilds<'d>(config: &Config, draft: &'d Draft) -> Vec<Rebuild<'d>> {
    let mut found = Vec::new();
    let DraftBody::Sql(script) = &draft.body else {
        return found;
    };
    if draft.header.foreign_keys != ForeignKeys::On || draft.has_conflict {
        return found;
    }
    for direction in [&script.upgrade, &script.downgrade] {
        let Some(body) = section(config, direction) else {
            continue;
        };
        let text = &draft.source.text()[body.clone()];
        // A macro is not optimised, and few sections have both words.
        if !has_word(text, "DROP") || !(has_word(text, "RENAME") || has_word(text, "CREATE")) {
            continue;
        }
        if direction.served_unnamed_only() && config.dialects.is_empty() && frees_others(text) {
            continue;
        }
        found.extend(dropped_and_back(text).map(|(table, drop)| Rebuild {
            draft,
            table,
            drop: body.start + drop.start..body.start + drop.end,
        }));
    }
    found
}

/// The section that SQLite runs, if the chain is for SQLite.
fn section(config: &Config, direction: &DirectionSections) -> Option<Range<usize>> {
    let serves = config.dialects.is_empty() || config.dialects.contains(&Dialect::Sqlite);
    let section = direction.sections()[Dialect::Sqlite.index()].clone();
    section.filter(|_| serves)
}

/// Whether SQL that may be for another database makes a referenced table free to be dropped there.
fn frees_others(text: &str) -> bool {
    ["DROP CONSTRAINT", "DROP FOREIGN KEY", "FOREIGN_KEY_CHECKS"]
        .iter()
        .any(|words| text.to_ascii_uppercase().contains(words))
        || sql::split(Dialect::Sqlite, text).any(|statement| {
            let statement = &text[statement.range()];
            matches!(
                sql::sqlite::table_change(statement),
                Some(TableChange::Drop { .. })
            ) && statement.to_ascii_uppercase().ends_with("CASCADE")
        })
}

/// The tables that a section drops and brings back under their names, each with the statement that drops it.
fn dropped_and_back(text: &str) -> impl Iterator<Item = (String, Range<usize>)> {
    let mut names = TableNames::default();
    for statement in sql::split(Dialect::Sqlite, text) {
        if let Some(change) = sql::sqlite::table_change(&text[statement.range()]) {
            names.change(change, statement.range());
        }
    }
    names.rebuilt()
}

/// The names of tables as the statements of a section change them, in lower case.
#[derive(Default)]
struct TableNames {
    /// The name that a table had before the section, by its name now.
    original: HashMap<String, String>,
    dropped: Vec<Dropped>,
    created: Vec<String>,
}

struct Dropped {
    table: String,
    name: String,
    range: Range<usize>,
    /// An `IF EXISTS` makes room for a table that is created, and says nothing about one that is there.
    if_exists: bool,
    is_back: bool,
}

impl TableNames {
    fn change(&mut self, change: TableChange, range: Range<usize>) {
        match change {
            TableChange::Create(table) if table.schema.as_deref() != Some("temp") => {
                let name = table.name.to_ascii_lowercase();
                self.back(&name, true);
                self.created.push(name);
            }
            TableChange::Create(_) => {}
            TableChange::Rename { table, to } => {
                let (from, to) = (table.name.to_ascii_lowercase(), to.to_ascii_lowercase());
                let original = self.original.remove(&from).unwrap_or_else(|| from.clone());
                self.back(&to, false);
                self.original.insert(to.clone(), original);
                self.created.retain(|name| *name != from);
                self.created.push(to);
            }
            TableChange::Drop { table, if_exists } => {
                let now = table.name.to_ascii_lowercase();
                let name = self.original.remove(&now).unwrap_or_else(|| now.clone());
                let is_back = name != now && self.created.contains(&name);
                self.created.retain(|name| *name != now);
                self.dropped.push(Dropped {
                    table: if name == now {
                        table.name
                    } else {
                        name.clone()
                    },
                    name,
                    range,
                    if_exists,
                    is_back,
                });
            }
        }
    }

    /// A table gets a name that a dropped one had.
    fn back(&mut self, name: &str, is_new: bool) {
        for dropped in &mut self.dropped {
            dropped.is_back |= dropped.name == name && !(is_new && dropped.if_exists);
        }
    }

    fn rebuilt(self) -> impl Iterator<Item = (String, Range<usize>)> {
        let rebuilt = self.dropped.into_iter().filter(|dropped| dropped.is_back);
        rebuilt.map(|dropped| (dropped.table, dropped.range))
    }
}

/// The foreign keys of a chain.
#[derive(Default)]
struct References {
    /// The table that has one, the one that it refers to, and where it says so.
    found: Vec<(String, String, Place)>,
    /// The names that tables are built under before they get their own.
    renamed: Vec<(String, String)>,
}

impl References {
    fn of(drafts: &[Draft]) -> Self {
        let mut references = Self::default();
        for draft in drafts {
            match &draft.body {
                DraftBody::Sql(script) => {
                    for direction in [&script.upgrade, &script.downgrade] {
                        if let Some(body) = direction.sections()[Dialect::Sqlite.index()].clone() {
                            references.add_sql(draft, body);
                        }
                    }
                }
                DraftBody::Rust { .. } => references.add_rust(draft),
            }
        }
        references
    }

    fn add_sql(&mut self, draft: &Draft, body: Range<usize>) {
        let text = &draft.source.text()[body.clone()];
        for statement in sql::split(Dialect::Sqlite, text) {
            let range = statement.range();
            let start = body.start + range.start;
            let statement = &text[range];
            for reference in sql::sqlite::references(statement) {
                let range = start + reference.range.start..start + reference.range.end;
                let place = Place::new(&draft.source, range);
                self.found.push((reference.child, reference.parent, place));
            }
            if let Some(TableChange::Rename { table, to }) = sql::sqlite::table_change(statement) {
                self.renamed.push((table.name, to));
            }
        }
    }

    /// The SQL in a Rust file is in its strings: `REFERENCES` and the name after it are looked for anywhere.
    fn add_rust(&mut self, draft: &Draft) {
        let text = draft.source.text();
        let upper = text.to_ascii_uppercase();
        for (at, word) in upper.match_indices("REFERENCES") {
            let after = &text[at + word.len()..];
            let name =
                after.trim_start_matches(|c: char| c.is_whitespace() || "\\\"`['".contains(c));
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            let name: String = name.chars().take_while(|&c| is_name(c)).collect();
            let place = Place::new(&draft.source, at..at + word.len());
            let child = format!("{} (in Rust)", draft.file);
            self.found.push((child, name, place));
        }
    }

    /// A table other than `table` that refers to it, and where it says so.
    fn to(&self, table: &str) -> Option<(&str, &Place)> {
        let is_other = |child: &str| {
            let becomes = |(from, to): &(String, String)| {
                from.eq_ignore_ascii_case(child) && to.eq_ignore_ascii_case(table)
            };
            !child.eq_ignore_ascii_case(table) && !self.renamed.iter().any(becomes)
        };
        let mut found = self.found.iter();
        let found = found
            .find(|(child, parent, _)| parent.eq_ignore_ascii_case(table) && is_other(child))?;
        Some((&found.0, &found.2))
    }
}

/// Whether an ASCII word in upper case is part of the text, in any case. It looks at one letter alone first, which std
/// searches for quickly even without optimisation.
fn has_word(text: &str, word: &str) -> bool {
    let (at, rare) = word
        .char_indices()
        .max_by_key(|&(_, c)| c == 'M' || c == 'P')
        .unwrap_or_default();
    let is_here = |found: usize| {
        let start = found.checked_sub(at);
        let bytes = start.and_then(|start| text.as_bytes().get(start..start + word.len()));
        bytes.is_some_and(|bytes| bytes.eq_ignore_ascii_case(word.as_bytes()))
    };
    [rare, rare.to_ascii_lowercase()]
        .into_iter()
        .any(|letter| text.match_indices(letter).any(|(found, _)| is_here(found)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rebuilt(text: &str) -> Vec<String> {
        dropped_and_back(text).map(|(table, _)| table).collect()
    }

    #[test]
    fn a_table_that_comes_back_is_found_whatever_the_order_and_the_quotes() {
        for text in [
            "CREATE TABLE n (a); DROP TABLE p; ALTER TABLE n RENAME TO p",
            "create table n (a); drop table [P]; alter table \"n\" rename to `p`",
            "DROP TABLE IF EXISTS main.p; ALTER TABLE main.n RENAME TO p",
            "ALTER TABLE p RENAME TO old; CREATE TABLE p (a); DROP TABLE old",
            "ALTER TABLE p RENAME TO old; DROP TABLE old; CREATE TABLE IF NOT EXISTS p (a)",
            "DROP TABLE p; CREATE TABLE p (a)",
        ] {
            assert_eq!(rebuilt(text).join(",").to_lowercase(), "p", "{text}");
        }
        for text in [
            "DROP TABLE p; ALTER TABLE n RENAME TO q",
            "DROP TABLE IF EXISTS p; CREATE TABLE p (a)",
            "CREATE TABLE p (a); DROP TABLE p",
            "DROP TABLE p; CREATE TEMP TABLE p (a)",
            "DROP VIEW p; ALTER TABLE n RENAME TO p",
            "ALTER TABLE n RENAME COLUMN a TO p; DROP TABLE p",
            "ALTER TABLE n RENAME TO p; DROP TABLE p",
        ] {
            assert_eq!(rebuilt(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_word_is_found_in_any_case() {
        for word in ["DROP", "RENAME", "CREATE"] {
            assert!(has_word(&format!("; {} x", word.to_lowercase()), word));
            assert!(has_word(word, word));
            assert!(!has_word(&word[1..], word));
        }
    }
}
