//! `COPY … FROM stdin`, after which a dump has lines of data.

use super::keyword::is;
use crate::sql::token::{Token, TokenKind};

/// Tells whether a statement is `COPY … FROM stdin`.
#[derive(Clone, Copy, Debug, Default)]
pub enum Watch {
    #[default]
    Start,
    Copy,
    From,
    FromStdin,
    Other,
}

impl Watch {
    pub fn token(&mut self, token: &Token, text: &str) {
        if matches!(self, Self::Other | Self::FromStdin) {
            return;
        }
        let word = if token.kind == TokenKind::Word {
            &text[token.range()]
        } else {
            ""
        };
        *self = match self {
            Self::Start if !is(word, "COPY") => Self::Other,
            Self::From if is(word, "STDIN") => Self::FromStdin,
            _ if is(word, "FROM") => Self::From,
            _ => Self::Copy,
        };
    }

    pub fn is_from_stdin(self) -> bool {
        matches!(self, Self::FromStdin)
    }
}

/// The end of the data of the `COPY` that ends at `from`: after the line `\.`. Without such a line there is no data,
/// and SQL follows.
pub fn data_end(text: &str, from: usize) -> Option<usize> {
    let mut at = from;
    while at < text.len() {
        let end = text[at..]
            .find('\n')
            .map_or(text.len(), |length| at + length + 1);
        if text[at..end].trim_ascii() == "\\." {
            return Some(end);
        }
        at = end;
    }
    None
}
