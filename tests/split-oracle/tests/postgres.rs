//! The splitter's PostgreSQL against squawk's lexer and parser.

use migrate_chain::Dialect::Postgres;
use migrate_chain::sql::{TokenKind, split, tokens};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use squawk_syntax::SourceFile;
use squawk_syntax::ast::AstNode;

/// Pieces that squawk and PostgreSQL's `scan.l` read alike. Left out: digits followed by a dollar sign, where squawk
/// opens a quote behind trailing junk and PostgreSQL reports an error; a NUL byte, which PostgreSQL never sees; and
/// backslashes outside of strings, where PostgreSQL knows nothing and the splitter a psql command.
const BITS: &[&str] = &[
    " ",
    "\n",
    "\r\n",
    "\t",
    "\u{b}",
    "\r",
    ";",
    ";",
    "'",
    "''",
    "\"",
    "`",
    "[",
    "]",
    "--",
    "/*",
    "*/",
    "/",
    "*",
    "-",
    "$ ",
    "$1 ",
    "$$",
    "$a$",
    "$ab$",
    "$ž$",
    "E'\\''",
    "e'\\\\'",
    "E'it\\'s'",
    "U&'",
    "u&\"",
    "U&",
    "x'",
    "B'",
    "n'",
    "N",
    "E",
    "a",
    "a$$",
    "_$a$",
    "ž",
    "💾",
    "#",
    "@",
    "?",
    "|",
    "<",
    "=",
    "(",
    ")",
    ",",
    "::",
    ".",
];

/// Whole statements that squawk parses.
const CORPUS: &[&str] = &[
    "CREATE TABLE a (b int PRIMARY KEY, \"c;\"\"\" text DEFAULT ';' || E'it\\'s;', d text DEFAULT 'C:\\', e bytea DEFAULT x'3B')",
    "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END; $$",
    "CREATE FUNCTION g(x int) RETURNS int LANGUAGE sql AS $g$ SELECT $1; SELECT '$$' $g$ IMMUTABLE",
    "CREATE OR REPLACE FUNCTION h(x int) RETURNS int LANGUAGE sql BEGIN ATOMIC
       SELECT CASE WHEN x > 0 THEN CASE x WHEN 1 THEN 2 END ELSE 3 END;
       SELECT x AS end;
     END",
    "CREATE PROCEDURE p() LANGUAGE sql BEGIN ATOMIC INSERT INTO a VALUES (1); DELETE FROM a; END",
    "CREATE FUNCTION i(x int) RETURNS int RETURN CASE WHEN x > 0 THEN 1 END",
    "CREATE RULE r AS ON INSERT TO a DO ALSO (INSERT INTO b VALUES (1); DELETE FROM c)",
    "DO $do$ BEGIN PERFORM 1; END $do$",
    "SELECT 1 /* ; /* ; */ */ + --;\n 2 AS a$$",
    "INSERT INTO a SELECT b ->> 'c;', d @> e, U&'\\0441;' FROM t WHERE f <@ g",
    "BEGIN",
    "COMMIT",
    "END",
    "CREATE INDEX CONCURRENTLY i ON a (b)",
    "ALTER TABLE a DETACH PARTITION b CONCURRENTLY",
    "SELECT begin FROM atomic",
    "VACUUM a",
];

/// A lexer's reading of a text: pieces of which only the end counts, and the rest byte by byte.
#[derive(Debug, PartialEq)]
enum Piece {
    Blank(usize),
    Comment(usize, bool),
    Quote(usize, bool),
    Word(usize),
    Semicolon,
    Byte,
}

fn ours(text: &str) -> Vec<Piece> {
    tokens(Postgres, text)
        .flat_map(|token| {
            let length = token.end - token.start;
            match token.kind {
                TokenKind::Whitespace => vec![Piece::Blank(length)],
                TokenKind::LineComment => vec![Piece::Comment(length, true)],
                TokenKind::BlockComment => vec![Piece::Comment(length, token.terminated)],
                TokenKind::String | TokenKind::QuotedIdentifier | TokenKind::DollarQuote => {
                    vec![Piece::Quote(length, token.terminated)]
                }
                TokenKind::Word => vec![Piece::Word(length)],
                TokenKind::Semicolon => vec![Piece::Semicolon],
                _ => (0..length).map(|_| Piece::Byte).collect(),
            }
        })
        .collect()
}

fn theirs(text: &str) -> Vec<Piece> {
    use squawk_lexer::{LiteralKind as Literal, TokenKind as Kind};

    squawk_lexer::tokenize(text)
        .flat_map(|token| {
            let length = token.len as usize;
            match token.kind {
                Kind::Whitespace => vec![Piece::Blank(length)],
                Kind::LineComment => vec![Piece::Comment(length, true)],
                Kind::BlockComment { terminated } => vec![Piece::Comment(length, terminated)],
                Kind::QuotedIdent { terminated, .. }
                | Kind::Literal {
                    kind:
                        Literal::Str { terminated }
                        | Literal::NationalStr { terminated }
                        | Literal::ByteStr { terminated }
                        | Literal::BitStr { terminated }
                        | Literal::DollarQuotedString { terminated }
                        | Literal::UnicodeEscStr { terminated }
                        | Literal::EscStr { terminated },
                } => vec![Piece::Quote(length, terminated)],
                Kind::Ident => vec![Piece::Word(length)],
                Kind::Semi => vec![Piece::Semicolon],
                _ => (0..length).map(|_| Piece::Byte).collect(),
            }
        })
        .collect()
}

/// Whether PostgreSQL takes a string here for more of the E'' string before it, which squawk does not know.
fn continues_escapes(text: &str) -> bool {
    let tokens: Vec<_> = tokens(Postgres, text)
        .filter(|token| !token.is_trivia())
        .collect();
    tokens.windows(2).any(|pair| {
        pair.iter().all(|token| token.kind == TokenKind::String)
            && text[pair[0].start..].starts_with(['e', 'E'])
    })
}

/// Whether a `$` opens neither a quote nor a parameter. squawk takes the word behind it for part of a parameter;
/// PostgreSQL reads the `$` by itself, so that an E'' string may begin behind it.
fn has_lone_dollar(text: &str) -> bool {
    tokens(Postgres, text)
        .any(|token| &text[token.range()] == "$" && !text[token.end..].starts_with(' '))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_lexers_see_the_same(bits in vec(select(BITS), 0..24)) {
        let text = bits.concat();
        prop_assume!(!continues_escapes(&text) && !has_lone_dollar(&text));
        prop_assume!(tokens(Postgres, &text).all(|token| token.kind != TokenKind::MetaCommand));
        prop_assert_eq!(ours(&text), theirs(&text));
    }

    #[test]
    fn both_parsers_see_the_same_statements(
        picks in vec((select(CORPUS), select(&[";", " ;\n", ";\r\n", "; -- ' \n", "/*;*/;"][..])), 0..8),
    ) {
        let text: String = picks.iter().flat_map(|(statement, end)| [*statement, *end]).collect();
        let found: Vec<&str> = split(Postgres, &text).map(|statement| &text[statement.range()]).collect();
        let expected: Vec<&str> = picks.iter().map(|(statement, _)| *statement).collect();
        prop_assert_eq!(&found, &expected);
        prop_assert_eq!(parsed(&text), expected);
    }
}

/// The statements that squawk's parser finds. It counts the `;` and a comment before it to the statement.
fn parsed(text: &str) -> Vec<String> {
    let file = SourceFile::parse(text).tree();
    let text = |statement: squawk_syntax::ast::Stmt| statement.syntax().to_string();
    file.stmts()
        .map(|found| {
            text(found)
                .trim_end_matches(';')
                .trim_end_matches("/*;*/")
                .trim()
                .to_owned()
        })
        .collect()
}

#[test]
fn the_corpus_is_sql() {
    for statement in CORPUS {
        let parse = SourceFile::parse(statement);
        assert!(
            parse.errors().is_empty(),
            "{statement}: {:?}",
            parse.errors()
        );
    }
}
