//! Joins what was read and what was measured.

use migrate_chain::lint::{self, Allowances, Effect, Evidence, File, Finding, Lasts, Severity};
use migrate_chain::{Chain, Dialect, Place};

use crate::measure::{Measured, Seen, Statement};
use crate::squawk;

/// What is reviewed.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The chain.
    pub chain: &'r Chain,
    /// The revisions that reach a database together, a list for each deployment: tables that one of them creates are empty for
    /// the others.
    pub deployments: &'r [Vec<usize>],
    /// The kinds of database.
    pub dialects: &'r [Dialect],
    /// What was measured, for some of them.
    pub measured: &'r [Measured],
}

/// The result of a review.
#[derive(Debug)]
pub struct Review {
    /// What is not accepted, by file and place.
    pub findings: Vec<Finding>,
    /// How many more findings are accepted.
    pub accepted: usize,
    /// How many revisions were looked at.
    pub revisions: usize,
    /// The revisions that reach the database together, in order; none if each is a deployment of its own.
    pub plan: Vec<usize>,
    /// The servers that something was measured on.
    pub servers: Vec<String>,
}

impl Review {
    /// The worst that was found.
    pub fn worst(&self) -> Option<Severity> {
        let severities = self.findings.iter().map(|finding| finding.rule.severity);
        severities.max()
    }
}

/// Reads the text of the revisions, and judges what it says by what was measured.
pub fn review(request: &Request<'_>) -> Review {
    let Request {
        chain, deployments, ..
    } = request;
    let mut findings = Vec::new();
    for &dialect in request.dialects {
        let mut found = lint::read(chain, deployments, &[dialect]);
        if dialect == Dialect::Postgres {
            add_squawk(request, &mut found);
        }
        for measured in request.measured.iter().filter(|it| it.dialect == dialect) {
            judge(chain, measured, &mut found);
        }
        findings.extend(found);
    }
    lint::sort(&mut findings);
    let all = findings.len();
    let allowances = Allowances::of(&chain.config);
    findings.retain(|finding| !allowances.accept(finding));
    Review {
        accepted: all - findings.len(),
        findings,
        revisions: deployments.iter().map(Vec::len).sum(),
        plan: match deployments {
            [only] => only.clone(),
            _ => Vec::new(),
        },
        servers: request
            .measured
            .iter()
            .map(|measured| measured.server.clone())
            .collect(),
    }
}

/// What our own rules have found, they say with a rewrite.
fn add_squawk(request: &Request<'_>, findings: &mut Vec<Finding>) {
    for deployment in request.deployments {
        for finding in squawk::lint(request.chain, deployment) {
            let is_known = findings.iter().any(|known| {
                known.rule == finding.rule
                    && known.revision == finding.revision
                    && known.statement == finding.statement
            });
            if !is_known {
                findings.push(finding);
            }
        }
    }
}

/// Measured beats read: what can be measured and was not seen is dropped, and what was seen names the server.
fn judge(chain: &Chain, measured: &Measured, findings: &mut Vec<Finding>) {
    for statement in &measured.statements {
        let is_here = |finding: &Finding| {
            finding.revision == statement.revision
                && finding.statement == statement.range
                && finding.rule.sources.measured
        };
        match &statement.seen {
            Seen::Effect {
                effect,
                facts,
                otherwise: (code, message),
                outlasts,
            } => {
                let evidence = evidence(measured, facts.clone());
                findings.retain(|finding| !is_here(finding) || effect.is_long());
                // A column that each row must have is looked for in each row, in vain.
                let fails = |finding: &Finding| {
                    finding.revision == statement.revision
                        && finding.statement == statement.range
                        && finding.rule.code == "required-column"
                };
                let mut is_explained = !effect.is_long() || findings.iter().any(fails);
                for finding in findings.iter_mut().filter(|finding| is_here(finding)) {
                    finding.evidence = evidence.clone();
                    finding.effect = *effect;
                    is_explained = true;
                }
                if !is_explained {
                    findings.extend(found(
                        chain, measured, statement, code, message, *effect, evidence,
                    ));
                }
                for outlast in outlasts {
                    let evidence = self::evidence(measured, vec![outlast.fact.clone()]);
                    let message = &outlast.message;
                    findings.extend(found(
                        chain,
                        measured,
                        statement,
                        "lock-outlasts",
                        message,
                        outlast.effect,
                        evidence,
                    ));
                }
            }
            Seen::Rules(rules) => {
                let seen =
                    |finding: &Finding| rules.iter().find(|(code, ..)| *code == finding.rule.code);
                findings.retain(|finding| !is_here(finding) || seen(finding).is_some());
                for (code, message, fact) in rules {
                    let evidence = evidence(measured, vec![fact.clone()]);
                    let known = findings
                        .iter_mut()
                        .find(|finding| is_here(finding) && finding.rule.code == *code);
                    match known {
                        Some(known) => known.evidence = evidence,
                        None => {
                            let effect = lint::rule(code).map_or(Effect::NONE, |rule| rule.effect);
                            findings.extend(found(
                                chain, measured, statement, code, message, effect, evidence,
                            ));
                        }
                    }
                }
            }
        }
    }
}

fn evidence(measured: &Measured, facts: Vec<String>) -> Evidence {
    Evidence::Measured {
        server: measured.server.clone(),
        facts,
    }
}

fn found(
    chain: &Chain,
    measured: &Measured,
    statement: &Statement,
    code: &str,
    message: &str,
    effect: Effect,
    evidence: Evidence,
) -> Option<Finding> {
    let file = File::of(chain, statement.revision);
    Some(Finding {
        rule: lint::rule(code)?,
        revision: statement.revision,
        dialects: vec![measured.dialect],
        place: Place::new(&file.source, statement.range.clone()),
        statement: statement.range.clone(),
        message: message.to_owned(),
        effect,
        evidence,
        rewrite: None,
    })
}

/// How long the longest of some findings blocks something.
pub(crate) fn longest(findings: &[Finding]) -> Option<Lasts> {
    findings
        .iter()
        .filter(|finding| finding.effect.is_long())
        .map(|finding| finding.effect.lasts)
        .max()
}
