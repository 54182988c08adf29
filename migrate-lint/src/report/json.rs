use migrate_chain::Chain;
use migrate_chain::lint::{Evidence, Finding};
use serde::Serialize;

use super::parts::Span;
use crate::review::Review;

#[derive(Serialize)]
struct Json<'r> {
    findings: Vec<FindingJson<'r>>,
    accepted: usize,
    revisions: usize,
    measured_on: &'r [String],
}

#[derive(Serialize)]
struct FindingJson<'r> {
    code: &'static str,
    severity: &'static str,
    message: &'r str,
    revision: &'r str,
    file: &'r str,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    statement: &'r str,
    databases: Vec<&'static str>,
    blocks: &'static str,
    lasts: &'static str,
    source: &'static str,
    server: Option<&'r str>,
    facts: &'r [String],
    rewrite: Option<String>,
    why: &'static str,
}

pub fn report(chain: &Chain, review: &Review) -> String {
    let findings = review.findings.iter();
    let json = Json {
        findings: findings.map(|it| finding(chain, it)).collect(),
        accepted: review.accepted,
        revisions: review.revisions,
        measured_on: &review.servers,
    };
    // A struct of texts and numbers always has a form in JSON.
    let mut text = serde_json::to_string(&json).unwrap_or_default();
    text.push('\n');
    text
}

fn finding<'r>(chain: &'r Chain, finding: &'r Finding) -> FindingJson<'r> {
    let span = Span::of(finding);
    let (source, server, facts) = match &finding.evidence {
        Evidence::Read => ("read", None, &[][..]),
        Evidence::Measured { server, facts } => ("measured", Some(server.as_str()), &facts[..]),
    };
    FindingJson {
        code: finding.rule.code,
        severity: finding.rule.severity.name(),
        message: &finding.message,
        revision: chain.graph.id(finding.revision),
        file: finding.place.source.path(),
        line: span.line,
        column: span.column,
        end_line: span.end_line,
        end_column: span.end_column,
        statement: &finding.place.source.text()[finding.statement.clone()],
        databases: finding
            .dialects
            .iter()
            .map(|dialect| dialect.name())
            .collect(),
        blocks: finding.effect.blocks.name(),
        lasts: finding.effect.lasts.name(),
        source,
        server,
        facts,
        rewrite: finding.rewrite.as_ref().map(ToString::to_string),
        why: finding.rule.why,
    }
}
