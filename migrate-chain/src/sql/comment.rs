//! Text of ours as a comment in SQL.

/// A text as a comment of one line, `-- …`. Nothing in it can end the comment, in a database or in its client: a message
/// or the name of a table may hold any character.
///
/// ```
/// use migrate_chain::sql::comment;
///
/// assert_eq!(comment("Create users"), "-- Create users");
/// assert_eq!(comment("innocent\rDROP TABLE users; -- */"), "-- innocent DROP TABLE users; -- * /");
/// ```
pub fn comment(text: &str) -> String {
    format!("-- {}", comment_text(text)).trim_end().to_owned()
}

/// The text of a comment, for one whose sign is written elsewhere. Line ends of any kind and control characters become a
/// blank, and the signs of block comments are broken.
///
/// ```
/// assert_eq!(migrate_chain::sql::comment_text("a\u{2028}b /* c */"), "a b / * c * /");
/// ```
pub fn comment_text(text: &str) -> String {
    let blank = |c: char| if is_control(c) { ' ' } else { c };
    let line: String = text.chars().map(blank).collect();
    line.trim().replace("*/", "* /").replace("/*", "/ *")
}

/// The lines of a text, whatever ends them: what `str::lines` splits at, a carriage return alone, a form feed, a vertical
/// tab, and the line ends of Unicode.
///
/// ```
/// use migrate_chain::sql::lines_of_any_kind;
///
/// assert_eq!(lines_of_any_kind("a\r\nb\rc\u{2028}d").collect::<Vec<_>>(), ["a", "b", "c", "d"]);
/// ```
pub fn lines_of_any_kind(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    text.split(ends).filter(|line| !line.trim().is_empty())
}

/// Whether a character acts on what shows it: a control character, a line end of Unicode, or one that turns the direction
/// of writing, so that a reader sees another text than a database.
pub fn is_control(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dialect;
    use crate::sql::split;

    #[test]
    fn nothing_in_a_comment_is_a_statement() {
        let hostile =
            ('\0'..='\u{30ff}').map(|c| format!("innocent{c}DROP TABLE users; /* {c} */{c}-- "));
        for text in hostile {
            let comment = comment(&text);
            assert!(
                !comment.contains(is_control) && !comment.contains("*/"),
                "{comment:?}"
            );
            for dialect in Dialect::ALL {
                assert_eq!(split(dialect, &comment).count(), 0, "{comment:?}");
            }
        }
    }
}
