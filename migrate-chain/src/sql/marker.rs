//! The comments `-- migrate: statement` and `-- migrate: end`.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Marker {
    Statement,
    End,
}

/// What the line, or the line comment, `text` marks.
pub(super) fn parse(text: &str) -> Option<Marker> {
    let behind_dashes = text.trim_ascii().strip_prefix("--")?;
    let word = behind_dashes
        .trim_ascii_start()
        .strip_prefix("migrate:")?
        .trim_ascii_start();
    // MySQL reads `--migrate` as two minus signs.
    if !behind_dashes.starts_with([' ', '\t']) {
        return None;
    }
    match word {
        "statement" => Some(Marker::Statement),
        "end" => Some(Marker::End),
        _ => None,
    }
}

/// Whether nothing but blanks stands before `at` on its line.
pub(super) fn opens_line(bytes: &[u8], at: usize) -> bool {
    let mut at = at;
    while at > 0 && matches!(bytes[at - 1], b' ' | b'\t') {
        at -= 1;
    }
    at == 0 || matches!(bytes[at - 1], b'\n' | b'\r')
}

/// Where verbatim text that begins at `from` ends, and whether an end marker stands there. Without one it ends at the
/// next statement marker, so that one forgotten end does not swallow what follows.
pub(super) fn verbatim_end(text: &str, from: usize) -> (usize, bool) {
    let mut at = from;
    while at < text.len() {
        let end = text[at..]
            .find('\n')
            .map_or(text.len(), |length| at + length + 1);
        match parse(&text[at..end]) {
            Some(Marker::End) => return (at, true),
            Some(Marker::Statement) => return (at, false),
            None => at = end,
        }
    }
    (text.len(), false)
}
