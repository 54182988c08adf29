//! Parts that several formats have in common.

use migrate_chain::lint::Finding;

/// A number of things: `1 finding`, `2 findings`.
pub fn counted(number: usize, thing: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {thing}{s}")
}

/// The first and the last line of a finding, and their columns.
pub(super) struct Span {
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

impl Span {
    pub fn of(finding: &Finding) -> Self {
        let place = &finding.place;
        let (start, end) = (place.position(), place.source.position(place.range.end));
        Self {
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    }
}
