//! The commands that clients read before a server does: MySQL's `DELIMITER`, and psql's meta-commands.

use super::{Lexed, Tokens, WORD};
use crate::Dialect;
use crate::sql::marker;
use crate::sql::token::TokenKind;

impl Tokens<'_> {
    /// The mysql client looks for its delimiter at every byte outside of quotes and comments, inside words too.
    pub(super) fn find_delimited(&mut self, start: usize) -> Lexed {
        let Some((from, to)) = self.delimiter else {
            return self.find_plain(start);
        };
        let (text, delimiter) = (self.text, &self.text[from..to]);
        if text[start..].starts_with(delimiter) {
            return Lexed::new(TokenKind::Delimiter, start + delimiter.len());
        }
        let found = self.find_plain(start);
        if matches!(
            found.kind,
            TokenKind::Word | TokenKind::Number | TokenKind::Parameter
        ) {
            let mut inside = start + 1..found.end;
            let cut = inside.find(|at| self.bytes[*at..].starts_with(delimiter.as_bytes()));
            return Lexed {
                end: cut.unwrap_or(found.end),
                ..found
            };
        }
        found
    }

    pub(super) fn is_delimiter_command(&self, start: usize, end: usize) -> bool {
        self.fresh
            && self.dialect == Dialect::MySql
            && matches!(self.byte(end), 0 | b' ' | b'\t'..=b'\r')
            && self.bytes[start..end].eq_ignore_ascii_case(b"delimiter")
    }

    pub(super) fn delimiter_command(&mut self, start: usize, word_end: usize) -> Lexed {
        let end = self.text[start..]
            .find('\n')
            .map_or(self.text.len(), |length| start + length);
        let mut from = word_end;
        while from < end && matches!(self.bytes[from], b' ' | b'\t'..=b'\r') {
            from += 1;
        }
        let mut to = from;
        while to < end && !matches!(self.bytes[to], b' ' | b'\t'..=b'\r') {
            to += 1;
        }
        match &self.text[from..to] {
            "" => {}
            ";" => self.delimiter = None,
            _ => self.delimiter = Some((from, to)),
        }
        Lexed::new(TokenKind::DelimiterCommand, end)
    }

    /// psql takes a backslash outside of quotes for a command, wherever it is. No other client does, but nothing else
    /// begins with one at the start of a line.
    pub(super) fn backslash(&self, start: usize) -> Lexed {
        let elsewhere = self.dialect != Dialect::Postgres && !marker::opens_line(self.bytes, start);
        if elsewhere || !self.is_command(start) {
            return Lexed::new(TokenKind::Unknown, start + 1);
        }
        let length = self.text[start..].find(['\n', '\r']);
        let end = length.map_or(self.text.len(), |length| start + length);
        let kind = if is_of_a_dump(&self.text[start..end]) && marker::opens_line(self.bytes, start)
        {
            TokenKind::LineComment
        } else {
            TokenKind::MetaCommand
        };
        Lexed::new(kind, end)
    }

    fn is_command(&self, start: usize) -> bool {
        match self.byte(start + 1) {
            // In MySQL it may be NULL.
            b'N' => self.dialect != Dialect::MySql || WORD[self.byte(start + 2) as usize],
            b'a'..=b'z' | b'A'..=b'Z' | b'!' | b'?' | b'.' | b'\\' | b';' => true,
            _ => false,
        }
    }
}

/// Whether a line only keeps psql from other commands while it reads a dump: to all else it is a comment.
fn is_of_a_dump(line: &str) -> bool {
    let mut words = line.split_ascii_whitespace();
    matches!(words.next(), Some("\\restrict" | "\\unrestrict")) && words.count() <= 1
}
