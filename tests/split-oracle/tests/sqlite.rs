//! The splitter's SQLite against SQLite itself.

use migrate_chain::Dialect::Sqlite;
use migrate_chain::sql::{TokenKind, refusal, split, tokens};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rusqlite::Connection;
use split_oracle::sqlite3_complete;

/// Pieces that `sqlite3_complete` and the splitter read alike. Left out by design: a byte order mark, which SQLite's
/// tokenizer skips and `sqlite3_complete` does not; the vertical tab, which the latter takes for a word; backslashes at
/// the start of a line and `COPY … FROM stdin`, which are faults; and statement markers.
const BITS: &[&str] = &[
    " ",
    "\n",
    "\r\n",
    "\t",
    "\u{c}",
    ";",
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
    "$",
    "$$",
    // With a digit behind it: in `#create` SQLite's parser sees a parameter, and `sqlite3_complete` a keyword.
    "#1",
    "1",
    "1.5",
    "1e-5",
    ".",
    ":1",
    "@1",
    "?",
    "x'",
    "E'",
    "a",
    "end",
    "END",
    ";END;",
    "BEGIN",
    "CASE",
    "create",
    "CREATE",
    "TEMP",
    "temporary",
    "TRIGGER",
    "EXPLAIN",
    "QUERY PLAN",
    "TABLE",
    "ž",
    "💾",
    "(",
    ")",
    ",",
];

/// Whole statements, each of which SQLite runs after those before it.
const CORPUS: &[&str] = &[
    "CREATE TABLE a (b INTEGER PRIMARY KEY, [c;] TEXT DEFAULT ';', `d\"` TEXT, \"e'\" BLOB DEFAULT x'3B', \"end\" INT)",
    "CREATE TABLE log (start INT, end INT)",
    "CREATE TRIGGER t1 AFTER INSERT ON a BEGIN
       INSERT INTO log SELECT CASE WHEN new.b > 0 THEN CASE new.b WHEN 1 THEN 2 ELSE 3 END ELSE 4 END, 5;
       UPDATE log SET end = end + 1; -- END;
       DELETE FROM log WHERE end = '; END;';
     END",
    "CREATE TEMP TRIGGER t2 AFTER DELETE ON a FOR EACH ROW WHEN old.b = 1 BEGIN SELECT end FROM log; END",
    "CREATE TEMPORARY TRIGGER IF NOT EXISTS t3 AFTER DELETE ON a BEGIN SELECT RAISE(IGNORE); END",
    "EXPLAIN CREATE TRIGGER t4 AFTER DELETE ON a BEGIN SELECT 1; SELECT 2; END",
    "EXPLAIN QUERY PLAN SELECT 1",
    "INSERT INTO a (b, [c;]) VALUES (1, 'it''s; -- /*'), (2, 'C:\\')",
    "CREATE VIEW v AS WITH x(y) AS (VALUES (1)) SELECT CASE WHEN y THEN 1 END AS end FROM x",
    "SELECT 1 /* ; */ + --;\n 1",
    "DROP TRIGGER t1",
    "REPLACE INTO a (b) VALUES (1)",
    "END",
];

/// Whether every statement of `text` has its `;`, in the splitter's eyes.
fn is_complete(text: &str) -> bool {
    let ended = match split(Sqlite, text).last() {
        Some(statement) => statement.range_with_terminator().end > statement.range().end,
        None => tokens(Sqlite, text).any(|token| token.kind == TokenKind::Semicolon),
    };
    ended && tokens(Sqlite, text).all(|token| token.terminated)
}

fn assert_same(text: &str) {
    for end in (0..=text.len()).filter(|end| text.is_char_boundary(*end)) {
        let prefix = &text[..end];
        assert_eq!(is_complete(prefix), sqlite3_complete(prefix), "{prefix:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_complete_for_both_or_neither(bits in vec(select(BITS), 0..24)) {
        assert_same(&bits.concat());
    }

    #[test]
    fn words_are_complete_for_both_or_neither(bits in vec(select(BITS), 0..24)) {
        assert_same(&bits.join(" "));
    }

    #[test]
    fn whole_statements_come_back(picks in vec((select(CORPUS), select(&[";", " ; ", ";;\r\n", "; -- ' \n", "/*;*/;"][..])), 0..8)) {
        let text: String = picks.iter().flat_map(|(statement, end)| [*statement, *end]).collect();
        let found: Vec<&str> = split(Sqlite, &text).map(|statement| &text[statement.range()]).collect();
        let expected: Vec<&str> = picks.iter().map(|(statement, _)| *statement).collect();
        prop_assert_eq!(found, expected);
        prop_assert_eq!(is_complete(&text), sqlite3_complete(&text));
    }
}

#[test]
fn the_corpus_is_sql() {
    let connection = Connection::open_in_memory().expect("a database");
    connection.execute_batch("BEGIN").expect("a transaction");
    let text = CORPUS.join(";\n");
    for statement in split(Sqlite, &text) {
        let statement = &text[statement.range()];
        connection
            .execute_batch(statement)
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

/// A file-backed database in a transaction such as a revision runs in.
fn in_transaction() -> Connection {
    let connection = Connection::open("").expect("a temporary database on disk");
    connection
        .execute_batch("CREATE TABLE a (b); CREATE TEMP TABLE c (d); ATTACH ':memory:' AS x; BEGIN IMMEDIATE; INSERT INTO a VALUES (1)")
        .expect("a transaction");
    connection
}

/// The value of `PRAGMA name`.
fn pragma(connection: &Connection, name: &str) -> String {
    let value = |row: &rusqlite::Row<'_>| row.get::<_, rusqlite::types::Value>(0);
    connection
        .query_row(&format!("PRAGMA {name}"), [], value)
        .map_or_else(|_| String::new(), |value| format!("{value:?}"))
}

#[test]
fn what_is_refused_fails_or_does_nothing_in_a_transaction() {
    for statement in [
        "VACUUM",
        "VACUUM INTO 'x'",
        "PRAGMA wal_checkpoint",
        "PRAGMA synchronous = OFF",
        "PRAGMA temp_store = MEMORY",
        "DETACH x",
    ] {
        assert!(refusal(Sqlite, statement).is_some(), "{statement}");
        let result = in_transaction().execute_batch(statement);
        assert!(result.is_err(), "{statement}");
    }
    for (name, value) in [
        ("foreign_keys", "0"),
        ("foreign_keys", "1"),
        ("journal_mode", "WAL"),
        ("journal_mode", "TRUNCATE"),
    ] {
        let statement = format!("PRAGMA {name} = {value}");
        assert!(refusal(Sqlite, &statement).is_some(), "{statement}");
        let connection = in_transaction();
        let before = pragma(&connection, name);
        // Most of these say nothing; switching to WAL is an error.
        let _ = connection.execute_batch(&statement);
        assert_eq!(pragma(&connection, name), before, "{statement}");
    }
}

#[test]
fn what_is_not_refused_works_in_a_transaction() {
    for statement in [
        "ATTACH ':memory:' AS y",
        "REINDEX",
        "ANALYZE",
        "PRAGMA user_version = 3",
        "PRAGMA optimize",
        "PRAGMA incremental_vacuum",
        "PRAGMA foreign_key_check",
        "PRAGMA defer_foreign_keys = ON",
        "PRAGMA legacy_alter_table = ON",
        "PRAGMA application_id = 1",
    ] {
        assert_eq!(refusal(Sqlite, statement), None, "{statement}");
        in_transaction()
            .execute_batch(statement)
            .unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}
