//! SQLite: the bodies of triggers.

use super::keyword::is;
use crate::sql::token::{Token, TokenKind};

/// The automaton of `sqlite3_complete`: a trigger ends with `; END ;` and no other statement holds a `;`.
///
/// Counting BEGIN, CASE and END instead would trip over a column named `end`, which SQLite allows.
#[derive(Clone, Copy, Debug, Default)]
pub enum Body {
    #[default]
    Start,
    Explain,
    Create,
    Plain,
    Trigger,
    TriggerSemicolon,
    TriggerEnd,
}

impl Body {
    pub fn token(&mut self, token: &Token, text: &str) {
        if matches!(self, Self::Plain) {
            return;
        }
        let word = if token.kind == TokenKind::Word {
            &text[token.range()]
        } else {
            ""
        };
        *self = match self {
            Self::Start if is(word, "EXPLAIN") => Self::Explain,
            Self::Start | Self::Explain if is(word, "CREATE") => Self::Create,
            // QUERY PLAN
            Self::Explain if !is(word, "EXPLAIN") => Self::Explain,
            Self::Create if is(word, "TEMP") || is(word, "TEMPORARY") => Self::Create,
            Self::Create if is(word, "TRIGGER") => Self::Trigger,
            Self::TriggerSemicolon if is(word, "END") => Self::TriggerEnd,
            Self::Trigger | Self::TriggerSemicolon | Self::TriggerEnd => Self::Trigger,
            Self::Start | Self::Explain | Self::Create | Self::Plain => Self::Plain,
        };
    }

    pub fn is_within(self) -> bool {
        matches!(self, Self::Trigger | Self::TriggerSemicolon)
    }

    pub fn semicolon(&mut self) -> bool {
        let within = self.is_within();
        if within {
            *self = Self::TriggerSemicolon;
        }
        !within
    }
}
