use migrate_chain::lint::Severity;
use migrate_render::Style;

use super::parts::counted;
use crate::review::Review;

pub fn report(review: &Review, style: Style) -> String {
    let mut text = String::new();
    for finding in &review.findings {
        text.push_str(&migrate_render::finding(finding, style));
        text.push_str("\n\n");
    }
    text.push_str(&summary(review));
    text.push('\n');
    text
}

/// One line: how many findings there are in how many revisions, and where they were measured.
pub fn summary(review: &Review) -> String {
    let of = |severity: Severity| {
        let findings = review.findings.iter();
        findings
            .filter(|finding| finding.rule.severity == severity)
            .count()
    };
    let mut counts = Vec::new();
    for (severity, word) in [(Severity::Error, "error"), (Severity::Warning, "warning")] {
        if of(severity) > 0 {
            counts.push(counted(of(severity), word));
        }
    }
    if counts.is_empty() {
        counts.push("no findings".to_owned());
    }
    if review.accepted > 0 {
        counts.push(format!("{} accepted", review.accepted));
    }
    let measured = match &*review.servers {
        [] => "read, not measured".to_owned(),
        servers => format!("measured on {}", servers.join(", ")),
    };
    format!(
        "{} in {}; {measured}",
        counts.join(", "),
        counted(review.revisions, "revision")
    )
}
