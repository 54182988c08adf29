//! Annotations of GitHub Actions: workflow commands on standard output.

use std::fmt::Write as _;

use migrate_render::known;

use super::parts::Span;
use super::text::summary;
use crate::review::Review;

pub fn report(review: &Review) -> String {
    let mut text = String::new();
    for finding in &review.findings {
        let span = Span::of(finding);
        let mut body = format!("{}\n{}", finding.message, known(finding));
        if let Some(rewrite) = &finding.rewrite {
            let _ = write!(body, "\nWrite instead:\n{rewrite}");
        }
        let _ = writeln!(
            text,
            "::{} file={},line={},endLine={},col={},title={}::{}",
            finding.rule.severity.name(),
            property(finding.place.source.path()),
            span.line,
            span.end_line,
            span.column,
            property(finding.rule.code),
            data(&body)
        );
    }
    let _ = writeln!(
        text,
        "::notice title=cargo migrate lint::{}",
        data(&summary(review))
    );
    text
}

/// The message of a command, on one line.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a command, which a colon or a comma would end.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
