//! A change of one value in the header of a revision file, and of nothing else in it.

use std::ops::Range;

/// The text with another `down_revision`; none where the header has no such line.
pub(crate) fn with_parents(text: &str, is_rust: bool, parents: &str) -> Option<String> {
    let value = value_of(text, if is_rust { "//!" } else { "--" }, "down_revision")?;
    Some(format!(
        "{}{parents}{}",
        &text[..value.start],
        &text[value.end..]
    ))
}

/// The bytes of the value of a key.
fn value_of(text: &str, sign: &str, key: &str) -> Option<Range<usize>> {
    let mut start = 0;
    for raw in text.split_inclusive('\n') {
        let line = raw.trim_start_matches('\u{feff}').trim();
        let is_header = line.is_empty() || line.starts_with(sign);
        if !is_header {
            return None;
        }
        let comment = line.strip_prefix(sign).unwrap_or_default().trim_start();
        let value = comment
            .strip_prefix(key)
            .map(str::trim_start)
            .and_then(|rest| rest.strip_prefix(':'));
        if let Some(value) = value.map(str::trim) {
            let at = start + (value.as_ptr() as usize - raw.as_ptr() as usize);
            return Some(at..at + value.len());
        }
        start += raw.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_value_changes() {
        let text = "\u{feff}-- Create\r\n--\r\n-- revision: b2\r\n--   down_revision :  a1, a0 \t\r\n\r\n-- migrate: upgrade\r\n-- down_revision: x\r\n";
        let changed = with_parents(text, false, "c3").expect("there is a header");
        assert_eq!(changed, text.replace("a1, a0", "c3"));
        let rust = "//! Fill\n//!\n//! revision: b2\n//! down_revision: none\n\nfn f() {}\n";
        assert_eq!(
            with_parents(rust, true, "a1"),
            Some(rust.replace("none", "a1"))
        );
        assert_eq!(
            with_parents(
                "-- revision: b2\nSELECT 1; -- down_revision: a\n-- down_revision: a\n",
                false,
                "c"
            ),
            None
        );
    }
}
