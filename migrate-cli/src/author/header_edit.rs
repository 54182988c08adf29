//! A change of one value in the header of a revision file, and of nothing else in it.

use std::ops::Range;

/// The text with another `down_revision`; none where the header has no such line.
pub fn with_parents(text: &str, is_rust: bool, parents: &str) -> Option<String> {
    let value = value_of(text, if is_rust { "//!" } else { "--" }, "down_revision")?;
    Some(format!(
        "{}{parents}{}",
        &text[..value.start],
        &text[value.end..]
    ))
}

/// The text with a key set: its value replaced, or a line added after `down_revision`; none without that.
pub fn with_key(text: &str, is_rust: bool, key: &str, value: &str) -> Option<String> {
    let sign = if is_rust { "//!" } else { "--" };
    if let Some(old) = value_of(text, sign, key) {
        return Some(format!("{}{value}{}", &text[..old.start], &text[old.end..]));
    }
    let after = value_of(text, sign, "down_revision")?.end;
    let end = after
        + text[after..]
            .find('\n')
            .map_or(text.len() - after, |length| length + 1);
    let line_end = if text[after..end].ends_with("\r\n") {
        "\r\n"
    } else {
        "\n"
    };
    Some(format!(
        "{}{sign} {key}: {value}{line_end}{}",
        &text[..end],
        &text[end..]
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
    fn a_key_is_replaced_or_added() {
        let text = "-- revision: b2\r\n-- down_revision: a1\r\n\r\n-- migrate: upgrade\r\n";
        let added = with_key(text, false, "replaced_digest", "d1").expect("there is a header");
        assert_eq!(
            added,
            text.replace("a1\r\n", "a1\r\n-- replaced_digest: d1\r\n")
        );
        let again =
            with_key(&added, false, "replaced_digest", "d1, d2").expect("there is a header");
        assert_eq!(again, added.replace("d1", "d1, d2"));
    }

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
