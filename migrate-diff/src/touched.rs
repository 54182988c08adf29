//! The part of a database that SQL touches, as far as its text names it.

use std::collections::BTreeSet;

use migrate_chain::Dialect;
use migrate_chain::sql::{TokenKind, quote_text, tokens};

/// The objects that a piece of SQL may touch: those whose names stand in it, or all.
///
/// ```
/// use migrate_chain::Dialect;
/// use migrate_diff::Touched;
///
/// assert!(!Touched::by(Dialect::Postgres, ["ALTER TABLE users ADD name text"]).is_all());
/// // Nobody knows from the text what this one does.
/// assert!(Touched::by(Dialect::Postgres, ["DO $$ BEGIN PERFORM f(); END $$"]).is_all());
/// ```
#[derive(Clone, Debug)]
pub struct Touched(Option<BTreeSet<String>>);

/// More names than this are slower to look up than everything is to read.
const MANY: usize = 500;

impl Touched {
    /// Everything in the database.
    pub fn all() -> Self {
        Self(None)
    }

    /// The objects that SQL names; all if it may touch others.
    pub fn by<'s>(dialect: Dialect, sql: impl IntoIterator<Item = &'s str>) -> Self {
        let mut names = BTreeSet::new();
        for text in sql {
            if !collect(dialect, text, &mut names) || names.len() > MANY {
                return Self::all();
            }
        }
        Self(Some(names))
    }

    /// Whether it is everything.
    pub fn is_all(&self) -> bool {
        self.0.is_none()
    }

    /// The names; none if it is everything.
    pub(crate) fn names(&self) -> Option<impl Iterator<Item = &str>> {
        Some(self.0.as_ref()?.iter().map(String::as_str))
    }

    /// The names as the list of an SQL `IN`; none if it is everything.
    pub(crate) fn list(&self, dialect: Dialect) -> Option<String> {
        let names: Vec<String> = self
            .names()?
            .map(|name| quote_text(dialect, name))
            .collect();
        // An empty list is an error to most databases.
        Some(if names.is_empty() {
            "('')".to_owned()
        } else {
            format!("({})", names.join(", "))
        })
    }
}

/// Whether the names are all that the text can touch.
fn collect(dialect: Dialect, text: &str, names: &mut BTreeSet<String>) -> bool {
    // These run statements that the text does not show, or take others along.
    const OPAQUE: [&str; 5] = ["DO", "EXECUTE", "PREPARE", "CALL", "CASCADE"];
    let mut before = "";
    for token in tokens(dialect, text).filter(|token| !token.is_trivia()) {
        let word = &text[token.range()];
        match token.kind {
            TokenKind::Word => {
                let is_action = ["DELETE", "UPDATE"]
                    .iter()
                    .any(|action| before.eq_ignore_ascii_case(action));
                let is_opaque = OPAQUE
                    .iter()
                    .any(|opaque| word.eq_ignore_ascii_case(opaque));
                // `ON DELETE CASCADE` and `ON CONFLICT DO` are parts of statements.
                if is_opaque && !is_action && !before.ends_with(')') {
                    return false;
                }
                names.insert(word.to_lowercase());
            }
            TokenKind::QuotedIdentifier => {
                let name = word.trim_matches(['"', '`', '[', ']']);
                names.insert(name.replace("\"\"", "\"").replace("``", "`"));
                names.insert(name.to_lowercase());
            }
            // MySQL reads it as a name under ANSI_QUOTES.
            TokenKind::String if word.starts_with('"') => {
                names.insert(word.trim_matches('"').to_owned());
            }
            _ => {}
        }
        before = word;
    }
    true
}
