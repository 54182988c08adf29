//! How each dialect cuts text into tokens.

use migrate_chain::Dialect::{self, MySql, Postgres, Sqlite};
use migrate_chain::sql::TokenKind::{self, *};
use migrate_chain::sql::tokens;

/// The tokens of `text` but for white space.
fn lex(dialect: Dialect, text: &str) -> Vec<(TokenKind, &str)> {
    let significant = tokens(dialect, text).filter(|token| token.kind != Whitespace);
    significant
        .map(|token| (token.kind, &text[token.range()]))
        .collect()
}

/// Whether `text` is one token, and a closed one.
fn is_one(dialect: Dialect, kind: TokenKind, text: &str) -> bool {
    let mut tokens = tokens(dialect, text);
    let first = tokens.next().expect("the text is not empty");
    first.kind == kind && first.terminated && tokens.next().is_none()
}

#[test]
fn whole_tokens() {
    let table: &[(&[Dialect], TokenKind, &str)] = &[
        (&Dialect::ALL, Whitespace, " \t\r\n\u{b}\u{c}"),
        (&Dialect::ALL, LineComment, "-- it's \"one\" /* comment; $$"),
        (&Dialect::ALL, LineComment, "--"),
        (&Dialect::ALL, BlockComment, "/* it's; -- \n \"one\" */"),
        (&Dialect::ALL, BlockComment, "/**/"),
        (&Dialect::ALL, BlockComment, "/***/"),
        (&[Sqlite, MySql], BlockComment, "/*/*/"),
        (&[Sqlite, Postgres], LineComment, "--no blank"),
        (&[Postgres], BlockComment, "/* a /* b */ c */"),
        (&[MySql], LineComment, "# it's one"),
        (&[MySql], BlockComment, "/*+ HINT('x') */"),
        (&Dialect::ALL, String, "''"),
        (&Dialect::ALL, String, "'it''s; -- /*'"),
        (&Dialect::ALL, String, "'two\nlines'"),
        (&Dialect::ALL, String, "'žluťoučký kůň'"),
        (&[Sqlite, Postgres], String, r"'C:\'"),
        (&[MySql], String, r"'it\'s'"),
        (&[MySql], String, r"'C:\\'"),
        (&[MySql], String, r#""it's \" and "" one""#),
        (&[Postgres], String, r"E'\''"),
        (&[Postgres], String, r"e'it\'s \\'"),
        (&[Postgres], String, r"U&'\0441\'"),
        (&[Postgres, MySql], String, "B'01'"),
        (&[Postgres, MySql], String, "n'x'"),
        (&Dialect::ALL, String, "X'1F'"),
        (&[Sqlite, Postgres], QuotedIdentifier, r#""a;""b\""#),
        (&[Sqlite, MySql], QuotedIdentifier, r"`a;``b\`"),
        (&[Sqlite], QuotedIdentifier, "[a;\"b']"),
        (&[Postgres], QuotedIdentifier, r#"U&"d\0061t""#),
        (&[Postgres], DollarQuote, "$$ it's; $a$ $1 \n$$"),
        (&[Postgres], DollarQuote, "$a$ $$ $ab$ $a $b$a$"),
        (&[Postgres], DollarQuote, "$č_1$;$č_1$"),
        (&Dialect::ALL, Number, "1"),
        (&Dialect::ALL, Number, "1.5e-3"),
        (&Dialect::ALL, Number, ".5"),
        (&Dialect::ALL, Number, "0xFf"),
        (&Dialect::ALL, Word, "a$$b"),
        (&Dialect::ALL, Word, "kůň_1"),
        (&Dialect::ALL, Word, "a\u{feff}b"),
        (&[Postgres, MySql], Word, "\u{feff}b"),
        (&[Sqlite], Whitespace, "\u{feff}"),
        (&[Postgres], Parameter, "$1"),
        (&[Sqlite], Parameter, "?1"),
        (&[Sqlite], Parameter, ":name"),
        (&[Sqlite, MySql], Parameter, "@name"),
        (&[Sqlite], Parameter, "$name"),
        (&[MySql], Word, "$name"),
        (&[MySql], Parameter, "@@autocommit"),
        (&[MySql], Parameter, "@a.end"),
        (&[Postgres], Operator, "<#>@?|&"),
        (&[MySql], Operator, ":="),
        (&Dialect::ALL, MetaCommand, "\\i it's.sql"),
        (&Dialect::ALL, MetaCommand, "\\."),
        (&Dialect::ALL, MetaCommand, "\\restrict a b"),
        (&Dialect::ALL, LineComment, "\\restrict aB3"),
        (&Dialect::ALL, LineComment, "\\unrestrict aB3"),
        (&[MySql], DelimiterCommand, "delimiter //"),
        (&[MySql], DelimiterCommand, "DELIMITER $$\r"),
        (&Dialect::ALL, Unknown, "\0"),
    ];
    for (dialects, kind, text) in table {
        for dialect in *dialects {
            assert!(
                is_one(*dialect, *kind, text),
                "{dialect}: {text:?} is {:?}",
                lex(*dialect, text)
            );
        }
    }
}

type Tokens = &'static [(TokenKind, &'static str)];

/// Texts and their tokens.
const CUT: &[(Dialect, &str, Tokens)] = &[
    (
        MySql,
        "5--1",
        &[
            (Number, "5"),
            (Operator, "-"),
            (Operator, "-"),
            (Number, "1"),
        ],
    ),
    (MySql, "5-- 1", &[(Number, "5"), (LineComment, "-- 1")]),
    (
        MySql,
        "/* a /* b */ c",
        &[(BlockComment, "/* a /* b */"), (Word, "c")],
    ),
    (
        MySql,
        "/*!50001 a*/",
        &[
            (ExecutableOpen, "/*!50001"),
            (Word, "a"),
            (ExecutableClose, "*/"),
        ],
    ),
    (
        MySql,
        "/*M!'*/'*/",
        &[
            (ExecutableOpen, "/*M!"),
            (String, "'*/'"),
            (ExecutableClose, "*/"),
        ],
    ),
    (
        MySql,
        "/*!1234567*/",
        &[
            (ExecutableOpen, "/*!123456"),
            (Number, "7"),
            (ExecutableClose, "*/"),
        ],
    ),
    (
        MySql,
        "a*/b",
        &[(Word, "a"), (Operator, "*"), (Operator, "/"), (Word, "b")],
    ),
    (MySql, "@'a b'", &[(Punctuation, "@"), (String, "'a b'")]),
    (
        MySql,
        "--;",
        &[(Operator, "-"), (Operator, "-"), (Semicolon, ";")],
    ),
    // A delimiter longer than what separates a word from a character of several bytes.
    (
        MySql,
        "delimiter $$$\na ž$$$",
        &[
            (DelimiterCommand, "delimiter $$$"),
            (Word, "a"),
            (Word, "ž"),
            (Delimiter, "$$$"),
        ],
    ),
    (
        MySql,
        "delimiter $+\na$ž",
        &[(DelimiterCommand, "delimiter $+"), (Word, "a$ž")],
    ),
    (
        MySql,
        "delimiter $+\na$+ž",
        &[
            (DelimiterCommand, "delimiter $+"),
            (Word, "a"),
            (Delimiter, "$+"),
            (Word, "ž"),
        ],
    ),
    (MySql, "u@h", &[(Word, "u"), (Parameter, "@h")]),
    (MySql, "delimiters", &[(Word, "delimiters")]),
    (
        MySql,
        "a delimiter //",
        &[
            (Word, "a"),
            (Word, "delimiter"),
            (Operator, "/"),
            (Operator, "/"),
        ],
    ),
    (
        MySql,
        "delimiter $$\nend$$;'$$'-- $$\n$$",
        &[
            (DelimiterCommand, "delimiter $$"),
            (Word, "end"),
            (Delimiter, "$$"),
            (Semicolon, ";"),
            (String, "'$$'"),
            (LineComment, "-- $$"),
            (Delimiter, "$$"),
        ],
    ),
    (
        Postgres,
        "a<--b",
        &[(Word, "a"), (Operator, "<"), (LineComment, "--b")],
    ),
    (
        Postgres,
        "@/*b*/",
        &[(Operator, "@"), (BlockComment, "/*b*/")],
    ),
    (Postgres, "--a\rb", &[(LineComment, "--a"), (Word, "b")]),
    (Sqlite, "--a\rb", &[(LineComment, "--a\rb")]),
    (Postgres, r"fooE'\'", &[(Word, "fooE"), (String, r"'\'")]),
    (Postgres, r"E '\'", &[(Word, "E"), (String, r"'\'")]),
    (Sqlite, r"E'\'", &[(Word, "E"), (String, r"'\'")]),
    (
        Postgres,
        "E'a' -- b\n'\\''",
        &[(String, "E'a'"), (LineComment, "-- b"), (String, "'\\''")],
    ),
    (Postgres, "E'a' '\\'", &[(String, "E'a'"), (String, "'\\'")]),
    (
        Postgres,
        "E'a'/**/\n'\\'",
        &[(String, "E'a'"), (BlockComment, "/**/"), (String, "'\\'")],
    ),
    (Postgres, "'a'\n'\\'", &[(String, "'a'"), (String, "'\\'")]),
    (
        Postgres,
        "$1$$;$$",
        &[(Parameter, "$1"), (DollarQuote, "$$;$$")],
    ),
    (Postgres, "1$$;$$", &[(Number, "1"), (DollarQuote, "$$;$$")]),
    (Postgres, "$ a$", &[(Unknown, "$"), (Word, "a$")]),
    (
        Postgres,
        "$1a$;$1a$",
        &[(Parameter, "$1a$"), (Semicolon, ";"), (Parameter, "$1a$")],
    ),
    (
        Postgres,
        "u&1",
        &[(Word, "u"), (Operator, "&"), (Number, "1")],
    ),
    (
        Postgres,
        "a[1:2]::b",
        &[
            (Word, "a"),
            (Punctuation, "["),
            (Number, "1"),
            (Punctuation, ":"),
            (Number, "2"),
            (Punctuation, "]"),
            (Punctuation, ":"),
            (Punctuation, ":"),
            (Word, "b"),
        ],
    ),
    (
        Postgres,
        "1..2",
        &[(Number, "1"), (Punctuation, "."), (Number, ".2")],
    ),
    (
        Postgres,
        "a \\gexec\nb",
        &[(Word, "a"), (MetaCommand, "\\gexec"), (Word, "b")],
    ),
    (MySql, "a \\N", &[(Word, "a"), (Unknown, "\\"), (Word, "N")]),
    (
        Sqlite,
        "[a]]",
        &[(QuotedIdentifier, "[a]"), (Punctuation, "]")],
    ),
    (Sqlite, "\u{feff}a", &[(Word, "a")]),
    (Sqlite, "a\0b", &[(Word, "a"), (Unknown, "\0"), (Word, "b")]),
];

#[test]
fn cut_tokens() {
    for (dialect, text, expected) in CUT {
        assert_eq!(lex(*dialect, text), *expected, "{dialect}: {text:?}");
    }
}

#[test]
fn open_tokens_run_to_the_end() {
    let table: &[(&[Dialect], TokenKind, &str)] = &[
        (&Dialect::ALL, String, "'a;"),
        (&Dialect::ALL, String, "'"),
        (&Dialect::ALL, BlockComment, "/* a;"),
        (&Dialect::ALL, BlockComment, "/*/"),
        (&Dialect::ALL, String, "'a'';"),
        (&[MySql], String, r"'a\"),
        (&[MySql], String, "'a\\ž"),
        (&[MySql], String, r"'a\';"),
        (&[MySql], String, "\"a;"),
        (&[Postgres], BlockComment, "/* /* */ a;"),
        (&[Postgres], DollarQuote, "$a$ $$ $A$"),
        (&[Postgres], String, r"E'a\'"),
        (&[Sqlite, Postgres], QuotedIdentifier, "\"a;"),
        (&[Sqlite, MySql], QuotedIdentifier, "`a;"),
        (&[Sqlite], QuotedIdentifier, "[a;"),
    ];
    for (dialects, kind, text) in table {
        for dialect in *dialects {
            let tokens: Vec<_> = tokens(*dialect, text).collect();
            assert_eq!(tokens.len(), 1, "{dialect}: {text:?}");
            assert_eq!(
                (tokens[0].kind, tokens[0].terminated),
                (*kind, false),
                "{dialect}: {text:?}"
            );
        }
    }
}

#[test]
fn markers_enclose_verbatim_text() {
    let text = "a;\n  -- migrate: statement  \r\nit's\n-- migrate: end\r\nb";
    for dialect in Dialect::ALL {
        let found: Vec<_> = lex(dialect, text)
            .into_iter()
            .map(|(kind, text)| (kind, text.trim()))
            .collect();
        assert_eq!(
            found,
            [
                (Word, "a"),
                (Semicolon, ";"),
                (StatementMarker, "-- migrate: statement"),
                (Verbatim, "it's"),
                (EndMarker, "-- migrate: end"),
                (Word, "b"),
            ]
        );
    }
}

#[test]
fn a_marker_stands_alone_on_its_line() {
    for text in [
        "a -- migrate: end",
        "-- migrate: ends",
        "-- migrate: end.",
        "-- the migrate: end",
        "--migrate: end",
    ] {
        assert!(
            tokens(Postgres, text).all(|token| token.kind != EndMarker),
            "{text}"
        );
    }
}
