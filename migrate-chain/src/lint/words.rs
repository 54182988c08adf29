//! A statement as words: its tokens without blanks and comments, each with its depth in brackets.

use std::ops::Range;

use crate::Dialect;
use crate::sql::{Token, TokenKind, tokens};

/// A word of a statement.
#[derive(Clone, Copy, Debug)]
struct Word {
    start: usize,
    end: usize,
    depth: usize,
}

/// The words of a statement.
#[derive(Debug)]
pub struct Words<'s> {
    dialect: Dialect,
    text: &'s str,
    all: Vec<Word>,
}

impl<'s> Words<'s> {
    pub fn of(dialect: Dialect, text: &'s str) -> Self {
        let mut depth = 0usize;
        let mut words = Vec::new();
        for token in tokens(dialect, text).filter(Token::is_significant) {
            let shown = &text[token.range()];
            if token.kind == TokenKind::Semicolon {
                break;
            }
            if matches!(shown, ")" | "]") {
                depth = depth.saturating_sub(1);
            }
            words.push(Word {
                start: token.start,
                end: token.end,
                depth,
            });
            if matches!(shown, "(" | "[") {
                depth += 1;
            }
        }
        Self {
            dialect,
            text,
            all: words,
        }
    }

    /// A reader at the first word.
    pub fn reader(&self) -> Reader<'_> {
        Reader {
            dialect: self.dialect,
            text: self.text,
            words: &self.all,
        }
    }
}

/// Reads words from the first to the last.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'w> {
    pub dialect: Dialect,
    text: &'w str,
    words: &'w [Word],
}

impl<'w> Reader<'w> {
    pub fn is_done(&self) -> bool {
        self.words.is_empty()
    }

    /// The next word; empty at the end.
    pub fn peek(&self) -> &'w str {
        self.nth(0)
    }

    pub fn nth(&self, n: usize) -> &'w str {
        self.words
            .get(n)
            .map_or("", |word| &self.text[word.start..word.end])
    }

    pub fn is(&self, keyword: &str) -> bool {
        self.peek().eq_ignore_ascii_case(keyword)
    }

    pub fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }

    pub fn bump(&mut self) {
        self.words = self.words.get(1..).unwrap_or_default();
    }

    pub fn eat(&mut self, keyword: &str) -> bool {
        let found = self.is(keyword);
        if found {
            self.bump();
        }
        found
    }

    /// Steps over these keywords if all of them come next, in this order.
    pub fn eat_all(&mut self, keywords: &[&str]) -> bool {
        let found = keywords
            .iter()
            .enumerate()
            .all(|(n, keyword)| self.nth(n).eq_ignore_ascii_case(keyword));
        if found {
            self.words = &self.words[keywords.len()..];
        }
        found
    }

    /// Goes on to the next of these keywords outside of further brackets, and says whether there is one.
    pub fn find_any(&mut self, keywords: &[&str]) -> bool {
        let depth = self.depth();
        while !self.is_at(depth, keywords) {
            self.bump();
        }
        !self.is_done()
    }

    /// Whether these words come one after another anywhere in the rest, outside of further brackets.
    pub fn has(&self, keywords: &[&str]) -> bool {
        let (mut rest, depth) = (*self, self.depth());
        while !rest.is_done() {
            if rest.depth() == depth && { rest }.eat_all(keywords) {
                return true;
            }
            rest.bump();
        }
        false
    }

    /// The words up to the next of these keywords outside of further brackets, or to the end. The first word is always
    /// taken.
    pub fn until(&mut self, keywords: &[&str]) -> Self {
        let start = *self;
        let depth = self.depth();
        self.bump();
        while !self.is_at(depth, keywords) {
            self.bump();
        }
        Self {
            words: &start.words[..start.words.len() - self.words.len()],
            ..start
        }
    }

    /// Steps over a pair of brackets, and returns the words between them.
    pub fn group(&mut self) -> Option<Self> {
        let depth = self.is("(").then(|| self.depth())?;
        self.bump();
        let start = *self;
        while !self.is_done() && self.depth() > depth {
            self.bump();
        }
        let inner = &start.words[..start.words.len() - self.words.len()];
        self.bump();
        Some(Self {
            words: inner,
            ..start
        })
    }

    /// The parts between the commas outside of further brackets.
    pub fn parts(self) -> Vec<Self> {
        let (mut rest, mut parts) = (self, Vec::new());
        while !rest.is_done() {
            parts.push(rest.until(&[","]));
            rest.bump();
        }
        parts
    }

    /// The bytes of the rest.
    pub fn range(&self) -> Range<usize> {
        match (self.words.first(), self.words.last()) {
            (Some(first), Some(last)) => first.start..last.end,
            _ => self.text.len()..self.text.len(),
        }
    }

    /// The rest as it is written.
    pub fn text(&self) -> &'w str {
        &self.text[self.range()]
    }

    /// The text of the whole statement.
    pub fn whole(&self) -> &'w str {
        self.text
    }

    /// Whether it is at the end, or at one of these keywords at this depth.
    fn is_at(&self, depth: usize, keywords: &[&str]) -> bool {
        self.is_done() || self.depth() == depth && self.is_any(keywords)
    }

    fn depth(&self) -> usize {
        self.words.first().map_or(0, |word| word.depth)
    }
}
