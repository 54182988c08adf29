//! Characters that a terminal, an editor or a browser would act on instead of showing them.

use std::borrow::Cow;
use std::fmt::Write as _;

use migrate_chain::sql::is_control;

/// A text with each control character written out, as `\u{1b}`: those of ASCII and of Latin-1, those that turn the
/// direction of writing, the line ends of Unicode, and code points that are not characters. Line feeds and tabs stay.
///
/// Messages, file names and what a database says can hold anything. Whatever shows them passes them through here once.
///
/// ```
/// use migrate_render::visible;
///
/// assert_eq!(visible("Create users"), "Create users");
/// assert_eq!(visible("\u{1b}[2J\u{202e}"), r"\u{1b}[2J\u{202e}");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |out, c| {
        let _ = write!(out, "{}", c.escape_unicode());
    })
}

/// A JSON text in which each such character is written as `\u001b`: the same JSON, safe to look at. Like every
/// JSON text, it must have none outside its strings.
///
/// ```
/// assert_eq!(migrate_render::visible_json("\"\u{9b}\""), r#""\u009b""#);
/// ```
pub fn visible_json(text: &str) -> Cow<'_, str> {
    escaped(text, |out, c| {
        let mut units = [0; 2];
        for unit in c.encode_utf16(&mut units) {
            let _ = write!(out, "\\u{unit:04x}");
        }
    })
}

/// Whether a character is shown as an escape. A program may use code points that are not characters for itself, as the
/// command line does.
pub(crate) fn is_hidden(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{fdd0}'..='\u{fdef}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => true,
        _ => is_control(c),
    }
}

fn escaped(text: &str, escape: impl Fn(&mut String, char)) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_hidden(c) {
            escape(&mut out, c);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The same for a source text that places point into: each such character becomes one of as many bytes. Those of one
/// byte are left to the renderer, which has pictures for them.
pub(crate) fn visible_source(text: &str) -> Cow<'_, str> {
    let is_long = |c: char| is_hidden(c) && c.len_utf8() > 1;
    if !text.contains(is_long) {
        return Cow::Borrowed(text);
    }
    let same_length = |c: char| match c.len_utf8() {
        _ if !is_long(c) => c,
        2 => '\u{b7}',
        _ => char::REPLACEMENT_CHARACTER,
    };
    Cow::Owned(text.chars().map(same_length).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_acts_on_is_left() {
        let hostile: String = ('\0'..='\u{ffff}')
            .filter(|&c| c.is_control() || is_hidden(c))
            .collect();
        for shown in [visible(&hostile), visible_json(&hostile)] {
            let left: Vec<char> = shown
                .chars()
                .filter(|c| c.is_control() || !c.is_ascii())
                .collect();
            assert_eq!(left, ['\t', '\n'], "{shown}");
        }
        let source = visible_source(&hostile);
        assert_eq!(source.len(), hostile.len());
        assert!(
            !source.contains(|c: char| is_hidden(c) && !c.is_ascii()),
            "{source:?}"
        );
    }

    #[test]
    fn all_other_text_is_left_alone() {
        for text in ["a\tb\n", "Größe 表 🙂 e\u{301} \u{200d}", r"\u{1b}"] {
            assert_eq!(visible(text), text);
            assert_eq!(visible(&visible(text)), text);
        }
    }
}
