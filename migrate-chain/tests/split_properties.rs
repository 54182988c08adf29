//! Properties of any text.

use migrate_chain::sql::{TokenKind, faults, faults_common, split, tokens};
use migrate_chain::{Dialect, conflict_markers};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Bits of SQL that mean something to a lexer, to be stuck together in any order.
const BITS: &[&str] = &[
    " ",
    "\n",
    "\r\n",
    "\t",
    ";",
    "'",
    "''",
    "\"",
    "`",
    "[",
    "]",
    "$",
    "$$",
    "$a$",
    "$1",
    "\\",
    "\\i x",
    "\\.",
    "--",
    "-- ",
    "#",
    "/*",
    "*/",
    "/*!",
    "/*!50001",
    "/*M!",
    "/*/",
    "E'",
    "e",
    "U&'",
    "u&\"",
    "x'",
    "N",
    "1",
    "1.",
    ".5",
    "1e-5",
    "0x",
    "a",
    "end",
    "END",
    "BEGIN",
    "ATOMIC",
    "NOT",
    "CASE",
    "CREATE",
    "OR",
    "REPLACE",
    "TEMP",
    "TRIGGER",
    "FUNCTION",
    "PROCEDURE",
    "EVENT",
    "RULE",
    "EXPLAIN",
    "IF",
    "THEN",
    "ELSE",
    "LOOP",
    "REPEAT",
    "UNTIL",
    "DO",
    "WHILE",
    "ROW",
    "DECLARE",
    "HANDLER",
    "FOR",
    "AS",
    "COPY",
    "FROM",
    "STDIN",
    "COMMIT",
    "ROLLBACK",
    "TO",
    "VACUUM",
    "PRAGMA",
    "foreign_keys",
    "=",
    "SET",
    "autocommit",
    ",",
    "(",
    ")",
    ".",
    ":",
    ":=",
    "@",
    "@a",
    "@@",
    "delimiter //\n",
    "DELIMITER",
    "DELIMITER ;\n",
    "//",
    "-- migrate: statement\n",
    "\n-- migrate: statement\n",
    "-- migrate: end\n",
    "\n-- migrate: end\n",
    "\u{feff}",
    "ž",
    "💾",
    "\0",
    "\u{b}",
    "\u{7f}",
    "+",
    "-",
    "*",
    "/",
    "<",
    "?",
    "|",
    "REINDEX",
    "ALTER",
    "SUBSCRIPTION",
    "WITH",
];

/// Tokens that mean the same whatever stands around them, as long as something separates them.
const WORDS: &[&str] = &[
    "a",
    "'it''s; b'",
    "(",
    ")",
    ",",
    "1.5",
    "\"q;\"",
    "SELECT",
    "INSERT",
    "CREATE",
    "TABLE",
    "COMMIT",
    "BEGIN",
    "END",
    "CASE",
    "=",
    ";",
    ";",
    ";",
];

fn text() -> impl Strategy<Value = String> {
    let bits = vec(select(BITS), 0..24).prop_map(|bits| bits.concat());
    prop_oneof![bits, ".{0,40}", "[ -~\\n]{0,40}"]
}

fn dialect() -> impl Strategy<Value = Dialect> {
    select(&Dialect::ALL[..])
}

fn statements(dialect: Dialect, text: &str) -> Vec<&str> {
    split(dialect, text)
        .map(|statement| &text[statement.range()])
        .collect()
}

/// The statements without white space and comments.
fn essence(dialect: Dialect, text: &str) -> Vec<String> {
    let essence = |statement: &str| {
        tokens(dialect, statement)
            .filter(|token| !token.is_trivia())
            .map(|token| statement[token.range()].to_owned() + " ")
            .collect()
    };
    statements(dialect, text).into_iter().map(essence).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn tokens_tile_the_text(text in text()) {
        for dialect in Dialect::ALL {
            let mut end = 0;
            for token in tokens(dialect, &text) {
                prop_assert_eq!(token.start, end);
                prop_assert!(token.end > end);
                prop_assert!(text.is_char_boundary(token.end));
                end = token.end;
            }
            prop_assert_eq!(end, text.len());
        }
    }

    #[test]
    fn statements_are_in_order_and_trimmed(text in text()) {
        for dialect in Dialect::ALL {
            let mut end = 0;
            for statement in split(dialect, &text) {
                let (range, whole) = (statement.range(), statement.range_with_terminator());
                prop_assert!(end <= range.start && range.start < range.end && range.end <= whole.end);
                prop_assert_eq!(range.start, whole.start);
                // At its end, an open quote may hold white space.
                prop_assert_eq!(text[range.clone()].trim_ascii_start(), &text[range]);
                end = whole.end;
            }
            prop_assert!(end <= text.len());
        }
    }

    #[test]
    fn what_no_statement_covers_means_nothing(text in text()) {
        let boundaries =
            [TokenKind::Semicolon, TokenKind::Delimiter, TokenKind::DelimiterCommand, TokenKind::MetaCommand, TokenKind::StatementMarker, TokenKind::EndMarker];
        for dialect in Dialect::ALL {
            if faults(dialect, false, &text).iter().any(|fault| fault.kind == migrate_chain::sql::FaultKind::CopyFromStdin) {
                continue;
            }
            let statements: Vec<_> = split(dialect, &text).collect();
            for token in tokens(dialect, &text) {
                let covered = statements.iter().any(|statement| {
                    statement.range().start <= token.start && token.end <= statement.range().end
                });
                let blank = token.kind == TokenKind::Verbatim && !covered;
                prop_assert!(covered || blank || token.is_trivia() || boundaries.contains(&token.kind), "{token:?}");
            }
        }
    }

    #[test]
    fn faults_lie_within_the_text_and_in_order(text in text(), transactional: bool) {
        let lists = Dialect::ALL.map(|dialect| faults(dialect, transactional, &text));
        for found in lists.into_iter().chain([faults_common(transactional, &text)]) {
            prop_assert!(found.is_sorted_by_key(|fault| fault.range.start));
            for fault in found {
                prop_assert!(text.get(fault.range.clone()).is_some_and(|place| !place.is_empty()));
            }
        }
    }

    #[test]
    fn conflict_markers_are_lines(text in "([<=>|]{7}( a)?\r?\n|a\n){0,9}") {
        for range in conflict_markers(&text) {
            prop_assert!(range.start == 0 || text.as_bytes()[range.start - 1] == b'\n');
            prop_assert!(!text[range].contains(['\n', '\r']));
        }
    }

    #[test]
    fn joined_statements_split_again(words in vec(select(WORDS), 0..30), dialect in dialect()) {
        let text = words.join(" ");
        let once = statements(dialect, &text);
        let joined = once.join(";\n");
        prop_assert_eq!(statements(dialect, &joined), once);
    }

    #[test]
    fn comments_and_line_breaks_change_nothing(
        words in vec((select(WORDS), select(&[" ", "\r\n", " /* ; ' */ ", " -- ; '\r\n", "\n--\n"][..])), 0..30),
        dialect in dialect(),
    ) {
        let plain: String = words.iter().flat_map(|(word, _)| [*word, " "]).collect();
        let spaced: String = words.iter().flat_map(|(word, space)| [*word, *space]).collect();
        prop_assert_eq!(essence(dialect, &plain), essence(dialect, &spaced));
    }

    #[test]
    fn a_marked_statement_is_whole(text in "[ -~\\n]{1,40}", dialect in dialect()) {
        prop_assume!(!text.contains("migrate:") && !text.trim_ascii().is_empty());
        let marked = format!("a;\n-- migrate: statement\n{text}\n-- migrate: end\nb");
        prop_assert_eq!(statements(dialect, &marked), ["a", text.trim_ascii(), "b"]);
    }
}
