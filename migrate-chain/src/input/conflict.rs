//! The markers of a merge that was not finished.

use std::ops::Range;
use std::sync::Arc;

use crate::diagnostic::{Diagnostic, Fault};
use crate::source::{Place, Source};

/// The lines of `text` that are merge-conflict markers, without their line breaks.
///
/// `=======` and `|||||||` count only between `<<<<<<<` and `>>>>>>>`, so that an underlined comment is not a marker.
///
/// ```
/// use migrate_chain::conflict_markers;
///
/// let text = "<<<<<<< ours\nSELECT 1;\n=======\nSELECT 2;\n>>>>>>> theirs\n";
/// let lines: Vec<&str> = conflict_markers(text).into_iter().map(|range| &text[range]).collect();
/// assert_eq!(lines, ["<<<<<<< ours", "=======", ">>>>>>> theirs"]);
/// assert_eq!(conflict_markers("-- Title\n=======\n"), []);
/// ```
pub fn conflict_markers(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // Few texts have either sign, and to look for one byte is far quicker than for seven.
    let may_have = |sign, marker| text.as_bytes().contains(&sign) && text.contains(marker);
    if !may_have(b'<', "<<<<<<<") && !may_have(b'>', ">>>>>>>") {
        return found;
    }
    // The markers after a `<<<<<<<`, which count once its `>>>>>>>` follows.
    let mut middle: Option<Vec<Range<usize>>> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        let range = start..start + bare.len();
        start += line.len();
        match marker(bare) {
            Some(b'<') => {
                middle = Some(Vec::new());
                found.push(range);
            }
            Some(b'>') => {
                found.extend(middle.take().unwrap_or_default());
                found.push(range);
            }
            Some(_) => middle
                .iter_mut()
                .for_each(|middle| middle.push(range.clone())),
            None => {}
        }
    }
    found
}

/// One fault for each conflict with these markers: at the marker that opens it, with the others as related places.
pub fn faults(source: &Arc<Source>, markers: Vec<Range<usize>>) -> Vec<Diagnostic> {
    let mut faults: Vec<Diagnostic> = Vec::new();
    for range in markers {
        let note = match &source.text()[range.clone()] {
            marker if marker.starts_with('|') => "what both sides started from",
            marker if marker.starts_with('=') => "the other side",
            marker if marker.starts_with('>') => "the end of the conflict",
            _ => "",
        };
        let place = Place::new(source, range);
        match faults.pop() {
            Some(open) if !note.is_empty() => faults.push(open.with(place, note)),
            closed => {
                faults.extend(closed);
                faults.push(Diagnostic::new(Fault::ConflictMarker, place));
            }
        }
    }
    faults
}

/// The character of the markerthat `line` is.
fn marker(line: &str) -> Option<u8> {
    let first = *line.as_bytes().first()?;
    let rest = line.trim_start_matches(char::from(first));
    let named = rest.is_empty() || rest.starts_with(' ');
    let fits = match first {
        b'<' | b'>' | b'|' => named,
        b'=' => rest.is_empty(),
        _ => false,
    };
    (fits && line.len() - rest.len() == 7).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_conflict_is_one_fault_with_all_its_markers() {
        let conflict = "<<<<<<< a\n1\n||||||| b\n2\n=======\n3\n>>>>>>> c\n";
        let text = format!(">>>>>>> stray\n{conflict}{conflict}");
        let markers = conflict_markers(&text);
        let found = faults(&Arc::new(Source::new("a.sql", text)), markers);
        let starts: Vec<usize> = found.iter().map(|fault| fault.place.range.start).collect();
        assert_eq!(starts, [0, 14, 14 + conflict.len()]);
        assert_eq!(found[1].related.len(), 3);
    }
}
