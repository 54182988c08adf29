use std::ops::Range;

use crate::Dialect;
use crate::sql::lexer::{Tokens, tokens};
use crate::sql::token::{Token, TokenKind};

/// Walks over the tokens of a statement that mean something.
pub(super) struct Cursor<'a> {
    text: &'a str,
    tokens: Tokens<'a>,
    current: Option<Token>,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(dialect: Dialect, text: &'a str) -> Self {
        let mut cursor = Self {
            text,
            tokens: tokens(dialect, text),
            current: None,
        };
        cursor.bump();
        cursor
    }

    /// Goes on to the next token. A `;` ends the walk.
    pub(super) fn bump(&mut self) {
        self.current = self
            .tokens
            .find(|token| !is_skipped(token))
            .filter(|token| token.kind != TokenKind::Semicolon);
    }

    pub(super) fn is_done(&self) -> bool {
        self.current.is_none()
    }

    /// The current token's text, empty behind the end.
    pub(super) fn text(&self) -> &'a str {
        self.current.map_or("", |token| &self.text[token.range()])
    }

    /// The place of the current token; an empty one at the end.
    pub(super) fn range(&self) -> Range<usize> {
        let end = self.text.len()..self.text.len();
        self.current.map_or(end, |token| token.range())
    }

    /// Whether the current token is the word `keyword`, or the character.
    pub(super) fn is(&self, keyword: &str) -> bool {
        self.text().eq_ignore_ascii_case(keyword)
    }

    pub(super) fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }

    /// Steps over the word `keyword` if it comes next.
    pub(super) fn eat(&mut self, keyword: &str) -> bool {
        let found = self.is(keyword);
        if found {
            self.bump();
        }
        found
    }

    /// Steps over a name and the names behind its dots.
    pub(super) fn eat_name(&mut self) {
        self.bump();
        while self.eat(".") {
            self.bump();
        }
    }

    /// Steps up to the next `keyword`, in brackets or not, and says whether there is one.
    pub(super) fn find(&mut self, keyword: &str) -> bool {
        self.find_any(&[keyword])
    }

    /// The same for the next of several.
    pub(super) fn find_any(&mut self, keywords: &[&str]) -> bool {
        while !self.is_done() && !self.is_any(keywords) {
            self.bump();
        }
        !self.is_done()
    }
}

/// White space and comments; and the brackets of MySQL's executable comments, whose content counts.
fn is_skipped(token: &Token) -> bool {
    token.is_trivia()
        || matches!(
            token.kind,
            TokenKind::ExecutableOpen | TokenKind::ExecutableClose
        )
}
