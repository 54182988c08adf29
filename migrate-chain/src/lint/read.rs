//! The walk along a chain, statement by statement, by the rules of each database.

mod common;
mod mysql;
mod postgres;
mod site;
mod sqlite;

use std::ops::Range;

use self::site::Site;
use super::allow::{Allowances, above, nearest_code};
use super::ddl::{self, Ddl};
use super::file::{File, statements};
use super::finding::{self, Evidence, Finding};
use super::rules;
use super::tables::KnownTables;
use super::words::Words;
use crate::Dialect;
use crate::chain::Chain;
use crate::source::Place;

/// Findings from the text of some revisions, accepted ones included. Each list is a deployment: its revisions reach a
/// database together, so that a table which one of them creates is empty for all of them.
pub fn read(chain: &Chain, deployments: &[Vec<usize>], dialects: &[Dialect]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for &dialect in dialects {
        LintWalk::new(chain, deployments, dialect).run(&mut findings);
    }
    finding::sort(&mut findings);
    findings
}

/// The findings of a build: each revision is a deployment of its own, since nothing says which databases have it. Those
/// up to `[lint] since` are not looked at, and what is accepted is left out.
pub fn at_build(chain: &Chain) -> Vec<Finding> {
    let lint = &chain.config.lint;
    let since: Vec<usize> = lint
        .since
        .iter()
        .filter_map(|id| chain.graph.find(id))
        .collect();
    let old = chain.graph.ancestors(&since);
    let new = (0..chain.revisions.len()).filter(|&revision| !old[revision]);
    let deployments: Vec<Vec<usize>> = new.map(|revision| vec![revision]).collect();
    let mut findings = read(chain, &deployments, &chain.config.dialects);
    let allowances = Allowances::of(&chain.config);
    findings.retain(|finding| !allowances.accept(finding));
    findings
}

/// A walk along a chain as one database sees it.
struct LintWalk<'c> {
    chain: &'c Chain,
    dialect: Dialect,
    /// The deployment of each revision; none for one that was not asked for.
    deployments: Vec<Option<usize>>,
    tables: KnownTables,
}

impl<'c> LintWalk<'c> {
    fn new(chain: &'c Chain, deployments: &[Vec<usize>], dialect: Dialect) -> Self {
        let mut deployment_of = vec![None; chain.revisions.len()];
        for (n, revisions) in deployments.iter().enumerate() {
            for &revision in revisions {
                deployment_of[revision] = Some(n);
            }
        }
        Self {
            chain,
            dialect,
            deployments: deployment_of,
            tables: KnownTables::default(),
        }
    }

    fn run(mut self, findings: &mut Vec<Finding>) {
        for revision in self.chain.graph.parents_first() {
            self.revision(revision, findings);
        }
    }

    fn revision(&mut self, index: usize, findings: &mut Vec<Finding>) {
        let revision = &self.chain.revisions[index];
        let deployment = self.deployments[index];
        // Most revisions are not asked about: their files are not copied.
        let file = deployment.map(|_| File::of(self.chain, index));
        let statements = statements(revision, self.dialect);
        for (n, range) in statements.iter().enumerate() {
            let text = &revision.text()[range.clone()];
            if !is_ddl(text) {
                if let Some(file) = &file {
                    unknown_allowances(file, self.dialect, range, findings);
                }
                continue;
            }
            let words = Words::of(self.dialect, text);
            let reader = words.reader();
            let ddl = ddl::read(reader);
            if let Some(file) = &file {
                unknown_allowances(file, self.dialect, range, findings);
                if let Some(ddl) = &ddl {
                    let mut site = Site {
                        dialect: self.dialect,
                        deployment,
                        tables: &self.tables,
                        revision,
                        later: &statements[n + 1..],
                        file,
                        statement: range.clone(),
                        reader,
                        findings,
                    };
                    statement(&mut site, ddl);
                }
            }
            if let Some(ddl) = &ddl {
                self.tables.note(&reader, ddl, deployment);
            }
        }
    }
}

/// Whether a statement may be one that a rule looks at. Most of a chain is, but data need not be taken to pieces.
fn is_ddl(text: &str) -> bool {
    const FIRST: [&str; 8] = [
        "CREATE", "ALTER", "DROP", "TRUNCATE", "RENAME", "REINDEX", "VACUUM", "CLUSTER",
    ];
    let word = text.split(|c: char| !c.is_ascii_alphabetic()).next();
    word.is_some_and(|word| FIRST.iter().any(|first| word.eq_ignore_ascii_case(first)))
}

fn unknown_allowances(
    file: &File,
    dialect: Dialect,
    statement: &Range<usize>,
    findings: &mut Vec<Finding>,
) {
    for allowance in above(file.source.text(), statement.start) {
        if rules::rule(allowance.code).is_some() {
            continue;
        }
        let meant = nearest_code(allowance.code);
        let meant = meant.map_or_else(String::new, |code| format!("; did you mean `{code}`?"));
        findings.push(Finding {
            rule: &rules::UNKNOWN_ALLOW,
            revision: file.revision,
            dialects: vec![dialect],
            place: Place::new(&file.source, allowance.range.clone()),
            statement: allowance.range,
            message: format!("no rule is called `{}`{meant}", allowance.code),
            effect: rules::UNKNOWN_ALLOW.effect,
            evidence: Evidence::Read,
            rewrite: None,
        });
    }
}

/// The rules of all databases, and those of this one.
fn statement(site: &mut Site<'_>, ddl: &Ddl<'_>) {
    common::statement(site, ddl);
    match site.dialect {
        Dialect::Postgres => postgres::statement(site, ddl),
        Dialect::MySql => mysql::statement(site, ddl),
        Dialect::Sqlite => sqlite::statement(site, ddl),
    }
}
