//! Findings that somebody has accepted, each with a reason.

use std::ops::Range;

use super::finding::Finding;
use super::rules::{self, RULES};
use crate::input::config::{Allowed, Config};
use crate::sql::marker::Marker;
use crate::suggest::nearest;

/// The findings that `[lint] allow` in migrate.toml and the lines `-- migrate: allow` accept.
#[derive(Clone, Copy, Debug)]
pub struct Allowances<'c> {
    everywhere: &'c [Allowed],
}

/// A code in `[lint] allow` that no rule has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unknown {
    /// The code.
    pub code: String,
    /// The nearest code that a rule has.
    pub nearest: Option<&'static str>,
}

impl<'c> Allowances<'c> {
    /// Those of the settings; the lines in a file are read with each finding.
    pub fn of(config: &'c Config) -> Self {
        Self {
            everywhere: &config.lint.allow,
        }
    }

    /// Whether a finding is accepted: everywhere, or above its statement or its part of the statement.
    pub fn accept(&self, finding: &Finding) -> bool {
        let text = finding.place.source.text();
        let code = finding.rule.code;
        let is_above = |at: usize| above(text, at).any(|allowance| allowance.code == code);
        self.everywhere.iter().any(|allowed| allowed.code == code)
            || is_above(finding.statement.start)
            || is_above(finding.place.range.start)
    }

    /// The codes of the settings that no rule has.
    pub fn unknown(&self) -> impl Iterator<Item = Unknown> {
        let unknown = self
            .everywhere
            .iter()
            .filter(|allowed| rules::rule(&allowed.code).is_none());
        unknown.map(|allowed| Unknown {
            code: allowed.code.clone(),
            nearest: nearest_code(&allowed.code),
        })
    }
}

pub(super) fn nearest_code(code: &str) -> Option<&'static str> {
    let codes = RULES.map(|rule| rule.code);
    nearest(code, &codes)
}

/// A line `-- migrate: allow`.
pub(super) struct Allowance<'t> {
    pub code: &'t str,
    /// The line without the blanks around it.
    pub range: Range<usize>,
}

/// The allowances in the comments right above the line of byte `at`.
pub(super) fn above(text: &str, at: usize) -> impl Iterator<Item = Allowance<'_>> {
    let mut end = text[..at].rfind('\n').unwrap_or(0);
    let lines = std::iter::from_fn(move || {
        let start = text[..end].rfind('\n').map_or(0, |newline| newline + 1);
        let line = &text[start..end];
        let trimmed = line.trim_ascii();
        if end == 0 || !(trimmed.is_empty() || trimmed.starts_with("--")) {
            return None;
        }
        let from = start + (line.len() - line.trim_ascii_start().len());
        end = start.saturating_sub(1);
        Some((trimmed, from..from + trimmed.len()))
    });
    lines.filter_map(|(line, range)| {
        let marker = Marker::read(line).filter(|marker| marker.word == "allow")?;
        let code = marker.rest.split_ascii_whitespace().next()?;
        Some(Allowance { code, range })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn allowances_are_read_from_the_comments_right_above() {
        let text = "\
-- migrate: allow far it is not right above
SELECT 1;

-- migrate: allow one a reason
-- a comment
   -- migrate: allow two another
DROP TABLE t;";
        let at = text.find("DROP").expect("it is there");
        let codes: Vec<&str> = above(text, at).map(|allowance| allowance.code).collect();
        assert_eq!(codes, ["two", "one"]);
        assert_eq!(above("DROP TABLE t", 0).count(), 0);
    }
}
