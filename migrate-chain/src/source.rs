//! Files, and places in them.

use std::ops::Range;
use std::sync::Arc;

/// A file of the migration directory: the path it is shown by, and its text as it is on disk.
///
/// Offsets into the text count bytes of the file, byte order mark and carriage returns included, so that a range taken
/// at build time is valid for what `include_str!` embeds. Lines and columns are derived when somebody wants to see them.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    path: String,
    text: String,
}

impl Source {
    /// A file shown as `path` that holds `text`.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
        }
    }

    /// The path as diagnostics show it.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text, byte order mark included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line and column of a byte offset; an offset past the end is that of the end.
    pub fn position(&self, offset: usize) -> Position {
        Position::of(&self.text, offset)
    }

    pub(crate) fn into_text(self: Arc<Self>) -> String {
        Arc::try_unwrap(self).map_or_else(|shared| shared.text.clone(), |source| source.text)
    }
}

/// A place in a text as an editor shows it: both numbers start at 1, and columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters. A byte order mark takes no column.
    pub column: usize,
}

impl Position {
    /// The position of byte `offset` in `text`. An offset inside a character counts as the character's start, one past
    /// the end as the end.
    ///
    /// ```
    /// use migrate_chain::Position;
    ///
    /// assert_eq!(Position::of("a\r\nbé!", 6), Position { line: 2, column: 3 });
    /// ```
    pub fn of(text: &str, offset: usize) -> Self {
        let before = &text[..text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        // The end of a line is one place, whether LF or CRLF ends it.
        let shown = if text[before.len()..].starts_with('\n') {
            before.strip_suffix('\r').unwrap_or(before)
        } else {
            before
        };
        let column = shown[line_start..]
            .trim_start_matches(BYTE_ORDER_MARK)
            .chars()
            .count()
            + 1;
        let line = before.bytes().filter(|&byte| byte == b'\n').count() + 1;
        Self { line, column }
    }
}

/// A range of bytes in a source: what a diagnostic points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// The bytes meant.
    pub range: Range<usize>,
}

impl Place {
    /// The bytes `range` of `source`.
    pub fn new(source: &Arc<Source>, range: Range<usize>) -> Self {
        Self {
            source: Arc::clone(source),
            range,
        }
    }

    /// A whole file or directory, for what has no line: it cannot be read, or it should not be there.
    pub fn whole(path: impl Into<String>) -> Self {
        Self {
            source: Arc::new(Source::new(path, "")),
            range: 0..0,
        }
    }

    /// Whether it names a file as a whole, with no line to show.
    pub fn is_whole_file(&self) -> bool {
        self.source.text.is_empty()
    }

    /// The start of the range.
    pub fn position(&self) -> Position {
        self.source.position(self.range.start)
    }
}

/// The mark that some editors put before the first character of a file.
pub const BYTE_ORDER_MARK: char = '\u{feff}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_lines_and_characters_from_one() {
        let text = "\u{feff}ab\r\nçd\n\nx";
        let at = |needle: &str| {
            Position::of(text, text.find(needle).expect("the needle is in the text"))
        };
        assert_eq!(at("a"), Position { line: 1, column: 1 });
        assert_eq!(at("b"), Position { line: 1, column: 2 });
        assert_eq!(at("d"), Position { line: 2, column: 2 });
        assert_eq!(at("x"), Position { line: 4, column: 1 });
        assert_eq!(at("\r\n"), Position { line: 1, column: 3 });
        assert_eq!(at("\nçd"), Position { line: 1, column: 3 });
    }

    #[test]
    fn an_offset_off_the_text_is_its_end_and_one_inside_a_character_its_start() {
        assert_eq!(Position::of("ab", 99), Position { line: 1, column: 3 });
        assert_eq!(Position::of("éa", 1), Position { line: 1, column: 1 });
    }
}
