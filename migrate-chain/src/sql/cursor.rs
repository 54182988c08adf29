use std::ops::Range;

use super::lexer::{Tokens, tokens};
use super::token::{Token, TokenKind};
use crate::Dialect;

/// Walks over the significant tokens of a statement, from the first to the `;` or the end.
///
/// Keywords are compared without regard to case.
///
/// ```
/// use migrate_chain::Dialect;
/// use migrate_chain::sql::Cursor;
///
/// let mut cursor = Cursor::new(Dialect::Postgres, "drop index /* now */ if exists app.by_name;");
/// assert!(cursor.eat("DROP") && cursor.eat("INDEX"));
/// if cursor.eat("IF") {
///     cursor.eat("EXISTS");
/// }
/// assert_eq!(cursor.text(), "app");
/// cursor.eat_name();
/// assert!(cursor.is_done());
/// ```
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    text: &'a str,
    tokens: Tokens<'a>,
    current: Option<Token>,
}

impl<'a> Cursor<'a> {
    /// A cursor at the first token of a statement.
    pub fn new(dialect: Dialect, statement: &'a str) -> Self {
        let mut cursor = Self {
            text: statement,
            tokens: tokens(dialect, statement),
            current: None,
        };
        cursor.bump();
        cursor
    }

    /// Goes on to the next token.
    pub fn bump(&mut self) {
        self.current = self
            .tokens
            .find(Token::is_significant)
            .filter(|token| token.kind != TokenKind::Semicolon);
    }

    /// Whether the statement has no token left.
    pub fn is_done(&self) -> bool {
        self.current.is_none()
    }

    /// The text of the current token; empty at the end.
    pub fn text(&self) -> &'a str {
        self.current.map_or("", |token| &self.text[token.range()])
    }

    /// The bytes of the current token; an empty range at the end.
    pub fn range(&self) -> Range<usize> {
        let end = self.text.len()..self.text.len();
        self.current.map_or(end, |token| token.range())
    }

    /// Whether the current token is this keyword or sign.
    pub fn is(&self, keyword: &str) -> bool {
        self.text().eq_ignore_ascii_case(keyword)
    }

    /// Whether the current token is one of these.
    pub fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }

    /// Steps over the keyword if it comes next, and says whether it did.
    pub fn eat(&mut self, keyword: &str) -> bool {
        let found = self.is(keyword);
        if found {
            self.bump();
        }
        found
    }

    /// Steps over a name and the names after its dots.
    pub fn eat_name(&mut self) {
        self.bump();
        while self.eat(".") {
            self.bump();
        }
    }

    /// Goes on to the next `keyword`, in brackets or not, and says whether there is one.
    pub fn find(&mut self, keyword: &str) -> bool {
        self.find_any(&[keyword])
    }

    /// Goes on to the next of several keywords, and says whether there is one.
    pub fn find_any(&mut self, keywords: &[&str]) -> bool {
        while !self.is_done() && !self.is_any(keywords) {
            self.bump();
        }
        !self.is_done()
    }
}
