//! Observations from a server.

use std::ops::Range;

use migrate_chain::lint::Effect;

/// Observations about one statement.
#[derive(Debug)]
pub struct Statement {
    pub revision: usize,
    pub range: Range<usize>,
    pub seen: Seen,
}

/// An observation from a server.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    /// The statement's effect on others, by which all rules that can be measured are judged.
    Effect {
        effect: Effect,
        facts: Vec<String>,
        /// The rule for it if no other explains it, and its message.
        otherwise: (&'static str, String),
        /// Its effect on locks that earlier statements hold.
        outlasts: Vec<Outlast>,
    },
    /// The rules that apply, each with its message, and what was seen.
    Rules(Vec<(&'static str, String, String)>),
}

/// A lock of an earlier statement that lasts as long as a slow one.
#[derive(Debug, PartialEq, Eq)]
pub struct Outlast {
    pub effect: Effect,
    pub message: String,
    pub fact: String,
}

/// A name without its quotes, as catalogs compare it where case does not count.
pub fn plain(name: &str) -> String {
    name.trim_matches(['"', '`', '[', ']', '\'']).to_lowercase()
}
