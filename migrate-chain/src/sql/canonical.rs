//! SQL as its checksum covers it: the tokens, and whether anything parts them.

use std::ops::Range;

use super::lexer::breaks_line;
use super::token::{Token, TokenKind};

/// The tokens of a text up to here, in a form that comments and the length of blanks leave alone.
///
/// One blank replaces each run of blanks and comments, and a line break replaces one between two strings, which
/// PostgreSQL joins. Optimizer hints, executable comments, our markers and `DELIMITER` count.
#[derive(Clone, Debug, Default)]
pub struct Canonical {
    bytes: Vec<u8>,
    /// A run of the text that is to be added as it is.
    run: Range<usize>,
    gap: Gap,
    /// The last token.
    last: Option<TokenKind>,
}

/// The gap between two tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    #[default]
    Nothing,
    /// One blank, which may stay.
    Space,
    Blanks,
    LineBreak,
}

impl Canonical {
    /// Adds the next token of `text`.
    pub fn token(&mut self, token: &Token, text: &str) {
        if token.is_trivia() {
            let piece = &text.as_bytes()[token.range()];
            if !is_hint(token.kind, piece) {
                return self.trivia(token.kind, piece);
            }
        }
        if takes_line(token.kind) {
            return self.line(token.kind, token.range(), text);
        }
        if !self.goes_on() {
            self.add_run(text);
            self.separate(token.kind);
            self.run.start = token.start;
        }
        self.run.end = token.end;
        self.gap = Gap::Nothing;
        self.last = Some(token.kind);
    }

    /// Adds a token that is only a comment at its place.
    pub fn comment(&mut self) {
        self.gap = self.gap.max(Gap::Blanks);
    }

    /// Adds what takes its lines to itself.
    pub fn line(&mut self, kind: TokenKind, range: Range<usize>, text: &str) {
        self.add_run(text);
        if self.last.is_some() {
            self.bytes.push(b'\n');
        }
        push(&mut self.bytes, text[range].trim_ascii());
        self.gap = Gap::Nothing;
        self.last = Some(kind);
    }

    pub fn into_bytes(mut self, text: &str) -> Vec<u8> {
        self.add_run(text);
        self.bytes
    }

    fn trivia(&mut self, kind: TokenKind, piece: &[u8]) {
        let gap = match kind {
            TokenKind::Whitespace if piece == b" " && self.gap == Gap::Nothing => Gap::Space,
            TokenKind::Whitespace if breaks_line(piece) => Gap::LineBreak,
            _ => Gap::Blanks,
        };
        self.gap = self.gap.max(gap);
    }

    /// Whether the next token belongs to the run, with what parts it from the last.
    fn goes_on(&self) -> bool {
        let is_part = |last| !takes_line(last) && self.gap <= Gap::Space;
        self.last.is_some_and(is_part)
    }

    /// Writes what parts the next token from the last.
    fn separate(&mut self, next: TokenKind) {
        let Some(last) = self.last else {
            return;
        };
        let strings = last == TokenKind::String && next == TokenKind::String;
        if takes_line(last) || strings && self.gap == Gap::LineBreak {
            self.bytes.push(b'\n');
        } else if self.gap != Gap::Nothing {
            self.bytes.push(b' ');
        }
    }

    fn add_run(&mut self, text: &str) {
        push(&mut self.bytes, &text[self.run.clone()]);
        self.run = 0..0;
    }
}

/// A checkout on Windows has the line ends of any other.
fn push(bytes: &mut Vec<u8>, piece: &str) {
    if !piece.as_bytes().contains(&b'\r') {
        return bytes.extend_from_slice(piece.as_bytes());
    }
    let mut lines = piece.split("\r\n");
    bytes.extend_from_slice(lines.next().unwrap_or_default().as_bytes());
    for line in lines {
        bytes.push(b'\n');
        bytes.extend_from_slice(line.as_bytes());
    }
}

/// Whether a token takes its lines to itself, whatever blanks are around it.
fn takes_line(kind: TokenKind) -> bool {
    matches!(
        kind,
        TokenKind::StatementMarker
            | TokenKind::Verbatim
            | TokenKind::EndMarker
            | TokenKind::DelimiterCommand
            | TokenKind::MetaCommand
    )
}

/// `/*+ … */`: a database that knows hints may run the statement in another way.
fn is_hint(kind: TokenKind, piece: &[u8]) -> bool {
    kind == TokenKind::BlockComment && piece.starts_with(b"/*+")
}
