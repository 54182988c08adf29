//! The checksum of SQL covers every edit that changes what a database runs, and no other.

use migrate_chain::Dialect::{self, MySql, Postgres, Sqlite};
use migrate_chain::{Checksum, load_tree};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

mod support;

use support::generate::Files;

/// Databases hold digests: what a checksum covers must never change. Each value is what
/// `printf CANONICAL | sha256sum` prints.
#[test]
fn a_checksum_is_the_sha_256_of_the_tokens_with_one_separator_each() {
    let table: &[(Dialect, &str, &str)] = &[
        // CREATE TABLE t (a TEXT); SELECT 1;
        (
            Sqlite,
            "\n-- one\nCREATE  TABLE t /* two */ (a\tTEXT);\r\n\r\nSELECT 1; -- three",
            "cd0bd7f10544cd971673b896fad2a85ae677a6be0451c53b5f055d03cd2b44fe",
        ),
        // SELECT 'a'\n'b'
        (
            Postgres,
            "SELECT\n'a' -- one\n\n  'b'",
            "112b15d452477ae96342631c9f47c331119a0602ae8953d7696b55db09437672",
        ),
        // DELIMITER //\nSELECT 1//
        (
            MySql,
            "DELIMITER //\r\nSELECT 1//",
            "621539e66866f4db5d6825c06f804e670e2d14baf5f85e0ffcba2117d32e3409",
        ),
        // SELECT /*+ MAX_EXECUTION_TIME(9) */ 1
        (
            MySql,
            "SELECT  /*+ MAX_EXECUTION_TIME(9) */  1",
            "56ed5103b5a9a667bbc2fd8dd55dcef61ba8fd79758340e1121452b100d8d71e",
        ),
        // -- migrate: statement\na;  b\n-- migrate: end\nSELECT 1
        (
            Postgres,
            "-- migrate: statement\n\na;  b\n-- migrate: end\n\n\nSELECT   1",
            "924bab590a628a517a04aaa3c1a1cc015d2e5bee231582630f3187702941d9ec",
        ),
    ];
    for (dialect, text, expected) in table {
        let checksum = Checksum::of_sql(*dialect, text);
        assert_eq!(checksum.to_string(), *expected, "{dialect}: {text}");
    }
}

#[test]
fn a_comment_or_a_blank_is_no_edit() {
    let table: &[(&[Dialect], &str, &str)] = &[
        (
            &Dialect::ALL,
            "SELECT 1;",
            "  SELECT\n\t1; -- one\n/* two */",
        ),
        (&Dialect::ALL, "SELECT /* a */ 1", "SELECT /* another */ 1"),
        (&Dialect::ALL, "a -- b\n c", "a c"),
        (&Dialect::ALL, "a;\nb;", "a;\r\n\r\nb;"),
        (&Dialect::ALL, "SELECT 'a\nb'", "SELECT 'a\r\nb'"),
        (
            &Dialect::ALL,
            "a\n;",
            "a -- migrate: allow long-lock it is small\n;",
        ),
        (&[Postgres], "/* a /* b */ */ c", "c"),
        (&[Sqlite, Postgres], "a /*! b */ c", "a c"),
        (&[MySql], "a # b\n c", "a c"),
        (&[Postgres], "SELECT 'a' 'b'", "SELECT 'a' /* c */ 'b'"),
        (&[Postgres], "SELECT \"a\" \"b\"", "SELECT \"a\"\n\"b\""),
        // In the body of a stored program our own marks are comments.
        (
            &[Sqlite],
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END;",
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n-- migrate: end\nDELETE FROM b; END;",
        ),
    ];
    for (dialects, one, other) in table {
        for &dialect in *dialects {
            let of = |text| Checksum::of_sql(dialect, text);
            assert_eq!(of(one), of(other), "{dialect}: {one:?} and {other:?}");
        }
    }
}

#[test]
fn what_a_database_sees_is_an_edit() {
    let table: &[(&[Dialect], &str, &str)] = &[
        (&Dialect::ALL, "SELECT 1", "SELECT 2"),
        (&Dialect::ALL, "a b", "ab"),
        (&Dialect::ALL, "a(b)", "a (b)"),
        (&Dialect::ALL, "SELECT 'a  b'", "SELECT 'a b'"),
        (&Dialect::ALL, "SELECT 'a -- b'", "SELECT 'a'"),
        (&Dialect::ALL, "SELECT 'a'\n'b'", "SELECT 'a' 'b'"),
        (&Dialect::ALL, "SELECT 1", "SELECT 1;"),
        (&Dialect::ALL, "SELECT /*+ a */ 1", "SELECT /*+ b */ 1"),
        (&Dialect::ALL, "SELECT /*+ a */ 1", "SELECT 1"),
        (
            &Dialect::ALL,
            "-- migrate: statement\na\n-- migrate: end",
            "a",
        ),
        (&[MySql], "a /*!50001 b */ c", "a c"),
        (&[MySql], "a /*!50001 b */ c", "a /*!80001 b */ c"),
        (&[MySql], "DELIMITER //\na; b//", "DELIMITER $$\na; b$$"),
        (&[MySql], "SELECT 'a\\' -- b'", "SELECT 'a\\' -- c'"),
        (&[Postgres], "DO $$ a -- b\n $$", "DO $$ a\n $$"),
        (&[Sqlite], "SELECT [a  b]", "SELECT [a b]"),
        (&[Postgres, Sqlite], "SELECT \"a  b\"", "SELECT \"a b\""),
    ];
    for (dialects, one, other) in table {
        for &dialect in *dialects {
            let of = |text| Checksum::of_sql(dialect, text);
            assert_ne!(of(one), of(other), "{dialect}: {one:?} and {other:?}");
        }
    }
}

/// To PostgreSQL `#` is an operator, and to MySQL it opens a comment.
#[test]
fn each_dialect_lexes_a_section_for_itself() {
    let file = |sql: &str| {
        let text =
            format!("-- revision: a\n-- down_revision: none\n\n-- migrate: upgrade\n{sql}\n");
        let files = Files::default().with("versions/a.sql", text);
        load_tree(&files)
            .expect("a sound chain")
            .revisions
            .remove(0)
    };
    let (one, other) = (file("SELECT 1 # 2\n;"), file("SELECT 1 # 3\n;"));
    assert_eq!(one.checksum(MySql), other.checksum(MySql));
    assert_eq!(one.digest(MySql), other.digest(MySql));
    for dialect in [Postgres, Sqlite] {
        assert_ne!(one.checksum(dialect), other.checksum(dialect), "{dialect}");
    }
    let sql = "SELECT 1 # 2\n;";
    for dialect in Dialect::ALL {
        let checksum = Checksum::of_sql(dialect, sql);
        assert_eq!(one.checksum(dialect), Some(checksum), "{dialect}");
    }
}

#[test]
fn a_rust_file_is_hashed_whole() {
    let file = |comment: &str| {
        let text = format!(
            "//! revision: a\n//! down_revision: none\n{comment}\npub async fn upgrade() {{}}\n"
        );
        let files = Files::default().with("versions/a.rs", text.clone());
        let revision = load_tree(&files)
            .expect("a sound chain")
            .revisions
            .remove(0);
        assert_eq!(revision.checksum(Sqlite), Some(Checksum::of(&text)));
        revision.checksum(Sqlite)
    };
    assert_ne!(file("// one"), file("// two"));
}

const PIECES: &[&str] = &[
    "SELECT",
    "CREATE TABLE t (a INT)",
    "'it''s'",
    "'x'",
    "\"q\"",
    "1.5",
    "a",
    "b",
    ",",
    "(",
    ")",
    ";",
    "=",
    "$$ c $$",
    "/*+ hint */",
    "UPDATE t SET",
    "-",
    "N'x'",
];

proptest! {
    /// Whatever stands between two tokens, comments and more blanks in its place are no edit, and nothing at all is one.
    #[test]
    fn only_whether_something_parts_two_tokens_counts(
        pieces in vec(select(PIECES), 1..12),
        gaps in vec(select(vec![" ", "  ", "\t", " /* c */ ", "\t/* c */", "  /**/"]), 12),
    ) {
        let plain = pieces.join(" ");
        let mut other = String::new();
        for (piece, gap) in pieces.iter().zip(&gaps) {
            other += piece;
            other += gap;
        }
        for dialect in Dialect::ALL {
            prop_assert_eq!(
                Checksum::of_sql(dialect, &plain),
                Checksum::of_sql(dialect, &other),
                "{}: {:?} and {:?}", dialect, &plain, &other
            );
        }
    }
}
