//! squawk's rules for PostgreSQL, by our codes.

use std::ops::Range;

use migrate_chain::lint::{self, Evidence, File, Finding};
use migrate_chain::{Chain, Dialect, Place};
use squawk_linter::{Linter, Rule as Squawk, Violation};
use squawk_syntax::SourceFile;

/// Our rule for each of squawk's that is about a running database. Its rules of style are left out, and so are those about
/// transactions and timeouts, which the runtime sees to. Changes of a type and constraints of a domain are left to our own
/// rules, since squawk finds the harmless ones, too.
const MAPPED: [(Squawk, &str); 28] = [
    (
        Squawk::RequireConcurrentIndexCreation,
        "index-blocks-writes",
    ),
    (Squawk::RequireConcurrentIndexDeletion, "index-drop-blocks"),
    (Squawk::RequireConcurrentReindex, "reindex-blocks"),
    (
        Squawk::RequireConcurrentPartitionDetach,
        "partition-detach-blocks",
    ),
    (Squawk::ConstraintMissingNotValid, "check-scans"),
    (Squawk::AddingForeignKeyConstraint, "foreign-key-scans"),
    (Squawk::AddingFieldWithDefault, "column-rewrites"),
    (Squawk::AddingNotNullableField, "not-null-scans"),
    (Squawk::AddingRequiredField, "required-column"),
    (Squawk::AddingSerialPrimaryKeyField, "unique-scans"),
    (Squawk::DisallowedUniqueConstraint, "unique-scans"),
    (Squawk::PreferRepack, "vacuum-full"),
    (Squawk::BanDropTable, "drop-table"),
    (Squawk::BanDropColumn, "drop-column"),
    (Squawk::BanTruncateCascade, "truncate"),
    (Squawk::RenamingTable, "rename-table"),
    (Squawk::RenamingColumn, "rename-column"),
    (Squawk::RenamingObject, "rename-object"),
    (Squawk::BanSetSchema, "rename-object"),
    (Squawk::BanDropView, "drop-object"),
    (Squawk::BanDropFunction, "drop-object"),
    (Squawk::BanDropType, "drop-object"),
    (Squawk::BanDropSequence, "drop-object"),
    (Squawk::BanDropDomain, "drop-object"),
    (Squawk::BanDropSchema, "drop-object"),
    (Squawk::BanDropExtension, "drop-object"),
    (Squawk::BanDropGeneratedExpression, "drop-object"),
    (Squawk::BanDropDatabase, "drop-object"),
];

/// Squawk's findings in the revisions of a deployment. It knows only tables that the text creates, so it gets all of it
/// as one text.
pub fn lint(chain: &Chain, deployment: &[usize]) -> Vec<Finding> {
    let text = Text::of(chain, deployment);
    if text.sql.is_empty() {
        return Vec::new();
    }
    let parsed = SourceFile::parse(&text.sql);
    let mut linter = Linter::from(MAPPED.map(|(rule, _)| rule));
    linter.settings.assume_in_transaction = true;
    let violations = linter.lint(&parsed, &text.sql);
    let findings = violations.iter();
    findings
        .filter_map(|violation| text.finding(violation))
        .collect()
}

/// The SQL of a deployment, with the files that it is from.
struct Text {
    sql: String,
    parts: Vec<Part>,
}

/// The section of a revision.
struct Part {
    file: File,
    /// Its first byte in the SQL of the deployment, and in the file.
    start: usize,
    in_file: usize,
    len: usize,
    statements: Vec<Range<usize>>,
}

impl Text {
    fn of(chain: &Chain, deployment: &[usize]) -> Self {
        let (mut sql, mut parts) = (String::new(), Vec::new());
        for &revision in deployment {
            let Some(range) = chain.revisions[revision].upgrade_range(Dialect::Postgres) else {
                continue;
            };
            let file = File::of(chain, revision);
            parts.push(Part {
                statements: file.statements(chain, Dialect::Postgres),
                start: sql.len(),
                in_file: range.start,
                len: range.len(),
                file,
            });
            sql.push_str(&chain.revisions[revision].text()[range]);
            // The last statement of a section may have none.
            sql.push_str("\n;\n");
        }
        Self { sql, parts }
    }

    fn finding(&self, violation: &Violation) -> Option<Finding> {
        let start = usize::from(violation.text_range.start());
        let part = self
            .parts
            .iter()
            .find(|part| (part.start..part.start + part.len).contains(&start))?;
        let in_file = |at: usize| (at - part.start + part.in_file).min(part.in_file + part.len);
        let at = in_file(start)..in_file(usize::from(violation.text_range.end()));
        let mut later = part.statements.iter();
        let statement = later
            .find(|statement| statement.contains(&at.start))?
            .clone();
        let text = part.file.source.text();
        let at = at.start..at.end.min(statement.end).max(at.start);
        let code = code(violation.code, &text[at.clone()])?;
        let rest = later.map(|range| &text[range.clone()]);
        if code == "drop-object" && is_created_again(&text[statement.clone()], rest) {
            return None;
        }
        let rule = lint::rule(code)?;
        Some(Finding {
            rule,
            revision: part.file.revision,
            dialects: vec![Dialect::Postgres],
            place: Place::new(&part.file.source, at),
            statement,
            message: message(&violation.message),
            effect: rule.effect,
            evidence: Evidence::Read,
            rewrite: None,
        })
    }
}

/// squawk wants NOT VALID for three kinds of constraints: those with an index have a rule of their own.
fn code(rule: Squawk, part: &str) -> Option<&'static str> {
    let (_, code) = MAPPED.into_iter().find(|(squawk, _)| *squawk == rule)?;
    if rule != Squawk::ConstraintMissingNotValid {
        return Some(code);
    }
    let part = part.to_ascii_uppercase();
    if part.contains("FOREIGN KEY") {
        return Some("foreign-key-scans");
    }
    part.contains("CHECK").then_some(code)
}

/// Whether a later statement creates what this one drops: nobody sees it missing.
fn is_created_again<'t>(statement: &str, later: impl Iterator<Item = &'t str>) -> bool {
    let words = |text: &str| -> Vec<String> {
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_'));
        let words = words.filter(|word| !word.is_empty());
        words.map(str::to_ascii_lowercase).collect()
    };
    let keywords = [
        "drop",
        "if",
        "exists",
        "cascade",
        "restrict",
        "materialized",
    ];
    let mut dropped = words(statement);
    dropped.retain(|word| !keywords.contains(&&**word));
    let [kind, name, ..] = &*dropped else {
        return false;
    };
    later.map(words).any(|words| {
        words.first().is_some_and(|word| word == "create")
            && words.contains(kind)
            && words.contains(name)
    })
}

/// squawk's sentence as ours are: in lower case, without a full stop.
fn message(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let mut letters = text.chars();
    let first = letters.next();
    let is_word = letters.clone().next().is_some_and(char::is_lowercase);
    match first.filter(|_| is_word) {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_of_squawk_is_mapped_to_one_that_says_so() {
        for (squawk, code) in MAPPED {
            let rule = lint::rule(code);
            assert!(
                rule.is_some_and(|rule| rule.sources.squawk),
                "{squawk}: {code}"
            );
        }
    }

    #[test]
    fn what_is_created_again_is_not_missed() {
        let again = |drop: &str, later: &[&str]| is_created_again(drop, later.iter().copied());
        assert!(again(
            "DROP VIEW IF EXISTS v",
            &["SELECT 1", "CREATE OR REPLACE VIEW v AS SELECT 1"]
        ));
        assert!(!again("DROP VIEW v", &["CREATE VIEW w AS SELECT 1"]));
        assert!(!again("DROP VIEW v", &["SELECT 'create view v'"]));
    }
}
