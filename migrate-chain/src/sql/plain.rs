//! A quick look at SQL: most of it is so plain that every dialect reads it alike, and finds nothing wrong.
//!
//! A macro is compiled without optimisation, and to lex a long chain as three dialects takes most of its time. What is not
//! plain here is not wrong either: it is only left to those who look closely.

/// A text that every dialect reads alike, as far as its strings and comments go.
#[derive(Debug, PartialEq, Eq)]
pub struct Plain {
    /// Its canonical form.
    pub canonical: Vec<u8>,
    /// Whether no dialect can find a fault in it, in a transaction or outside one, and all find the same statements.
    pub is_faultless: bool,
}

/// Looks at `text`. Where in doubt, it is not plain.
///
/// Plain are words, numbers, simple operators, quotes without a backslash, and comments that are set off with a blank. All
/// else may mean different things: `#`, `$`, `@`, a comment in a comment. Without a fault are the statements that everybody
/// writes.
pub fn plain(text: &str) -> Option<Plain> {
    let mut scan = Scan {
        bytes: text.as_bytes(),
        at: 0,
        kept: 0,
        canonical: Vec::with_capacity(text.len()),
        is_faultless: true,
    };
    scan.statements().then(|| scan.finish())
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    /// Up to here, the text is in `canonical`.
    kept: usize,
    canonical: Vec<u8>,
    is_faultless: bool,
}

impl Scan<'_> {
    fn statements(&mut self) -> bool {
        let mut stage = StatementStage::Start;
        // A `while` over an index: without optimisation an iterator costs a call for each byte.
        while self.at < self.bytes.len() {
            let class = CLASS[self.bytes[self.at] as usize];
            match class {
                BLANK if self.gap() => {}
                LETTER => {
                    let word = self.word();
                    if stage == StatementStage::Start && is_client(word) {
                        return false;
                    }
                    stage = stage.after(word);
                }
                HYPHEN if self.next() == b'-' => {
                    if !self.gap() {
                        return false;
                    }
                }
                SLASH if self.next() == b'*' => {
                    if !self.gap() {
                        return false;
                    }
                }
                HYPHEN | SLASH | OTHER => {
                    self.at += 1;
                    stage = stage.after_sign();
                }
                SEMICOLON => {
                    self.is_faultless &= stage.may_end();
                    self.at += 1;
                    stage = StatementStage::Start;
                }
                QUOTE if self.quote() => stage = stage.after_sign(),
                _ => return false,
            }
        }
        self.is_faultless &= stage.may_end();
        true
    }

    fn word(&mut self) -> &[u8] {
        let start = self.at;
        while CLASS[self.byte() as usize] == LETTER {
            self.at += 1;
        }
        &self.bytes[start..self.at]
    }

    /// A run of blanks and comments. False where dialects differ over it, or over the strings that it parts.
    fn gap(&mut self) -> bool {
        let start = self.at;
        let mut breaks_line = false;
        while self.at < self.bytes.len() {
            match self.bytes[self.at] {
                b' ' | b'\t' => self.at += 1,
                b'\n' | b'\r' => {
                    breaks_line = true;
                    self.at += 1;
                }
                b'-' if self.bytes.get(self.at + 1) == Some(&b'-') => {
                    if !self.comment() {
                        return false;
                    }
                }
                b'/' if self.next() == b'*' => {
                    if !self.block_comment() {
                        return false;
                    }
                }
                _ => break,
            }
        }
        let is_one_blank = self.at == start + 1 && self.bytes[start] == b' ';
        if is_one_blank && start > 0 && self.at < self.bytes.len() {
            return true;
        }
        let is_after_string = start > 0 && self.bytes[start - 1] == b'\'';
        if breaks_line && is_after_string && self.opens_string() {
            return false;
        }
        self.canonical
            .extend_from_slice(&self.bytes[self.kept..start]);
        self.kept = self.at;
        if start > 0 && self.at < self.bytes.len() && !self.canonical.is_empty() {
            self.canonical.push(b' ');
        }
        true
    }

    /// Whether a string may begin here, with a prefix or without: PostgreSQL joins it to a string before it and a line break.
    fn opens_string(&self) -> bool {
        let mut at = self.at;
        while at < self.bytes.len() && CLASS[self.bytes[at] as usize] == LETTER {
            at += 1;
        }
        at < self.bytes.len() && CLASS[self.bytes[at] as usize] == QUOTE
    }

    fn finish(mut self) -> Plain {
        self.canonical.extend_from_slice(&self.bytes[self.kept..]);
        Plain {
            canonical: self.canonical,
            is_faultless: self.is_faultless,
        }
    }

    /// A comment, which may be one of our markers.
    fn comment(&mut self) -> bool {
        self.at += 2;
        // MySQL reads `--1` as two signs.
        if self.at < self.bytes.len() && CLASS[self.byte() as usize] != BLANK {
            return false;
        }
        while matches!(self.byte(), b' ' | b'\t') {
            self.at += 1;
        }
        let is_prose = !matches!(self.byte(), b'm' | b'M') || !self.is_marker();
        while self.at < self.bytes.len() && self.bytes[self.at] != b'\n' {
            self.at += 1;
            // For PostgreSQL, a carriage return ends it too.
            if self.bytes[self.at - 1] == b'\r' && self.byte() != b'\n' {
                return false;
            }
        }
        is_prose
    }

    /// A comment without another in it, which PostgreSQL would nest, and not one that some database executes.
    fn block_comment(&mut self) -> bool {
        self.at += 2;
        if matches!(self.byte(), b'!' | b'+' | b'M') {
            return false;
        }
        while self.at < self.bytes.len() {
            match (self.bytes[self.at], self.next()) {
                (b'*', b'/') => {
                    self.at += 2;
                    return true;
                }
                (b'/', b'*') => return false,
                _ => self.at += 1,
            }
        }
        false
    }

    fn is_marker(&self) -> bool {
        let word = self.bytes.get(self.at..self.at + "migrate".len());
        word.is_some_and(|word| word.eq_ignore_ascii_case(b"migrate"))
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
            // A line end of Windows in a string counts as one of Unix.
            if matches!(byte, b'\\' | b'\r') {
                return false;
            }
        }
        false
    }

    /// The byte after this one, or 0 at the end.
    fn next(&self) -> u8 {
        if self.at + 1 < self.bytes.len() {
            self.bytes[self.at + 1]
        } else {
            0
        }
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
enum StatementStage {
    Start,
    /// Behind a first word; one of these has to follow.
    First(&'static [&'static str]),
    Within,
    Unknown,
}

impl StatementStage {
    fn after(self, word: &[u8]) -> Self {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword.as_bytes());
        match self {
            Self::Start => {
                let first = FIRST.iter().find(|(first, _)| is(first));
                first.map_or(Self::Unknown, |(_, seconds)| Self::First(seconds))
            }
            Self::First([]) => Self::Within,
            Self::First(seconds) if seconds.iter().any(|second| is(second)) => Self::Within,
            Self::First(seconds) if seconds.contains(&"INDEX") && is("UNIQUE") => {
                Self::First(&["INDEX"])
            }
            // PostgreSQL has this word in what cannot run in a transaction.
            Self::Within if !is("CONCURRENTLY") => Self::Within,
            _ => Self::Unknown,
        }
    }

    fn after_sign(self) -> Self {
        match self {
            Self::Within => Self::Within,
            _ => Self::Unknown,
        }
    }

    fn may_end(self) -> bool {
        matches!(self, Self::Start | Self::Within)
    }
}

/// The statements that no dialect refuses, nor splits in a way of its own, by their first two words; any second one where
/// there is none.
const FIRST: [(&str, &[&str]); 9] = [
    ("CREATE", &["TABLE", "INDEX", "VIEW"]),
    ("INSERT", &["INTO"]),
    (
        "DROP",
        &[
            "TABLE", "INDEX", "VIEW", "TYPE", "SCHEMA", "SEQUENCE", "FUNCTION", "TRIGGER",
        ],
    ),
    ("ALTER", &["TABLE"]),
    ("DELETE", &["FROM"]),
    ("UPDATE", &[]),
    ("GRANT", &[]),
    ("REVOKE", &[]),
    ("COMMENT", &["ON"]),
];

/// Whether a client reads what follows: MySQL's DELIMITER, and the data of COPY.
fn is_client(word: &[u8]) -> bool {
    ["DELIMITER", "COPY"]
        .iter()
        .any(|client| word.eq_ignore_ascii_case(client.as_bytes()))
}

const BLANK: u8 = 1;
const LETTER: u8 = 2;
const HYPHEN: u8 = 3;
const SEMICOLON: u8 = 4;
const QUOTE: u8 = 5;
/// A byte that means itself in every dialect.
const OTHER: u8 = 6;
const SLASH: u8 = 7;

static CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let classes: [(u8, &[u8]); 6] = [
        (BLANK, b" \t\r\n"),
        (HYPHEN, b"-"),
        (SEMICOLON, b";"),
        (QUOTE, b"'\""),
        (OTHER, b",.:()=<>!+*%|"),
        (SLASH, b"/"),
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
    use crate::sql::reading::canonical;
    use crate::sql::{faults, split};

    fn is_plain(text: &str) -> bool {
        plain(text).is_some_and(|plain| plain.is_faultless)
    }

    #[test]
    fn what_everybody_writes_is_plain() {
        for text in [
            "",
            "CREATE TABLE t (\n    id INTEGER PRIMARY KEY, -- the key\n    note TEXT DEFAULT 'it''s; fine'\n);\r\n",
            "create unique index i on t (a, b);\nDROP INDEX i",
            "-- a comment\n\nINSERT INTO \"order\" (a) VALUES (1.5e-3, '--', 'é');;",
            "ALTER TABLE t ADD COLUMN a INTEGER CHECK (a >= 0 AND a != 7);",
            "DELETE FROM t WHERE a || b = 'x' -- all\n;",
            "/* all */ UPDATE t SET a = b::text, c = d / 2;\nCOMMENT ON TABLE t IS 'x'; GRANT SELECT ON t TO app",
            "-- make it\nDROP TYPE mood;",
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
            "INSERT INTO t VALUES (/* a /* b */ 1)",
            "INSERT INTO t VALUES (/*! 1 */)",
            "INSERT INTO t VALUES ($a$)",
            "INSERT INTO t VALUES (1--1\n)",
            "INSERT INTO t VALUES (1) -- a\rCOMMIT",
            "DROP TABLE `t`",
            "INSERT INTO t VALUES ('a'\n'b')",
            "INSERT INTO t VALUES ('a'\nN'b')",
            "INSERT INTO t VALUES ('a\r\nb')",
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
        "UPDATE",
        "GRANT",
        "/",
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
            let Some(plain) = plain(&text) else {
                return Ok(());
            };
            let statements = |dialect| split(dialect, &text).map(|found| found.range()).collect::<Vec<_>>();
            for dialect in Dialect::ALL {
                let canonical = canonical(dialect, &text);
                prop_assert_eq!(String::from_utf8_lossy(&plain.canonical), String::from_utf8_lossy(&canonical));
                if plain.is_faultless {
                    prop_assert_eq!(faults(dialect, true, &text), []);
                    prop_assert_eq!(faults(dialect, false, &text), []);
                    prop_assert_eq!(statements(dialect), statements(Dialect::Sqlite));
                }
            }
        }
    }
}
