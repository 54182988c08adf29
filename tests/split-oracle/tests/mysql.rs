//! The splitter for MySQL against a MariaDB server, which is sent many statements at once and answers each, and against
//! its client, which takes texts with `DELIMITER` apart.

use std::io::Write as _;
use std::process::Stdio;

use migrate_chain::Dialect;
use migrate_chain::sql::split;
use test_servers::Kind;

/// Texts whose statements each give one result, as the server takes them apart.
const TEXTS: &[&str] = &[
    "SELECT 1;\nSELECT 2",
    "SELECT 1;SELECT 2;",
    "SELECT ';', \";\", 'it''s;', \"a\"\";b\", 'back\\';slash', 'end\\\\';SELECT 2",
    "SELECT 1 -- a; comment\n;SELECT 2 # another; one\n;SELECT 3 /* ; */;SELECT 4",
    "SELECT 1--1;SELECT 2",
    "SELECT 1 /*! + 1 */;SELECT 2 /*!99999 + 1 */;SELECT 3 /*M! + 1 */",
    "CREATE TABLE `a;b` (`c``;d` INT);INSERT INTO `a;b` VALUES (1);DROP TABLE `a;b`",
    "CREATE TABLE t (id INT);CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.id = 1; SET NEW.id = 2; END;DROP TABLE t",
    "CREATE PROCEDURE p() BEGIN IF 1 THEN SELECT 1; ELSE SELECT 2; END IF; WHILE 0 DO SELECT 3; END WHILE; END;DROP PROCEDURE p",
    "CREATE PROCEDURE p() BEGIN SELECT CASE WHEN 1 THEN 2 END; CASE 1 WHEN 1 THEN SELECT 2; END CASE; END;DROP PROCEDURE p",
    "CREATE PROCEDURE p() l: LOOP LEAVE l; END LOOP;DROP PROCEDURE p",
    "CREATE PROCEDURE p() BEGIN REPEAT SET @a = 1; UNTIL 1 END REPEAT; END;DROP PROCEDURE p",
    "CREATE PROCEDURE p() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION BEGIN SELECT 1; END; BEGIN SELECT 2; END; END;DROP PROCEDURE p",
    "CREATE FUNCTION f() RETURNS INT DETERMINISTIC RETURN 1;SELECT f();DROP FUNCTION f",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO BEGIN SELECT 1; SELECT 2; END;DROP EVENT e",
    "CREATE DEFINER=CURRENT_USER PROCEDURE p() BEGIN SELECT 1; END;DROP PROCEDURE IF EXISTS p",
    "START TRANSACTION;SELECT 1;COMMIT;BEGIN;ROLLBACK",
    "SET @a := 1;SELECT @a, @`b;c`;SELECT 'x' 'y;z'",
    "SELECT N'a;', _utf8mb4'b;', X'3b', b'1', 0x3b;SELECT 2",
    "SELECT '\u{1f980};\u{e4}';SELECT '\u{4e2d};'",
    "BEGIN NOT ATOMIC SET @a = 1; SET @b = 2; END;SELECT 2",
];

/// Texts for the client, which a server does not understand as a whole.
const WITH_DELIMITER: &[&str] = &[
    "DELIMITER //\nSELECT 1; SELECT 2//\nDELIMITER ;\nSELECT 3;\n",
    "DELIMITER $$\nCREATE PROCEDURE p()\nBEGIN\n  SELECT '$$';\nEND$$\nDELIMITER ;\nDROP PROCEDURE p;\n",
    "SELECT 1;\ndelimiter |\nSELECT 2|\nSELECT ';'|\nDELIMITER ;\nSELECT 3;\n",
    "DELIMITER //\nSELECT 1 -- no // end\n//\nSELECT 2 /* nor // here */ //\nSELECT '//', `a//b` FROM (SELECT 1 AS `a//b`) x//\nDELIMITER ;\n",
    "DELIMITER ;;\nSELECT 1; SELECT 2;;\nDELIMITER ;\nSELECT 3;\n",
];

/// A delimiter that occurs nowhere, so that the client sends a text as a whole.
const NEVER: &str = "--delimiter=<never>";

fn is_skipped() -> bool {
    let skipped = test_servers::is_skipped(Kind::MySql);
    if skipped {
        println!("skipped: {} says so", test_servers::SKIP);
    }
    skipped
}

/// The output of the client with `arguments`.
fn client(arguments: &[&str], text: &str) -> String {
    let mut client = test_servers::mysql()
        .mariadb()
        .args(["--default-character-set=utf8mb4", "--skip-comments"])
        .args(arguments)
        .arg("split")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the client `mariadb` is needed: run `cargo xtask setup`");
    let mut input = client.stdin.take().expect("it is piped");
    input.write_all(text.as_bytes()).expect("the client reads");
    drop(input);
    let output = client.wait_with_output().expect("the client ends");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{text}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn make_database() {
    let made = test_servers::mysql()
        .mariadb()
        .args(["--execute", "CREATE DATABASE IF NOT EXISTS split"])
        .status();
    assert!(
        made.is_ok_and(|status| status.success()),
        "the server answers"
    );
}

fn ours(text: &str) -> Vec<&str> {
    split(Dialect::MySql, text)
        .map(|statement| &text[statement.range()])
        .collect()
}

/// One line for each result.
fn results(output: &str) -> usize {
    let is_result = |line: &&str| {
        line.starts_with("Query OK")
            || line.starts_with("Empty set")
            || line.contains(" row in set")
            || line.contains(" rows in set")
    };
    output.lines().filter(is_result).count()
}

/// The statements as the client shows them, between lines of dashes.
fn shown(output: &str) -> Vec<String> {
    let parts = output.split("--------------\n").skip(1).step_by(2);
    parts.map(|part| part.trim().to_owned()).collect()
}

#[test]
fn the_server_answers_as_often_as_there_are_statements() {
    if is_skipped() {
        return;
    }
    make_database();
    for text in TEXTS {
        let output = client(&[NEVER, "-vv"], text);
        assert_eq!(results(&output), ours(text).len(), "{text}\n{output}");
    }
}

#[test]
fn the_client_splits_at_the_same_places() {
    if is_skipped() {
        return;
    }
    make_database();
    for text in WITH_DELIMITER {
        let output = client(&["-vv"], text);
        assert_eq!(shown(&output), ours(text), "{text}\n{output}");
    }
}
