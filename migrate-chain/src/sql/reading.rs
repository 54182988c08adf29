//! A section as one dialect reads it, and all that one pass over it finds.

use super::faults::{Fault, find};
use super::plain::plain;
use super::split::{Statements, split_canonical};
use super::token::TokenKind;
use crate::Dialect;
use crate::digest::Checksum;

/// The facts of a text in one dialect.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// Its faults: see [`faults`](super::faults()).
    pub faults: Vec<Fault>,
    /// Its tokens, unless they are known to be alike in every dialect: see [`Checksum::of_sql`].
    pub canonical: Vec<u8>,
    /// The construct that is still open at its end.
    pub open: Option<Open>,
    /// Whether it has a `DELIMITER`, which only MySQL's client knows.
    pub has_delimiter: bool,
}

/// A construct that a text opens and does not close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Open {
    /// A string, a quoted name or a comment.
    Token(TokenKind),
    /// The body of a stored program.
    Body,
}

/// Reads the text of `statements`, for a section that runs in a transaction or outside one.
pub fn read(
    mut statements: Statements<'_>,
    dialect: Dialect,
    transactional: bool,
    text: &str,
) -> Reading {
    let faults = find(&mut statements, dialect, transactional, text);
    let stray = statements
        .strays()
        .iter()
        .find(|token| !token.terminated && token.is_enclosed());
    let open = stray.map(|token| Open::Token(token.kind));
    let executable = || {
        let token = statements.open_executable();
        token.map(|token| Open::Token(token.kind))
    };
    let body = || statements.ends_within().then_some(Open::Body);
    Reading {
        faults,
        open: open.or_else(executable).or_else(body),
        has_delimiter: statements.has_delimiter(),
        canonical: statements.into_canonical(),
    }
}

/// The bytes that the checksum of `text` covers.
pub fn canonical(dialect: Dialect, text: &str) -> Vec<u8> {
    let mut statements = split_canonical(dialect, text);
    statements.by_ref().for_each(drop);
    statements.into_canonical()
}

impl Checksum {
    /// The checksum of SQL in one dialect: of its tokens, so that neither a comment nor the length of blanks counts.
    ///
    /// Any run of blanks and comments is one separator. Whether there is one counts, and between two strings whether it
    /// holds a line break, since PostgreSQL joins those. Optimizer hints (`/*+ … */`), MySQL's executable comments,
    /// `-- migrate: statement` and `end`, and `DELIMITER` count too. Line ends of Windows are those of Unix.
    ///
    /// ```
    /// use migrate_chain::{Checksum, Dialect};
    ///
    /// let of = |text| Checksum::of_sql(Dialect::Postgres, text);
    /// assert_eq!(of("SELECT  1; -- one"), of("SELECT\n1;"));
    /// assert_ne!(of("SELECT 'a' 'b'"), of("SELECT 'a'\n'b'"));
    /// ```
    pub fn of_sql(dialect: Dialect, text: &str) -> Self {
        let plain = plain(text).map(|plain| plain.canonical);
        Self::of_canonical(&plain.unwrap_or_else(|| canonical(dialect, text)))
    }
}
