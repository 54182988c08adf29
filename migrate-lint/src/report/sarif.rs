//! SARIF 2.1.0, which code hosts show beside the code.

use migrate_chain::lint::{Finding, RULES, Rule, Severity};
use migrate_render::known;
use serde_json::{Value, json};

use super::parts::Span;
use crate::review::Review;

pub fn report(review: &Review) -> String {
    let results: Vec<Value> = review.findings.iter().map(result).collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "cargo-migrate",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": RULES.map(rule),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{document}\n")
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.code,
        "shortDescription": { "text": rule.summary },
        "fullDescription": { "text": rule.why },
        "defaultConfiguration": { "level": rule.severity.name() },
    })
}

fn result(finding: &Finding) -> Value {
    let span = Span::of(finding);
    let rewrite = finding.rewrite.as_ref();
    let rewrite = rewrite.map_or_else(String::new, |rewrite| {
        format!("\nWrite instead:\n{rewrite}")
    });
    json!({
        "ruleId": finding.rule.code,
        "level": match finding.rule.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        },
        "message": { "text": format!("{}\n{}{rewrite}", finding.message, known(finding)) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": finding.place.source.path() },
            "region": {
                "startLine": span.line,
                "startColumn": span.column,
                "endLine": span.end_line,
                "endColumn": span.end_column,
            },
        } }],
    })
}
