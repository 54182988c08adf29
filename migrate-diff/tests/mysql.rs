//! The SQL generated for MySQL and MariaDB, on a server.

#![cfg(feature = "mysql")]

mod support;

use migrate_diff::{Connection, ErrorKind};
use sqlx::Connection as _;
use support::{Project, are_same, hazards, plans_are, proves, upgrade_of};

fn url() -> String {
    test_servers::mysql().admin_url()
}

/// Title, from, to.
const PAIRS: &[(&str, &str, &str)] = &[
    (
        "a table",
        "",
        "CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, name varchar(20) NOT NULL DEFAULT 'x' COMMENT 'it''s', CHECK (name <> '')) COMMENT='t';",
    ),
    (
        "tables in a circle",
        "",
        "CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int, FOREIGN KEY (a) REFERENCES a (id)); ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b (id);",
    ),
    (
        "child first by name",
        "",
        "CREATE TABLE z (id int PRIMARY KEY); CREATE TABLE a (z int, FOREIGN KEY (z) REFERENCES z (id) ON DELETE CASCADE ON UPDATE SET NULL);",
    ),
    (
        "columns",
        "CREATE TABLE t (a int);",
        "CREATE TABLE t (z int, a int, b varchar(20) NOT NULL DEFAULT 'x', c int);",
    ),
    (
        "a type and a default",
        "CREATE TABLE t (a int, b text, c int DEFAULT 1);",
        "CREATE TABLE t (a bigint unsigned NOT NULL, b varchar(10), c int DEFAULT 2);",
    ),
    (
        "AUTO_INCREMENT with its key",
        "CREATE TABLE t (a int);",
        "CREATE TABLE t (a int, id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY);",
    ),
    (
        "generated",
        "CREATE TABLE t (a int);",
        "CREATE TABLE t (a int, b int AS (a + 1) STORED, c int AS (a * 2) VIRTUAL);",
    ),
    (
        "another expression",
        "CREATE TABLE t (a int, b int AS (a + 1) STORED);",
        "CREATE TABLE t (a int, b int AS (a + 2) STORED);",
    ),
    (
        "an enum",
        "CREATE TABLE t (a enum('a','b') DEFAULT 'a');",
        "CREATE TABLE t (a enum('c','b') DEFAULT 'b', s set('x','y'));",
    ),
    (
        "a collation",
        "CREATE TABLE t (a varchar(9), b varchar(9) COLLATE utf8mb4_bin) CHARACTER SET utf8mb4;",
        "CREATE TABLE t (a varchar(9), b varchar(9) COLLATE utf8mb4_bin) CHARACTER SET latin1;",
    ),
    (
        "comments",
        "CREATE TABLE t (a int COMMENT 'x') COMMENT='y';",
        "CREATE TABLE t (a int);",
    ),
    (
        "keys",
        "CREATE TABLE t (a int, b varchar(200), c text, d point NOT NULL);",
        "CREATE TABLE t (a int, b varchar(200), c text, d point NOT NULL, PRIMARY KEY (a), UNIQUE KEY u (b(10), a), KEY k (a DESC), FULLTEXT KEY f (c), SPATIAL KEY s (d));",
    ),
    (
        "a key that changes",
        "CREATE TABLE t (a int, b int, KEY k (a));",
        "CREATE TABLE t (a int, b int, KEY k (b, a));",
    ),
    (
        "checks",
        "CREATE TABLE t (a int, CONSTRAINT c CHECK (a > 0));",
        "CREATE TABLE t (a int CHECK (a < 9), CONSTRAINT c CHECK (a > 1));",
    ),
    (
        "a foreign key",
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (a int);",
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (a int, CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id) ON DELETE CASCADE);",
    ),
    (
        "the type under a foreign key",
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (a int, FOREIGN KEY (a) REFERENCES p (id));",
        "CREATE TABLE p (id bigint PRIMARY KEY); CREATE TABLE t (a bigint, FOREIGN KEY (a) REFERENCES p (id));",
    ),
    (
        "the key under a foreign key",
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (a int, b int, KEY k (a), FOREIGN KEY (a) REFERENCES p (id));",
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE t (a int, b int, KEY k (a, b), FOREIGN KEY (a) REFERENCES p (id));",
    ),
    (
        "views",
        "CREATE TABLE t (a int, b int);",
        "CREATE TABLE t (a int, b int); CREATE VIEW z AS SELECT b FROM t; CREATE VIEW a AS SELECT b FROM z WHERE b > 1;",
    ),
    (
        "a view that changes with its table",
        "CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a, b FROM t;",
        "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t;",
    ),
    (
        "routines",
        "CREATE FUNCTION f(x int) RETURNS int DETERMINISTIC RETURN x + 1;",
        "CREATE TABLE t (a int); CREATE FUNCTION f(x int) RETURNS int DETERMINISTIC RETURN x + 2; CREATE PROCEDURE p(IN x int) BEGIN DECLARE y int; SET y = x; INSERT INTO t VALUES (y); END; CREATE VIEW v AS SELECT f(a) AS f FROM t;",
    ),
    (
        "triggers",
        "CREATE TABLE t (a int);",
        "CREATE TABLE t (a int); CREATE TRIGGER b BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1; CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW BEGIN IF NEW.a > 1 THEN SET NEW.a = 2; END IF; END;",
    ),
    (
        "partitions",
        "CREATE TABLE t (a int NOT NULL);",
        "CREATE TABLE t (a int NOT NULL) PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE);",
    ),
    (
        "names that need quotes",
        "CREATE TABLE `a ``b` (`select` int);",
        "CREATE TABLE `a ``b` (`select` bigint, `x y` int, KEY `k k` (`x y`));",
    ),
    (
        "a table in place of a view",
        "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t;",
        "CREATE TABLE t (a int); CREATE TABLE v (a int);",
    ),
];

#[tokio::test]
async fn every_kind_of_change_proves_itself() {
    proves(&url(), PAIRS).await;
}

#[tokio::test]
async fn each_change_has_its_plan_and_its_marks() {
    // A scratch database has the character set of the one that is named.
    let mut admin = Connection::open(&url()).await.expect("the server answers");
    let create = "CREATE DATABASE IF NOT EXISTS migrate_plans CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci";
    admin.execute(create).await.expect("a database");
    plans_are(
        "mysql.txt",
        &test_servers::mysql().url("migrate_plans"),
        PAIRS,
    )
    .await;
}

#[tokio::test]
async fn spelling_is_no_difference() {
    let pairs = [
        (
            "types",
            "CREATE TABLE t (a INTEGER, b BOOL DEFAULT TRUE, c DECIMAL);",
            "create table `t` (a int, b tinyint(1) default 1, c decimal(10,0));",
        ),
        (
            "order",
            "CREATE TABLE t (a int, b int);",
            "CREATE TABLE t (b int, a int);",
        ),
        (
            "views",
            "CREATE TABLE t (a int); CREATE VIEW v AS SELECT a FROM t WHERE a = 1;",
            "CREATE TABLE t (a int); CREATE VIEW v AS SELECT t.a AS a FROM t WHERE (a = 1);",
        ),
        (
            "where a counter stands",
            "CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY); INSERT INTO t VALUES (7);",
            "CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY);",
        ),
    ];
    are_same(&url(), &pairs).await;
}

#[tokio::test]
async fn whatever_can_be_renamed_is_not_dropped() {
    let from = "CREATE TABLE t (a int, KEY k (a), CONSTRAINT u UNIQUE (a)); CREATE VIEW v AS SELECT a FROM t; CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO DELETE FROM t;";
    let to = "CREATE TABLE t (a int,\n KEY `L` (a), -- @renamed from=k\n CONSTRAINT w UNIQUE (a) -- @renamed from=u\n);\n\
        -- @renamed from=v\nCREATE VIEW x AS SELECT a FROM t;\n\
        -- @renamed from=e\nCREATE EVENT f ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 00:00:00' DO DELETE FROM t;";
    let project = Project::new(&url(), from, to);
    let generated = project.generate().await.expect("it proves itself");
    let generated = generated.expect("a difference");
    assert_eq!(
        upgrade_of(&generated),
        "RENAME TABLE `v` TO `x`;\nALTER EVENT `e` RENAME TO `f`;\nALTER TABLE `t` RENAME INDEX `k` TO `L`;\nALTER TABLE `t` RENAME INDEX `u` TO `w`;\n"
    );
    project.keep(&generated);
    assert!(project.check().await.expect("it can be compared").is_none());
}

#[tokio::test]
async fn what_the_server_cannot_rename_is_told() {
    let from = "CREATE TABLE t (a int, CONSTRAINT c CHECK (a > 0));";
    let to = "CREATE TABLE t (a int,\n CONSTRAINT d CHECK (a > 0) -- @renamed from=c\n);";
    let project = Project::new(&url(), from, to);
    let error = project.generate().await.expect_err("there is no statement");
    assert_eq!(
        error.summary(),
        "the rename of constraint t.c -> d cannot be made: mysql has no statement for it"
    );
    assert!(
        error
            .advice()
            .is_some_and(|help| help.starts_with("leave it out"))
    );
}

#[tokio::test]
async fn a_rename_keeps_the_data() {
    let from = "CREATE TABLE users (id int PRIMARY KEY, mail varchar(9), KEY users_mail (mail)); CREATE TABLE posts (u int, FOREIGN KEY (u) REFERENCES users (id)); CREATE VIEW v AS SELECT mail FROM users;";
    let to = "-- @renamed from=users\nCREATE TABLE people (id int PRIMARY KEY, email varchar(9), -- @renamed from=mail\n KEY people_email (email)); CREATE TABLE posts (u int, FOREIGN KEY (u) REFERENCES people (id)); CREATE VIEW v AS SELECT email AS mail FROM people;";
    let project = Project::new(&url(), from, to);
    let generated = project
        .generate()
        .await
        .expect("it proves itself")
        .expect("there is a difference");
    assert_eq!(hazards(&generated), [""; 0]);
    let upgrade = upgrade_of(&generated);
    assert!(upgrade.starts_with("ALTER TABLE `users` RENAME TO `people`;\nALTER TABLE `people` RENAME COLUMN `mail` TO `email`;\nALTER TABLE `people` RENAME KEY `users_mail` TO `people_email`;\n"), "{upgrade}");
    project.keep(&generated);
    assert!(project.check().await.expect("it can be compared").is_none());
}

#[tokio::test]
async fn what_loses_data_is_marked_and_can_be_denied() {
    let mut project = Project::new(
        &url(),
        "CREATE TABLE t (a bigint, b int); CREATE TABLE gone (a int);",
        "CREATE TABLE t (a int NOT NULL, c int NOT NULL, UNIQUE KEY u (c));",
    );
    let generated = project
        .generate()
        .await
        .expect("it proves itself")
        .expect("there is a difference");
    let mut found = hazards(&generated);
    found.sort();
    assert_eq!(
        found,
        [
            "blocking: copies table `t`, and keeps writers off it (ALGORITHM=COPY)",
            "blocking: fails if column `t`.`a` holds NULL",
            "blocking: fails if rows of table `t` are not unique",
            "blocking: table `t` may have rows: column `t`.`c` is NOT NULL, has no default, and is filled with an empty value",
            "destructive: drops column `t`.`b` and its values",
            "destructive: drops table `gone` and its rows",
            "destructive: narrows column `t`.`a`: bigint(20) becomes int(11)",
        ]
    );
    project.deny_destructive = true;
    assert_eq!(
        project.generate().await.expect_err("it is denied").kind(),
        ErrorKind::Destructive
    );
}

const LEFT: &str = "migrate_scratch_1700000000_0000000000000001";
const USED: &str = "migrate_scratch_1700000000_0000000000000002";

#[tokio::test]
async fn no_scratch_database_is_left_and_none_in_use_is_swept() {
    let server = test_servers::Server::start(test_servers::Kind::MySql);
    let url = server.admin_url();
    let mut admin = Connection::open(&url).await.expect("the server answers");
    for name in [LEFT, USED] {
        let sql =
            format!("CREATE DATABASE {name}; CREATE TABLE {name}.migrate_scratch_mark (n INT)");
        admin.execute(&sql).await.expect("a database");
    }
    let lock = format!("SELECT GET_LOCK('{USED}', 0)");
    admin.execute(&lock).await.expect("it is in use");
    let project = Project::new(&url, "", "CREATE TABLE t (a int);");
    project.generate().await.expect("it proves itself");
    // A failure leaves nothing either.
    project.want("CREATE TABLE t (a nonsense);");
    let error = project.generate().await.expect_err("it is refused");
    assert_eq!(error.kind(), ErrorKind::Desired);
    let mut reader = sqlx::MySqlConnection::connect(&url)
        .await
        .expect("the server answers");
    let sql = "SELECT CAST(schema_name AS CHAR) FROM information_schema.schemata WHERE schema_name LIKE 'migrate_scratch%'";
    let left: Vec<String> = sqlx::query_scalar(sql)
        .fetch_all(&mut reader)
        .await
        .expect("names");
    assert_eq!(left, [USED]);
}
