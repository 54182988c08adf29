//! The walk along a chain, statement by statement, by the rules of each database.

mod common;
mod mysql;
mod postgres;
mod sqlite;

use std::ops::Range;
use std::sync::Arc;

use super::allow::{Allowances, above, nearest_code};
use super::ddl::{self, Ddl, Name};
use super::finding::{self, Evidence, Finding};
use super::rewrite::Rewrite;
use super::rule::Rule;
use super::rules;
use super::tables::Tables;
use super::words::{Reader, Words};
use crate::chain::Chain;
use crate::revision::{ForeignKeys, Revision};
use crate::source::{Place, Source};
use crate::{Dialect, sql};

/// The file of a revision, with a path that can be shown.
#[derive(Clone, Debug)]
pub struct File {
    /// The file.
    pub source: Arc<Source>,
    /// The revision, by its index in the chain.
    pub revision: usize,
}

impl File {
    /// The file of a revision.
    pub fn of(chain: &Chain, revision: usize) -> Self {
        let (folder, file) = (&chain.directory, &chain.revisions[revision]);
        let path = format!("{}/{}", folder.trim_end_matches('/'), file.file());
        Self {
            source: Arc::new(Source::new(path, file.text())),
            revision,
        }
    }

    /// The statements that upgrade a database: their bytes in the file.
    pub fn statements(&self, chain: &Chain, dialect: Dialect) -> Vec<Range<usize>> {
        statements(&chain.revisions[self.revision], dialect)
    }
}

fn statements(revision: &Revision, dialect: Dialect) -> Vec<Range<usize>> {
    let Some(section) = revision.upgrade_range(dialect) else {
        return Vec::new();
    };
    let statements = sql::split(dialect, &revision.text()[section.clone()]);
    statements
        .map(|statement| {
            let range = statement.range();
            section.start + range.start..section.start + range.end
        })
        .collect()
}

/// What the text of some revisions says, accepted findings included. Each list is a deployment: its revisions reach a
/// database together, so that a table which one of them creates is empty for all of them.
pub fn read(chain: &Chain, deployments: &[Vec<usize>], dialects: &[Dialect]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for &dialect in dialects {
        Walk::new(chain, deployments, dialect).run(&mut findings);
    }
    finding::sort(&mut findings);
    findings
}

/// What a build reports of a chain: each revision is a deployment of its own, since nothing says which databases have it.
/// Those up to `[lint] since` are not looked at, and what is accepted is left out.
pub fn at_build(chain: &Chain) -> Vec<Finding> {
    let lint = &chain.config.lint;
    let since: Vec<usize> = lint
        .since
        .iter()
        .flat_map(|id| chain.graph.find(id))
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
struct Walk<'c> {
    chain: &'c Chain,
    dialect: Dialect,
    /// The deployment of each revision; none for one that nobody asked about.
    deployments: Vec<Option<usize>>,
    tables: Tables,
}

impl<'c> Walk<'c> {
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
            tables: Tables::default(),
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
                    site.statement(ddl);
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

/// A statement of a revision, and what is known around it.
struct Site<'s> {
    dialect: Dialect,
    deployment: Option<usize>,
    tables: &'s Tables,
    revision: &'s Revision,
    /// The statements after it.
    later: &'s [Range<usize>],
    file: &'s File,
    /// Its bytes in the file.
    statement: Range<usize>,
    reader: Reader<'s>,
    findings: &'s mut Vec<Finding>,
}

impl Site<'_> {
    fn statement(&mut self, ddl: &Ddl<'_>) {
        common::statement(self, ddl);
        match self.dialect {
            Dialect::Postgres => postgres::statement(self, ddl),
            Dialect::MySql => mysql::statement(self, ddl),
            Dialect::Sqlite => sqlite::statement(self, ddl),
        }
    }

    /// Whether a table was there before the deployment.
    fn is_old(&self, table: &Name) -> bool {
        self.tables.is_old(table, self.deployment)
    }

    fn foreign_keys(&self) -> ForeignKeys {
        self.revision.foreign_keys()
    }

    /// Finds something about the whole statement.
    fn find(&mut self, rule: &'static Rule, message: String, rewrite: Option<Rewrite>) {
        let all = self.reader;
        self.find_at(rule, &all, message, rewrite);
    }

    /// Finds something about a part of the statement.
    fn find_at(
        &mut self,
        rule: &'static Rule,
        part: &Reader<'_>,
        message: String,
        rewrite: Option<Rewrite>,
    ) {
        let (start, range) = (self.statement.start, part.range());
        let place = Place::new(&self.file.source, start + range.start..start + range.end);
        self.findings.push(Finding {
            rule,
            revision: self.file.revision,
            dialects: vec![self.dialect],
            place,
            statement: self.statement.clone(),
            message,
            effect: rule.effect,
            evidence: Evidence::Read,
            rewrite,
        });
    }

    /// The statements after this one, read.
    fn any_later(&self, is: impl Fn(&Ddl<'_>) -> bool) -> bool {
        self.later.iter().any(|range| {
            let words = Words::of(self.dialect, &self.revision.text()[range.clone()]);
            ddl::read(words.reader()).is_some_and(|ddl| is(&ddl))
        })
    }
}
