use std::ops::Range;

/// A piece of SQL text. Tokens tile their text: each begins where the one before it ends.
///
/// ```
/// use migrate_chain::Dialect;
/// use migrate_chain::sql::{TokenKind, tokens};
///
/// let token = tokens(Dialect::Sqlite, "'it''s' || x").next().expect("the text is not empty");
/// assert_eq!((token.kind, token.range()), (TokenKind::String, 0..7));
/// assert!(token.terminated);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The kind of token.
    pub kind: TokenKind,
    /// The offset of its first byte.
    pub start: usize,
    /// The offset after its last byte.
    pub end: usize,
    /// False when what the token opens is never closed: a quote or a comment that runs into the end of the text, a
    /// statement marker without its end, or an end marker that closes nothing.
    pub terminated: bool,
}

impl Token {
    /// Its place in the text.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// Whether it is white space or a comment, which a database skips.
    pub fn is_trivia(&self) -> bool {
        matches!(
            self.kind,
            TokenKind::Whitespace | TokenKind::LineComment | TokenKind::BlockComment
        )
    }

    /// Whether it is part of the statement itself: not white space, not a comment, and not a bracket of MySQL's executable
    /// comments, whose content counts.
    pub fn is_significant(&self) -> bool {
        let is_bracket = matches!(
            self.kind,
            TokenKind::ExecutableOpen | TokenKind::ExecutableClose
        );
        !self.is_trivia() && !is_bracket
    }

    /// Whether it has a beginning and an end of its own, and any text between.
    pub(super) fn is_enclosed(&self) -> bool {
        matches!(
            self.kind,
            TokenKind::String
                | TokenKind::QuotedIdentifier
                | TokenKind::BlockComment
                | TokenKind::DollarQuote
        )
    }
}

/// The kinds of [`Token`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// A run of white space.
    Whitespace,
    /// `-- …`, and in MySQL `# …`, without the line break.
    LineComment,
    /// `/* … */`.
    BlockComment,
    /// `/*!50001` or `/*M!`, which opens text that MySQL or MariaDB executes. Whether it is closed shows later.
    ExecutableOpen,
    /// The `*/` of executable text.
    ExecutableClose,
    /// A string with its prefix: `'…'`, `E'…'`, `x'…'`, and in MySQL `"…"`.
    String,
    /// `"…"`, `` `…` ``, `[…]` or `U&"…"`, as the dialect has them.
    QuotedIdentifier,
    /// PostgreSQL's `$tag$ … $tag$`.
    DollarQuote,
    /// A number, with what sticks to it.
    Number,
    /// A keyword or an identifier.
    Word,
    /// A parameter or variable: `$1`, `?1`, `:name`, `@name`, `@@name`.
    Parameter,
    /// An operator: one byte, except in PostgreSQL, where it is the longest run that opens no comment; and `:=`.
    Operator,
    /// A bracket, comma, dot or colon.
    Punctuation,
    /// `;`
    Semicolon,
    /// The delimiter that MySQL's `DELIMITER` put in the place of `;`.
    Delimiter,
    /// MySQL's client command `DELIMITER …`, up to the end of its line.
    DelimiterCommand,
    /// A psql meta-command such as `\i file`, up to the end of its line.
    MetaCommand,
    /// `-- migrate: statement` alone on its line.
    StatementMarker,
    /// The text between a statement marker and its end, not lexed.
    Verbatim,
    /// `-- migrate: end` alone on its line.
    EndMarker,
    /// A byte that no dialect has a use for.
    Unknown,
}
