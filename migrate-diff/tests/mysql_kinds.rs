//! Kinds of changes on MariaDB, each with its relatives: what is generated proves itself, with rows in the tables.

#![cfg(feature = "mysql")]

mod support;

use migrate_diff::Connection;
use support::{Project, hazards, proves, upgrade_of};

fn url() -> String {
    test_servers::mysql().admin_url()
}

/// Title, from, to.
const SEQUENCES: &[(&str, &str, &str)] = &[
    (
        "a sequence",
        "",
        "CREATE SEQUENCE sq START WITH 5 INCREMENT BY 2 MAXVALUE 99 CYCLE;",
    ),
    (
        "its options",
        "CREATE SEQUENCE sq;",
        "CREATE SEQUENCE sq INCREMENT BY 3 CACHE 7;",
    ),
    (
        "a default",
        "CREATE SEQUENCE sq; CREATE TABLE t (a int);",
        "CREATE SEQUENCE sq; CREATE TABLE t (a int DEFAULT nextval(sq));",
    ),
    (
        "with its table",
        "",
        "CREATE SEQUENCE sq; CREATE TABLE t (a int DEFAULT nextval(sq), b int);",
    ),
    (
        "a column",
        "CREATE SEQUENCE sq; CREATE TABLE t (a int);",
        "CREATE SEQUENCE sq; CREATE TABLE t (a int, b bigint NOT NULL DEFAULT (nextval(sq) + 1));",
    ),
    (
        "another sequence",
        "CREATE SEQUENCE s1; CREATE TABLE t (a int DEFAULT nextval(s1));",
        "CREATE SEQUENCE s2; CREATE TABLE t (a int DEFAULT nextval(s2));",
    ),
];

const VERSIONED: &[(&str, &str, &str)] = &[
    (
        "a table",
        "",
        "CREATE TABLE t (a int) WITH SYSTEM VERSIONING;",
    ),
    (
        "added",
        "CREATE TABLE t (a int);",
        "CREATE TABLE t (a int) WITH SYSTEM VERSIONING;",
    ),
    (
        "a column",
        "CREATE TABLE t (a int) WITH SYSTEM VERSIONING;",
        "CREATE TABLE t (a int, b int DEFAULT 1) WITH SYSTEM VERSIONING;",
    ),
    (
        "a type and a key",
        "CREATE TABLE t (a int) WITH SYSTEM VERSIONING;",
        "CREATE TABLE t (a bigint, KEY k (a)) WITH SYSTEM VERSIONING;",
    ),
];

const EVENTS: &[(&str, &str, &str)] = &[
    (
        "recurring",
        "CREATE TABLE t (a int);",
        "CREATE TABLE t (a int); CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t;",
    ),
    (
        "another interval and body",
        "CREATE TABLE t (a int); CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t;",
        "CREATE TABLE t (a int); CREATE EVENT e ON SCHEDULE EVERY 2 HOUR DISABLE DO DELETE FROM t WHERE a > 1;",
    ),
    (
        "with a start",
        "",
        "CREATE EVENT e ON SCHEDULE EVERY 1 WEEK STARTS '2036-01-01 00:00:00' ON COMPLETION PRESERVE COMMENT 'c' DO SELECT 1;",
    ),
    (
        "once",
        "",
        "CREATE EVENT e ON SCHEDULE AT '2036-01-01 00:00:00' ON COMPLETION PRESERVE DO BEGIN SELECT 1; SELECT 2; END;",
    ),
];

const CASES: &[(&str, &str, &str)] = &[
    (
        "alone",
        "CREATE TABLE t (Name int);",
        "CREATE TABLE t (name int);",
    ),
    (
        "with a type",
        "CREATE TABLE t (ID int PRIMARY KEY, Name int);",
        "CREATE TABLE t (id int PRIMARY KEY, name bigint NOT NULL);",
    ),
    (
        "under a key and a check",
        "CREATE TABLE t (Name int, KEY k (Name), CONSTRAINT c CHECK (Name > 0));",
        "CREATE TABLE t (name int, KEY k (name), CONSTRAINT c CHECK (name > 0));",
    ),
    (
        "under a foreign key",
        "CREATE TABLE p (Id int PRIMARY KEY); CREATE TABLE t (P int, CONSTRAINT f FOREIGN KEY (P) REFERENCES p (Id));",
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (p int, CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id));",
    ),
];

const OPTIONS: &[(&str, &str, &str)] = &[
    (
        "row format",
        "CREATE TABLE t (a int);",
        "CREATE TABLE t (a int) ROW_FORMAT=COMPRESSED;",
    ),
    (
        "engine",
        "CREATE TABLE t (a int);",
        "CREATE TABLE t (a int) ENGINE=MyISAM;",
    ),
    (
        "several",
        "CREATE TABLE t (a int) STATS_PERSISTENT=1 COMMENT='x';",
        "CREATE TABLE t (a int) MAX_ROWS=9 COMMENT='y';",
    ),
    (
        "statistics",
        "CREATE TABLE t (a int);",
        "CREATE TABLE t (a int) STATS_SAMPLE_PAGES=9;",
    ),
];

const GENERATED: &[(&str, &str, &str)] = &[
    (
        "virtual and stored",
        "CREATE TABLE t (a int, b int AS (a + 1) VIRTUAL);",
        "CREATE TABLE t (a int, b int AS (a + 1) STORED);",
    ),
    (
        "plain and stored",
        "CREATE TABLE t (a int, b int);",
        "CREATE TABLE t (a int, b int AS (a + 1) STORED);",
    ),
    (
        "plain and virtual",
        "CREATE TABLE t (a int, b int);",
        "CREATE TABLE t (a int, b int AS (a + 1) VIRTUAL);",
    ),
    (
        "under a key, in the middle",
        "CREATE TABLE t (a int, b int AS (a + 1) VIRTUAL, c int, KEY k (b, c));",
        "CREATE TABLE t (a int, b int AS (a + 2) STORED, c int, KEY k (b, c));",
    ),
];

const PARTITIONS: &[(&str, &str, &str)] = &[
    (
        "one more",
        "CREATE TABLE t (a int) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10));",
        "CREATE TABLE t (a int) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20), PARTITION p2 VALUES LESS THAN MAXVALUE);",
    ),
    (
        "of a list",
        "CREATE TABLE t (a int) PARTITION BY LIST (a) (PARTITION p0 VALUES IN (1, 2, 3));",
        "CREATE TABLE t (a int) PARTITION BY LIST (a) (PARTITION p0 VALUES IN (1, 2, 3), PARTITION p1 VALUES IN (4, NULL));",
    ),
    (
        "of columns",
        "CREATE TABLE t (a int, b varchar(9)) PARTITION BY RANGE COLUMNS (a, b) (PARTITION p0 VALUES LESS THAN (10, 'x'));",
        "CREATE TABLE t (a int, b varchar(9)) PARTITION BY RANGE COLUMNS (a, b) (PARTITION p0 VALUES LESS THAN (10, 'x'), PARTITION p1 VALUES LESS THAN (MAXVALUE, MAXVALUE));",
    ),
    (
        "their number",
        "CREATE TABLE t (a int) PARTITION BY HASH (a) PARTITIONS 2;",
        "CREATE TABLE t (a int) PARTITION BY HASH (a) PARTITIONS 4;",
    ),
];

#[tokio::test]
async fn sequences_and_their_defaults_are_seen() {
    proves(&url(), SEQUENCES).await;
}

#[tokio::test]
async fn tables_that_keep_their_history_are_seen() {
    proves(&url(), VERSIONED).await;
}

#[tokio::test]
async fn events_are_created_changed_and_dropped() {
    proves(&url(), EVENTS).await;
}

#[tokio::test]
async fn a_column_in_another_case_is_the_same_column() {
    proves(&url(), CASES).await;
    for (what, from, to) in CASES {
        let generated = Project::new(&url(), from, to).generate().await;
        let generated = generated.expect("it proves itself").expect("a difference");
        let lost = hazards(&generated)
            .into_iter()
            .find(|hazard| hazard.starts_with("destructive"));
        assert_eq!(lost, None, "{what}");
        assert_eq!(generated.empty, [""; 0], "{what}");
    }
}

#[tokio::test]
async fn options_are_set_and_taken_back() {
    proves(&url(), OPTIONS).await;
}

#[tokio::test]
async fn columns_become_generated_and_plain() {
    proves(&url(), GENERATED).await;
}

#[tokio::test]
async fn partitions_are_added_without_a_copy() {
    proves(&url(), PARTITIONS).await;
    let (_, from, to) = PARTITIONS[0];
    let generated = Project::new(&url(), from, to).generate().await;
    let generated = generated.expect("it proves itself").expect("a difference");
    let upgrade = upgrade_of(&generated);
    assert!(
        upgrade.starts_with("ALTER TABLE `t` ADD PARTITION (PARTITION `p1` "),
        "{upgrade}"
    );
}

/// No statement, mark or line of a difference names a scratch database, whatever names it in the catalogs.
#[tokio::test]
async fn no_text_holds_the_name_of_a_scratch_database() {
    let from = "CREATE TABLE t (a int); CREATE TABLE u (a int);";
    let to = "CREATE SEQUENCE sq; CREATE TABLE t (a int DEFAULT nextval(sq), b int AS (a + 1) STORED, CHECK (a < 1000)); CREATE TABLE u (a int);
        CREATE VIEW v AS SELECT t.a, nextval(sq) AS n FROM t JOIN u ON t.a = u.a; CREATE FUNCTION f() RETURNS int RETURN (SELECT max(a) FROM t);
        CREATE TRIGGER tr BEFORE INSERT ON u FOR EACH ROW SET NEW.a = nextval(sq); CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t;";
    for (from, to) in [(from, to), (to, from)] {
        let generated = Project::new(&url(), from, to).generate().await;
        let generated = generated.expect("it proves itself").expect("a difference");
        let marks = hazards(&generated).join("\n");
        let texts = generated
            .drafts
            .iter()
            .flat_map(|draft| [draft.upgrade_sql(), draft.downgrade_sql()]);
        for text in texts.chain([marks, generated.difference.to_string()]) {
            assert!(!text.contains("migrate_scratch"), "{text}");
        }
    }
}

/// The marks of an upgrade, and its SQL.
async fn planned(from: &str, to: &str) -> (Vec<String>, String) {
    let generated = Project::new(&url(), from, to).generate().await;
    let generated = generated.expect("it proves itself").expect("a difference");
    (hazards(&generated), upgrade_of(&generated))
}

#[tokio::test]
async fn the_server_says_what_a_change_costs() {
    let free: [(&str, &str); 4] = [
        (
            "CREATE TABLE t (a int);",
            "CREATE TABLE t (a int) COMMENT='x';",
        ),
        (
            "CREATE TABLE t (a int);",
            "CREATE TABLE t (a int COMMENT 'x');",
        ),
        (
            "CREATE TABLE t (a enum('a'));",
            "CREATE TABLE t (a enum('a','b'));",
        ),
        (
            "CREATE TABLE t (a varchar(9));",
            "CREATE TABLE t (a varchar(20), b int DEFAULT 1);",
        ),
    ];
    for (from, to) in free {
        assert_eq!(planned(from, to).await.0, [""; 0], "{to}");
    }
    let (marks, _) = planned(
        "CREATE TABLE t (a timestamp NULL);",
        "CREATE TABLE t (a timestamp(6) NULL);",
    )
    .await;
    assert_eq!(
        marks,
        ["blocking: copies table `t`, and keeps writers off it (ALGORITHM=COPY)"]
    );
    let (_, from, to) = PARTITIONS[0];
    assert_eq!(planned(from, to).await.0, [""; 0]);
    let parent = "CREATE TABLE p (id int PRIMARY KEY);";
    let key = "CREATE TABLE t (a int, CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id)";
    let (marks, _) = planned(
        &format!("{parent} {key});"),
        &format!("{parent} {key} ON DELETE CASCADE);"),
    )
    .await;
    // The rows satisfy it already, and the server reads them again.
    assert_eq!(
        marks,
        ["blocking: copies table `t`, and keeps writers off it (ALGORITHM=COPY)"]
    );
    let (marks, _) = planned(
        "CREATE TABLE t (a int);",
        "CREATE TABLE t (a int, KEY k (a));",
    )
    .await;
    assert_eq!(
        marks,
        ["blocking: reads table `t`, which can be written meanwhile (ALGORITHM=NOCOPY)"]
    );
}

/// The values of a computed column cannot be chosen, and the new type may refuse them.
#[tokio::test]
async fn rows_that_are_in_the_way_go_and_the_report_says_so() {
    let from = "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (a int AS (1 + 1) STORED, b int REFERENCES p (id));";
    let to = "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (a datetime, b int REFERENCES p (id), c int);";
    let generated = Project::new(&url(), from, to).generate().await;
    let generated = generated.expect("it proves itself").expect("a difference");
    let [empty] = &generated.empty[..] else {
        panic!("{:?}", generated.empty)
    };
    assert!(empty.contains("Incorrect datetime value"), "{empty}");
}

#[tokio::test]
async fn an_action_changes_without_its_index() {
    let table = |rest: &str| {
        format!("CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (a int, b int, {rest});")
    };
    for (from, to) in [
        (
            "CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id)",
            "CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON DELETE CASCADE",
        ),
        (
            "KEY k (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id)",
            "KEY k (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON UPDATE SET NULL",
        ),
        (
            "KEY k (a, b), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON DELETE CASCADE",
            "KEY k (a, b), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id)",
        ),
    ] {
        let (_, upgrade) = planned(&table(from), &table(to)).await;
        assert!(
            !upgrade.contains(" KEY `k`") && !upgrade.contains("DROP KEY"),
            "{upgrade}"
        );
    }
}

#[tokio::test]
async fn a_table_that_no_row_fits_in_is_told() {
    let project = Project::new(
        &url(),
        "CREATE TABLE t (a geometrycollection NOT NULL); CREATE TABLE u (a int);",
        "CREATE TABLE t (a geometrycollection NOT NULL, b int); CREATE TABLE u (a int, b int NOT NULL);",
    );
    let generated = project
        .generate()
        .await
        .expect("it proves itself")
        .expect("a difference");
    let [t, u] = &generated.empty[..] else {
        panic!("{:?}", generated.empty)
    };
    assert_eq!(t, "table `t`: no value is known for `a` geometrycollection");
    assert!(
        u.starts_with("table `u`: the desired schema refuses its rows: "),
        "{u}"
    );
}

/// How many queries the server was asked, and how many statements of tables.
async fn asked(connection: &mut sqlx::MySqlConnection) -> [i64; 2] {
    use sqlx::Row as _;
    let sql = "SELECT CAST(VARIABLE_VALUE AS SIGNED) FROM information_schema.GLOBAL_STATUS \
        WHERE VARIABLE_NAME IN ('COM_SELECT', 'COM_SHOW_CREATE_TABLE') ORDER BY VARIABLE_NAME";
    let rows = sqlx::query(sql).fetch_all(connection).await;
    let rows = rows.expect("two numbers");
    [rows[0].get(0), rows[1].get(0)]
}

/// The statements that a check and an autogenerate send for so many tables.
async fn asked_about(url: &str, tables: usize) -> [[i64; 2]; 2] {
    use sqlx::Connection as _;
    let connection = sqlx::MySqlConnection::connect(url).await;
    let mut connection = connection.expect("the server answers");
    let tables = (0..tables)
        .map(|n| format!("CREATE TABLE t{n} (id int PRIMARY KEY, a varchar(9), KEY k (a));\n"));
    let schema = tables.collect::<Vec<_>>().concat();
    let start = asked(&mut connection).await;
    // Without a chain, of which the runner asks about each statement.
    let new = Project::new(url, "", &schema);
    assert!(new.check().await.expect("it can be compared").is_some());
    let checked = asked(&mut connection).await;
    let generated = new.generate().await.expect("it proves itself");
    assert!(generated.is_some());
    let end = asked(&mut connection).await;
    [
        [0, 1].map(|n| checked[n] - start[n]),
        [0, 1].map(|n| end[n] - checked[n]),
    ]
}

/// Beside the DDL, the server is asked for the statement of each table: once in each database, and once more to make it.
#[tokio::test]
async fn questions_do_not_grow_with_tables() {
    let server = test_servers::Server::start(test_servers::Kind::MySql);
    let url = server.admin_url();
    let (few, many) = (asked_about(&url, 10).await, asked_about(&url, 100).await);
    for (n, statements) in [(0, 2), (1, 3)] {
        let grown = [0, 1].map(|kind| many[n][kind] - few[n][kind]);
        assert_eq!(grown, [0, 90 * statements], "{few:?} {many:?}");
    }
}

#[tokio::test]
async fn a_fact_that_only_the_second_eye_sees_stops_the_revision() {
    // The first eye reads no index option of this kind.
    let project = Project::new(
        &url(),
        "CREATE TABLE t (a text, FULLTEXT KEY f (a));",
        "CREATE TABLE t (a text, b int, FULLTEXT KEY f (a) KEY_BLOCK_SIZE=4);",
    );
    let error = project.generate().await.expect_err("it is not understood");
    assert!(error.to_string().contains("KEY_BLOCK_SIZE=4"), "{error}");
    let _ = Connection::open(&url()).await.expect("the server answers");
}
