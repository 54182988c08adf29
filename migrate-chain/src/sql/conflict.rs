//! What a merge leaves in a file that nobody resolved.

use std::ops::Range;

/// The lines of `text` that are merge-conflict markers, without their line breaks.
///
/// `=======` and `|||||||` count only between `<<<<<<<` and `>>>>>>>`, so that an underlined comment is none.
///
/// ```
/// use migrate_chain::sql::conflict_markers;
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
    // The markers behind a `<<<<<<<` that count once its `>>>>>>>` shows.
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

/// The character of the marker that `line` is.
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
