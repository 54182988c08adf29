#![doc = include_str!("../README.md")]

mod visible;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use migrate_chain::lint::{Blocks, Evidence, Finding, Severity};
use migrate_chain::source::BYTE_ORDER_MARK;
use migrate_chain::{Diagnostic, Place};
pub use visible::{visible, visible_json};

/// Whether text comes with terminal colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without.
    Plain,
    /// With ANSI escape sequences.
    Coloured,
}

/// One diagnostic as rustc would show it, without a newline at the end.
///
/// ```
/// use migrate_chain::diagnostic::{Diagnostic, Fault};
/// use migrate_chain::Place;
/// use migrate_render::{Style, text};
///
/// let diagnostic = Diagnostic::new(Fault::NotARevision, Place::whole("migrations/a.sql"));
/// assert!(text(&diagnostic, Style::Plain).starts_with("error[not-a-revision]: this file is in a versions directory"));
/// ```
pub fn text(diagnostic: &Diagnostic, style: Style) -> String {
    let (message, help) = (diagnostic.message(), diagnostic.help());
    let level = if diagnostic.is_warning() {
        Level::WARNING
    } else {
        Level::ERROR
    };
    let title = level.primary_title(visible(&message)).id(diagnostic.code());
    let mut group = Group::with_title(title);
    let label = diagnostic.label();
    for places in by_file(diagnostic, label.as_deref()) {
        group = add(group, &places);
    }
    group = group.element(Level::HELP.message(visible(&help)));
    render(&[group], style)
}

/// A message with a place in a text, in the same form: what the runtime's errors print.
///
/// `notes` are printed below the source line, each with its level.
pub fn located(
    message: &str,
    place: &Place,
    label: Option<&str>,
    notes: &[(Level<'_>, &str)],
    style: Style,
) -> String {
    let group = Group::with_title(Level::ERROR.primary_title(visible(message)));
    let mut group = add(
        group,
        &[Marked {
            place,
            label,
            primary: true,
        }],
    );
    for (level, note) in notes {
        group = group.element(level.clone().message(visible(note)));
    }
    render(&[group], style)
}

/// A finding of a review in the same form, without a newline at the end: what it blocks is said at its place.
///
/// ```
/// use migrate_chain::lint::{Evidence, Finding, rule};
/// use migrate_chain::{Dialect, Place};
/// use migrate_render::{Style, finding};
///
/// let rule = rule("drop-table").expect("there is one");
/// let found = Finding {
///     rule,
///     revision: 0,
///     dialects: vec![Dialect::Sqlite],
///     place: Place::whole("migrations/a.sql"),
///     statement: 0..0,
///     message: "the table `t` is dropped with its rows".into(),
///     effect: rule.effect,
///     evidence: Evidence::Read,
///     rewrite: None,
/// };
/// assert!(finding(&found, Style::Plain).starts_with("error[drop-table]: the table `t` is dropped with its rows"));
/// ```
pub fn finding(finding: &Finding, style: Style) -> String {
    let level = match finding.rule.severity {
        Severity::Warning => Level::WARNING,
        Severity::Error => Level::ERROR,
    };
    let title = level.primary_title(visible(&finding.message));
    let label = (finding.effect.blocks != Blocks::Nothing).then(|| finding.effect.to_string());
    let (place, primary) = (&finding.place, true);
    let marked = Marked {
        place,
        label: label.as_deref(),
        primary,
    };
    let mut group = add(Group::with_title(title.id(finding.rule.code)), &[marked]);
    let known = known(finding);
    group = group.element(Level::NOTE.message(visible(&known)));
    let rewrite = finding
        .rewrite
        .as_ref()
        .map(|rewrite| format!("write instead:\n{rewrite}"));
    let help = rewrite.unwrap_or_else(|| finding.rule.why.to_owned());
    group = group.element(Level::HELP.message(visible(&help)));
    render(&[group], style)
}

/// How a finding is known, in a sentence.
pub fn known(finding: &Finding) -> String {
    match &finding.evidence {
        Evidence::Read => {
            let names: Vec<&str> = finding
                .dialects
                .iter()
                .map(|dialect| dialect.name())
                .collect();
            format!("read in the SQL for {}", names.join(", "))
        }
        Evidence::Measured { server, facts } => {
            format!("measured on {server}: it {}", facts.join(" and "))
        }
    }
}

/// One diagnostic as a JSON object on one line, its fields as `docs/diagnostics.md` lists them.
pub fn json(diagnostic: &Diagnostic) -> String {
    let mut out = String::from("{");
    field(&mut out, "code", diagnostic.code());
    field(&mut out, "message", &diagnostic.message());
    json_place(&mut out, &diagnostic.place);
    field(&mut out, "help", &diagnostic.help());
    out.push_str("\"related\":[");
    for (n, related) in diagnostic.related.iter().enumerate() {
        out.push_str(if n == 0 { "{" } else { ",{" });
        json_place(&mut out, &related.place);
        field(&mut out, "message", &related.note);
        out.pop();
        out.push('}');
    }
    out.push_str("]}");
    match visible_json(&out) {
        Cow::Borrowed(_) => out,
        Cow::Owned(shown) => shown,
    }
}

/// A place to show, and what is said there.
struct Marked<'d> {
    place: &'d Place,
    label: Option<&'d str>,
    primary: bool,
}

/// The places of a diagnostic, those in one file together, the file of the fault itself first.
fn by_file<'d>(diagnostic: &'d Diagnostic, label: Option<&'d str>) -> Vec<Vec<Marked<'d>>> {
    let mut files: Vec<Vec<Marked<'d>>> = vec![vec![Marked {
        place: &diagnostic.place,
        label,
        primary: true,
    }]];
    for related in &diagnostic.related {
        let marked = Marked {
            place: &related.place,
            label: Some(&related.note),
            primary: false,
        };
        let same = files
            .iter_mut()
            .find(|places| places[0].place.source.path() == related.place.source.path());
        match same {
            Some(places) => places.push(marked),
            None => files.push(vec![marked]),
        }
    }
    files
}

fn add<'d>(group: Group<'d>, places: &[Marked<'d>]) -> Group<'d> {
    let source = &places[0].place.source;
    if places[0].place.is_whole_file() {
        return group.element(Origin::path(visible(source.path())));
    }
    let shown = source.text().trim_start_matches(BYTE_ORDER_MARK);
    let shift = source.text().len() - shown.len();
    let source_text: Cow<'_, str> = visible::visible_source(shown);
    let mut snippet = Snippet::source(source_text).path(visible(source.path()));
    for marked in places {
        let kind = if marked.primary {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let range = first_line(shown, &marked.place.range, shift);
        let label = marked.label.map(visible);
        snippet = snippet.annotation(kind.span(range).label(label));
    }
    group.element(snippet)
}

/// The part of a range on its first line, as offsets without a byte order mark: a caret says more than a whole statement
/// drawn in the margin.
fn first_line(text: &str, range: &Range<usize>, shift: usize) -> Range<usize> {
    let start = text.floor_char_boundary(range.start.saturating_sub(shift));
    let end = text
        .floor_char_boundary(range.end.saturating_sub(shift))
        .max(start);
    let line = text[start..end].lines().next().unwrap_or_default();
    start..start + line.trim_end().len()
}

fn render(groups: &[Group<'_>], style: Style) -> String {
    match style {
        Style::Plain => Renderer::plain().render(groups),
        Style::Coloured => Renderer::styled().render(groups),
    }
}

fn json_place(out: &mut String, place: &Place) {
    field(out, "file", place.source.path());
    if place.is_whole_file() {
        out.push_str("\"line\":null,\"column\":null,\"end_line\":null,\"end_column\":null,");
        return;
    }
    let (start, end) = (place.position(), place.source.position(place.range.end));
    let _ = write!(
        out,
        "\"line\":{},\"column\":{},\"end_line\":{},\"end_column\":{},",
        start.line, start.column, end.line, end.column
    );
}

/// Writes `"name":"value",`.
fn field(out: &mut String, name: &str, value: &str) {
    let _ = write!(out, "\"{name}\":\"");
    for c in value.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push_str("\",");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use migrate_chain::Source;

    use super::*;

    #[test]
    fn no_control_character_of_a_file_or_a_database_reaches_the_terminal() {
        let hostile = "a\u{1b}]0;x\u{7}\r\u{9b}2J\u{85}\u{202e}b\u{2028}c";
        let source = Arc::new(Source::new(format!("dir/{hostile}.sql"), hostile));
        let place = Place::new(&source, hostile.len() - 1..hostile.len());
        let notes = [(Level::NOTE, hostile), (Level::HELP, hostile)];
        let plain = located(hostile, &place, Some(hostile), &notes, Style::Plain);
        assert!(!plain.contains(visible::is_hidden), "{plain:?}");
        let coloured = located(hostile, &place, Some(hostile), &notes, Style::Coloured);
        for (at, _) in coloured.match_indices(visible::is_hidden) {
            let rest = &coloured[at..];
            let is_colour = rest.starts_with("\u{1b}[")
                && rest[2..]
                    .trim_start_matches(|c: char| c.is_ascii_digit() || c == ';')
                    .starts_with('m');
            assert!(is_colour, "{rest:?}");
        }
        let whole = Place::whole(format!("dir/{hostile}.sql"));
        assert!(!located(hostile, &whole, None, &[], Style::Plain).contains(visible::is_hidden));
    }
}
