//! The lines `-- migrate: …`, and those that were meant as one.

use crate::Dialect;
use crate::suggest::nearest;

/// A marker line, well written or not.
#[derive(Debug, PartialEq, Eq)]
pub struct Marker<'l> {
    /// The word after the colon, as written; empty if there is none.
    pub word: &'l str,
    /// The known word that it is, or was likely meant to be.
    pub meant: Option<&'static str>,
    /// The text after the word.
    pub rest: &'l str,
    /// Whether the word is one that exists.
    pub is_known: bool,
    /// Whether the line around the word is written as a marker is.
    pub is_well_formed: bool,
}

const WORDS: [&str; 5] = ["upgrade", "downgrade", "statement", "end", "allow"];

impl<'l> Marker<'l> {
    /// Reads a line, trimmed, with its comment sign. `None` if it is something else.
    pub fn read(line: &'l str) -> Option<Self> {
        let comment = line.strip_prefix("--")?;
        let text = comment.trim_ascii_start();
        let Some(words) = text.strip_prefix("migrate:") else {
            return Self::nearly(text);
        };
        let mut marker = Self::of_words(words.trim_ascii());
        // A splitter looks for these two, and reads `--migrate` as SQL, as MySQL does.
        if matches!(marker.word, "statement" | "end") {
            marker.is_well_formed =
                marker.rest.is_empty() && comment.starts_with(|c: char| c.is_ascii_whitespace());
        }
        if marker.word == "allow" {
            marker.is_well_formed = marker.rest.split_ascii_whitespace().nth(1).is_some();
        }
        Some(marker)
    }

    /// Whether it is a well-written marker for statements, which opens no section.
    pub fn is_for_statements(&self) -> bool {
        self.is_known && self.is_well_formed && !matches!(self.word, "upgrade" | "downgrade")
    }

    /// Reads a comment that lacks the colon, or has capitals: if `-- migrate downgrade` passed for a
    /// comment, the upgrade would go on to undo itself.
    pub fn nearly(text: &'l str) -> Option<Self> {
        let (migrate, after) = text.split_at_checked("migrate".len())?;
        // Every comment of a chain gets here; only a few begin like this.
        if !migrate.eq_ignore_ascii_case("migrate") {
            return None;
        }
        let after_blanks = after.trim_ascii_start();
        let words = after_blanks.strip_prefix(':').unwrap_or(after_blanks);
        let is_separate = words.len() < after.len();
        let marker = Self {
            is_well_formed: false,
            ..Self::of_words(words.trim_ascii())
        };
        let is_word = marker.meant.is_some_and(|meant| {
            meant.eq_ignore_ascii_case(marker.word) || is_short_for(marker.word, meant)
        });
        let names_dialects = marker
            .rest
            .split_ascii_whitespace()
            .all(|name| nearest(name, &Dialect::NAMES).is_some());
        (is_separate && is_word && names_dialects).then_some(marker)
    }

    fn of_words(words: &'l str) -> Self {
        let (word, rest) = words
            .split_once(|c: char| c.is_ascii_whitespace())
            .unwrap_or((words, ""));
        let known = WORDS.into_iter().find(|known| *known == word);
        let short = || WORDS.into_iter().find(|known| is_short_for(word, known));
        Self {
            word,
            meant: known.or_else(|| nearest(word, &WORDS)).or_else(short),
            rest: rest.trim_ascii_start(),
            is_known: known.is_some(),
            is_well_formed: true,
        }
    }

    /// How it should be written.
    pub fn corrected(&self) -> String {
        let word = self.meant.unwrap_or(self.word);
        match (word, self.rest) {
            ("allow", rest) => {
                let code = rest.split_ascii_whitespace().next().unwrap_or("CODE");
                format!("-- migrate: allow {code} REASON")
            }
            ("statement" | "end", _) | (_, "") => format!("-- migrate: {word}"),
            (word, rest) => format!("-- migrate: {word} {rest}"),
        }
    }
}

/// Other tools write `up` and `down`.
fn is_short_for(word: &str, known: &str) -> bool {
    word.len() > 1 && known.starts_with(&word.to_ascii_lowercase())
}

/// A marker that begins or ends a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    Statement,
    End,
}

/// The bound that the line or line comment `text` marks.
pub fn parse(text: &str) -> Option<Bound> {
    let after_dashes = text.trim_ascii().strip_prefix("--")?;
    let word = after_dashes
        .trim_ascii_start()
        .strip_prefix("migrate:")?
        .trim_ascii_start();
    // MySQL reads `--migrate` as two minus signs.
    if !after_dashes.starts_with([' ', '\t']) {
        return None;
    }
    match word {
        "statement" => Some(Bound::Statement),
        "end" => Some(Bound::End),
        _ => None,
    }
}

/// Whether there are only blanks before `at` on its line.
pub fn opens_line(bytes: &[u8], at: usize) -> bool {
    let mut at = at;
    while at > 0 && matches!(bytes[at - 1], b' ' | b'\t') {
        at -= 1;
    }
    at == 0 || matches!(bytes[at - 1], b'\n' | b'\r')
}

/// The end of the verbatim text that begins at `from`, and whether an end marker is there. Without one it ends at the
/// next statement marker, so that one forgotten end does not swallow what follows.
pub fn verbatim_end(text: &str, from: usize) -> (usize, bool) {
    let mut at = from;
    while at < text.len() {
        let end = text[at..]
            .find('\n')
            .map_or(text.len(), |length| at + length + 1);
        match parse(&text[at..end]) {
            Some(Bound::End) => return (at, true),
            Some(Bound::Statement) => return (at, false),
            None => at = end,
        }
    }
    (text.len(), false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_read_with_what_follows() {
        let marker = Marker::read("-- migrate: upgrade  mysql sqlite").expect("a marker");
        assert_eq!((marker.word, marker.rest), ("upgrade", "mysql sqlite"));
        assert!(marker.is_known && marker.is_well_formed);
        assert!(
            Marker::read("--migrate:upgrade")
                .expect("a marker")
                .is_well_formed
        );
    }

    #[test]
    fn what_is_nearly_a_marker_is_told_from_prose() {
        for (line, corrected) in [
            ("-- migrate downgrade", "-- migrate: downgrade"),
            ("-- Migrate: Upgrade", "-- migrate: upgrade"),
            ("-- migrate : upgrade mysql", "-- migrate: upgrade mysql"),
            ("-- MIGRATE UP", "-- migrate: upgrade"),
            ("--migrate: statement", "-- migrate: statement"),
            ("-- migrate: end of it", "-- migrate: end"),
            ("-- migrate: allow", "-- migrate: allow CODE REASON"),
            (
                "-- migrate: allow long-lock",
                "-- migrate: allow long-lock REASON",
            ),
        ] {
            let marker = Marker::read(line).expect(line);
            assert!(!marker.is_well_formed, "{line}");
            assert_eq!(marker.corrected(), corrected);
        }
        for prose in [
            "-- migrate the upgrade",
            "-- migrated: upgrade",
            "-- Migrate upgrade scripts",
            "-- migrate",
            "-- migrateup",
            "migrate: upgrade",
        ] {
            assert_eq!(Marker::read(prose), None, "{prose}");
        }
    }

    #[test]
    fn a_short_or_misspelt_word_is_understood() {
        let meant = |line| Marker::read(line).expect("a marker").meant;
        assert_eq!(meant("-- migrate: up"), Some("upgrade"));
        assert_eq!(meant("-- migrate: Down"), Some("downgrade"));
        assert_eq!(meant("-- migrate: statment"), Some("statement"));
        assert_eq!(meant("-- migrate: rollback"), None);
        assert_eq!(meant("-- migrate:"), None);
    }
}
