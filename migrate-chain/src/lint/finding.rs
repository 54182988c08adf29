use std::ops::Range;

use super::rewrite::Rewrite;
use super::rule::{Effect, Rule};
use crate::Dialect;
use crate::source::Place;

/// Something that a rule has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The revision, by its index in the chain.
    pub revision: usize,
    /// The databases where it is so.
    pub dialects: Vec<Dialect>,
    /// The place it is about: the statement, or a part of it.
    pub place: Place,
    /// The bytes of the whole statement in the file.
    pub statement: Range<usize>,
    /// The fault, in one sentence.
    pub message: String,
    /// The sessions that the statement blocks, and for how long.
    pub effect: Effect,
    /// How that is known.
    pub evidence: Evidence,
    /// The safe way to write it, if there is one.
    pub rewrite: Option<Rewrite>,
}

/// How a finding is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// The text says so.
    Read,
    /// It was run on a server.
    Measured {
        /// The kind and the version of the server, such as `PostgreSQL 17.2`.
        server: String,
        /// Facts seen on the server: each continues a sentence that begins with "it".
        facts: Vec<String>,
    },
}

impl Finding {
    /// Whether it is the same thing at the same place, on whatever database.
    pub fn is_like(&self, other: &Self) -> bool {
        self.rule == other.rule
            && self.place == other.place
            && self.message == other.message
            && self.evidence == other.evidence
    }
}

/// Sorts findings by file and place, and joins those that several databases share.
pub fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| (finding.place.range.start, finding.rule.code);
        let path = |finding: &Finding| finding.place.source.path().to_owned();
        (path(a), key(a)).cmp(&(path(b), key(b)))
    });
    findings.dedup_by(|next, first| {
        let same = first.is_like(next);
        if same {
            let new = next
                .dialects
                .iter()
                .filter(|it| !first.dialects.contains(it));
            let new: Vec<Dialect> = new.copied().collect();
            first.dialects.extend(new);
        }
        same
    });
}
