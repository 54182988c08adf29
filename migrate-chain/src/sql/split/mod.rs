//! Splits SQL into statements.

mod copy;
mod keyword;
mod mysql;
mod postgres;
mod sqlite;

use std::ops::Range;

use super::canonical::Canonical;
use super::lexer::{Tokens, tokens};
use super::marker;
use super::token::{Token, TokenKind};
use crate::Dialect;

/// The statements of `text`, in order.
///
/// A statement reaches from its first token to its last one before the `;`; comments around it are not part of it,
/// those within are. A text without a token is not a statement, and neither is a client's command on its own. The last
/// statement needs no `;`.
///
/// The bodies of triggers, routines and events are known; what they cannot tell, `-- migrate: statement` does.
///
/// ```
/// use migrate_chain::Dialect;
/// use migrate_chain::sql::split;
///
/// let text = "\
/// DELIMITER $$
/// CREATE PROCEDURE p() BEGIN SELECT 1; END$$
/// DELIMITER ;
/// CALL p();";
/// let statements: Vec<&str> = split(Dialect::MySql, text).map(|statement| &text[statement.range()]).collect();
/// assert_eq!(statements, ["CREATE PROCEDURE p() BEGIN SELECT 1; END", "CALL p()"]);
/// ```
pub fn split(dialect: Dialect, text: &str) -> Statements<'_> {
    Statements {
        text,
        tokens: tokens(dialect, text),
        body: match dialect {
            Dialect::Sqlite => Body::Sqlite(sqlite::Body::default()),
            Dialect::Postgres => Body::Postgres(postgres::Body::default()),
            Dialect::MySql => Body::MySql(mysql::Body::default()),
        },
        copy: copy::Watch::default(),
        may_hold_data: true,
        strays: Vec::new(),
        executable: None,
        canonical: None,
        ends_within: false,
        saw_delimiter: false,
    }
}

/// The same, keeping the canonical form of what has been split.
pub(super) fn split_canonical(dialect: Dialect, text: &str) -> Statements<'_> {
    Statements {
        canonical: Some(Canonical::default()),
        ..split(dialect, text)
    }
}

/// The end of a section that begins a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// At one of our markers.
    Marker(usize),
    /// With the text.
    Text,
    /// Nowhere: something is open at the end of the text.
    Open,
}

/// Finds the first comment that is one of our markers, and not a part of a string or of a stored program.
pub(super) fn section_end(dialect: Dialect, text: &str, is_marker: fn(&str) -> bool) -> End {
    let mut statements = split(dialect, text);
    while let Some(token) = statements.tokens.next() {
        let opens_line = || marker::opens_line(text.as_bytes(), token.start);
        if token.kind == TokenKind::LineComment
            && !statements.body.is_within()
            && opens_line()
            && is_marker(&text[token.range()])
        {
            return End::Marker(token.start);
        }
        statements.walk(&token);
    }
    let is_open = |token: &Token| !token.terminated && token.is_enclosed();
    if statements.body.is_within() || statements.strays.iter().any(is_open) {
        End::Open
    } else {
        End::Text
    }
}

/// Whether the byte `at` is a part of a string, a quoted name, a dollar quote or a stored program.
pub(super) fn is_inside(dialect: Dialect, text: &str, at: usize) -> bool {
    let mut statements = split(dialect, text);
    while let Some(token) = statements.tokens.next() {
        if token.end > at {
            let is_literal = token.is_enclosed() && token.kind != TokenKind::BlockComment;
            return is_literal || statements.body.is_within();
        }
        statements.walk(&token);
    }
    false
}

/// A statement that [`split`] found: its place in the text.
///
/// ```
/// use migrate_chain::Dialect;
/// use migrate_chain::sql::split;
///
/// let text = "\
/// -- migrate: statement
/// what; only; the; database; knows
/// -- migrate: end
/// SELECT 1;";
/// let first = split(Dialect::Postgres, text).next().expect("there is one");
/// assert_eq!(&text[first.range()], "what; only; the; database; knows");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    start: usize,
    end: usize,
    terminated_end: usize,
    copies_from_stdin: bool,
    is_marked: bool,
}

impl Statement {
    /// The statement itself, without the `;` or delimiter that ends it: what to send to a server.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The statement with the `;` or delimiter that ends it, and anything before that.
    ///
    /// ```
    /// # use migrate_chain::{Dialect, sql::split};
    /// let text = "DELIMITER //\nSELECT 1; //";
    /// let statement = split(Dialect::MySql, text).next().expect("there is one");
    /// assert_eq!(&text[statement.range()], "SELECT 1");
    /// assert_eq!(&text[statement.range_with_terminator()], "SELECT 1; //");
    /// ```
    pub fn range_with_terminator(&self) -> Range<usize> {
        self.start..self.terminated_end
    }

    /// Whether it is `COPY … FROM stdin`, whose data no driver would take from here.
    pub fn copies_from_stdin(&self) -> bool {
        self.copies_from_stdin
    }

    /// Whether it is between `-- migrate: statement` and `end`, so that a database may see several statements.
    pub(super) fn is_marked(&self) -> bool {
        self.is_marked
    }
}

/// The iterator that [`split`] returns.
#[derive(Clone, Debug)]
pub struct Statements<'a> {
    text: &'a str,
    tokens: Tokens<'a>,
    body: Body,
    copy: copy::Watch,
    /// False once a search has found no more of COPY's data, so that nothing searches twice.
    may_hold_data: bool,
    /// The tokens so far that are faults by themselves.
    strays: Vec<Token>,
    /// The `/*!` that is open.
    executable: Option<Token>,
    /// The bytes that the checksum covers, if a caller asked for them.
    canonical: Option<Canonical>,
    /// The text has ended within the body of a stored program.
    ends_within: bool,
    saw_delimiter: bool,
}

/// The state by which a dialect tells the `;` that ends a statement from those within it.
#[derive(Clone, Debug)]
enum Body {
    Sqlite(sqlite::Body),
    Postgres(postgres::Body),
    MySql(mysql::Body),
}

impl Body {
    /// Takes note of a token that is neither trivia nor `;`.
    fn token(&mut self, token: &Token, text: &str) {
        match self {
            Self::Sqlite(body) => body.token(token, text),
            Self::Postgres(body) => body.token(token, text),
            Self::MySql(body) => body.token(token, text),
        }
    }

    /// Takes note of a `;`: does it end the statement?
    fn semicolon(&mut self) -> bool {
        match self {
            Self::Sqlite(body) => body.semicolon(),
            Self::Postgres(body) => body.semicolon(),
            Self::MySql(body) => body.semicolon(),
        }
    }

    /// Whether a `;` here would be one of a stored program.
    fn is_within(&self) -> bool {
        match self {
            Self::Sqlite(body) => body.is_within(),
            Self::Postgres(body) => body.is_within(),
            Self::MySql(body) => body.is_within(),
        }
    }

    fn reset(&mut self) {
        match self {
            Self::Sqlite(body) => *body = sqlite::Body::default(),
            Self::Postgres(body) => *body = postgres::Body::default(),
            Self::MySql(body) => *body = mysql::Body::default(),
        }
    }
}

/// The role of a token for the splitter.
enum Role {
    Skip,
    Part,
    /// A client's command: part of a statement that has begun, and not a statement on its own.
    Command,
    /// A `;` within, which trails the statement if nothing follows.
    Inner,
    /// The statement ends before the token, and the token belongs to it.
    Terminator,
    /// The statement ends before the token, which belongs to the next.
    Boundary,
    Verbatim,
}

impl Iterator for Statements<'_> {
    type Item = Statement;

    fn next(&mut self) -> Option<Statement> {
        let mut open: Option<Statement> = None;
        while let Some(token) = self.tokens.next() {
            let role = self.role(&token);
            self.keep(&token);
            match role {
                Role::Skip | Role::Inner => {}
                Role::Part => extend(&mut open, &token),
                Role::Command => {
                    if open.is_some() {
                        extend(&mut open, &token);
                    }
                }
                Role::Terminator | Role::Boundary if open.is_none() => self.body.reset(),
                Role::Terminator => return open.map(|found| self.close(found, Some(token.end))),
                Role::Boundary => return open.map(|found| self.close(found, None)),
                Role::Verbatim => {
                    if let Some(statement) = self.verbatim(&token) {
                        return Some(statement);
                    }
                }
            }
        }
        self.ends_within |= self.body.is_within();
        open.map(|found| self.close(found, None))
    }
}

impl Statements<'_> {
    /// Goes over a token without looking for statements.
    fn walk(&mut self, token: &Token) {
        if matches!(self.role(token), Role::Terminator | Role::Boundary) {
            self.body.reset();
            self.copy = copy::Watch::default();
        }
    }

    /// Whether a `DELIMITER` has been read.
    pub(super) fn has_delimiter(&self) -> bool {
        self.saw_delimiter
    }

    /// The canonical form of what has been split, if it was kept.
    pub(super) fn into_canonical(self) -> Vec<u8> {
        let text = self.text;
        self.canonical.unwrap_or_default().into_bytes(text)
    }

    /// Whether the text, once it is split, has ended within the body of a stored program.
    pub(super) fn ends_within(&self) -> bool {
        self.ends_within
    }

    fn keep(&mut self, token: &Token) {
        let Some(canonical) = &mut self.canonical else {
            return;
        };
        if is_mark(token.kind) && self.body.is_within() {
            canonical.comment();
        } else {
            canonical.token(token, self.text);
        }
    }

    /// The tokens up to here that no statement can hold, in order.
    pub(super) fn strays(&self) -> &[Token] {
        &self.strays
    }

    /// The `/*!` that nothing has closed up to here.
    pub(super) fn open_executable(&self) -> Option<Token> {
        self.executable
    }

    fn role(&mut self, token: &Token) -> Role {
        if is_mark(token.kind) && self.body.is_within() {
            self.tokens.unmark();
            return Role::Skip;
        }
        if !token.terminated {
            self.strays.push(*token);
        }
        match token.kind {
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment => {
                return Role::Skip;
            }
            TokenKind::Semicolon => return self.semicolon(),
            TokenKind::Delimiter => return Role::Terminator,
            TokenKind::DelimiterCommand => {
                self.saw_delimiter = true;
                return Role::Boundary;
            }
            TokenKind::StatementMarker | TokenKind::EndMarker => return Role::Boundary,
            TokenKind::Verbatim => return Role::Verbatim,
            TokenKind::MetaCommand => {
                self.strays.push(*token);
                return Role::Command;
            }
            TokenKind::ExecutableOpen => self.executable = Some(*token),
            TokenKind::ExecutableClose => self.executable = None,
            _ => {
                self.body.token(token, self.text);
                self.copy.token(token, self.text);
            }
        }
        Role::Part
    }

    /// A split inside `/*! … */` would leave two halves of a comment.
    fn semicolon(&mut self) -> Role {
        let ends =
            self.body.semicolon() && !self.tokens.has_delimiter() && !self.tokens.is_executable();
        if ends { Role::Terminator } else { Role::Inner }
    }

    /// Ends a statement and gets ready for the next one.
    fn close(&mut self, mut statement: Statement, terminator_end: Option<usize>) -> Statement {
        statement.terminated_end = terminator_end.unwrap_or(statement.end);
        statement.copies_from_stdin = self.copy.is_from_stdin();
        if statement.copies_from_stdin && self.may_hold_data {
            let end = copy::data_end(self.text, statement.terminated_end);
            self.may_hold_data = end.is_some();
            let end = end.unwrap_or(statement.terminated_end);
            if let Some(canonical) = &mut self.canonical {
                let data = statement.terminated_end..end;
                canonical.line(TokenKind::Verbatim, data, self.text);
            }
            self.tokens.skip_to(end);
        }
        self.body.reset();
        self.copy = copy::Watch::default();
        statement
    }

    fn verbatim(&mut self, token: &Token) -> Option<Statement> {
        let text = &self.text[token.range()];
        let start = token.start + (text.len() - text.trim_ascii_start().len());
        let end = start + text.trim_ascii().len();
        (start < end).then_some(Statement {
            start,
            end,
            terminated_end: end,
            copies_from_stdin: false,
            is_marked: true,
        })
    }
}

/// Whether it is one of our comments around a statement. In the body of a stored program, it is a comment.
fn is_mark(kind: TokenKind) -> bool {
    matches!(kind, TokenKind::StatementMarker | TokenKind::EndMarker)
}

fn extend(open: &mut Option<Statement>, token: &Token) {
    match open {
        Some(statement) => statement.end = token.end,
        None => {
            *open = Some(Statement {
                start: token.start,
                end: token.end,
                terminated_end: token.end,
                copies_from_stdin: false,
                is_marked: false,
            });
        }
    }
}
