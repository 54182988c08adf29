//! The words of a database.

use std::fmt;

/// The kind of a journal column, by which each database chooses a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalType {
    /// The number of the row, which the database counts.
    Sequence,
    /// A word of the journal's own, such as an event.
    Word,
    /// The id of a revision.
    Id,
    /// The name and version of a program.
    Tool,
    /// A checksum in hexadecimal.
    Hash,
    /// A text of any length.
    Text,
    Time,
    Number,
    /// The definitions before a statement changes them, where a later start has to compare.
    Evidence,
}

/// Statements around the transaction of a revision, in an offline script.
#[derive(Clone, Copy, Debug, Default)]
pub struct Around {
    pub before_begin: &'static [&'static str],
    pub after_begin: &'static [&'static str],
    pub before_commit: &'static [&'static str],
    pub after_commit: &'static [&'static str],
}

/// The words of one database, and how its shell reads a script.
pub trait Syntax: fmt::Debug + Sync {
    /// The type of a column of the journal; none if this database needs no such column.
    fn column_type(&self, kind: JournalType) -> Option<&'static str>;

    /// The options of the version table, which needs transactions whatever tables have by default.
    fn version_options(&self) -> &'static str {
        ""
    }

    /// The options of the journal, which must also hold any text, whatever the character set of the database.
    fn journal_options(&self) -> &'static str {
        ""
    }

    /// A column of the version table, to be compared with one of the journal: they need not have one collation.
    fn comparable(&self, column: &str) -> String {
        column.to_owned()
    }

    /// The time now.
    fn now(&self) -> &'static str;

    /// The time so many milliseconds ago.
    fn ago(&self, milliseconds: u128) -> String;

    /// A statement that fails unless a condition holds.
    fn fail_unless(&self, condition: &str) -> String;

    /// Whether a transaction holds schema changes. Otherwise each commits by itself.
    fn has_transactional_ddl(&self) -> bool {
        true
    }

    /// Whether foreign keys can only be suspended for a whole transaction.
    fn suspends_keys_by_transaction(&self) -> bool {
        false
    }

    /// The statement that begins a transaction.
    fn begin(&self) -> &'static str;

    /// The lines by which a script sets up the shell.
    fn shell_setup(&self) -> &'static str {
        ""
    }

    /// The statements that undo what a script of plain SQL has set on a session: each revision of an offline script starts
    /// with the settings that one of a run starts with.
    fn session_defaults(&self) -> &'static [&'static str] {
        &[]
    }

    /// The statements that undo what these statements have set, where it takes a look at them to know it.
    fn undo(&self, _script: &[&str]) -> Vec<String> {
        Vec::new()
    }

    /// The statements around a revision that suspends foreign keys.
    fn without_keys(&self) -> Around {
        Around::default()
    }

    /// A statement with what ends it, as the shell reads it.
    fn in_shell(&self, statement: &str) -> String {
        // It never ends in a comment, which would swallow what ends it.
        format!("{statement};\n")
    }
}
