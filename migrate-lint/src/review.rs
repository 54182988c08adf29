//! Joins what was read and what was measured.

use migrate_chain::lint::{self, Allowances, Effect, Evidence, File, Finding, Lasts, Severity};
use migrate_chain::{Chain, Dialect, Place};

use crate::measure::{Measured, Seen, Statement};
use crate::squawk;

/// The subject of a review.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// The chain.
    pub chain: &'r Chain,
    /// The revisions that reach a database together, a list for each deployment: tables that one of them creates are empty for
    /// the others.
    pub deployments: &'r [Vec<usize>],
    /// The kinds of database.
    pub dialects: &'r [Dialect],
    /// The measurements, for some of them.
    pub measured: &'r [Measured],
}

/// The result of a review.
#[derive(Debug)]
pub struct Review {
    /// The findings that are not accepted, by file and place.
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

/// A finding of our own rules takes precedence: it has a rewrite.
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
        let judge = Judge {
            chain,
            measured,
            statement,
        };
        match &statement.seen {
            Seen::Effect {
                effect,
                facts,
                otherwise,
                outlasts,
            } => {
                let otherwise = (otherwise.0, &*otherwise.1);
                judge.effect(*effect, facts, otherwise, findings);
                findings.extend(outlasts.iter().filter_map(|outlast| {
                    let facts = std::slice::from_ref(&outlast.fact);
                    judge.found("lock-outlasts", &outlast.message, outlast.effect, facts)
                }));
            }
            Seen::Rules(rules) => judge.rules(rules, findings),
        }
    }
}

/// A statement that was measured.
struct Judge<'j> {
    chain: &'j Chain,
    measured: &'j Measured,
    statement: &'j Statement,
}

impl Judge<'_> {
    /// Whether a finding is about the statement.
    fn is_here(&self, finding: &Finding) -> bool {
        finding.revision == self.statement.revision && finding.statement == self.statement.range
    }

    /// Whether it is also one that a measurement can confirm.
    fn is_judged(&self, finding: &Finding) -> bool {
        self.is_here(finding) && finding.rule.sources.measured
    }

    /// Every rule that can be measured applies if the statement blocks something for long, and no such rule if not.
    fn effect(
        &self,
        effect: Effect,
        facts: &[String],
        otherwise: (&str, &str),
        findings: &mut Vec<Finding>,
    ) {
        findings.retain(|finding| !self.is_judged(finding) || effect.is_long());
        let evidence = self.evidence(facts);
        for finding in findings
            .iter_mut()
            .filter(|finding| self.is_judged(finding))
        {
            finding.evidence = evidence.clone();
            finding.effect = effect;
        }
        // A column that each row must have is looked for in each row, in vain.
        let explains = |finding: &Finding| {
            self.is_judged(finding)
                || self.is_here(finding) && finding.rule.code == "required-column"
        };
        if effect.is_long() && !findings.iter().any(explains) {
            let (code, message) = otherwise;
            findings.extend(self.found(code, message, effect, facts));
        }
    }

    /// The rules that were seen, and no others that can be measured.
    fn rules(&self, rules: &[(&str, String, String)], findings: &mut Vec<Finding>) {
        findings.retain(|finding| {
            let is_seen = |(code, ..): &(&str, String, String)| *code == finding.rule.code;
            !self.is_judged(finding) || rules.iter().any(is_seen)
        });
        for (code, message, fact) in rules {
            let facts = std::slice::from_ref(fact);
            let known = findings
                .iter_mut()
                .find(|finding| self.is_judged(finding) && finding.rule.code == *code);
            if let Some(known) = known {
                known.evidence = self.evidence(facts);
            } else {
                let effect = lint::rule(code).map_or(Effect::NONE, |rule| rule.effect);
                findings.extend(self.found(code, message, effect, facts));
            }
        }
    }

    fn evidence(&self, facts: &[String]) -> Evidence {
        Evidence::Measured {
            server: self.measured.server.clone(),
            facts: facts.to_vec(),
        }
    }

    fn found(
        &self,
        code: &str,
        message: &str,
        effect: Effect,
        facts: &[String],
    ) -> Option<Finding> {
        let statement = self.statement;
        let file = File::of(self.chain, statement.revision);
        Some(Finding {
            rule: lint::rule(code)?,
            revision: statement.revision,
            dialects: vec![self.measured.dialect],
            place: Place::new(&file.source, statement.range.clone()),
            statement: statement.range.clone(),
            message: message.to_owned(),
            effect,
            evidence: self.evidence(facts),
            rewrite: None,
        })
    }
}

/// How long the longest of some findings blocks something.
pub(crate) fn longest(findings: &[Finding]) -> Option<Lasts> {
    findings
        .iter()
        .filter(|finding| finding.effect.is_long())
        .map(|finding| finding.effect.lasts)
        .max()
}
