//! The beginning and end of statements in each dialect.

use migrate_chain::Dialect::{self, MySql, Postgres, Sqlite};
use migrate_chain::sql::split;

/// Splits `text`, in which `¦` marks where each statement should begin and end, and compares.
fn check(dialect: Dialect, marked: &str) {
    let text = marked.replace('¦', "");
    let found: Vec<&str> = split(dialect, &text)
        .map(|statement| &text[statement.range()])
        .collect();
    let expected: Vec<&str> = marked.split('¦').skip(1).step_by(2).collect();
    assert_eq!(found, expected, "{dialect}: {text:?}");
}

fn check_all(table: &[(&[Dialect], &str)]) {
    for (dialects, marked) in table {
        for dialect in *dialects {
            check(*dialect, marked);
            check(*dialect, &marked.replace('\n', "\r\n"));
        }
    }
}

#[test]
fn plain_statements() {
    check_all(&[
        (&Dialect::ALL, ""),
        (&Dialect::ALL, " \n"),
        (&Dialect::ALL, ";"),
        (&Dialect::ALL, " ; ;\n;"),
        (&Dialect::ALL, "-- only a comment"),
        (&Dialect::ALL, "/* only */ -- comments\n;"),
        (&Dialect::ALL, "¦a¦"),
        (&Dialect::ALL, "¦a¦;"),
        (&Dialect::ALL, "¦a¦ -- b\n;"),
        (
            &Dialect::ALL,
            "/* x; */ ¦a -- ;\n, 'b;' /* ; */ c¦ /* d */;¦e¦ -- f",
        ),
        (&Dialect::ALL, "¦a¦;;¦b¦;"),
        (&Dialect::ALL, "¦'ž;'¦;¦ů¦;"),
        (
            &Dialect::ALL,
            "¦BEGIN¦; ¦INSERT INTO t VALUES (1)¦; ¦COMMIT¦;",
        ),
        (
            &Dialect::ALL,
            "¦SELECT CASE WHEN a THEN b END¦; ¦SELECT 1¦;",
        ),
        (&Dialect::ALL, "¦a 'open; b¦"),
        (&Dialect::ALL, "¦a¦; ¦b /* open; */ c¦"),
        (&[Sqlite], "\u{feff}¦a¦;\u{feff}¦b¦"),
        (&[Postgres], "¦DO $$ BEGIN a; END $$¦;¦b¦"),
        (&[Postgres], "¦a$$¦;¦b$$¦"),
        (&[Postgres], "¦a = $1¦;¦$2¦"),
    ]);
}

#[test]
fn the_terminator_is_on_offer() {
    let text = "a -- b\n ; c";
    let ranges: Vec<_> = split(Postgres, text)
        .map(|found| (found.range(), found.range_with_terminator()))
        .collect();
    assert_eq!(ranges, [(0..1, 0..9), (10..11, 10..11)]);
}

#[test]
fn sqlite_triggers() {
    check_all(&[
        (
            &[Sqlite],
            "¦CREATE TRIGGER t AFTER INSERT ON a BEGIN
               UPDATE b SET c = CASE WHEN new.d THEN 1 ELSE 2 END;
               SELECT start, end FROM e; -- a column called end
             END¦;¦SELECT 1¦;",
        ),
        (&[Sqlite], "¦create temp trigger t begin a; end¦; ¦b¦"),
        (
            &[Sqlite],
            "¦CREATE TEMPORARY /* ; */ TRIGGER t BEGIN a; /* ; */ END¦ /* ; */ ; ¦b¦",
        ),
        (
            &[Sqlite],
            "¦EXPLAIN QUERY PLAN CREATE TRIGGER t BEGIN a; END¦; ¦b¦",
        ),
        (&[Sqlite], "¦CREATE TRIGGER t BEGIN a; END¦"),
        (
            &[Sqlite],
            "¦CREATE TABLE trigger_log (a)¦; ¦CREATE TABLE end (a)¦; ¦END¦;",
        ),
        (
            &[Sqlite],
            "¦CREATE UNIQUE INDEX trigger ON a (b)¦; ¦END¦; ¦b¦",
        ),
    ]);
}

#[test]
fn postgres_bodies() {
    check_all(&[
        (
            &[Postgres],
            "¦CREATE OR REPLACE FUNCTION f(begin int) RETURNS int LANGUAGE sql BEGIN ATOMIC
               SELECT CASE WHEN a THEN CASE WHEN b THEN 1 END END;
               SELECT c AS end, d.case, e.end FROM t;
             END¦;¦SELECT 1¦;",
        ),
        (
            &[Postgres],
            "¦create procedure p() begin atomic a; end¦;¦b¦",
        ),
        (
            &[Postgres],
            "¦CREATE PROCEDURE p() BEGIN /* ; */ ATOMIC END¦;¦b¦",
        ),
        (
            &[Postgres],
            "¦CREATE FUNCTION f() RETURNS int RETURN CASE WHEN a THEN b END¦;¦b¦",
        ),
        (
            &[Postgres],
            "¦CREATE FUNCTION f() AS 'begin atomic' LANGUAGE sql¦;¦b¦",
        ),
        (
            &[Postgres],
            "¦CREATE FUNCTION f() AS $f$ BEGIN ATOMIC; $f$ LANGUAGE plpgsql¦;¦b¦",
        ),
        (&[Postgres], "¦SELECT begin atomic FROM t¦;¦b¦"),
        (&[Postgres], "¦CREATE TABLE begin (atomic int)¦;¦b¦"),
        (
            &[Postgres],
            "¦CREATE OR REPLACE RULE r AS ON INSERT TO a DO ALSO (INSERT INTO b VALUES (1); NOTIFY c;)¦;¦d¦",
        ),
        (
            &[Postgres],
            "¦CREATE RULE r AS ON INSERT TO a DO NOTHING¦;¦d¦",
        ),
        (&[Postgres], "¦CREATE TABLE open (a int¦;¦b¦"),
    ]);
}

#[test]
fn copy_data_is_no_statement() {
    check_all(&[
        (&[Postgres], "¦COPY a (b) FROM stdin¦;\n1\tit's\n\\.\n¦c¦;"),
        (&[Postgres], "¦COPY a TO stdout¦;¦c¦;"),
        (&[Postgres], "¦COPY a FROM 'file'¦;¦c¦;"),
        (&[Postgres], "¦COPY a FROM stdin¦;\n¦c¦;"),
    ]);
}

#[test]
fn mysql_programs() {
    check_all(&[
        (
            &[MySql],
            "¦CREATE DEFINER=`root`@`localhost` PROCEDURE p(IN begin INT, OUT b VARCHAR(9))
             COMMENT 'begin; end' READS SQL DATA
             outer_label: BEGIN
               DECLARE done INT DEFAULT IF(1, 2, 3);
               DECLARE c CURSOR FOR SELECT start, end FROM t;
               DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = IF(done, 1, 2);
               DECLARE EXIT HANDLER FOR SQLSTATE VALUE '42000', 1062, SQLEXCEPTION BEGIN ROLLBACK; END;
               IF a THEN SELECT IF(b, 1, 2); ELSEIF c THEN BEGIN END; ELSE SET @end = 1; END IF;
               CASE a WHEN 1 THEN SELECT 1; WHEN CASE b WHEN 1 THEN 2 END THEN SELECT 2; ELSE BEGIN END; END CASE;
               CASE WHEN a THEN SELECT REPEAT('x', 3), CASE WHEN a THEN IF(b, 1, 2) ELSE 2 END; END CASE;
               inner_label: LOOP LEAVE inner_label; END LOOP inner_label;
               `quoted`: WHILE a DO SET a = NEW.end; END WHILE `quoted`;
               REPEAT SET a = 1; UNTIL a = CASE WHEN b THEN c END END REPEAT;
             END outer_label¦;¦SELECT 1¦;",
        ),
        (&[MySql], "¦CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW SET NEW.b = IF(NEW.c, 1, 2)¦;¦d¦;"),
        (&[MySql], "¦CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW FOLLOWS other BEGIN a; END¦;¦d¦;"),
        (&[MySql], "¦CREATE TRIGGER t AFTER INSERT ON a FOR EACH ROW PRECEDES `x`.`y` IF a THEN b; END IF¦;¦d¦;"),
        (&[MySql], "¦CREATE EVENT IF NOT EXISTS e ON SCHEDULE EVERY 1 DAY DO BEGIN a; END¦;¦d¦;"),
        (&[MySql], "¦CREATE EVENT e ON SCHEDULE EVERY 1 DAY COMMENT 'x' DO DELETE FROM a¦;¦d¦;"),
        (&[MySql], "¦ALTER EVENT e DO BEGIN a; END¦;¦d¦;"),
        (&[MySql], "¦CREATE PROCEDURE IF NOT EXISTS p() SELECT 1¦;¦d¦;"),
        (&[MySql], "¦CREATE PROCEDURE p() IF a THEN b; END IF¦;¦d¦;"),
        (&[MySql], "¦CREATE PROCEDURE p() l: LOOP b; END LOOP l¦;¦d¦;"),
        (&[MySql], "¦CREATE FUNCTION f(a INT) RETURNS INT DETERMINISTIC RETURN IF(a, 1, 2)¦;¦d¦;"),
        (&[MySql], "¦CREATE FUNCTION f() RETURNS SET('a', 'b') BEGIN RETURN 'a'; END¦;¦d¦;"),
        (&[MySql], "¦CREATE FUNCTION f() RETURNS VARCHAR(9) CHARACTER SET utf8mb4 BEGIN RETURN 'a'; END¦;¦d¦;"),
        (&[MySql], "¦CREATE FUNCTION f RETURNS INT SONAME 'lib.so'¦;¦d¦;"),
        (&[MySql], "¦CREATE OR REPLACE PROCEDURE p() BEGIN FOR i IN 1..3 DO a; END FOR; END¦;¦d¦;"),
        (&[MySql], "¦/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`h`*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW
                     BEGIN a; END */¦;¦d¦;"),
        (&[MySql], "¦BEGIN NOT ATOMIC a; BEGIN b; END; END¦;¦d¦;"),
        (&[MySql], "¦l: BEGIN NOT ATOMIC a; END l¦;¦d¦;"),
        (&[MySql], "¦IF a THEN b; ELSE c; END IF¦;¦d¦;"),
        (&[MySql], "¦BEGIN WORK¦;¦a¦;¦COMMIT¦;"),
        (&[MySql], "¦CREATE TABLE begin (a INT)¦;¦d¦;"),
        (&[MySql], "¦CREATE VIEW v AS SELECT IF(a, 1, 2) FROM event¦;¦d¦;"),
        (&[MySql], "¦ALTER TABLE t ADD c INT¦;¦d¦;"),
        (&[MySql], "¦ALTER PROCEDURE p COMMENT 'x'¦;¦d¦;"),
        (&[MySql], "¦SELECT '/*!' FROM a /*! ; */¦;¦d¦;"),
    ]);
}

#[test]
fn mysql_delimiters() {
    check_all(&[
        (
            &[MySql],
            "DELIMITER $$\n¦CREATE PROCEDURE p() BEGIN a; END¦$$\n¦b; c¦$$\nDELIMITER ;\n¦d¦;¦e¦",
        ),
        (
            &[MySql],
            "delimiter //\n¦a; b¦; //\n//\n-- only a comment //\n//\n¦c¦",
        ),
        (&[MySql], "DELIMITER ;;\n¦a; b¦;;\n¦c¦;;\nDELIMITER ;\n¦d¦;"),
        (&[MySql], "DELIMITER |\n¦'a|' `b|` /* | */ c¦|¦d¦|"),
        (&[MySql], "DELIMITER\n¦a¦;¦b¦"),
        (&[MySql], "¦SELECT delimiter FROM t¦;¦b¦"),
        (&[Sqlite, Postgres], "¦DELIMITER x¦;¦b¦"),
    ]);
}

#[test]
fn marked_statements() {
    check_all(&[
        (
            &Dialect::ALL,
            "¦a¦;\n-- migrate: statement\n¦it's; (\nb;¦\n-- migrate: end\n¦c¦;",
        ),
        (
            &Dialect::ALL,
            "¦a¦\n-- migrate: statement\n¦b¦\n-- migrate: end\n¦c¦",
        ),
        (
            &Dialect::ALL,
            "-- migrate: statement\n\n-- migrate: end\n¦c¦",
        ),
        (&Dialect::ALL, "-- migrate: statement\n¦a; b¦"),
        (
            &Dialect::ALL,
            "-- migrate: statement\n¦a; b¦\n-- migrate: statement\n¦c; d¦\n-- migrate: end",
        ),
        (&Dialect::ALL, "-- migrate: statement"),
        (&Dialect::ALL, "¦a¦\n-- migrate: end\n¦b¦"),
        (&Dialect::ALL, "¦'\n-- migrate: statement\n'¦; ¦b¦"),
    ]);
}
