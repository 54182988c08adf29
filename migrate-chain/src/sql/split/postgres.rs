//! PostgreSQL: SQL-standard function bodies, and rules with several actions.

use super::keyword::is;
use crate::sql::token::{Token, TokenKind};

/// `BEGIN ATOMIC … END` in CREATE FUNCTION and PROCEDURE, and the parentheses of CREATE RULE: no other statement holds
/// a `;` outside of quotes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Body {
    head: Head,
    /// BEGIN ATOMIC, and every CASE in it.
    depth: usize,
    parens: usize,
    before: Before,
}

/// The kind of statement, by its first words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Head {
    #[default]
    Start,
    Create,
    Routine,
    Rule,
    Other,
}

/// The meaning of the last token for the next word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Before {
    #[default]
    Anything,
    /// `.` or AS: a name comes, even if it looks like a keyword.
    Name,
    Begin,
}

impl Body {
    pub fn token(&mut self, token: &Token, text: &str) {
        match self.head {
            Head::Other => {}
            Head::Start | Head::Create => self.head = self.next_head(token, text),
            Head::Rule => self.rule(token, text),
            Head::Routine => self.routine(token, text),
        }
    }

    pub fn is_within(self) -> bool {
        self.depth > 0 || self.parens > 0
    }

    pub fn semicolon(&mut self) -> bool {
        self.before = Before::Anything;
        !self.is_within()
    }

    fn next_head(&self, token: &Token, text: &str) -> Head {
        let word = if token.kind == TokenKind::Word {
            &text[token.range()]
        } else {
            ""
        };
        match self.head {
            Head::Start if is(word, "CREATE") => Head::Create,
            Head::Create if is(word, "OR") || is(word, "REPLACE") => Head::Create,
            Head::Create if is(word, "FUNCTION") || is(word, "PROCEDURE") => Head::Routine,
            Head::Create if is(word, "RULE") => Head::Rule,
            _ => Head::Other,
        }
    }

    fn rule(&mut self, token: &Token, text: &str) {
        match (token.kind, &text[token.range()]) {
            (TokenKind::Punctuation, "(") => self.parens += 1,
            (TokenKind::Punctuation, ")") => self.parens = self.parens.saturating_sub(1),
            _ => {}
        }
    }

    fn routine(&mut self, token: &Token, text: &str) {
        let before = std::mem::take(&mut self.before);
        let word = &text[token.range()];
        if token.kind == TokenKind::Punctuation && word == "." {
            self.before = Before::Name;
        } else if token.kind == TokenKind::Word && before != Before::Name {
            self.keyword(word, before);
        }
    }

    fn keyword(&mut self, word: &str, before: Before) {
        if is(word, "AS") {
            self.before = Before::Name;
        } else if is(word, "BEGIN") {
            self.before = Before::Begin;
        } else if self.depth == 0 {
            self.depth = usize::from(before == Before::Begin && is(word, "ATOMIC"));
        } else if is(word, "CASE") {
            self.depth += 1;
        } else if is(word, "END") {
            self.depth -= 1;
        }
    }
}
