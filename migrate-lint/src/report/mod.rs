//! A review as text, and as what programs and code hosts read.

mod github;
mod json;
mod markdown;
mod parts;
mod sarif;
mod text;

use migrate_chain::Chain;
use migrate_chain::lint::RULES;
use migrate_render::Style;

use crate::review::Review;

pub use self::parts::counted;

/// A form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people, as the diagnostics of a build.
    Text(Style),
    /// A JSON document.
    Json,
    /// Annotations of GitHub Actions, a line each.
    Github,
    /// A SARIF 2.1.0 document.
    Sarif,
    /// A comment for a pull request.
    Markdown,
}

/// The report of a review, with a newline at the end of each line. `schema` is the change of the schema for a comment, as a
/// diff; empty if there is nothing to show.
pub fn report(chain: &Chain, review: &Review, format: Format, schema: &str) -> String {
    match format {
        Format::Text(style) => text::report(review, style),
        Format::Json => json::report(chain, review),
        Format::Github => github::report(review),
        Format::Sarif => sarif::report(review),
        Format::Markdown => markdown::report(chain, review, schema),
    }
}

/// The rules as a table of `docs/lint.md`, a row for each database of each rule.
pub fn markdown_table() -> String {
    let mut rows = String::new();
    for rule in RULES {
        rows.push_str(&markdown::rule(rule));
    }
    rows
}
