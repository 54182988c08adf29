//! Tests of MySQL and MariaDB only.

use test_servers::{Kind, Server};

use crate::child::{chain, passes, spawn, wait_until};
use crate::servers::{databases, sql, templates};

/// How often a chain has run that adds a row to `runs.runs`.
fn runs(server: &Server) -> String {
    sql(server, "SELECT CAST(COUNT(*) AS CHAR) FROM runs.runs").remove(0)
}

#[test]
fn a_new_database_comes_from_one_script_whatever_is_in_the_template() {
    let server = Server::start(Kind::MySql);
    let url = server.admin_url();
    sql(&server, "CREATE DATABASE runs");
    sql(&server, "CREATE TABLE runs.runs (id INTEGER)");
    let everything = chain(
        "INSERT INTO runs.runs VALUES (1);
ALTER DATABASE CHARACTER SET latin1;
CREATE TABLE child (id INTEGER AUTO_INCREMENT PRIMARY KEY, parent INTEGER, note VARCHAR(10) DEFAULT 'it''s',
    twice INTEGER AS (parent * 2) STORED);
CREATE TABLE parent (id INTEGER PRIMARY KEY);
ALTER TABLE child ADD CONSTRAINT known FOREIGN KEY (parent) REFERENCES parent (id);
INSERT INTO parent VALUES (1);
INSERT INTO child (parent) VALUES (1), (1);
CREATE VIEW above AS SELECT id, note FROM child;
CREATE VIEW a_view AS SELECT id FROM above;
CREATE TRIGGER second BEFORE UPDATE ON child FOR EACH ROW SET NEW.note = CONCAT(NEW.note, '2');
CREATE TRIGGER first BEFORE UPDATE ON child FOR EACH ROW PRECEDES second SET NEW.note = '1';
CREATE FUNCTION one() RETURNS INTEGER DETERMINISTIC BEGIN DECLARE n INTEGER; SET n = 1; RETURN n; END;
CREATE PROCEDURE add_one() INSERT INTO parent SELECT MAX(id) + one() FROM parent;
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM child WHERE id > 2;",
    );
    passes(spawn("turns", &url, Some(everything.path())));
    assert_eq!(
        runs(&server),
        "1",
        "the chain has run in the template alone"
    );
    let copies = databases(&server).len() - templates(&server);
    assert!(copies > 1, "{copies}");
}

#[test]
fn a_database_is_used_again_also_by_another_process() {
    let server = Server::start(Kind::MySql);
    let url = server.admin_url();
    for _ in 0..3 {
        passes(spawn("counted", &url, None));
    }
    let created = "SELECT CAST(variable_value AS CHAR) FROM information_schema.global_status WHERE variable_name = 'Com_create_db'";
    assert_eq!(sql(&server, created), ["2"], "a template and a database");
}

/// The connections that reset databases must not be taken for leaked ones.
#[test]
fn tests_that_take_turns_do_not_end_each_others_connections() {
    let server = Server::start(Kind::MySql);
    let url = server.admin_url();
    let children = [(); 2].map(|()| spawn("turns", &url, None));
    for child in children {
        passes(child);
    }
}

#[test]
fn a_killed_builder_is_cleaned_up_after() {
    let server = Server::start(Kind::MySql);
    let url = server.admin_url();
    sql(&server, "CREATE DATABASE pause");
    sql(&server, "CREATE TABLE pause.pause (seconds INTEGER)");
    sql(&server, "INSERT INTO pause.pause VALUES (20)");
    let slow = chain("CREATE TABLE t (id INTEGER); DO (SELECT SLEEP(seconds) FROM pause.pause);");
    let mut child = spawn("one", &url, Some(slow.path()));
    wait_until("a template is being built", || templates(&server) == 1);
    let unfinished = databases(&server);
    child.kill().expect("it runs");
    child.wait().expect("it ends");
    sql(&server, "UPDATE pause.pause SET seconds = 0");
    // The name of a template has its second.
    std::thread::sleep(std::time::Duration::from_secs(1));
    passes(spawn("one", &url, Some(slow.path())));
    assert_eq!(templates(&server), 1, "nobody takes it for a template");
    assert!(!databases(&server).contains(&unfinished[0]));
}
