use std::ops::Range;

use crate::source::BYTE_ORDER_MARK;
use crate::sql::marker::Marker;
use crate::suggest::nearest;

/// How header lines are marked in a kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentStyle {
    /// `-- …`, in SQL.
    Sql,
    /// `//! …`, in Rust.
    Rust,
}

pub use super::super::keys::NAMES as KEYS;

/// The keys that every revision must have.
pub const REQUIRED: [&str; 2] = ["revision", "down_revision"];

/// A line of the header without its comment sign, and where that text starts in the file.
pub struct Line<'s> {
    pub text: &'s str,
    pub start: usize,
    /// The line as `key: value`, if it looks like one.
    pub entry: Option<(&'s str, &'s str)>,
}

impl<'s> Line<'s> {
    fn new(text: &'s str, start: usize) -> Self {
        let entry = entry(text);
        Self { text, start, entry }
    }

    /// The key before the colon.
    pub fn key(&self) -> Option<&'s str> {
        self.entry.map(|(key, _)| key)
    }

    pub fn range(&self) -> Range<usize> {
        self.start..self.start + self.text.len()
    }
}

/// The header split in its two parts.
pub struct Block<'s> {
    message: Vec<Line<'s>>,
    pub keys: Vec<Line<'s>>,
    pub end: usize,
}

impl<'s> Block<'s> {
    /// The first paragraph is the message and the rest are keys; a line that begins with a key ends the message too,
    /// so that an empty line between the two can be left out.
    pub fn read(text: &'s str, style: CommentStyle) -> Self {
        let mut block = Block {
            message: Vec::new(),
            keys: Vec::new(),
            end: 0,
        };
        let mut in_message = true;
        for line in comment_lines(text, style) {
            let is_sql = style == CommentStyle::Sql;
            if is_sql && !block.keys.is_empty() && Marker::nearly(line.text).is_some() {
                break;
            }
            block.end = line.start + line.text.len();
            let is_key = line.key().is_some_and(|key| known(key).is_some());
            match (in_message, line.text.is_empty()) {
                (true, true) => in_message = block.message.is_empty(),
                (true, false) if !is_key => block.message.push(line),
                (_, true) => {}
                (_, false) => {
                    in_message = false;
                    block.keys.push(line);
                }
            }
        }
        for required in REQUIRED {
            block.find_slip(required);
        }
        block
    }

    /// A required key that is missing may be misspelt in a line that looks like the message.
    fn find_slip(&mut self, required: &str) {
        if self.keys.iter().any(|line| line.key() == Some(required)) {
            return;
        }
        let is_meant = |line: &Line<'_>| line.key().and_then(meant) == Some(required);
        if !self.keys.iter().any(is_meant)
            && let Some(place) = self.message.iter().position(is_meant)
        {
            let line = self.message.remove(place);
            self.keys.insert(0, line);
        }
    }

    pub fn message(&self) -> String {
        self.message
            .iter()
            .map(|line| line.text)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The place to show for a header that lacks something: its first line.
    pub fn first_line(&self) -> Range<usize> {
        self.message
            .first()
            .or(self.keys.first())
            .map_or(0..0, Line::range)
    }
}

/// The comment lines at the top of a file, up to the first line of another kind or the first section marker.
fn comment_lines(text: &str, style: CommentStyle) -> impl Iterator<Item = Line<'_>> {
    let sign = match style {
        CommentStyle::Sql => "--",
        CommentStyle::Rust => "//!",
    };
    let after_mark = text.trim_start_matches(BYTE_ORDER_MARK);
    let mut start = text.len() - after_mark.len();
    let mut begun = false;
    after_mark
        .split_inclusive('\n')
        .map_while(move |raw| {
            let line_start = start;
            start += raw.len();
            let trimmed = raw.trim_ascii();
            if trimmed.is_empty() && !begun {
                return Some(None);
            }
            begun = true;
            let comment = trimmed.strip_prefix(sign)?.trim_ascii();
            if style == CommentStyle::Sql
                && Marker::read(trimmed).is_some_and(|marker| marker.is_well_formed)
            {
                return None;
            }
            let offset = line_start + (comment.as_ptr() as usize - raw.as_ptr() as usize);
            Some(Some(Line::new(comment, offset)))
        })
        .flatten()
}

/// Splits `key: value` where the key looks like one.
fn entry(line: &str) -> Option<(&str, &str)> {
    let bytes = line.as_bytes();
    let mut end = 0;
    while end < bytes.len()
        && (bytes[end].is_ascii_alphanumeric() || matches!(bytes[end], b'_' | b'-'))
    {
        end += 1;
    }
    let (key, rest) = line.split_at(end);
    let value = rest.trim_ascii_start().strip_prefix(':')?;
    (!key.is_empty()).then(|| (key, value.trim_ascii()))
}

/// Whether a line tells that its file is meant to be a revision.
pub fn is_telling(line: &Line<'_>) -> bool {
    let required = |key| meant(key).is_some_and(|meant| REQUIRED.contains(&meant));
    line.key()
        .is_some_and(|key| known(key).is_some() || required(key))
}

/// The key itself, or the one that it was likely meant to be: the distance to each is only computed for a slip.
pub fn meant(key: &str) -> Option<&'static str> {
    known(key).or_else(|| nearest(key, &KEYS))
}

pub fn known(key: &str) -> Option<&'static str> {
    KEYS.into_iter().find(|known| *known == key)
}
