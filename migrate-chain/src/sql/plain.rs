//! A quick look at SQL: most of it is so plain that every dialect reads it alike, and finds nothing wrong.
//!
//! A macro is compiled without optimisation, and to lex a long chain as three dialects takes most of its time. What is not
//! plain here is not wrong either: it is only left to those who look closely.

/// Whether no dialect can find a fault in `text`, in a transaction or outside one. Where in doubt, it is not plain.
///
/// Plain are the statements that everybody writes, of words, numbers, simple operators, quotes without a backslash, and
/// comments that are set off with a blank. All else may mean different things: `#`, `$`, `@`, a block comment, a routine.
pub(crate) fn is_plain(text: &str) -> bool {
    let mut scan = Scan {
        bytes: text.as_bytes(),
        at: 0,
    };
    scan.statements()
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl Scan<'_> {
    fn statements(&mut self) -> bool {
        let mut place = Place::Start;
        // A `while` over an index: without optimisation an iterator costs a call for each byte.
        while self.at < self.bytes.len() {
            match CLASS[self.bytes[self.at] as usize] {
                BLANK => self.at += 1,
                LETTER => place = place.behind(self.word()),
                HYPHEN if self.hyphen() => {}
                SEMICOLON if place.may_end() => {
                    self.at += 1;
                    place = Place::Start;
                }
                QUOTE if place == Place::Within && self.quote() => {}
                OTHER if place == Place::Within => self.at += 1,
                _ => return false,
            }
            if place == Place::Unknown {
                return false;
            }
        }
        place.may_end()
    }

    fn word(&mut self) -> &[u8] {
        let start = self.at;
        while CLASS[self.byte() as usize] == LETTER {
            self.at += 1;
        }
        &self.bytes[start..self.at]
    }

    /// A comment, or a minus. A comment may be one of our markers.
    fn hyphen(&mut self) -> bool {
        self.at += 1;
        if self.byte() != b'-' {
            return true;
        }
        self.at += 1;
        // MySQL reads `--1` as two signs.
        if self.at < self.bytes.len() && CLASS[self.byte() as usize] != BLANK {
            return false;
        }
        while matches!(self.byte(), b' ' | b'\t') {
            self.at += 1;
        }
        let is_prose = !matches!(self.byte(), b'm' | b'M');
        while self.at < self.bytes.len() && self.bytes[self.at] != b'\n' {
            self.at += 1;
            // For PostgreSQL, a carriage return ends it too.
            if self.bytes[self.at - 1] == b'\r' && self.byte() != b'\n' {
                return false;
            }
        }
        is_prose
    }

    /// A string or a quoted name. A quote in it is written twice, and so looks like two of them.
    fn quote(&mut self) -> bool {
        let quote = self.byte();
        self.at += 1;
        while self.at < self.bytes.len() {
            let byte = self.bytes[self.at];
            self.at += 1;
            if byte == quote {
                return true;
            }
            if byte == b'\\' {
                return false;
            }
        }
        false
    }

    /// The byte here, or 0 at the end.
    fn byte(&self) -> u8 {
        if self.at < self.bytes.len() {
            self.bytes[self.at]
        } else {
            0
        }
    }
}

/// How far a statement has said which it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    /// Behind a first word; one of these has to follow.
    First(&'static [&'static str]),
    Within,
    Unknown,
}

impl Place {
    fn behind(self, word: &[u8]) -> Self {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
        match self {
            Self::Start => {
                let first = FIRST.iter().find(|(first, _)| is(first));
                first.map_or(Self::Unknown, |(_, seconds)| Self::First(seconds))
            }
            Self::First(seconds) if seconds.iter().any(|second| is(second)) => Self::Within,
            Self::First(seconds) if seconds.contains(&"INDEX") && is("UNIQUE") => {
                Self::First(&["INDEX"])
            }
            // PostgreSQL has this word in what cannot run in a transaction.
            Self::Within if !is("CONCURRENTLY") => Self::Within,
            _ => Self::Unknown,
        }
    }

    fn may_end(self) -> bool {
        matches!(self, Self::Start | Self::Within)
    }
}

/// The statements that no dialect refuses, nor splits in a way of its own, by their first two words.
const FIRST: [(&str, &[&str]); 5] = [
    ("CREATE", &["TABLE", "INDEX", "VIEW"]),
    ("INSERT", &["INTO"]),
    ("DROP", &["TABLE", "INDEX", "VIEW"]),
    ("ALTER", &["TABLE"]),
    ("DELETE", &["FROM"]),
];

const BLANK: u8 = 1;
const LETTER: u8 = 2;
const HYPHEN: u8 = 3;
const SEMICOLON: u8 = 4;
const QUOTE: u8 = 5;
/// What stands for itself in every dialect.
const OTHER: u8 = 6;

static CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let classes: [(u8, &[u8]); 5] = [
        (BLANK, b" \t\r\n"),
        (HYPHEN, b"-"),
        (SEMICOLON, b";"),
        (QUOTE, b"'\""),
        (OTHER, b",.()=<>!+*%|"),
    ];
    let mut n = 0;
    while n < classes.len() {
        let mut at = 0;
        while at < classes[n].1.len() {
            class[classes[n].1[at] as usize] = classes[n].0;
            at += 1;
        }
        n += 1;
    }
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            class[byte as usize] = LETTER;
        }
        byte += 1;
    }
    class
};

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::Dialect;
    use crate::sql::{faults, split};

    #[test]
    fn what_everybody_writes_is_plain() {
        for text in [
            "",
            "CREATE TABLE t (\n    id INTEGER PRIMARY KEY, -- the key\n    note TEXT DEFAULT 'it''s; fine'\n);\r\n",
            "create unique index i on t (a, b);\nDROP INDEX i",
            "-- a comment\n\nINSERT INTO \"order\" (a) VALUES (1.5e-3, '--', 'é');;",
            "ALTER TABLE t ADD COLUMN a INTEGER CHECK (a >= 0 AND a != 7);",
            "DELETE FROM t WHERE a || b = 'x' -- all\n;",
            "CREATE VIEW v AS SELECT count(*) FROM t WHERE a - 1 > 2",
        ] {
            assert!(is_plain(text), "{text}");
        }
    }

    #[test]
    fn what_may_be_wrong_is_not() {
        for text in [
            "COMMIT",
            "DROP TABLE t; VACUUM",
            "CREATE INDEX CONCURRENTLY i ON t (a)",
            "ALTER TABLE t DETACH PARTITION p CONCURRENTLY",
            "DROP TABLE t -- migrate: end",
            "DROP TABLE t; -- migrate: statement\n",
            "INSERT INTO t VALUES ('open",
            "INSERT INTO t VALUES ('\\')",
            "INSERT INTO t VALUES (/* open",
            "INSERT INTO t VALUES ($a$)",
            "INSERT INTO t VALUES (1--1\n)",
            "INSERT INTO t VALUES (1) -- a\rCOMMIT",
            "DROP TABLE `t`",
            "CREATE",
        ] {
            assert!(!is_plain(text), "{text}");
        }
    }

    const BITS: &[&str] = &[
        " ",
        " ",
        " ",
        "\n",
        "\r",
        ";",
        ";",
        "'",
        "'",
        "\"",
        "`",
        "[",
        "$$",
        "\\",
        "-",
        "--",
        "-- ",
        "-- m",
        "#",
        "/*",
        "*/",
        "/*!",
        "E'",
        "U&'",
        "1",
        "1e",
        "a",
        "é",
        "(",
        ")",
        ",",
        ":",
        ".",
        "@",
        "?",
        "CREATE",
        "CREATE",
        "TABLE",
        "TABLE",
        "INDEX",
        "UNIQUE",
        "VIEW",
        "DROP",
        "ALTER",
        "INSERT",
        "INTO",
        "DELETE",
        "FROM",
        "OR",
        "CONCURRENTLY",
        "DETACH",
        "PARTITION",
        "BEGIN",
        "COMMIT",
        "END",
        "DELIMITER",
        "TRIGGER",
        "migrate:",
        "end",
        "VACUUM",
        "COPY",
        "stdin",
        "SET",
        "autocommit",
        "=",
    ];

    proptest! {
        /// Sticking bits together, mostly with a blank between.
        #[test]
        fn what_is_plain_has_no_fault_and_is_split_alike(bits in vec((select(BITS), any::<bool>()), 0..14)) {
            let text: String = bits.iter().flat_map(|(bit, blank)| [*bit, if *blank { " " } else { "" }]).collect();
            if is_plain(&text) {
                let statements = |dialect| split(dialect, &text).map(|found| found.range()).collect::<Vec<_>>();
                for dialect in Dialect::ALL {
                    prop_assert_eq!(faults(dialect, true, &text), []);
                    prop_assert_eq!(faults(dialect, false, &text), []);
                    prop_assert_eq!(statements(dialect), statements(Dialect::Sqlite));
                }
            }
        }
    }
}
