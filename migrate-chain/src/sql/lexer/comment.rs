//! Comments, and what only looks like one: executable text and statement markers.

use super::{Lexed, Tokens};
use crate::Dialect;
use crate::sql::marker::{self, Bound};
use crate::sql::token::TokenKind;

impl Tokens<'_> {
    /// MySQL requires white space or a control character after the dashes, so that `5--1` is a subtraction.
    pub(super) fn opens_line_comment(&self, start: usize) -> bool {
        self.byte(start + 1) == b'-'
            && (self.dialect != Dialect::MySql || matches!(self.byte(start + 2), 0..=b' ' | 0x7f))
    }

    pub(super) fn line_comment(&mut self, start: usize) -> Lexed {
        let rest = &self.text[start..];
        let length = match self.dialect {
            Dialect::Postgres => rest.find(['\n', '\r']),
            Dialect::Sqlite | Dialect::MySql => rest.find('\n'),
        };
        let end = length.map_or(self.text.len(), |length| start + length);
        match marker::parse(&self.text[start..end]) {
            Some(marker) if marker::opens_line(self.bytes, start) => self.marker(marker, end),
            _ => Lexed::new(TokenKind::LineComment, end),
        }
    }

    fn marker(&mut self, marker: Bound, end: usize) -> Lexed {
        match marker {
            Bound::Statement => {
                let verbatim = marker::verbatim_end(self.text, end);
                self.verbatim = Some(verbatim);
                Lexed {
                    kind: TokenKind::StatementMarker,
                    end,
                    terminated: verbatim.1,
                }
            }
            Bound::End => Lexed {
                kind: TokenKind::EndMarker,
                end,
                terminated: self.verbatim.take().is_some(),
            },
        }
    }

    pub(super) fn block_comment(&mut self, start: usize) -> Lexed {
        match self.dialect {
            Dialect::Sqlite => self.up_to(TokenKind::BlockComment, start + 2, "*/"),
            Dialect::Postgres => self.nested_comment(start),
            Dialect::MySql => self.mysql_comment(start),
        }
    }

    fn nested_comment(&self, start: usize) -> Lexed {
        let (mut at, mut depth) = (start + 2, 1_usize);
        while at < self.bytes.len() {
            match (self.bytes[at], self.byte(at + 1)) {
                (b'/', b'*') => (at, depth) = (at + 2, depth + 1),
                (b'*', b'/') if depth == 1 => return Lexed::new(TokenKind::BlockComment, at + 2),
                (b'*', b'/') => (at, depth) = (at + 2, depth - 1),
                _ => at += 1,
            }
        }
        Lexed {
            kind: TokenKind::BlockComment,
            end: self.bytes.len(),
            terminated: false,
        }
    }

    /// The content of `/*! … */` is executed, so its tokens count: a string in it may hold `*/`.
    fn mysql_comment(&mut self, start: usize) -> Lexed {
        let bang = if self.byte(start + 2) == b'M' {
            start + 3
        } else {
            start + 2
        };
        if self.byte(bang) != b'!' {
            return self.up_to(TokenKind::BlockComment, start + 2, "*/");
        }
        self.executable = true;
        let mut end = bang + 1;
        while end <= bang + 6 && self.byte(end).is_ascii_digit() {
            end += 1;
        }
        Lexed::new(TokenKind::ExecutableOpen, end)
    }

    pub(super) fn executable_close(&mut self, start: usize) -> Lexed {
        self.executable = false;
        Lexed::new(TokenKind::ExecutableClose, start + 2)
    }
}
