//! The SQL of a revision as a value: split once, and carried through to the error that points into the file.

use std::borrow::Cow;
use std::ops::Range;

use migrate_chain::sql::{TokenKind, open_transaction, split, tokens};
use migrate_chain::{Checksum, Dialect};

use crate::values::settings::unix;

/// A section of a revision as a server reads it, in statements.
#[derive(Clone, Debug)]
pub struct Script<'r> {
    dialect: Dialect,
    /// The section in its file, and the byte where that begins.
    source: &'r str,
    start: usize,
    /// The same with LF line ends, and with blanks for the lines by which a dump speaks to psql.
    text: Cow<'r, str>,
    statements: Vec<HashedStatement>,
}

/// A statement of a script.
#[derive(Clone, Debug)]
struct HashedStatement {
    /// Its bytes in the text of the script.
    range: Range<usize>,
    /// The hash of the statements up to it, of tokens: see [`next_hash`].
    hash: Checksum,
}

impl<'r> Script<'r> {
    /// The section of a file.
    pub fn of_section(dialect: Dialect, file: &'r str, section: Range<usize>) -> Self {
        let source = &file[section.clone()];
        let text = for_server(dialect, source);
        let mut hash = None;
        let statements = split(dialect, &text).map(|statement| {
            let range = statement.range();
            let next = next_hash(dialect, hash, &text[range.clone()]);
            hash = Some(next);
            HashedStatement { range, hash: next }
        });
        Self {
            dialect,
            source,
            start: section.start,
            statements: statements.collect(),
            text,
        }
    }

    /// SQL that is in no file.
    pub fn of_text(dialect: Dialect, text: &'r str) -> Self {
        Self::of_section(dialect, text, 0..text.len())
    }

    /// A statement of it as a script of its own.
    pub fn alone(&self, number: usize) -> Script<'_> {
        let statement = &self.statements[number];
        let text = &self.text[statement.range.clone()];
        Script {
            dialect: self.dialect,
            source: text,
            start: 0,
            text: Cow::Borrowed(text),
            statements: vec![HashedStatement {
                range: 0..text.len(),
                hash: statement.hash,
            }],
        }
    }

    /// All of it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many statements it has.
    pub fn len(&self) -> usize {
        self.statements.len()
    }

    /// The bytes of each statement.
    pub fn ranges(&self) -> impl ExactSizeIterator<Item = Range<usize>> + '_ {
        self.statements
            .iter()
            .map(|statement| statement.range.clone())
    }

    /// The text of each statement.
    pub fn statements(&self) -> impl ExactSizeIterator<Item = &str> {
        self.ranges().map(|range| &self.text[range])
    }

    /// The text of the statement with this number, from 0.
    pub fn statement(&self, number: usize) -> Option<&str> {
        let statement = self.statements.get(number)?;
        Some(&self.text[statement.range.clone()])
    }

    /// The hash of the first `count` statements; none for none, or if there are not so many.
    pub fn hash(&self, count: usize) -> Option<Checksum> {
        let last = self.statements.get(count.checked_sub(1)?)?;
        Some(last.hash)
    }

    /// The number of the statement that a byte of the text is in, and the byte of that. What the server misses at the end of
    /// a statement is after it.
    #[cfg(feature = "postgres")]
    pub fn statement_at(&self, at: usize) -> Option<(usize, usize)> {
        let (number, range) = self
            .ranges()
            .enumerate()
            .take_while(|(_, range)| range.start <= at)
            .last()?;
        let last = range.end.saturating_sub(1).max(range.start);
        Some((number, at.min(last) - range.start))
    }

    /// How many of the first `done` statements stay done when the next one fails: a transaction of the revision's own is
    /// rolled back.
    pub fn kept_after_failure(&self, done: usize) -> usize {
        let done: Vec<&str> = self.statements().take(done).collect();
        open_transaction(self.dialect, &done).unwrap_or(done.len())
    }

    /// The bytes of a statement in the file; or of the word at this byte of the statement, as it was sent.
    pub fn place(&self, number: usize, at: Option<usize>) -> Range<usize> {
        let Some(statement) = self.statements.get(number) else {
            return self.start..self.start;
        };
        let within = statement.range.clone();
        let [start, end] = [within.start, within.end].map(|at| in_file(self.source, at));
        let Some(at) = at else {
            return self.start + start..self.start + end;
        };
        let start = start + in_file(&self.source[start..end], at);
        let word = self.source[start..end]
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .map_or(end, |length| start + length.max(1));
        let word = self.source.ceil_char_boundary(word);
        self.start + start..self.start + word
    }
}

/// The statements that a server finds in the text between two markers, which is one statement to a revision.
#[cfg(any(feature = "sqlite", feature = "mysql"))]
pub fn inner(dialect: Dialect, statement: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    split(dialect, statement).map(|inner| inner.range())
}

/// The hash once one more statement is done. It is chained, so that each costs no more than its own text; and it is of
/// tokens, as the checksum of a revision, so that an edit of a comment does not keep a revision from going on.
fn next_hash(dialect: Dialect, before: Option<Checksum>, statement: &str) -> Checksum {
    let before = before.map_or_else(String::new, |hash| hash.to_string());
    let statement = Checksum::of_sql(dialect, statement);
    Checksum::of(&format!("{before}\n{statement}"))
}

/// A section as a server reads it.
pub fn for_server(dialect: Dialect, text: &str) -> Cow<'_, str> {
    let text = unix(text);
    if !text.contains("restrict") {
        return text;
    }
    let mut bytes = text.clone().into_owned().into_bytes();
    for token in tokens(dialect, &text) {
        if token.kind == TokenKind::LineComment && text[token.range()].starts_with('\\') {
            bytes[token.range()].fill(b' ');
        }
    }
    String::from_utf8(bytes).map_or(text, Cow::Owned)
}

/// The byte of the file that a byte of the text with LF line ends is at.
fn in_file(text: &str, at: usize) -> usize {
    let mut sent = 0;
    for (found, c) in text.char_indices() {
        if sent >= at {
            return found;
        }
        if !(c == '\r' && text[found..].starts_with("\r\n")) {
            sent += c.len_utf8();
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(text: &str) -> Option<Checksum> {
        let script = Script::of_text(Dialect::Sqlite, text);
        script.hash(script.len())
    }

    #[test]
    fn the_hash_tells_where_statements_end() {
        assert_ne!(hash("a; b"), hash("ab"));
        assert_ne!(hash("b; a"), hash("a; b"));
        let script = Script::of_text(Dialect::Sqlite, "a; b");
        assert_eq!(script.hash(1), hash("a"));
        assert_eq!(hash("a; b -- c\n c"), hash("a; b   c"));
        assert_eq!(hash(""), None);
        assert_eq!(script.hash(3), None);
    }

    /// It is compared with what older versions have written.
    #[test]
    fn the_hash_of_statements_never_changes() {
        let text = "CREATE TABLE t (a TEXT);\r\nINSERT INTO t VALUES ('b');";
        let script = Script::of_text(Dialect::Postgres, text);
        assert_eq!(
            script.hash(2).map(|hash| hash.to_string()).as_deref(),
            Some("7c2566060dfdd602cd529b016976270407c853acacfe45113d43ce4a489ecbce")
        );
    }

    #[test]
    fn a_statement_alone_keeps_its_text_and_its_hash() {
        let script = Script::of_text(Dialect::Sqlite, "a;\nb c;");
        let alone = script.alone(1);
        assert_eq!((alone.text(), alone.len()), ("b c", 1));
        assert_eq!(alone.hash(1), script.hash(2));
    }

    #[test]
    fn a_statement_has_its_place_in_the_file() {
        let file = "-- x\r\nSELECT 1;\r\n  SELECT\r\n\tbad, 2;\r\n";
        let script = Script::of_section(Dialect::Postgres, file, 6..file.len());
        assert_eq!(script.statement(1), Some("SELECT\n\tbad, 2"));
        assert_eq!(&file[script.place(0, None)], "SELECT 1");
        assert_eq!(&file[script.place(1, None)], "SELECT\r\n\tbad, 2");
        assert_eq!(&file[script.place(1, Some(8))], "bad");
        assert_eq!(script.place(9, None), 6..6);
    }

    #[test]
    fn a_byte_is_found_behind_the_line_ends_of_windows() {
        assert_eq!(in_file("a\r\nb\r\nc", 0), 0);
        assert_eq!(in_file("a\r\nb\r\nc", 2), 3);
        assert_eq!(in_file("a\r\nb\r\nc", 4), 6);
        assert_eq!(in_file("\u{e4}\nb", 3), 3);
        assert_eq!(in_file("\r\r\nb", 2), 3, "a lone one is sent");
        assert_eq!(in_file("ab", 9), 2);
    }

    #[test]
    fn a_transaction_that_is_open_counts_from_its_begin() {
        let kept_after_failure = |text: &str| {
            let script = Script::of_text(Dialect::Sqlite, text);
            script.kept_after_failure(script.len())
        };
        assert_eq!(kept_after_failure(""), 0);
        assert_eq!(kept_after_failure("SELECT 1; SELECT 2"), 2);
        assert_eq!(kept_after_failure("SELECT 1; BEGIN; SELECT 2"), 1);
        assert_eq!(kept_after_failure("BEGIN; SELECT 1; COMMIT"), 3);
        assert_eq!(kept_after_failure("BEGIN; ROLLBACK; BEGIN IMMEDIATE"), 2);
        assert_eq!(kept_after_failure("BEGIN; SAVEPOINT s; ROLLBACK TO s"), 0);
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_byte_is_in_the_statement_before_it() {
        let script = "\n  SELECT 1;\n\n  SELECT '\u{e4}' FROM t ;";
        let at = |at| Script::of_text(Dialect::Postgres, script).statement_at(at);
        assert_eq!(at(3), Some((0, 0)));
        assert_eq!(at(10), Some((0, 7)));
        assert_eq!(at(16), Some((1, 0)));
        let end = "SELECT '\u{e4}' FROM t".len() - 1;
        assert_eq!(at(script.len()), Some((1, end)));
        assert_eq!(at(0), None);
    }

    #[test]
    fn what_a_dump_says_to_psql_is_blank_to_a_server_and_moves_nothing() {
        let text = "\\restrict abc\r\nSELECT '\n\\restrict abc';\n\\unrestrict abc\n";
        for dialect in Dialect::ALL {
            let blanks = |n| " ".repeat(n);
            let expected = format!(
                "{}\nSELECT '\n\\restrict abc';\n{}\n",
                blanks(13),
                blanks(15)
            );
            assert_eq!(for_server(dialect, text), expected);
        }
    }
}
