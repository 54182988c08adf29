//! The lexer. Every rule that differs between dialects is here, and none of what a statement means.

use super::marker::{self, Marker};
use super::token::{Token, TokenKind};
use crate::Dialect;

/// The tokens of `text`, which tile it: no gap, no overlap, and each cut on a character boundary.
///
/// Any text has tokens. What is left open is a token that runs to the end and says so.
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
    /// Where the text names the delimiter that stands for `;`.
    delimiter: Option<(usize, usize)>,
    /// Behind a statement marker: where its verbatim text ends, and whether an end marker closes it.
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

/// What a lexing function found at the lexer's place.
#[derive(Clone, Copy)]
struct Found {
    kind: TokenKind,
    end: usize,
    terminated: bool,
}

impl Found {
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

    /// Whether the next token stands inside `/*! … */`.
    pub(super) fn is_executable(&self) -> bool {
        self.executable
    }

    /// Goes on at `at`, a character boundary behind the last token.
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
        if self.escaped == Escaped::SameLine
            && self.bytes[start..self.at]
                .iter()
                .any(|&b| matches!(b, b'\n' | b'\r'))
        {
            self.escaped = Escaped::NextLine;
        }
    }

    fn find(&mut self, start: usize) -> Found {
        if let Some((end, closed)) = self.verbatim {
            if start < end {
                return Found {
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

    /// The mysql client looks for its delimiter at every byte outside of quotes and comments, inside words too.
    fn find_delimited(&mut self, start: usize) -> Found {
        let Some((from, to)) = self.delimiter else {
            return self.find_plain(start);
        };
        let (text, delimiter) = (self.text, &self.text[from..to]);
        if text[start..].starts_with(delimiter) {
            return Found::new(TokenKind::Delimiter, start + delimiter.len());
        }
        let found = self.find_plain(start);
        if matches!(
            found.kind,
            TokenKind::Word | TokenKind::Number | TokenKind::Parameter
        ) && let Some(length) =
            text[start..(found.end + delimiter.len() - 1).min(text.len())].find(delimiter)
        {
            return Found {
                end: start + length,
                ..found
            };
        }
        found
    }

    fn find_plain(&mut self, start: usize) -> Found {
        let byte = self.bytes[start];
        match byte {
            b' ' | b'\t'..=b'\r' => self.whitespace(start),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(start),
            0x80..=0xff => self.wide(start),
            b'0'..=b'9' => self.number(start),
            b';' => Found::new(TokenKind::Semicolon, start + 1),
            b',' | b'(' | b')' | b']' | b'{' | b'}' => {
                Found::new(TokenKind::Punctuation, start + 1)
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
            b'.' | b'[' | b':' => Found::new(TokenKind::Punctuation, start + 1),
            b'\\' => self.backslash(start),
            _ if OPERATOR[byte as usize] => self.operator(start),
            _ => Found::new(TokenKind::Unknown, start + 1),
        }
    }

    fn whitespace(&self, start: usize) -> Found {
        let mut end = start + 1;
        while end < self.bytes.len() && matches!(self.bytes[end], b' ' | b'\t'..=b'\r') {
            end += 1;
        }
        Found::new(TokenKind::Whitespace, end)
    }

    /// A character outside of ASCII opens a word, but SQLite skips a byte order mark wherever a token may begin.
    fn wide(&mut self, start: usize) -> Found {
        if self.dialect == Dialect::Sqlite && self.bytes[start..].starts_with("\u{feff}".as_bytes())
        {
            return Found::new(TokenKind::Whitespace, start + '\u{feff}'.len_utf8());
        }
        self.word(start)
    }

    fn word(&mut self, start: usize) -> Found {
        let end = self.word_end(start);
        match self.byte(end) {
            b'\'' if end == start + 1 && self.is_string_prefix(start) => self.string(start, end),
            b'&' if end == start + 1 && self.dialect == Dialect::Postgres => {
                self.unicode_prefix(start)
            }
            _ if self.is_delimiter_command(start, end) => self.delimiter_command(start, end),
            _ => Found::new(TokenKind::Word, end),
        }
    }

    fn word_end(&self, start: usize) -> usize {
        let mut end = start;
        while end < self.bytes.len() && WORD[self.bytes[end] as usize] {
            end += 1;
        }
        end
    }

    fn is_string_prefix(&self, at: usize) -> bool {
        match self.bytes[at] {
            b'x' | b'X' => true,
            b'b' | b'B' | b'n' | b'N' => self.dialect != Dialect::Sqlite,
            b'e' | b'E' => self.dialect == Dialect::Postgres,
            _ => false,
        }
    }

    /// `U&'…'` and `U&"…"`.
    fn unicode_prefix(&mut self, start: usize) -> Found {
        match (self.bytes[start], self.byte(start + 2)) {
            (b'u' | b'U', b'\'') => self.string(start, start + 2),
            (b'u' | b'U', b'"') => self.quoted_identifier(start + 2),
            _ => Found::new(TokenKind::Word, start + 1),
        }
    }

    /// The string whose prefix begins at `start` and whose quote stands at `quote`.
    fn string(&mut self, start: usize, quote: usize) -> Found {
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

    fn quoted_identifier(&self, quote: usize) -> Found {
        self.quoted(TokenKind::QuotedIdentifier, quote, false)
    }

    /// What the quote at `open` encloses. A doubled quote stands for itself.
    fn quoted(&self, kind: TokenKind, open: usize, escapes: bool) -> Found {
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
                return Found::new(kind, at + 1);
            }
        }
        Found {
            kind,
            end: self.bytes.len(),
            terminated: false,
        }
    }

    fn bracketed(&self, start: usize) -> Found {
        self.up_to(TokenKind::QuotedIdentifier, start + 1, "]")
    }

    /// A token that ends with the first `close` at or behind `from`.
    fn up_to(&self, kind: TokenKind, from: usize, close: &str) -> Found {
        match self.text[from..].find(close) {
            Some(length) => Found::new(kind, from + length + close.len()),
            None => Found {
                kind,
                end: self.text.len(),
                terminated: false,
            },
        }
    }

    /// MySQL asks for white space or a control character behind the dashes, so that `5--1` is a subtraction.
    fn opens_line_comment(&self, start: usize) -> bool {
        self.byte(start + 1) == b'-'
            && (self.dialect != Dialect::MySql || matches!(self.byte(start + 2), 0..=b' ' | 0x7f))
    }

    fn line_comment(&mut self, start: usize) -> Found {
        let rest = &self.text[start..];
        let length = match self.dialect {
            Dialect::Postgres => rest.find(['\n', '\r']),
            Dialect::Sqlite | Dialect::MySql => rest.find('\n'),
        };
        let end = length.map_or(self.text.len(), |length| start + length);
        match marker::parse(&self.text[start..end]) {
            Some(marker) if marker::opens_line(self.bytes, start) => self.marker(marker, end),
            _ => Found::new(TokenKind::LineComment, end),
        }
    }

    fn marker(&mut self, marker: Marker, end: usize) -> Found {
        match marker {
            Marker::Statement => {
                let verbatim = marker::verbatim_end(self.text, end);
                self.verbatim = Some(verbatim);
                Found {
                    kind: TokenKind::StatementMarker,
                    end,
                    terminated: verbatim.1,
                }
            }
            Marker::End => Found {
                kind: TokenKind::EndMarker,
                end,
                terminated: self.verbatim.take().is_some(),
            },
        }
    }

    fn block_comment(&mut self, start: usize) -> Found {
        match self.dialect {
            Dialect::Sqlite => self.up_to(TokenKind::BlockComment, start + 2, "*/"),
            Dialect::Postgres => self.nested_comment(start),
            Dialect::MySql => self.mysql_comment(start),
        }
    }

    fn nested_comment(&self, start: usize) -> Found {
        let (mut at, mut depth) = (start + 2, 1_usize);
        while at < self.bytes.len() {
            match (self.bytes[at], self.byte(at + 1)) {
                (b'/', b'*') => (at, depth) = (at + 2, depth + 1),
                (b'*', b'/') if depth == 1 => return Found::new(TokenKind::BlockComment, at + 2),
                (b'*', b'/') => (at, depth) = (at + 2, depth - 1),
                _ => at += 1,
            }
        }
        Found {
            kind: TokenKind::BlockComment,
            end: self.bytes.len(),
            terminated: false,
        }
    }

    /// What `/*!` encloses is executed, so its tokens count: a string in it may hold `*/`.
    fn mysql_comment(&mut self, start: usize) -> Found {
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
        Found::new(TokenKind::ExecutableOpen, end)
    }

    fn executable_close(&mut self, start: usize) -> Found {
        self.executable = false;
        Found::new(TokenKind::ExecutableClose, start + 2)
    }

    fn dollar(&mut self, start: usize) -> Found {
        match self.dialect {
            Dialect::Sqlite => self.variable(start),
            Dialect::Postgres => self.postgres_dollar(start),
            Dialect::MySql => self.word(start),
        }
    }

    fn postgres_dollar(&self, start: usize) -> Found {
        if self.byte(start + 1).is_ascii_digit() {
            return Found::new(TokenKind::Parameter, self.number(start + 1).end);
        }
        let mut at = start + 1;
        while self.byte(at) != b'$' && WORD[self.byte(at) as usize] {
            at += 1;
        }
        if self.byte(at) == b'$' {
            self.up_to(TokenKind::DollarQuote, at + 1, &self.text[start..=at])
        } else {
            Found::new(TokenKind::Unknown, start + 1)
        }
    }

    /// `?1`, `:name`, `@name`, `#name` and `$name` in SQLite; `@name`, `@@name` and `?` in MySQL, and there `:=`.
    fn variable(&self, start: usize) -> Found {
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
        // A user variable's name, and a host's behind the user's, may hold dots.
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
        Found::new(kind, end)
    }

    fn colon(&self, start: usize) -> Found {
        if self.byte(start + 1) == b'=' {
            Found::new(TokenKind::Operator, start + 2)
        } else {
            Found::new(TokenKind::Punctuation, start + 1)
        }
    }

    /// A number and the letters that stick to it, as every dialect reads them: as part of it, or as an error.
    fn number(&self, start: usize) -> Found {
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
        Found::new(TokenKind::Number, at)
    }

    /// Whether the `e` at `at` has a sign and digits.
    fn is_exponent(&self, at: usize) -> bool {
        matches!(self.byte(at + 1), b'+' | b'-') && self.byte(at + 2).is_ascii_digit()
    }

    fn operator(&self, start: usize) -> Found {
        let mut end = start + 1;
        if self.dialect == Dialect::Postgres {
            while end < self.bytes.len()
                && OPERATOR[self.bytes[end] as usize]
                && !self.opens_comment(end)
            {
                end += 1;
            }
        }
        Found::new(TokenKind::Operator, end)
    }

    fn opens_comment(&self, at: usize) -> bool {
        matches!(
            (self.bytes[at], self.byte(at + 1)),
            (b'-', b'-') | (b'/', b'*')
        )
    }

    /// psql takes a backslash outside of quotes for a command, wherever it stands. No other client does, but at the
    /// start of a line nothing else begins with one.
    fn backslash(&self, start: usize) -> Found {
        let command = matches!(self.byte(start + 1), b'a'..=b'z' | b'A'..=b'Z' | b'!' | b'?' | b'.' | b'\\' | b';');
        if !command || self.dialect != Dialect::Postgres && !marker::opens_line(self.bytes, start) {
            return Found::new(TokenKind::Unknown, start + 1);
        }
        let length = self.text[start..].find(['\n', '\r']);
        Found::new(
            TokenKind::MetaCommand,
            length.map_or(self.text.len(), |length| start + length),
        )
    }

    fn is_delimiter_command(&self, start: usize, end: usize) -> bool {
        self.fresh
            && self.dialect == Dialect::MySql
            && matches!(self.byte(end), 0 | b' ' | b'\t'..=b'\r')
            && self.bytes[start..end].eq_ignore_ascii_case(b"delimiter")
    }

    fn delimiter_command(&mut self, start: usize, word_end: usize) -> Found {
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
        Found::new(TokenKind::DelimiterCommand, end)
    }
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
