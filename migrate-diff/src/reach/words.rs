//! The statements of a script as groups of words, bodies included.

use std::collections::BTreeSet;
use std::ops::Range;

use migrate_chain::Dialect;
use migrate_chain::sql::{TokenKind, split, tokens};

/// Something in a script that reaches beyond its database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The words that do.
    pub range: Range<usize>,
    pub what: What,
}

/// How a statement reaches beyond its database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It makes the connection leave the database: what follows would run in another one.
    Leaves,
    /// It changes what all databases of the server share, or the machine.
    Server,
    /// It names another database.
    Database(String),
}

/// The roles of a script: of MySQL and MariaDB, accounts such as `'app'@'%'`.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    /// Those that statements name.
    pub named: BTreeSet<String>,
    /// Those that statements create.
    pub created: BTreeSet<String>,
}

/// A token that means something.
#[derive(Clone, Debug)]
pub struct Word<'t> {
    pub kind: TokenKind,
    pub text: &'t str,
    pub range: Range<usize>,
}

impl Word<'_> {
    pub fn is(&self, keyword: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    pub fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(keyword))
    }

    pub fn is_name(&self) -> bool {
        matches!(self.kind, TokenKind::Word | TokenKind::QuotedIdentifier)
    }

    /// The name without its quotes.
    pub fn name(&self) -> String {
        let quote = self.text.chars().next().unwrap_or_default();
        match self.kind {
            TokenKind::QuotedIdentifier | TokenKind::String if "`\"'".contains(quote) => {
                let inner = self.text.get(1..self.text.len() - 1).unwrap_or_default();
                inner.replace(&format!("{quote}{quote}"), &quote.to_string())
            }
            _ => self.text.to_owned(),
        }
    }
}

/// The words of a statement, or of what a quote in it holds.
pub struct Group<'t> {
    pub words: Vec<Word<'t>>,
    /// Whether statements may begin anywhere in it: it is a body.
    pub is_body: bool,
}

impl<'t> Group<'t> {
    /// The places where a statement may begin.
    pub fn starts(&self) -> impl Iterator<Item = &[Word<'t>]> {
        const OPENERS: [&str; 8] = [
            "BEGIN", "THEN", "ELSE", "LOOP", "DO", "ATOMIC", "REPEAT", "ROW",
        ];
        let begins = move |n: usize| {
            n == 0
                || self.words[n - 1].text == ";"
                || self.is_body
                    && (self.words[n - 1].is_any(&OPENERS) || self.words[n - 1].text == ")")
        };
        (0..self.words.len())
            .filter(move |&n| begins(n))
            .map(|n| &self.words[n..])
    }
}

/// Every statement, and every quote that may hold statements.
pub fn groups(dialect: Dialect, text: &str) -> Vec<Group<'_>> {
    let mut groups = Vec::new();
    for statement in split(dialect, text) {
        let range = statement.range();
        collect(
            dialect,
            &text[range.clone()],
            range.start,
            false,
            &mut groups,
        );
    }
    groups
}

/// A body in a body in a body is enough for anybody.
const DEPTH: usize = 64;

fn collect<'t>(
    dialect: Dialect,
    text: &'t str,
    offset: usize,
    is_inner: bool,
    groups: &mut Vec<Group<'t>>,
) {
    let mut words = Vec::new();
    for token in tokens(dialect, text) {
        if token.is_significant() {
            words.push(Word {
                kind: token.kind,
                text: &text[token.range()],
                range: offset + token.start..offset + token.end,
            });
        }
    }
    let makes_program = is_inner || holds_program(&words);
    let inner: Vec<(usize, &str)> = words
        .iter()
        .filter_map(|word| Some((word.range.start, quoted(word, makes_program)?)))
        .map(|(start, (skipped, text))| (start + skipped, text))
        .collect();
    groups.push(Group {
        is_body: makes_program,
        words,
    });
    if groups.len() > DEPTH * DEPTH {
        return;
    }
    for (offset, text) in inner {
        collect(dialect, text, offset, true, groups);
    }
}

/// Whether a statement is one that runs others.
fn holds_program(words: &[Word<'_>]) -> bool {
    const FIRST: [&str; 5] = ["DO", "EXECUTE", "PREPARE", "SET", "BEGIN"];
    const PROGRAMS: [&str; 4] = ["FUNCTION", "PROCEDURE", "TRIGGER", "EVENT"];
    let is_created = words
        .first()
        .is_some_and(|word| word.is_any(&["CREATE", "ALTER"]));
    words.first().is_some_and(|word| word.is_any(&FIRST))
        || is_created && words.iter().take(12).any(|word| word.is_any(&PROGRAMS))
}

/// The text in a quote that may hold statements, and how much of the token comes before it.
fn quoted<'t>(word: &Word<'t>, makes_program: bool) -> Option<(usize, &'t str)> {
    match word.kind {
        TokenKind::DollarQuote => {
            let tag = word.text[1..].find('$')? + 2;
            let text = word.text.get(tag..word.text.len().checked_sub(tag)?)?;
            Some((tag, text))
        }
        TokenKind::String if makes_program => {
            let start = word.text.find(['\'', '"'])? + 1;
            let text = word.text.get(start..word.text.len().checked_sub(1)?)?;
            // One word is a value.
            text.contains(char::is_whitespace).then_some((start, text))
        }
        _ => None,
    }
}

pub fn reach(words: &[Word<'_>], what: What) -> Reach {
    let end = words.last().map_or(0, |word| word.range.end);
    Reach {
        range: words.first().map_or(end, |word| word.range.start)..end,
        what,
    }
}

/// The part of a statement up to its `;`.
pub fn one<'s, 't>(words: &'s [Word<'t>]) -> &'s [Word<'t>] {
    let end = words.iter().position(|word| word.text == ";");
    &words[..end.unwrap_or(words.len())]
}
