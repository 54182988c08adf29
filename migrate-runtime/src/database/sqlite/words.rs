//! The words of a script that ask for more than running it.

/// Words of a script, wherever they stand: whether SQLite reads one as a statement or as part of a string is not guessed
/// here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ScriptWords {
    /// It may end its transaction and go on. What SQLite ends on its own, it ends with an error.
    pub may_end_transaction: bool,
    /// It may set up the connection.
    pub may_set_up: bool,
    /// It may drop a table.
    pub may_drop: bool,
}

impl ScriptWords {
    pub fn of(script: &str) -> Self {
        let mut words = Self::default();
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        for word in script.as_bytes().split(|byte| !is_part(byte)) {
            words.add(word);
        }
        words
    }

    fn add(&mut self, word: &[u8]) {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
        match word.len() {
            3 => self.may_end_transaction |= is("END"),
            4 => {
                self.may_drop |= is("DROP");
                self.may_set_up |= is("TEMP");
            }
            6 => {
                self.may_end_transaction |= is("COMMIT");
                self.may_set_up |= is("PRAGMA") || is("ATTACH");
            }
            8 => self.may_end_transaction |= is("ROLLBACK"),
            9 => self.may_set_up |= is("TEMPORARY"),
            _ => {}
        }
    }

    /// Whether the revision needs more than its statements and its record.
    pub fn are_special(self) -> bool {
        self.may_end_transaction || self.may_set_up || self.may_drop
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_could_end_the_transaction_counts_wherever_it_stands() {
        for script in [
            "commit",
            "SELECT 1;END;BEGIN",
            "\u{feff}ROLLBACK",
            "x'00'COMMIT",
            "/**/End/**/",
            "INSERT INTO t VALUES ('the end')",
            "CREATE TABLE t (a UNIQUE ON CONFLICT ROLLBACK)",
        ] {
            assert!(ScriptWords::of(script).may_end_transaction, "{script}");
        }
        for script in [
            "",
            "SELECT 1",
            "ALTER TABLE t ADD COLUMN end_date",
            "DELETE FROM commits",
        ] {
            assert_eq!(ScriptWords::of(script), ScriptWords::default(), "{script}");
        }
    }

    #[test]
    fn what_sets_up_the_connection_or_drops_is_seen() {
        for script in [
            "pragma x",
            "ATTACH 'a' AS b",
            "CREATE TEMP TABLE t (a)",
            "create temporary view v",
        ] {
            assert!(ScriptWords::of(script).may_set_up, "{script}");
        }
        assert!(ScriptWords::of("drop table t").may_drop);
    }
}
