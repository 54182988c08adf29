//! A comment for a pull request, and the table of the rules.

use std::fmt::Write as _;

use migrate_chain::lint::{Blocks, Example, Finding, Rule, Severity};
use migrate_chain::{Chain, Dialect};
use migrate_render::known;

use super::text::summary;
use crate::review::{Review, longest};

/// The comment begins with a mark, by which a workflow finds the one to update.
pub fn report(chain: &Chain, review: &Review, schema: &str) -> String {
    let mut text = format!(
        "<!-- cargo migrate lint -->\n### Migrations\n\n{}.\n",
        summary(review)
    );
    plan(chain, review, &mut text);
    if !schema.is_empty() {
        let _ = write!(text, "\n#### Schema\n\n{}", fenced("diff", schema));
    }
    if !review.findings.is_empty() {
        text.push_str("\n#### Findings\n");
        for finding in &review.findings {
            self::finding(finding, &mut text);
        }
    }
    sql(chain, review, &mut text);
    text
}

fn plan(chain: &Chain, review: &Review, text: &mut String) {
    if review.plan.is_empty() {
        return;
    }
    text.push_str("\n| revision | | transaction | blocks |\n|---|---|---|---|\n");
    for &index in &review.plan {
        let revision = &chain.revisions[index];
        let own: Vec<Finding> = review
            .findings
            .iter()
            .filter(|finding| finding.revision == index)
            .cloned()
            .collect();
        let transaction = if revision.is_transactional() {
            "yes"
        } else {
            "no"
        };
        let blocks = own.iter().map(|finding| finding.effect.blocks).max();
        let blocks = match (blocks, longest(&own)) {
            (Some(blocks), Some(lasts)) => format!("{} for {}", blocks.name(), lasts.name()),
            _ => "nothing for long".to_owned(),
        };
        let title = cell(revision.title());
        let _ = writeln!(
            text,
            "| `{}` | {title} | {transaction} | {blocks} |",
            revision.id()
        );
    }
}

fn finding(finding: &Finding, text: &mut String) {
    let place = finding.place.position();
    let source = &finding.place.source;
    let sign = match finding.rule.severity {
        Severity::Error => "❌",
        Severity::Warning => "⚠️",
    };
    let _ = write!(
        text,
        "\n{sign} **{}** `{}` in `{}:{}:{}`\n\n{}. {}.\n\n{}",
        finding.message,
        finding.rule.code,
        source.path(),
        place.line,
        place.column,
        capital(&finding.effect.to_string()),
        capital(&known(finding)),
        fenced("sql", &source.text()[finding.statement.clone()]),
    );
    if let Some(rewrite) = &finding.rewrite {
        let _ = write!(
            text,
            "\nWrite instead:\n\n{}",
            fenced("sql", &rewrite.to_string())
        );
    }
}

fn sql(chain: &Chain, review: &Review, text: &mut String) {
    let mut files = String::new();
    for &index in &review.plan {
        let revision = &chain.revisions[index];
        let language = if revision.is_rust() { "rust" } else { "sql" };
        let _ = write!(
            files,
            "\n`{}`\n\n{}",
            revision.file(),
            fenced(language, revision.text())
        );
    }
    if !files.is_empty() {
        let _ = write!(
            text,
            "\n<details><summary>SQL</summary>\n{files}\n</details>\n"
        );
    }
}

/// A fence that nothing in the text can close.
fn fenced(language: &str, code: &str) -> String {
    let longest = code.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", code.trim_end())
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(letters).collect()
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}

/// A rule as rows of the table in `docs/lint.md`: one for each pair of examples, with all databases that share it.
pub fn rule(rule: &Rule) -> String {
    let mut rows = String::new();
    let mut shown: Vec<&Example> = Vec::new();
    for example in rule.examples {
        if shown
            .iter()
            .any(|known| known.bad == example.bad && known.good == example.good)
        {
            continue;
        }
        shown.push(example);
        let same = rule
            .examples
            .iter()
            .filter(|other| other.bad == example.bad && other.good == example.good);
        let databases: Vec<&str> = same.map(|example| name(example.dialect)).collect();
        let code = |sql: &str| format!("`{}`", cell(sql).replace('\n', "`<br>`"));
        let _ = writeln!(
            rows,
            "| `{}` | {} | {} | {} | {} | {}. {} | {} | {} |",
            rule.code,
            databases.join(", "),
            rule.severity.name(),
            sources(rule, example.dialect),
            blocks(rule),
            capital(rule.summary),
            rule.why,
            code(example.bad),
            code(example.good),
        );
    }
    rows
}

fn blocks(rule: &Rule) -> String {
    match rule.effect.blocks {
        Blocks::Nothing => "nothing".to_owned(),
        blocks => format!("{} for {}", blocks.name(), rule.effect.lasts.name()),
    }
}

fn name(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Sqlite => "SQLite",
        Dialect::Postgres => "PostgreSQL",
        Dialect::MySql => "MySQL, MariaDB",
    }
}

fn sources(rule: &Rule, dialect: Dialect) -> String {
    let of = [
        (rule.sources.read, "build"),
        (
            rule.sources.squawk && dialect == Dialect::Postgres,
            "squawk",
        ),
        (rule.sources.measured, "measured"),
    ];
    let names: Vec<&str> = of
        .into_iter()
        .filter(|(is, _)| *is)
        .map(|(_, name)| name)
        .collect();
    names.join(", ")
}
