//! The SQL generated for SQLite, on SQLite.

mod support;

use migrate_diff::ErrorKind;
use sqlx::{Connection as _, Row as _, SqliteConnection};
use support::{Project, are_same, hazards, plans_are, proves, upgrade_of};

const URL: &str = "sqlite::memory:";

/// Title, from, to.
const PAIRS: &[(&str, &str, &str)] = &[
        ("a table", "", "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x');"),
        ("two tables, child first by name", "", "CREATE TABLE z (id INTEGER PRIMARY KEY); CREATE TABLE a (z INT REFERENCES z(id));"),
        ("tables in a circle", "", "CREATE TABLE a (id INTEGER PRIMARY KEY, b INT REFERENCES b(id)); CREATE TABLE b (id INTEGER PRIMARY KEY, a INT REFERENCES a(id));"),
        ("a column", "CREATE TABLE t (a INT);", "CREATE TABLE t (a INT, b TEXT DEFAULT 'x');"),
        ("a column in the middle", "CREATE TABLE t (a INT, c INT);", "CREATE TABLE t (a INT, b INT NOT NULL DEFAULT 0, c INT);"),
        ("a column with a reference", "CREATE TABLE u (id INTEGER PRIMARY KEY); CREATE TABLE t (a INT);", "CREATE TABLE u (id INTEGER PRIMARY KEY); CREATE TABLE t (a INT, u INT REFERENCES u ON DELETE CASCADE);"),
        ("a column with a check", "CREATE TABLE t (a INT);", "CREATE TABLE t (a INT, b INT CHECK (b > 0));"),
        ("a column that is unique", "CREATE TABLE t (a INT);", "CREATE TABLE t (a INT, b INT UNIQUE);"),
        ("a column with the time", "CREATE TABLE t (a INT);", "CREATE TABLE t (a INT, b TEXT DEFAULT CURRENT_TIMESTAMP);"),
        ("generated columns", "CREATE TABLE t (a INT);", "CREATE TABLE t (a INT, v INT AS (a + 1), s INT AS (a * 2) STORED);"),
        ("a type", "CREATE TABLE t (a INT, b TEXT);", "CREATE TABLE t (a INT, b VARCHAR(20));"),
        ("NOT NULL", "CREATE TABLE t (a INT);", "CREATE TABLE t (a INT NOT NULL);"),
        ("a default", "CREATE TABLE t (a INT DEFAULT 1);", "CREATE TABLE t (a INT DEFAULT 2);"),
        ("a collation", "CREATE TABLE t (a TEXT);", "CREATE TABLE t (a TEXT COLLATE NOCASE);"),
        ("a primary key", "CREATE TABLE t (a INT, b INT);", "CREATE TABLE t (a INT, b INT, PRIMARY KEY (a, b));"),
        ("AUTOINCREMENT", "CREATE TABLE t (id INTEGER PRIMARY KEY);", "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT);"),
        ("a unique constraint", "CREATE TABLE t (a INT);", "CREATE TABLE t (a INT, CONSTRAINT u UNIQUE (a));"),
        ("a check that names its table", "CREATE TABLE t (a INT);", "CREATE TABLE t (a INT, CHECK (t.a > 0));"),
        ("an action", "CREATE TABLE t (a INTEGER PRIMARY KEY, b INT REFERENCES t);", "CREATE TABLE t (a INTEGER PRIMARY KEY, b INT REFERENCES t ON DELETE SET NULL);"),
        ("deferred", "CREATE TABLE t (a INTEGER PRIMARY KEY, b INT REFERENCES t);", "CREATE TABLE t (a INTEGER PRIMARY KEY, b INT REFERENCES t DEFERRABLE INITIALLY DEFERRED);"),
        ("STRICT", "CREATE TABLE t (a INT);", "CREATE TABLE t (a INT) STRICT;"),
        ("WITHOUT ROWID", "CREATE TABLE t (a INT PRIMARY KEY);", "CREATE TABLE t (a INT PRIMARY KEY) WITHOUT ROWID;"),
        ("another table altogether", "CREATE TABLE t (a INT);", "CREATE TABLE t (b INT);"),
        ("an index", "CREATE TABLE t (a INT, b TEXT);", "CREATE TABLE t (a INT, b TEXT); CREATE UNIQUE INDEX i ON t (a DESC, lower(b)) WHERE a > 0;"),
        ("an index that changes", "CREATE TABLE t (a INT, b INT); CREATE INDEX i ON t (a);", "CREATE TABLE t (a INT, b INT); CREATE INDEX i ON t (b);"),
        ("an index with its column", "CREATE TABLE t (a INT);", "CREATE TABLE t (a INT, b INT); CREATE INDEX i ON t (b);"),
        ("a view", "CREATE TABLE t (a INT);", "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT a FROM t;"),
        ("views on views", "CREATE TABLE t (a INT);", "CREATE TABLE t (a INT, b INT); CREATE VIEW z AS SELECT b FROM t; CREATE VIEW a AS SELECT b FROM z;"),
        ("a column under a view", "CREATE TABLE t (a INT, b INT); CREATE VIEW v AS SELECT a, b FROM t; CREATE VIEW w AS SELECT a FROM v;", "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v;"),
        ("a rebuild under views, indexes and triggers",
            "CREATE TABLE t (a INT, b INT); CREATE TABLE log (a INT); CREATE INDEX i ON t (b); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v;
             CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); END;
             CREATE TRIGGER other AFTER INSERT ON log BEGIN DELETE FROM t WHERE a = 1; END;
             CREATE TRIGGER ins INSTEAD OF INSERT ON v BEGIN INSERT INTO t (a) VALUES (new.a); END;",
            "CREATE TABLE t (a BIGINT, b INT); CREATE TABLE log (a INT); CREATE INDEX i ON t (b); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v;
             CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a); END;
             CREATE TRIGGER other AFTER INSERT ON log BEGIN DELETE FROM t WHERE a = 1; END;
             CREATE TRIGGER ins INSTEAD OF INSERT ON v BEGIN INSERT INTO t (a) VALUES (new.a); END;"),
        ("a parent that is rebuilt", "CREATE TABLE p (id INTEGER PRIMARY KEY, x INT); CREATE TABLE c (p INT REFERENCES p(id));", "CREATE TABLE p (id INTEGER PRIMARY KEY, x TEXT); CREATE TABLE c (p INT REFERENCES p(id));"),
        ("a trigger", "CREATE TABLE t (a INT);", "CREATE TABLE t (a INT); CREATE TRIGGER tr AFTER UPDATE ON t BEGIN UPDATE t SET a = 1; SELECT 2; END;"),
        ("a virtual table", "CREATE TABLE t (a INT);", "CREATE TABLE t (a INT); CREATE VIRTUAL TABLE f USING fts5(body);"),
        ("names that need quotes", "CREATE TABLE \"a \"\"b\" (\"select\" INT);", "CREATE TABLE \"a \"\"b\" (\"select\" TEXT NOT NULL, \"x y\" INT); CREATE INDEX \"i i\" ON \"a \"\"b\" (\"x y\");"),
        ("a table in place of a view", "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT a FROM t;", "CREATE TABLE t (a INT); CREATE TABLE v (a INT);"),
];

#[tokio::test]
async fn every_kind_of_change_proves_itself() {
    proves(URL, PAIRS).await;
}

#[tokio::test]
async fn each_change_has_its_plan_and_its_marks() {
    plans_are("sqlite.txt", URL, PAIRS).await;
}

#[tokio::test]
async fn spelling_is_no_difference() {
    let pairs = [
        (
            "case and quotes",
            "CREATE TABLE Users (Id INTEGER PRIMARY KEY, \"name\" text);",
            "create table users (id integer primary key, NAME TEXT);",
        ),
        (
            "comments",
            "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT a FROM t;",
            "CREATE TABLE t (a INT /* the a */); CREATE VIEW v AS -- all\n SELECT a\nFROM t;",
        ),
        (
            "where a constraint stands",
            "CREATE TABLE t (a INT UNIQUE, b INT PRIMARY KEY);",
            "CREATE TABLE t (a INT, b INT, PRIMARY KEY (b), UNIQUE (a));",
        ),
        (
            "the order of columns",
            "CREATE TABLE t (a INT, b INT);",
            "CREATE TABLE t (b INT, a INT);",
        ),
        (
            "IF NOT EXISTS",
            "CREATE TABLE t (a INT); CREATE INDEX i ON t (a);",
            "CREATE TABLE IF NOT EXISTS t (a INT); CREATE INDEX IF NOT EXISTS i ON t (a);",
        ),
        (
            "what ALTER TABLE has made",
            "CREATE TABLE t (a INT); ALTER TABLE t ADD COLUMN b TEXT; ALTER TABLE t RENAME TO u; ALTER TABLE u RENAME COLUMN a TO c;",
            "CREATE TABLE u (c INT, b TEXT);",
        ),
        (
            "no action",
            "CREATE TABLE t (a INT REFERENCES t(b), b INT UNIQUE);",
            "CREATE TABLE t (a INT REFERENCES t(b) ON DELETE NO ACTION NOT DEFERRABLE, b INT UNIQUE);",
        ),
    ];
    are_same(URL, &pairs).await;
}

#[tokio::test]
async fn meaning_is_a_difference() {
    let pairs = [
        (
            "CREATE TABLE t (a TEXT DEFAULT 'A');",
            "CREATE TABLE t (a TEXT DEFAULT 'a');",
        ),
        (
            "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT 'A';",
            "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT 'a';",
        ),
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY);",
            "CREATE TABLE t (a INTEGER PRIMARY KEY DESC);",
        ),
        (
            "CREATE TABLE t (a INT NOT NULL);",
            "CREATE TABLE t (a INT NOT NULL ON CONFLICT REPLACE);",
        ),
    ];
    for (from, to) in pairs {
        assert!(
            Project::new(URL, from, to)
                .check()
                .await
                .expect("it can be compared")
                .is_some(),
            "{from} {to}"
        );
    }
}

/// A rebuild, and the way back, keep the contents of a table: rowids, values, and the next value of AUTOINCREMENT.
#[tokio::test]
async fn a_rebuild_keeps_rows_rowids_and_sequences() {
    let from = "CREATE TABLE plain (a INT, gone TEXT); CREATE TABLE auto (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT); CREATE TABLE child (auto INT REFERENCES auto(id) ON DELETE CASCADE);";
    let to = "CREATE TABLE plain (a BIGINT, b INT DEFAULT 7); CREATE TABLE auto (id INTEGER PRIMARY KEY AUTOINCREMENT, a BIGINT); CREATE TABLE child (auto INT REFERENCES auto(id) ON DELETE CASCADE);";
    let project = Project::new(URL, from, to);
    let generated = project
        .generate()
        .await
        .expect("it proves itself")
        .expect("there is a difference");
    let mut db = SqliteConnection::connect(URL).await.expect("a database");
    project
        .migrations()
        .upgrade(&mut db)
        .await
        .expect("the first revision");
    let fill = "INSERT INTO plain (rowid, a, gone) VALUES (5, 50, 'x'), (9, 90, 'y'); INSERT INTO auto VALUES (3, 30), (100, 1000); \
        INSERT INTO child VALUES (3); DELETE FROM auto WHERE id = 100;";
    sqlx::raw_sql(fill).execute(&mut db).await.expect("rows");
    project.keep(&generated);
    let migrations = project.migrations();
    for _ in 0..2 {
        migrations
            .upgrade(&mut db)
            .await
            .expect("the generated revision");
        assert_eq!(
            numbers(&mut db, "SELECT rowid, a, b FROM plain").await,
            [[5, 50, 7], [9, 90, 7]]
        );
        assert_eq!(numbers(&mut db, "SELECT seq, (SELECT count(*) FROM child), 0 FROM sqlite_sequence WHERE name = 'auto'").await, [[100, 1, 0]]);
        migrations.downgrade(&mut db, "-1").await.expect("back");
        assert_eq!(
            numbers(&mut db, "SELECT rowid, a, gone IS NULL FROM plain").await,
            [[5, 50, 1], [9, 90, 1]]
        );
        assert_eq!(
            numbers(
                &mut db,
                "SELECT seq, 0, 0 FROM sqlite_sequence WHERE name = 'auto'"
            )
            .await,
            [[100, 0, 0]]
        );
    }
    let keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys")
        .fetch_one(&mut db)
        .await
        .expect("a pragma");
    assert_eq!(keys, 1);
}

async fn numbers(db: &mut SqliteConnection, sql: &'static str) -> Vec<[i64; 3]> {
    let rows = sqlx::query(sql).fetch_all(db).await.expect("sound SQL");
    rows.iter()
        .map(|row| [0, 1, 2].map(|n| row.get(n)))
        .collect()
}

#[tokio::test]
async fn renames_keep_the_data_and_are_never_guessed() {
    let from = "CREATE TABLE users (id INTEGER PRIMARY KEY, mail TEXT); CREATE VIEW v AS SELECT mail FROM users;";
    let to = "CREATE TABLE people ( -- @renamed from=users\n id INTEGER PRIMARY KEY,\n email TEXT -- @renamed from=mail\n); CREATE VIEW v AS SELECT email AS mail FROM people;";
    let project = Project::new(URL, from, to);
    let generated = project
        .generate()
        .await
        .expect("it proves itself")
        .expect("there is a difference");
    assert_eq!(
        generated.renames,
        ["table users -> people", "column people.mail -> email"]
    );
    let upgrade = upgrade_of(&generated);
    assert!(upgrade.starts_with("ALTER TABLE \"users\" RENAME TO \"people\";\nALTER TABLE \"people\" RENAME COLUMN \"mail\" TO \"email\";\n"), "{upgrade}");
    assert!(!upgrade.contains("TABLE people"), "{upgrade}");
    assert_eq!(hazards(&generated), [""; 0]);
    project.keep(&generated);
    // The comments stay in the desired schema, and mean nothing any more.
    assert!(project.check().await.expect("it can be compared").is_none());

    let guessed = Project::new(URL, from, &to.replace("@renamed", ""));
    let generated = guessed
        .generate()
        .await
        .expect("it proves itself")
        .expect("there is a difference");
    assert!(
        hazards(&generated).contains(&"destructive: drops table users and its rows".to_owned())
    );
}

#[tokio::test]
async fn what_sqlite_cannot_rename_is_told_until_it_has_the_name() {
    let base = "CREATE TABLE t (a INT);";
    for (old, new, what) in [
        (
            "CREATE INDEX i ON t (a);",
            "CREATE INDEX j ON t (a);",
            "index t.i -> j",
        ),
        (
            "CREATE VIEW i AS SELECT 1;",
            "CREATE VIEW j AS SELECT 1;",
            "view i -> j",
        ),
        (
            "CREATE TRIGGER i AFTER INSERT ON t BEGIN SELECT 1; END;",
            "CREATE TRIGGER j AFTER INSERT ON t BEGIN SELECT 1; END;",
            "trigger t.i -> j",
        ),
    ] {
        let to = format!("{base}\n-- @renamed from=i\n{new}");
        let project = Project::new(URL, &format!("{base}{old}"), &to);
        let error = project.generate().await.expect_err("there is no statement");
        let expected =
            format!("the rename of {what} cannot be made: sqlite has no statement for it");
        assert_eq!(error.summary(), expected);
        let done = Project::new(URL, &format!("{base}{new}"), &to);
        assert!(done.check().await.expect("it can be compared").is_none());
    }
}

#[tokio::test]
async fn a_wrong_rename_is_refused() {
    let project = |from: &str, to: &str, rename: &str| {
        let mut project = Project::new(URL, from, to);
        project.renames = vec![rename.parse().expect("it is written well")];
        project
    };
    let both = project(
        "CREATE TABLE a (x INT); CREATE TABLE b (x INT);",
        "CREATE TABLE b (x INT);",
        "a=b",
    );
    let none = project("CREATE TABLE a (x INT);", "CREATE TABLE b (x INT);", "c=b");
    let kept = project(
        "CREATE TABLE a (x INT);",
        "CREATE TABLE a (x INT); CREATE TABLE b (x INT);",
        "a=b",
    );
    let missing = project(
        "CREATE TABLE a (x INT);",
        "CREATE TABLE a (x INT);",
        "a.x=y",
    );
    for (project, text) in [
        (both, "both table a and table b exist"),
        (none, "there is no table c"),
        (kept, "the desired schema still has table a"),
        (missing, "the desired schema has no column a.y"),
    ] {
        let error = project.generate().await.expect_err(text);
        assert_eq!(error.kind(), ErrorKind::Rename);
        assert!(error.summary().ends_with(text), "{error}");
    }
}

/// From, to, and a row of `t` that the change fails on.
const REFUSED_ROWS: &[(&str, &str, &str)] = &[
    (
        "CREATE TABLE t (a INT);",
        "CREATE TABLE t (a INT NOT NULL);",
        "(NULL)",
    ),
    (
        "CREATE TABLE t (a INT);",
        "CREATE TABLE t (a INTEGER PRIMARY KEY);",
        "('x')",
    ),
    (
        "CREATE TABLE t (a INT);",
        "CREATE TABLE t (a INTEGER PRIMARY KEY);",
        "(1), (1)",
    ),
    (
        "CREATE TABLE t (a TEXT, b INT);",
        "CREATE TABLE t (a TEXT, b INT, PRIMARY KEY (a, b)) WITHOUT ROWID;",
        "(NULL, 1)",
    ),
    (
        "CREATE TABLE t (a TEXT, b INT);",
        "CREATE TABLE t (a TEXT, b INT, UNIQUE (b, a));",
        "('x', 1), ('x', 1)",
    ),
    (
        "CREATE TABLE t (a TEXT UNIQUE);",
        "CREATE TABLE t (a TEXT COLLATE NOCASE UNIQUE);",
        "('x'), ('X')",
    ),
    (
        "CREATE TABLE t (a TEXT); CREATE UNIQUE INDEX i ON t (a);",
        "CREATE TABLE t (a INT); CREATE UNIQUE INDEX i ON t (a DESC) WHERE a > 0;",
        "('1'), ('01')",
    ),
    (
        "CREATE TABLE t (a TEXT, b INT);",
        "CREATE TABLE t (a TEXT, b INT, CHECK (b > 0 OR a = 'x'));",
        "('y', 0)",
    ),
    (
        "CREATE TABLE t (a TEXT, CHECK (a < '2'));",
        "CREATE TABLE t (a INT, CHECK (a < '2'));",
        "('10')",
    ),
    (
        "CREATE TABLE t (a INT); CREATE TABLE p (id INTEGER PRIMARY KEY);",
        "CREATE TABLE t (a INT REFERENCES p); CREATE TABLE p (id INTEGER PRIMARY KEY);",
        "(7)",
    ),
    (
        "CREATE TABLE t (a INT);",
        "CREATE TABLE t (a INT) STRICT;",
        "('x')",
    ),
    (
        "CREATE TABLE t (a TEXT);",
        "CREATE TABLE t (a TEXT, b AS (nullif(a, '')) NOT NULL);",
        "('')",
    ),
    (
        "CREATE TABLE t (a TEXT);",
        "CREATE TABLE t (a TEXT UNIQUE ON CONFLICT IGNORE);",
        "('x'), ('x')",
    ),
];

#[tokio::test]
async fn a_mark_has_the_query_for_the_rows_that_a_change_fails_on() {
    for (from, to, rows) in REFUSED_ROWS {
        let project = Project::new(URL, from, to);
        let generated = project.generate().await;
        let generated = generated.unwrap_or_else(|error| panic!("{to}: {error}"));
        let generated = generated.expect("a difference");
        let mut db = SqliteConnection::connect(URL).await.expect("a database");
        project
            .migrations()
            .upgrade(&mut db)
            .await
            .expect("the first revision");
        let insert = format!("INSERT INTO t VALUES {rows}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(insert))
            .execute(&mut db)
            .await
            .expect("rows");
        let marks = hazards(&generated);
        let mut found = 0;
        for query in marks
            .iter()
            .filter_map(|mark| mark.split_once("; this query finds them: "))
        {
            let query = sqlx::raw_sql(sqlx::AssertSqlSafe(query.1.to_owned()));
            found += query
                .fetch_all(&mut db)
                .await
                .unwrap_or_else(|error| panic!("{marks:?}: {error}"))
                .len();
        }
        assert!(found > 0, "{to} {rows}: {marks:#?}");
        project.keep(&generated);
        project.migrations().upgrade(&mut db).await.expect_err(to);
    }
}

#[tokio::test]
async fn a_null_that_becomes_a_rowid_is_told() {
    let project = Project::new(
        URL,
        "CREATE TABLE t (a INT);",
        "CREATE TABLE t (a INTEGER PRIMARY KEY);",
    );
    let generated = project
        .generate()
        .await
        .expect("it proves itself")
        .expect("a difference");
    let expected = [
        "blocking: copies all rows of table t into a new one",
        "destructive: gives rows of table t new numbers where column a holds NULL; this query finds them: SELECT * FROM \"t\" WHERE \"a\" IS NULL",
        "blocking: fails if column t.a holds what is not INTEGER; this query finds them: SELECT * FROM \"t\" WHERE CAST(\"a\" AS INTEGER) <> \"a\"",
        "blocking: fails if rows of table t break PRIMARY KEY (a); this query finds them: SELECT \"a\", count(*) FROM \"t\" WHERE \"a\" IS NOT NULL GROUP BY \"a\" HAVING count(*) > 1",
    ];
    assert_eq!(hazards(&generated), expected);
}

#[tokio::test]
async fn what_loses_data_is_marked_and_can_be_denied() {
    let mut project = Project::new(
        URL,
        "CREATE TABLE t (a TEXT, b INT); CREATE TABLE u (a INT);",
        "CREATE TABLE t (a INT NOT NULL);",
    );
    let generated = project
        .generate()
        .await
        .expect("it proves itself")
        .expect("there is a difference");
    let expected = [
        "destructive: drops table u and its rows",
        "blocking: copies all rows of table t into a new one",
        "destructive: drops column t.b and its values",
        "destructive: changes values of column t.a: type TEXT becomes INT",
        "blocking: fails if column t.a holds NULL; this query finds them: SELECT * FROM \"t\" WHERE \"a\" IS NULL",
    ];
    assert_eq!(hazards(&generated), expected);
    assert!(
        upgrade_of(&generated)
            .contains("-- destructive: drops table u and its rows\nDROP TABLE \"u\";\n")
    );
    project.deny_destructive = true;
    let error = project.generate().await.expect_err("it is denied");
    assert_eq!(error.kind(), ErrorKind::Destructive);
    assert!(
        error.to_string().contains("drops table u and its rows"),
        "{error}"
    );
}

#[tokio::test]
async fn what_is_excluded_is_left_alone() {
    let mut project = Project::new(
        URL,
        "CREATE TABLE audit_log (a INT); CREATE INDEX i ON audit_log (a); CREATE TABLE t (a INT);",
        "CREATE TABLE t (a INT);",
    );
    project.config.exclude = vec!["audit_*".to_owned()];
    assert!(project.check().await.expect("it can be compared").is_none());
    project.config.exclude.clear();
    assert!(project.check().await.expect("it can be compared").is_some());
}

#[tokio::test]
async fn a_live_database_that_drifted_is_seen() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!(
        "sqlite:{}?mode=rwc",
        folder.path().join("live.db").display()
    );
    let schema = "CREATE TABLE t (a INT); CREATE INDEX i ON t (a);";
    let mut project = Project::new(URL, schema, schema);
    let mut live = SqliteConnection::connect(&url).await.expect("a database");
    project
        .migrations()
        .upgrade(&mut live)
        .await
        .expect("the chain");
    project.live = Some(url);
    assert!(project.check().await.expect("it can be compared").is_none());
    sqlx::raw_sql("DROP INDEX i; CREATE TABLE stray (x INT)")
        .execute(&mut live)
        .await
        .expect("drift");
    let checked = project
        .check()
        .await
        .expect("it can be compared")
        .expect("it drifted");
    assert_eq!(
        checked.difference.to_string(),
        "- table stray\n+ index i on t"
    );
    assert_eq!(
        checked.sql,
        "-- destructive: drops table stray and its rows\nDROP TABLE \"stray\";\nCREATE INDEX i ON t (a);\n"
    );
}

#[tokio::test]
async fn a_directory_is_read_in_the_order_of_names() {
    let project = Project::new(URL, "", "");
    std::fs::remove_file(project.desired()).expect("it is there");
    std::fs::create_dir(project.desired()).expect("a folder");
    let error = project
        .generate()
        .await
        .expect_err("there is nothing in it");
    assert!(error.summary().ends_with("holds no .sql file"), "{error}");
    std::fs::write(
        project.desired().join("2_view.sql"),
        "CREATE INDEX i ON t (a);",
    )
    .expect("a file");
    std::fs::write(
        project.desired().join("1_table.sql"),
        "\u{feff}CREATE TABLE t (a INT);",
    )
    .expect("a file");
    std::fs::write(project.desired().join("notes.txt"), "no SQL").expect("a file");
    let generated = project
        .generate()
        .await
        .expect("it proves itself")
        .expect("there is a difference");
    assert_eq!(generated.difference.to_string(), "+ table t");
}

#[tokio::test]
async fn bad_input_says_where_it_is() {
    let broken = Project::new(
        URL,
        "",
        "CREATE TABLE t (a INT);\n\nCREATE INDEX i ON nowhere (a);",
    );
    let error = broken
        .generate()
        .await
        .expect_err("the database refuses it");
    assert_eq!(error.kind(), ErrorKind::Desired);
    assert!(
        error.summary().contains(
            "schema.sql:3:1: the database refused the desired schema: no such table: main.nowhere"
        ),
        "{error}"
    );

    let missing = Project::new(URL, "", "");
    std::fs::remove_file(missing.desired()).expect("it is there");
    let error = missing.generate().await.expect_err("there is no file");
    assert_eq!(error.kind(), ErrorKind::Desired);

    let chain = Project::new(URL, "CREATE TABLE t (a INT); CREATE TABLE t (a INT);", "");
    let error = chain.generate().await.expect_err("the chain fails");
    assert_eq!(error.kind(), ErrorKind::Replay);
    assert!(
        error.to_string().contains("table t already exists"),
        "{error}"
    );
}

#[tokio::test]
async fn nothing_to_do_is_none() {
    let schema = "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT a FROM t;";
    assert!(
        Project::new(URL, schema, schema)
            .generate()
            .await
            .expect("it can be compared")
            .is_none()
    );
}

/// A trigger would refuse the rows that the proof needs, and must be as it was afterwards.
#[tokio::test]
async fn rows_are_tried_though_a_trigger_refuses_them() {
    let trigger = "CREATE TRIGGER tr BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'no rows'); END;";
    for (from, to) in [
        (
            "CREATE TABLE t (a INT, b TEXT);",
            "CREATE TABLE t (a BIGINT, b TEXT);",
        ),
        ("CREATE TABLE t (a INT, b TEXT);", "CREATE TABLE t (a INT);"),
        (
            "CREATE TABLE t (a INT);",
            "CREATE TABLE t (a INT, b TEXT CHECK (b <> 'x'));",
        ),
    ] {
        let project = Project::new(
            URL,
            &format!("{from} {trigger}"),
            &format!("{to} {trigger}"),
        );
        let generated = project.generate().await.expect("it proves itself");
        assert_eq!(generated.expect("a difference").empty, [""; 0], "{to}");
    }
}

#[tokio::test]
async fn rows_satisfy_checks_keys_and_references() {
    let parent = "CREATE TABLE p (id TEXT PRIMARY KEY CHECK (id IN ('red', 'blue')), n INT UNIQUE CHECK (n BETWEEN 100 AND 200));";
    for child in [
        "p TEXT NOT NULL REFERENCES p (id)",
        "p TEXT NOT NULL UNIQUE REFERENCES p",
        "p TEXT, n INT, FOREIGN KEY (n) REFERENCES p (n)",
    ] {
        let from = format!(
            "{parent} CREATE TABLE c (k INTEGER PRIMARY KEY, {});",
            child
                .replace("p (n)", "p (n) ON DELETE CASCADE")
                .replace("p (id)", "p (id) ON DELETE CASCADE")
        );
        let to = format!("{parent} CREATE TABLE c (k INTEGER PRIMARY KEY, extra BLOB, {child});");
        let project = Project::new(URL, &from, &to);
        let generated = project.generate().await.expect("it proves itself");
        assert_eq!(generated.expect("a difference").empty, [""; 0], "{child}");
    }
}

#[tokio::test]
async fn a_table_that_must_be_empty_is_told() {
    for (from, to) in [
        (
            "CREATE TABLE t (a INT);",
            "CREATE TABLE t (a INT, b INT NOT NULL);",
        ),
        (
            "CREATE TABLE t (a INT);",
            "CREATE TABLE t (a INT CHECK (a > 5 AND a < 5));",
        ),
        (
            "CREATE TABLE t (a INT);",
            "CREATE TABLE u (id INTEGER PRIMARY KEY); CREATE TABLE t (a INT NOT NULL REFERENCES u (id));",
        ),
    ] {
        let project = Project::new(URL, from, to);
        let generated = project.generate().await.expect("it proves itself");
        let empty = generated.expect("a difference").empty;
        assert!(
            matches!(&empty[..], [table] if table.starts_with("table t: ")),
            "{empty:?}"
        );
    }
}

#[tokio::test]
async fn what_is_not_proved_is_written_only_if_asked() {
    // The name of a NOT NULL is seen by the second eye alone.
    let to = "CREATE TABLE t (a INT CONSTRAINT c NOT NULL, b INT);";
    let mut project = Project::new(URL, "CREATE TABLE t (a INT NOT NULL);", to);
    let error = project.generate().await.expect_err("it fails");
    assert_eq!(error.kind(), ErrorKind::Proof, "{error}");
    let text = error.to_string();
    for part in [
        "table t: ",
        "constraint c",
        "+ column t.b",
        "the revision so far:",
        "ALTER TABLE \"t\" ADD COLUMN b INT;",
        "--write-anyway",
    ] {
        assert!(text.contains(part), "{text}");
    }
    project.write_anyway = true;
    let generated = project
        .generate()
        .await
        .expect("it is wanted")
        .expect("a difference");
    assert!(generated.unproven.is_some());
    let upgrade = upgrade_of(&generated);
    assert!(
        upgrade.starts_with("-- unproven: the upgrade does not make all of the desired schema"),
        "{upgrade}"
    );
    let downgrade = generated.drafts[0].downgrade_sql();
    assert!(downgrade.contains("DROP COLUMN \"b\""), "{downgrade}");
}
