//! The lexer. Every rule of spelling that differs between dialects is here, and none of what a statement means.

mod client;
mod comment;
mod quote;
mod word;

use super::token::{Token, TokenKind};
use crate::Dialect;

/// The tokens of `text`, which tile it: no gap, no overlap, and each cut on a character boundary.
///
/// Any text has tokens. An unclosed one runs to the end and says so.
///
/// ```
/// use migrate_chain::Dialect;
/// use migrate_chain::sql::{TokenKind, tokens};
///
/// let kinds: Vec<TokenKind> = tokens(Dialect::Postgres, "$$;$$;").map(|token| token.kind).collect();
/// assert_eq!(kinds, [TokenKind::DollarQuote, TokenKind::Semicolon]);
/// ```
pub fn tokens(dialect: Dialect, text: &str) -> Tokens<'_> {
    Tokens {
        dialect,
        text,
        bytes: text.as_bytes(),
        at: 0,
        fresh: true,
        executable: false,
        delimiter: None,
        verbatim: None,
        escaped: Escaped::No,
    }
}

/// The iterator that [`tokens`] returns.
#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    dialect: Dialect,
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Only white space and comments since the last statement: the place where MySQL's client looks for `DELIMITER`.
    fresh: bool,
    /// Inside `/*! … */`.
    executable: bool,
    /// The place in the text that names the delimiter used instead of `;`.
    delimiter: Option<(usize, usize)>,
    /// After a statement marker: the end of its verbatim text, and whether an end marker closes it.
    verbatim: Option<(usize, bool)>,
    escaped: Escaped,
}

/// Whether PostgreSQL would read a `'` here as more of the `E'…'` before it, escapes included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Escaped {
    No,
    SameLine,
    NextLine,
}

/// The result of a lexing function.
#[derive(Clone, Copy)]
struct Lexed {
    kind: TokenKind,
    end: usize,
    terminated: bool,
}

impl Lexed {
    fn new(kind: TokenKind, end: usize) -> Self {
        Self {
            kind,
            end,
            terminated: true,
        }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let start = self.at;
        if start >= self.bytes.len() {
            return None;
        }
        let found = self.find(start);
        self.at = found.end;
        self.note(found.kind, start);
        Some(Token {
            kind: found.kind,
            start,
            end: found.end,
            terminated: found.terminated,
        })
    }
}

impl Tokens<'_> {
    /// Whether something else than `;` ends a statement here.
    pub(super) fn has_delimiter(&self) -> bool {
        self.delimiter.is_some()
    }

    /// Whether the next token is inside `/*! … */`.
    pub(super) fn is_executable(&self) -> bool {
        self.executable
    }

    /// Takes the last token, a statement marker or its end, for a comment.
    pub(super) fn unmark(&mut self) {
        self.verbatim = None;
    }

    /// Goes on at `at`, a character boundary after the last token.
    pub(super) fn skip_to(&mut self, at: usize) {
        self.at = at;
    }

    fn byte(&self, at: usize) -> u8 {
        if at < self.bytes.len() {
            self.bytes[at]
        } else {
            0
        }
    }

    /// Keeps the state that lets a token depend on those before it.
    fn note(&mut self, kind: TokenKind, start: usize) {
        match kind {
            TokenKind::Whitespace => self.note_line_break(start),
            TokenKind::LineComment => {}
            TokenKind::BlockComment => self.escaped = Escaped::No,
            TokenKind::String => self.fresh = false,
            TokenKind::Semicolon => self.fresh = self.delimiter.is_none(),
            TokenKind::Delimiter | TokenKind::DelimiterCommand | TokenKind::EndMarker => {
                self.fresh = true;
            }
            _ => {
                self.fresh = false;
                self.escaped = Escaped::No;
            }
        }
    }

    fn note_line_break(&mut self, start: usize) {
        if self.escaped == Escaped::SameLine && breaks_line(&self.bytes[start..self.at]) {
            self.escaped = Escaped::NextLine;
        }
    }

    fn find(&mut self, start: usize) -> Lexed {
        if let Some((end, closed)) = self.verbatim {
            if start < end {
                return Lexed {
                    kind: TokenKind::Verbatim,
                    end,
                    terminated: closed,
                };
            }
            // The end marker takes the state with it; without one the verbatim text is all there is to it.
            if !closed {
                self.verbatim = None;
            }
        }
        if self.delimiter.is_some() {
            self.find_delimited(start)
        } else {
            self.find_plain(start)
        }
    }

    fn find_plain(&mut self, start: usize) -> Lexed {
        let byte = self.bytes[start];
        match byte {
            b' ' | b'\t'..=b'\r' => self.whitespace(start),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(start),
            0x80..=0xff => self.wide(start),
            b'0'..=b'9' => self.number(start),
            b';' => Lexed::new(TokenKind::Semicolon, start + 1),
            b',' | b'(' | b')' | b']' | b'{' | b'}' => {
                Lexed::new(TokenKind::Punctuation, start + 1)
            }
            b'.' if self.byte(start + 1).is_ascii_digit() => self.number(start),
            b'\'' => self.string(start, start),
            b'"' if self.dialect == Dialect::MySql => self.string(start, start),
            b'"' => self.quoted_identifier(start),
            b'`' if self.dialect != Dialect::Postgres => self.quoted_identifier(start),
            b'[' if self.dialect == Dialect::Sqlite => self.bracketed(start),
            b'-' if self.opens_line_comment(start) => self.line_comment(start),
            b'#' if self.dialect == Dialect::MySql => self.line_comment(start),
            b'/' if self.byte(start + 1) == b'*' => self.block_comment(start),
            b'*' if self.executable && self.byte(start + 1) == b'/' => self.executable_close(start),
            b'$' => self.dollar(start),
            b':' | b'@' | b'#' | b'?' if self.dialect != Dialect::Postgres => self.variable(start),
            b'.' | b'[' | b':' => Lexed::new(TokenKind::Punctuation, start + 1),
            b'\\' => self.backslash(start),
            _ if OPERATOR[byte as usize] => self.operator(start),
            _ => Lexed::new(TokenKind::Unknown, start + 1),
        }
    }

    fn whitespace(&self, start: usize) -> Lexed {
        let mut end = start + 1;
        while end < self.bytes.len() && matches!(self.bytes[end], b' ' | b'\t'..=b'\r') {
            end += 1;
        }
        Lexed::new(TokenKind::Whitespace, end)
    }

    /// A character outside of ASCII opens a word, but SQLite skips a byte order mark wherever a token may begin.
    fn wide(&mut self, start: usize) -> Lexed {
        if self.dialect == Dialect::Sqlite && self.bytes[start..].starts_with("\u{feff}".as_bytes())
        {
            return Lexed::new(TokenKind::Whitespace, start + '\u{feff}'.len_utf8());
        }
        self.word(start)
    }

    /// A token that ends with the first `close` at or after `from`.
    fn up_to(&self, kind: TokenKind, from: usize, close: &str) -> Lexed {
        match self.text[from..].find(close) {
            Some(length) => Lexed::new(kind, from + length + close.len()),
            None => Lexed {
                kind,
                end: self.text.len(),
                terminated: false,
            },
        }
    }

    fn dollar(&mut self, start: usize) -> Lexed {
        match self.dialect {
            Dialect::Sqlite => self.variable(start),
            Dialect::Postgres => self.postgres_dollar(start),
            Dialect::MySql => self.word(start),
        }
    }

    fn operator(&self, start: usize) -> Lexed {
        let mut end = start + 1;
        if self.dialect == Dialect::Postgres {
            while end < self.bytes.len()
                && OPERATOR[self.bytes[end] as usize]
                && !self.opens_comment(end)
            {
                end += 1;
            }
        }
        Lexed::new(TokenKind::Operator, end)
    }

    fn opens_comment(&self, at: usize) -> bool {
        matches!(
            (self.bytes[at], self.byte(at + 1)),
            (b'-', b'-') | (b'/', b'*')
        )
    }
}

/// Whether there is a line break among blanks.
pub(super) fn breaks_line(blanks: &[u8]) -> bool {
    let mut at = 0;
    while at < blanks.len() {
        if matches!(blanks[at], b'\n' | b'\r') {
            return true;
        }
        at += 1;
    }
    false
}

/// The bytes that go on with a word: letters, digits, `_`, `$` and everything outside of ASCII, in every dialect.
static WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    loop {
        table[byte as usize] =
            byte >= 0x80 || byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$';
        if byte == u8::MAX {
            break table;
        }
        byte += 1;
    }
};

/// The bytes of operators: PostgreSQL's list, which covers the others'.
static OPERATOR: [bool; 256] = {
    let mut table = [false; 256];
    let bytes = b"~!@#^&|`?+-*/%<>=";
    let mut at = 0;
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
};
