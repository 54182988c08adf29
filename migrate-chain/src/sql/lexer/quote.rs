//! Strings, quoted identifiers and dollar quotes.

use super::{Escaped, Lexed, Tokens, WORD};
use crate::Dialect;
use crate::sql::token::TokenKind;

impl Tokens<'_> {
    /// The string whose prefix begins at `start` and whose quote is at `quote`.
    pub(super) fn string(&mut self, start: usize, quote: usize) -> Lexed {
        let escapes = match self.dialect {
            Dialect::Sqlite => false,
            Dialect::Postgres if start == quote => self.escaped == Escaped::NextLine,
            Dialect::Postgres => matches!(self.bytes[start], b'e' | b'E'),
            Dialect::MySql => true,
        };
        self.escaped = if escapes && self.dialect == Dialect::Postgres {
            Escaped::SameLine
        } else {
            Escaped::No
        };
        self.quoted(TokenKind::String, quote, escapes)
    }

    pub(super) fn is_string_prefix(&self, at: usize) -> bool {
        match self.bytes[at] {
            b'x' | b'X' => true,
            b'b' | b'B' | b'n' | b'N' => self.dialect != Dialect::Sqlite,
            b'e' | b'E' => self.dialect == Dialect::Postgres,
            _ => false,
        }
    }

    /// `U&'…'` and `U&"…"`.
    pub(super) fn unicode_prefix(&mut self, start: usize) -> Lexed {
        match (self.bytes[start], self.byte(start + 2)) {
            (b'u' | b'U', b'\'') => self.string(start, start + 2),
            (b'u' | b'U', b'"') => self.quoted_identifier(start + 2),
            _ => Lexed::new(TokenKind::Word, start + 1),
        }
    }

    pub(super) fn quoted_identifier(&self, quote: usize) -> Lexed {
        self.quoted(TokenKind::QuotedIdentifier, quote, false)
    }

    pub(super) fn bracketed(&self, start: usize) -> Lexed {
        self.up_to(TokenKind::QuotedIdentifier, start + 1, "]")
    }

    /// The text that the quote at `open` encloses. A doubled quote is one quote.
    fn quoted(&self, kind: TokenKind, open: usize, escapes: bool) -> Lexed {
        let quote = self.bytes[open];
        let mut at = open + 1;
        while at < self.bytes.len() {
            let byte = self.bytes[at];
            if byte == b'\\' && escapes {
                at += 2;
            } else if byte != quote {
                at += 1;
            } else if self.byte(at + 1) == quote {
                at += 2;
            } else {
                return Lexed::new(kind, at + 1);
            }
        }
        Lexed {
            kind,
            end: self.bytes.len(),
            terminated: false,
        }
    }

    pub(super) fn postgres_dollar(&self, start: usize) -> Lexed {
        if self.byte(start + 1).is_ascii_digit() {
            return Lexed::new(TokenKind::Parameter, self.number(start + 1).end);
        }
        let mut at = start + 1;
        while self.byte(at) != b'$' && WORD[self.byte(at) as usize] {
            at += 1;
        }
        if self.byte(at) == b'$' {
            self.up_to(TokenKind::DollarQuote, at + 1, &self.text[start..=at])
        } else {
            Lexed::new(TokenKind::Unknown, start + 1)
        }
    }
}
