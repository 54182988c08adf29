//! Words, numbers and variables.

use super::{Lexed, Tokens, WORD};
use crate::Dialect;
use crate::sql::token::TokenKind;

impl Tokens<'_> {
    pub(super) fn word(&mut self, start: usize) -> Lexed {
        let end = self.word_end(start);
        match self.byte(end) {
            b'\'' if end == start + 1 && self.is_string_prefix(start) => self.string(start, end),
            b'&' if end == start + 1 && self.dialect == Dialect::Postgres => {
                self.unicode_prefix(start)
            }
            _ if self.is_delimiter_command(start, end) => self.delimiter_command(start, end),
            _ => Lexed::new(TokenKind::Word, end),
        }
    }

    fn word_end(&self, start: usize) -> usize {
        let mut end = start;
        while end < self.bytes.len() && WORD[self.bytes[end] as usize] {
            end += 1;
        }
        end
    }

    /// A number and the letters that stick to it, as every dialect reads them: as part of it, or as an error.
    pub(super) fn number(&self, start: usize) -> Lexed {
        let (mut at, mut letters) = (start, false);
        while at < self.bytes.len() {
            match self.bytes[at] {
                b'0'..=b'9' => {}
                b'.' if !letters && self.byte(at + 1) != b'.' => {}
                b'e' | b'E' if !letters && self.is_exponent(at) => at += 1,
                // Behind digits alone, PostgreSQL opens a dollar quote.
                b'$' if !letters && self.dialect == Dialect::Postgres => break,
                byte if WORD[byte as usize] => letters = true,
                _ => break,
            }
            at += 1;
        }
        Lexed::new(TokenKind::Number, at)
    }

    /// Whether the `e` at `at` has a sign and digits.
    fn is_exponent(&self, at: usize) -> bool {
        matches!(self.byte(at + 1), b'+' | b'-') && self.byte(at + 2).is_ascii_digit()
    }

    /// `?1`, `:name`, `@name`, `#name` and `$name` in SQLite; `@name`, `@@name` and `?` in MySQL, and there `:=`.
    pub(super) fn variable(&self, start: usize) -> Lexed {
        let mysql = self.dialect == Dialect::MySql;
        let byte = self.bytes[start];
        if mysql && byte == b':' {
            return self.colon(start);
        }
        let mut end = start + 1;
        let system = mysql && byte == b'@' && self.byte(end) == b'@';
        if system {
            end += 1;
        }
        // The name of a user variable, and of a host after a user, may have dots.
        let dots = mysql && byte == b'@' && !system;
        while end < self.bytes.len()
            && (WORD[self.bytes[end] as usize] || dots && self.bytes[end] == b'.')
        {
            end += 1;
        }
        let kind = if end > start + 1 || byte == b'?' {
            TokenKind::Parameter
        } else {
            TokenKind::Punctuation
        };
        Lexed::new(kind, end)
    }

    fn colon(&self, start: usize) -> Lexed {
        if self.byte(start + 1) == b'=' {
            Lexed::new(TokenKind::Operator, start + 2)
        } else {
            Lexed::new(TokenKind::Punctuation, start + 1)
        }
    }
}
