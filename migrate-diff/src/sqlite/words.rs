//! SQL as SQLite reads it: words without regard to case, quotes and white space.

use std::collections::BTreeSet;
use std::ops::Range;

use migrate_chain::Dialect;
use migrate_chain::sql::{TokenKind, quote_name, tokens};

/// A token that means something.
#[derive(Clone, Debug)]
pub struct Piece<'s> {
    pub kind: TokenKind,
    pub text: &'s str,
    pub place: Range<usize>,
}

impl Piece<'_> {
    /// Whether it is the keyword, which is given in small letters.
    pub fn is_word(&self, word: &str) -> bool {
        self.kind == TokenKind::Word && self.text.eq_ignore_ascii_case(word)
    }

    /// The name that it spells, without quotes.
    pub fn name(&self) -> String {
        let quoted = self.kind == TokenKind::QuotedIdentifier || self.text.starts_with('\'');
        if !quoted || self.text.len() < 2 {
            return self.text.to_owned();
        }
        let quote = &self.text[self.text.len() - 1..];
        let inside = &self.text[1..self.text.len() - 1];
        inside.replace(&quote.repeat(2), quote)
    }
}

/// The tokens of a statement without comments and white space.
pub fn pieces(sql: &str) -> Vec<Piece<'_>> {
    let tokens = tokens(Dialect::Sqlite, sql).filter(|token| !token.is_trivia());
    tokens
        .map(|token| Piece {
            kind: token.kind,
            text: &sql[token.range()],
            place: token.range(),
        })
        .collect()
}

/// The pieces spelt one way: words in small letters, names without quotes that they do not need, one space where one is
/// needed.
pub fn canonical(pieces: &[Piece<'_>]) -> String {
    let mut text = String::new();
    for (n, piece) in pieces.iter().enumerate() {
        let tight = matches!(piece.text, "(" | ")" | "," | ".")
            || n == 0
            || matches!(pieces[n - 1].text, "(" | ".");
        if !tight {
            text.push(' ');
        }
        match piece.kind {
            TokenKind::Word => text.push_str(&piece.text.to_ascii_lowercase()),
            TokenKind::QuotedIdentifier => text.push_str(&quoted(piece)),
            _ => text.push_str(piece.text),
        }
    }
    text
}

fn quoted(piece: &Piece<'_>) -> String {
    let name = piece.name();
    if is_plain(&name) {
        name.to_ascii_lowercase()
    } else {
        quote(&name)
    }
}

/// A name as a statement writes it.
pub fn quote(name: &str) -> String {
    quote_name(Dialect::Sqlite, name)
}

fn is_plain(name: &str) -> bool {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    starts && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// The names in a statement, in small letters.
pub fn names(sql: &str) -> BTreeSet<String> {
    let is_name =
        |piece: &&Piece<'_>| matches!(piece.kind, TokenKind::Word | TokenKind::QuotedIdentifier);
    let pieces = pieces(sql);
    let names = pieces.iter().filter(is_name).map(Piece::name);
    names.map(|name| name.to_ascii_lowercase()).collect()
}

/// Whether a statement has a name in it.
pub fn mentions(sql: &str, name: &str) -> bool {
    names(sql).contains(&name.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_makes_no_difference_and_meaning_does() {
        let spelt = |sql: &str| canonical(&pieces(sql));
        assert_eq!(
            spelt("SELECT [a] ,`b`  FROM \"T\" -- x"),
            spelt("select a,b from t")
        );
        assert_ne!(spelt("select 'A'"), spelt("select 'a'"));
        assert_ne!(spelt("a - b"), spelt("a + b"));
        assert_eq!(spelt("\"two words\""), "\"two words\"");
    }

    #[test]
    fn a_name_is_found_in_quotes_and_not_in_strings() {
        assert!(mentions("SELECT * FROM [Users]", "users"));
        assert!(!mentions("SELECT 'users' FROM t", "users"));
    }
}
