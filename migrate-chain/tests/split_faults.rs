//! Faults in SQL text, in one dialect and in all of them.

use migrate_chain::Dialect::{self, MySql, Postgres, Sqlite};
use migrate_chain::conflict_markers;
use migrate_chain::sql::FaultKind::{self, *};
use migrate_chain::sql::{
    Fault, Remedy, connection_control, faults, faults_common, open_transaction, refusal,
    transaction_control,
};

/// The faults of `text`, each with what its range covers.
fn found(dialect: Dialect, text: &str) -> Vec<(FaultKind, &str)> {
    list(faults(dialect, true, text), text)
}

fn common(text: &str) -> Vec<(FaultKind, &str)> {
    list(faults_common(true, text), text)
}

fn list(faults: Vec<Fault>, text: &str) -> Vec<(FaultKind, &str)> {
    faults
        .into_iter()
        .map(|fault| (fault.kind, &text[fault.range]))
        .collect()
}

fn not_in_transaction(what: &'static str) -> FaultKind {
    NotInTransaction {
        what,
        remedy: Remedy::TransactionOff,
    }
}

fn foreign_keys(remedy: Remedy) -> FaultKind {
    NotInTransaction {
        what: "PRAGMA foreign_keys",
        remedy,
    }
}

#[test]
fn open_quotes_and_comments() {
    let table: &[(&[Dialect], &str, FaultKind, &str)] = &[
        (&Dialect::ALL, "a; 'b; COMMIT;", UnterminatedString, "'"),
        (&Dialect::ALL, "a /* b", UnterminatedComment, "/*"),
        (&Dialect::ALL, "x'1", UnterminatedString, "x'"),
        (&[Postgres], r"E'it\'", UnterminatedString, "E'"),
        (&[Postgres], "U&\"a", UnterminatedQuotedIdentifier, "U&\""),
        (&[Postgres], "$a$ 'b $$", UnterminatedDollarQuote, "$a$"),
        (&[Postgres], "/* /* */", UnterminatedComment, "/*"),
        (
            &[Sqlite, Postgres],
            "\"a",
            UnterminatedQuotedIdentifier,
            "\"",
        ),
        (&[Sqlite, MySql], "`a", UnterminatedQuotedIdentifier, "`"),
        (&[Sqlite], "[a", UnterminatedQuotedIdentifier, "["),
        (&[MySql], "\"a", UnterminatedString, "\""),
        (
            &[MySql],
            "SELECT /*!50001 1",
            UnterminatedComment,
            "/*!50001",
        ),
        (&[MySql], "SELECT /*! 'a */", UnterminatedString, "'"),
        (&[Sqlite, Postgres], r"'it\'s'", UnterminatedString, "'"),
    ];
    for (dialects, text, kind, place) in table {
        for dialect in *dialects {
            assert_eq!(
                found(*dialect, text),
                [(*kind, *place)],
                "{dialect}: {text}"
            );
        }
    }
}

#[test]
fn what_comes_before_an_open_quote_is_reported() {
    assert_eq!(
        found(Sqlite, "COMMIT; VACUUM 'a"),
        [
            (TransactionControl("COMMIT"), "COMMIT"),
            (UnterminatedString, "'")
        ]
    );
}

#[test]
fn statement_markers() {
    for dialect in Dialect::ALL {
        assert_eq!(
            found(dialect, "-- migrate: statement\na"),
            [(UnclosedStatementMarker, "-- migrate: statement")]
        );
        assert_eq!(
            found(
                dialect,
                "-- migrate: statement\na\n-- migrate: statement\nb\n-- migrate: end"
            ),
            [(UnclosedStatementMarker, "-- migrate: statement")]
        );
        assert_eq!(
            found(dialect, "a;\n-- migrate: end\nb"),
            [(StrayEndMarker, "-- migrate: end")]
        );
        assert_eq!(
            found(dialect, "-- migrate: statement\nit's\n-- migrate: end\nb"),
            []
        );
        assert_eq!(
            found(
                dialect,
                "-- migrate: statement\nCOMMIT;\n-- migrate: end\nb"
            ),
            [(TransactionControl("COMMIT"), "COMMIT;")]
        );
    }
}

#[test]
fn clients_commands() {
    for dialect in Dialect::ALL {
        assert_eq!(
            found(dialect, "a;\n \\i it's.sql\nb;"),
            [(PsqlMetaCommand, "\\i it's.sql")]
        );
        assert_eq!(
            found(dialect, "COPY a (b) FROM stdin;\nit's\n\\.\nb;\nCOMMIT"),
            [
                (CopyFromStdin, "COPY a (b) FROM stdin"),
                (TransactionControl("COMMIT"), "COMMIT")
            ]
        );
        assert_eq!(
            found(
                dialect,
                "COPY a FROM '/file'; INSERT INTO a SELECT b FROM stdin"
            ),
            []
        );
        assert_eq!(
            found(dialect, "SELECT '\n\\i x\n' /*\n\\i x */ -- \\i x"),
            []
        );
    }
    assert_eq!(
        found(Postgres, "SELECT 1 \\gset\n"),
        [(PsqlMetaCommand, "\\gset")]
    );
    assert_eq!(
        found(Postgres, "\\c a\nCOMMIT;"),
        [
            (PsqlMetaCommand, "\\c a"),
            (TransactionControl("COMMIT"), "COMMIT")
        ]
    );
    assert_eq!(found(MySql, "SELECT \\N,\n\\N"), []);
}

#[test]
fn transaction_controls() {
    let table: &[(&[Dialect], &str, Option<&str>)] = &[
        (&Dialect::ALL, "BEGIN", Some("BEGIN")),
        (&Dialect::ALL, "begin -- x\n", Some("BEGIN")),
        (&Dialect::ALL, "COMMIT", Some("COMMIT")),
        (&Dialect::ALL, "ROLLBACK", Some("ROLLBACK")),
        (&Dialect::ALL, "ROLLBACK TO a", None),
        (&Dialect::ALL, "ROLLBACK TO SAVEPOINT a", None),
        (&Dialect::ALL, "SAVEPOINT a", None),
        (&Dialect::ALL, "RELEASE SAVEPOINT a", None),
        (&Dialect::ALL, "SELECT 1", None),
        (&Dialect::ALL, "\"COMMIT\"", None),
        (&Dialect::ALL, "CREATE TABLE begin (a)", None),
        (&Dialect::ALL, "", None),
        (&[Sqlite], "BEGIN EXCLUSIVE TRANSACTION", Some("BEGIN")),
        (&[Sqlite, Postgres], "END TRANSACTION", Some("END")),
        (&[Sqlite, Postgres], "ROLLBACK TRANSACTION TO a", None),
        (
            &[Postgres, MySql],
            "START TRANSACTION READ ONLY",
            Some("START TRANSACTION"),
        ),
        (&[Postgres, MySql], "ROLLBACK WORK TO a", None),
        (&[Postgres], "ABORT", Some("ABORT")),
        (
            &[Postgres],
            "PREPARE TRANSACTION 'a'",
            Some("PREPARE TRANSACTION"),
        ),
        (&[Postgres], "PREPARE a AS SELECT 1", None),
        (&[Postgres], "COMMIT PREPARED 'a'", None),
        (&[Postgres], "ROLLBACK PREPARED 'a'", None),
        (&[Postgres], "SET TRANSACTION READ ONLY", None),
        (&[MySql], "BEGIN NOT ATOMIC COMMIT; END", None),
        (&[MySql], "START REPLICA", None),
        (&[MySql], "/*!40000 COMMIT */", Some("COMMIT")),
    ];
    for (dialects, statement, keyword) in table {
        for dialect in *dialects {
            assert_eq!(
                transaction_control(*dialect, statement),
                *keyword,
                "{dialect}: {statement}"
            );
        }
    }
}

#[test]
fn what_takes_the_connection_from_a_run_is_refused_in_and_outside_of_a_transaction() {
    let table: &[(Dialect, &str, Option<&str>)] = &[
        (MySql, "LOCK TABLES a WRITE, b READ", Some("LOCK TABLES")),
        (MySql, "/*!40000 LOCK TABLE a WRITE */", Some("LOCK TABLE")),
        (MySql, "LOCK INSTANCE FOR BACKUP", Some("LOCK INSTANCE")),
        (MySql, "unlock tables", Some("UNLOCK TABLES")),
        (MySql, "UNLOCK TABLE", Some("UNLOCK TABLES")),
        (
            MySql,
            "FLUSH TABLES a WITH READ LOCK",
            Some("FLUSH TABLES … LOCK"),
        ),
        (
            MySql,
            "FLUSH TABLES a FOR EXPORT",
            Some("FLUSH TABLES … LOCK"),
        ),
        (MySql, "FLUSH PRIVILEGES", None),
        (MySql, "BACKUP STAGE START", Some("BACKUP")),
        (MySql, "USE `other`", Some("USE")),
        (MySql, "XA START 'a'", Some("XA")),
        (MySql, "XA RECOVER", None),
        (
            MySql,
            "COMMIT AND NO CHAIN RELEASE",
            Some("COMMIT … RELEASE"),
        ),
        (MySql, "ROLLBACK RELEASE", Some("COMMIT … RELEASE")),
        (MySql, "COMMIT NO RELEASE", None),
        (MySql, "ROLLBACK TO release", None),
        (MySql, "SET autocommit = 0", Some("SET autocommit")),
        (
            MySql,
            "SET NAMES utf8, @a = f(1, 2), @@session.`autocommit` := 1",
            Some("SET autocommit"),
        ),
        (MySql, "SET @@autocommit=1", Some("SET autocommit")),
        (MySql, "SET LOCAL autocommit=1", Some("SET autocommit")),
        (MySql, "SET GLOBAL autocommit = 0", None),
        (MySql, "SET @@global.autocommit = 0", None),
        (MySql, "SET @old = @@autocommit, @autocommit = 1", None),
        (MySql, "CREATE TABLE use_lock (a INT)", None),
        (
            MySql,
            "CREATE PROCEDURE p() BEGIN FLUSH TABLES a WITH READ LOCK; END",
            None,
        ),
        (Postgres, "DISCARD ALL", Some("DISCARD ALL")),
        (Postgres, "DISCARD PLANS", None),
        (
            Postgres,
            "SELECT pg_catalog.pg_advisory_unlock_all()",
            Some("pg_advisory_unlock_all"),
        ),
        (Postgres, "SELECT pg_advisory_unlock(1)", None),
        (Postgres, "LOCK TABLE a IN EXCLUSIVE MODE", None),
        (Postgres, "LOCK tables", None),
        // A run takes it back before it records the revision.
        (Sqlite, "PRAGMA query_only = ON", None),
    ];
    for (dialect, statement, keywords) in table {
        let found = connection_control(*dialect, statement);
        assert_eq!(found, *keywords, "{dialect}: {statement}");
        for transactional in [true, false] {
            let found = faults(*dialect, transactional, statement);
            let is_refused = found
                .iter()
                .any(|fault| matches!(fault.kind, ConnectionControl(_)));
            assert_eq!(is_refused, keywords.is_some(), "{dialect}: {statement}");
        }
    }
    // Without a database named, only what no other has.
    let locked = [(ConnectionControl("LOCK TABLES"), "LOCK TABLES a READ")];
    assert_eq!(common("LOCK TABLES a READ"), locked);
    assert_eq!(common("LOCK TABLE a"), []);
}

#[test]
fn a_transaction_that_a_section_opens_is_closed_in_it() {
    let open = |dialect, text: &str| -> Vec<(FaultKind, usize)> {
        let found = faults(dialect, false, text).into_iter();
        found.map(|fault| (fault.kind, fault.range.start)).collect()
    };
    let begin = UnclosedTransaction("BEGIN");
    for dialect in Dialect::ALL {
        for closed in [
            "BEGIN; a; COMMIT; BEGIN; b; ROLLBACK",
            "BEGIN; ROLLBACK TO a; COMMIT",
            "BEGIN; COMMIT AND NO CHAIN;",
            "-- migrate: statement\nCREATE ODDITY a BEGIN SELECT 1; END;\n-- migrate: end\n",
            "-- migrate: statement\nBEGIN; a; COMMIT;\n-- migrate: end\n",
        ] {
            assert_eq!(open(dialect, closed), [], "{dialect}: {closed}");
        }
        assert_eq!(open(dialect, "BEGIN; COMMIT; BEGIN; b"), [(begin, 15)]);
        assert_eq!(open(dialect, "BEGIN; a -- COMMIT;"), [(begin, 0)]);
    }
    let chained = [(UnclosedTransaction("COMMIT"), 7)];
    assert_eq!(open(Postgres, "BEGIN; COMMIT AND CHAIN; a"), chained);
    assert_eq!(open(MySql, "BEGIN NOT ATOMIC SELECT 1; END"), []);
    assert_eq!(open(MySql, "CREATE PROCEDURE p() BEGIN SELECT 1; END"), []);
    assert_eq!(open(Sqlite, "CREATE TRIGGER t BEGIN SELECT 1; END"), []);
    assert_eq!(
        open(
            Postgres,
            "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END"
        ),
        []
    );
    let text = "-- migrate: statement\nCOMMIT;\n-- migrate: end\n";
    assert_eq!(open(Postgres, &format!("BEGIN;\n{text}")), []);
    assert_eq!(open_transaction(MySql, ["BEGIN", "BEGIN", "a"]), Some(1));
    assert_eq!(open_transaction(Postgres, ["BEGIN", "BEGIN", "a"]), Some(0));
}

/// As SQLite's shell dumps, and as other tools ask for it.
#[test]
fn a_frame_around_a_section_is_one_fault() {
    let own = |first, foreign_keys_off| OwnTransaction {
        first,
        foreign_keys_off,
    };
    let table: &[(&str, FaultKind, usize)] = &[
        (
            "PRAGMA foreign_keys=OFF;\nBEGIN;\na;\nCOMMIT;\nPRAGMA foreign_keys=ON;",
            own("PRAGMA foreign_keys", true),
            3,
        ),
        (
            "PRAGMA foreign_keys = 0; BEGIN TRANSACTION; a; END",
            own("PRAGMA foreign_keys", true),
            2,
        ),
        (
            "BEGIN; PRAGMA foreign_keys=OFF; a; PRAGMA foreign_keys=ON; COMMIT",
            own("BEGIN", true),
            3,
        ),
        (
            "BEGIN; a; COMMIT; PRAGMA foreign_keys=ON",
            own("BEGIN", false),
            2,
        ),
        ("BEGIN; a; COMMIT", own("BEGIN", false), 1),
        (
            "PRAGMA foreign_keys=OFF; a; PRAGMA foreign_keys=ON",
            foreign_keys(Remedy::ForeignKeysOff),
            1,
        ),
    ];
    for (text, kind, related) in table {
        let found = faults(Sqlite, true, text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert_eq!((found[0].kind, found[0].range.start), (*kind, 0), "{text}");
        assert_eq!(found[0].related.len(), *related, "{text}");
        assert_eq!(common(text).len(), 1, "{text}");
    }
    for several in [
        "BEGIN; a; COMMIT; BEGIN; b; COMMIT",
        "BEGIN; a; ROLLBACK",
        "COMMIT; BEGIN",
        "PRAGMA foreign_keys=ON; a; PRAGMA foreign_keys=OFF",
    ] {
        assert!(faults(Sqlite, true, several).len() > 1, "{several}");
    }
}

/// Statements, and what is said of those that cannot run in a transaction.
const REFUSALS: &[(Dialect, &str, Option<&str>)] = &[
    (Sqlite, "VACUUM", Some("VACUUM")),
    (Sqlite, "vacuum main INTO 'file'", Some("VACUUM")),
    (
        Sqlite,
        "PRAGMA main.journal_mode = WAL",
        Some("PRAGMA journal_mode"),
    ),
    (
        Sqlite,
        "PRAGMA journal_mode(wal)",
        Some("PRAGMA journal_mode"),
    ),
    (Sqlite, "PRAGMA journal_mode", None),
    (Sqlite, "PRAGMA user_version = 3", None),
    (Sqlite, "PRAGMA foreign_key_check", None),
    (Sqlite, "PRAGMA defer_foreign_keys = ON", None),
    (Sqlite, "REINDEX", None),
    (Postgres, "VACUUM (FULL) a", Some("VACUUM")),
    (Postgres, "ANALYZE", None),
    (
        Postgres,
        "CREATE UNIQUE INDEX CONCURRENTLY i ON a (b)",
        Some("CREATE INDEX CONCURRENTLY"),
    ),
    (
        Postgres,
        "CREATE /* - */ index\nconcurrently IF NOT EXISTS i ON a (b)",
        Some("CREATE INDEX CONCURRENTLY"),
    ),
    (Postgres, "CREATE INDEX \"concurrently\" ON a (b)", None),
    (Postgres, "CREATE INDEX i ON concurrently (b)", None),
    (
        Postgres,
        "DROP INDEX CONCURRENTLY IF EXISTS i",
        Some("DROP INDEX CONCURRENTLY"),
    ),
    (Postgres, "REFRESH MATERIALIZED VIEW CONCURRENTLY v", None),
    (
        Postgres,
        "REINDEX TABLE CONCURRENTLY a",
        Some("REINDEX CONCURRENTLY"),
    ),
    (
        Postgres,
        "REINDEX (VERBOSE, CONCURRENTLY) INDEX i",
        Some("REINDEX CONCURRENTLY"),
    ),
    (Postgres, "REINDEX (CONCURRENTLY off) INDEX i", None),
    (Postgres, "REINDEX TABLE a", None),
    (
        Postgres,
        "REINDEX (VERBOSE) SCHEMA a",
        Some("REINDEX SCHEMA"),
    ),
    (Postgres, "REINDEX DATABASE", Some("REINDEX DATABASE")),
    (Postgres, "REINDEX SYSTEM a", Some("REINDEX SYSTEM")),
    (Postgres, "CREATE DATABASE a", Some("CREATE DATABASE")),
    (Postgres, "DROP DATABASE IF EXISTS a", Some("DROP DATABASE")),
    (
        Postgres,
        "CREATE TABLESPACE a LOCATION '/'",
        Some("CREATE TABLESPACE"),
    ),
    (Postgres, "DROP TABLESPACE a", Some("DROP TABLESPACE")),
    (Postgres, "ALTER SYSTEM SET a = 1", Some("ALTER SYSTEM")),
    (
        Postgres,
        "ALTER DATABASE a SET TABLESPACE b",
        Some("ALTER DATABASE … SET TABLESPACE"),
    ),
    (Postgres, "ALTER DATABASE a SET work_mem = '1MB'", None),
    (Postgres, "CLUSTER", Some("CLUSTER without a table")),
    (
        Postgres,
        "CLUSTER (VERBOSE)",
        Some("CLUSTER without a table"),
    ),
    (Postgres, "CLUSTER VERBOSE a USING i", None),
    (Postgres, "REPACK", Some("REPACK without a table")),
    (
        Postgres,
        "REPACK USING INDEX",
        Some("REPACK without a table"),
    ),
    (
        Postgres,
        "REPACK (CONCURRENTLY) a",
        Some("REPACK (CONCURRENTLY)"),
    ),
    (Postgres, "REPACK a USING INDEX i", None),
    (Postgres, "DISCARD ALL", Some("DISCARD ALL")),
    (Postgres, "DISCARD PLANS", None),
    (Postgres, "COMMIT PREPARED 'a'", Some("COMMIT PREPARED")),
    (Postgres, "ROLLBACK PREPARED 'a'", Some("ROLLBACK PREPARED")),
    (
        Postgres,
        "ALTER TABLE IF EXISTS ONLY a.\"b\" * DETACH PARTITION c.d CONCURRENTLY",
        Some("ALTER TABLE … DETACH PARTITION … CONCURRENTLY"),
    ),
    (Postgres, "ALTER TABLE a DETACH PARTITION b", None),
    (Postgres, "ALTER TABLE a ADD concurrently int", None),
    (Postgres, "ALTER TYPE a ADD VALUE 'b'", None),
    (
        Postgres,
        "CREATE SUBSCRIPTION a CONNECTION 'b' PUBLICATION c",
        Some("CREATE SUBSCRIPTION"),
    ),
    (
        Postgres,
        "CREATE SUBSCRIPTION a CONNECTION 'b' PUBLICATION c WITH (enabled, create_slot = false)",
        None,
    ),
    (
        Postgres,
        "CREATE SUBSCRIPTION a CONNECTION 'b' PUBLICATION c WITH (connect = 'off')",
        None,
    ),
    (
        Postgres,
        "CREATE SUBSCRIPTION a CONNECTION 'b' PUBLICATION c WITH (create_slot = true)",
        Some("CREATE SUBSCRIPTION"),
    ),
    (Postgres, "DROP SUBSCRIPTION a", Some("DROP SUBSCRIPTION")),
    (
        Postgres,
        "ALTER SUBSCRIPTION a REFRESH PUBLICATION",
        Some("ALTER SUBSCRIPTION … REFRESH PUBLICATION"),
    ),
    (
        Postgres,
        "ALTER SUBSCRIPTION a ADD PUBLICATION b",
        Some("ALTER SUBSCRIPTION … PUBLICATION with refresh"),
    ),
    (
        Postgres,
        "ALTER SUBSCRIPTION a SET PUBLICATION b WITH (refresh = false)",
        None,
    ),
    (
        Postgres,
        "ALTER SUBSCRIPTION a SET (slot_name = 'b', failover = true)",
        Some("ALTER SUBSCRIPTION … SET (failover, two_phase)"),
    ),
    (
        Postgres,
        "ALTER SUBSCRIPTION a SET (two_phase = off)",
        Some("ALTER SUBSCRIPTION … SET (failover, two_phase)"),
    ),
    (Postgres, "ALTER SUBSCRIPTION a SET (two_phase = on)", None),
    (Postgres, "ALTER SUBSCRIPTION a DISABLE", None),
    (MySql, "CREATE DATABASE a", None),
    (MySql, "ALTER TABLE a ADD b INT", None),
    (MySql, "SET TRANSACTION READ ONLY", Some("SET TRANSACTION")),
    (MySql, "SET SESSION TRANSACTION READ ONLY", None),
    (
        MySql,
        "SET @@SESSION.SQL_LOG_BIN= 0",
        Some("SET sql_log_bin"),
    ),
    (
        MySql,
        "SET a = 1, binlog_format = 'ROW'",
        Some("SET binlog_format"),
    ),
    (MySql, "SET gtid_next = 'AUTOMATIC'", Some("SET gtid_next")),
    (MySql, "SET GLOBAL binlog_format = 'ROW'", None),
];

#[test]
fn statements_that_cannot_run_in_a_transaction() {
    for (dialect, statement, what) in REFUSALS {
        assert_eq!(
            refusal(*dialect, statement).map(|found| found.what),
            *what,
            "{dialect}: {statement}"
        );
    }
}

#[test]
fn foreign_keys_have_a_header_key() {
    for (remedy, values) in [
        (Remedy::ForeignKeysOff, ["=OFF", "(0)", " = 'no'", "=x"]),
        (Remedy::ForeignKeysOn, ["=ON", "(1)", " = 'yes'", "=TRUE"]),
    ] {
        for value in values {
            let statement = format!("PRAGMA main.foreign_keys{value}");
            assert_eq!(
                found(Sqlite, &statement),
                [(foreign_keys(remedy), &*statement)]
            );
        }
    }
    assert_eq!(found(Sqlite, "PRAGMA foreign_keys;"), []);
}

#[test]
fn outside_of_a_transaction_these_are_no_faults() {
    for dialect in Dialect::ALL {
        assert_eq!(
            faults(
                dialect,
                false,
                "BEGIN; VACUUM; COMMIT; SET gtid_next = ''; PRAGMA foreign_keys = 0"
            ),
            []
        );
    }
}

#[test]
fn bodies_are_not_the_top_level() {
    assert_eq!(
        found(
            MySql,
            "CREATE PROCEDURE p() BEGIN START TRANSACTION; COMMIT; END; SELECT 1"
        ),
        []
    );
    assert_eq!(
        found(
            Postgres,
            "CREATE PROCEDURE p() AS $$ BEGIN COMMIT; END $$ LANGUAGE plpgsql"
        ),
        []
    );
    assert_eq!(
        found(Sqlite, "CREATE TRIGGER t BEGIN DELETE FROM a; END;"),
        []
    );
}

#[test]
fn common_faults() {
    let table: &[(&str, &[(FaultKind, &str)])] = &[
        ("SELECT 1", &[]),
        ("a; COMMIT; b", &[(TransactionControl("COMMIT"), "COMMIT")]),
        ("a 'b", &[(UnterminatedString, "'")]),
        ("a /* b", &[(UnterminatedComment, "/*")]),
        // A string in MySQL, an identifier elsewhere, and open everywhere.
        ("a \"b", &[(UnterminatedQuotedIdentifier, "\"")]),
        // MySQL takes the backslash for an escape, the others do not.
        (r"'it\'s'", &[]),
        ("'a\\'", &[]),
        ("$$ it's $$", &[]),
        ("a # it's", &[]),
        ("/* /* */", &[]),
        ("`it's`; 'b", &[]),
        (
            "-- migrate: statement\na",
            &[(UnclosedStatementMarker, "-- migrate: statement")],
        ),
        ("-- migrate: end", &[(StrayEndMarker, "-- migrate: end")]),
        ("\\i a\n", &[(PsqlMetaCommand, "\\i a")]),
        ("a # \\x\n", &[]),
        (
            "COPY a FROM stdin;\n1\n\\.\n",
            &[(CopyFromStdin, "COPY a FROM stdin")],
        ),
        // A database that has this statement cannot run it in a transaction; the others do not have it.
        ("VACUUM", &[(not_in_transaction("VACUUM"), "VACUUM")]),
        (
            "CREATE INDEX CONCURRENTLY i ON a (b)",
            &[(
                not_in_transaction("CREATE INDEX CONCURRENTLY"),
                "CREATE INDEX CONCURRENTLY i ON a (b)",
            )],
        ),
        (
            "START TRANSACTION",
            &[(TransactionControl("START TRANSACTION"), "START TRANSACTION")],
        ),
        (
            "SET autocommit = 0",
            &[(ConnectionControl("SET autocommit"), "SET autocommit = 0")],
        ),
        // Fine in MySQL.
        ("CREATE DATABASE a", &[]),
        // Fine in PostgreSQL.
        ("SET TRANSACTION READ ONLY", &[]),
        // A block in MySQL.
        ("BEGIN NOT ATOMIC a; END", &[]),
        // Nothing but a comment in MySQL.
        ("# a\nCOMMIT", &[]),
    ];
    for (text, expected) in table {
        assert_eq!(common(text), *expected, "{text}");
    }
}

#[test]
fn merge_conflicts() {
    let table: &[(&str, &[&str])] = &[
        ("", &[]),
        ("-- Title\n=======\n", &[]),
        (
            "<<<<<<< a\r\nb\r\n=======\r\nc\r\n>>>>>>> d\r\n",
            &["<<<<<<< a", "=======", ">>>>>>> d"],
        ),
        (
            "<<<<<<< a\nb\n||||||| e\nx\n=======\nc\n>>>>>>> d",
            &["<<<<<<< a", "||||||| e", "=======", ">>>>>>> d"],
        ),
        (
            "=======\n<<<<<<< a\n>>>>>>> d\n=======",
            &["<<<<<<< a", ">>>>>>> d"],
        ),
        ("a\n<<<<<<< HEAD\nb\n=======\n", &["<<<<<<< HEAD"]),
        ("a\n>>>>>>> theirs\n", &[">>>>>>> theirs"]),
        (
            " <<<<<<< a\nb <<<<<<< c\n<<<<<<<< d\n<<<<<<<e\n<<<<<< f\n",
            &[],
        ),
    ];
    for (text, expected) in table {
        let found: Vec<&str> = conflict_markers(text)
            .into_iter()
            .map(|range| &text[range])
            .collect();
        assert_eq!(found, *expected, "{text:?}");
    }
}

#[test]
fn transaction_control_within_a_marked_statement() {
    let marked = |sql: &str| format!("SELECT 0;\n-- migrate: statement\n{sql}\n-- migrate: end\n");
    let text = marked("CREATE TABLE a (b INTEGER); COMMIT; SELECT 'ROLLBACK'; ROLLBACK;");
    for dialect in [Sqlite, Postgres] {
        assert_eq!(
            found(dialect, &text),
            [
                (TransactionControl("COMMIT"), "COMMIT"),
                (TransactionControl("ROLLBACK"), "ROLLBACK")
            ]
        );
        assert_eq!(faults(dialect, false, &text), []);
        let body = marked("CREATE ODDITY a BEGIN SELECT 1; END;");
        assert_eq!(found(dialect, &body), []);
    }
    let routine = marked("CREATE PROCEDURE p() BEGIN SELECT 1; COMMIT; END;");
    assert_eq!(found(MySql, &routine), []);
    let trigger = marked("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END;");
    assert_eq!(found(Sqlite, &trigger), []);
    let function =
        marked("CREATE FUNCTION f() RETURNS int AS $$ BEGIN COMMIT; END $$ LANGUAGE plpgsql;");
    assert_eq!(found(Postgres, &function), []);
}
