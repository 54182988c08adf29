//! A statement while the rules look at it.

use std::ops::Range;

use super::super::ddl::{self, Ddl, Name};
use super::super::file::File;
use super::super::finding::{Evidence, Finding};
use super::super::rewrite::Rewrite;
use super::super::rule::Rule;
use super::super::tables::KnownTables;
use super::super::words::{Reader, Words};
use crate::Dialect;
use crate::revision::{ForeignKeys, Revision};
use crate::source::Place;

/// A statement of a revision, and what is known around it.
pub struct Site<'s> {
    pub dialect: Dialect,
    pub deployment: Option<usize>,
    pub tables: &'s KnownTables,
    pub revision: &'s Revision,
    /// The statements after it.
    pub later: &'s [Range<usize>],
    pub file: &'s File,
    /// Its bytes in the file.
    pub statement: Range<usize>,
    pub reader: Reader<'s>,
    pub findings: &'s mut Vec<Finding>,
}

impl Site<'_> {
    /// Whether a table was there before the deployment.
    pub fn is_old(&self, table: &Name) -> bool {
        self.tables.is_old(table, self.deployment)
    }

    pub fn foreign_keys(&self) -> ForeignKeys {
        self.revision.foreign_keys()
    }

    /// Finds something about the whole statement.
    pub fn find(&mut self, rule: &'static Rule, message: String, rewrite: Option<Rewrite>) {
        let all = self.reader;
        self.find_at(rule, &all, message, rewrite);
    }

    /// Finds something about a part of the statement.
    pub fn find_at(
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
    pub fn any_later(&self, is: impl Fn(&Ddl<'_>) -> bool) -> bool {
        self.later.iter().any(|range| {
            let words = Words::of(self.dialect, &self.revision.text()[range.clone()]);
            ddl::read(words.reader()).is_some_and(|ddl| is(&ddl))
        })
    }
}
