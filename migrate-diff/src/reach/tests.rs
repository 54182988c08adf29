use super::*;

fn found(dialect: Dialect, text: &str) -> Vec<&str> {
    let found = beyond(dialect, "own", text);
    found.into_iter().map(|reach| &text[reach.range]).collect()
}

#[test]
fn what_all_databases_of_postgresql_share_is_found() {
    for (text, expected) in [
        ("CREATE DATABASE app", "CREATE DATABASE"),
        ("select 1;\nDROP DATABASE app;", "DROP DATABASE"),
        ("ALTER DATABASE own SET x = 1", "ALTER DATABASE"),
        ("create role r login", "create role"),
        ("DROP USER IF EXISTS r", "DROP USER"),
        ("ALTER SYSTEM SET x = 1", "ALTER SYSTEM"),
        ("CREATE TABLESPACE t LOCATION '/x'", "CREATE TABLESPACE"),
        ("COMMENT ON ROLE r IS 'x'", "COMMENT ON ROLE"),
        ("GRANT admin TO app", "GRANT admin"),
        (
            "GRANT CONNECT ON DATABASE app TO r",
            "GRANT CONNECT ON DATABASE",
        ),
        ("REASSIGN OWNED BY a TO b", "REASSIGN OWNED"),
        ("COPY t TO '/tmp/x'", "COPY t TO"),
        ("COPY t FROM PROGRAM 'rm'", "COPY t FROM"),
        ("SELECT dblink('dbname=app', 'DROP TABLE x')", "dblink"),
        ("SELECT pg_terminate_backend(1)", "pg_terminate_backend"),
        ("\\connect app\nSELECT 1;", "\\connect app"),
        (
            "DO $$ BEGIN IF true THEN CREATE ROLE r; END IF; END $$",
            "CREATE ROLE",
        ),
        (
            "DO $$ BEGIN EXECUTE 'ALTER SYSTEM SET x = 1'; END $$",
            "ALTER SYSTEM",
        ),
        (
            "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'DROP ROLE r'",
            "DROP ROLE",
        ),
        (
            "CREATE FUNCTION f() RETURNS void LANGUAGE sql BEGIN ATOMIC SELECT 1; DROP ROLE r; END",
            "DROP ROLE",
        ),
        (
            "DO $a$ BEGIN EXECUTE $b$DROP DATABASE app$b$; END $a$",
            "DROP DATABASE",
        ),
    ] {
        assert_eq!(found(Dialect::Postgres, text), [expected], "{text}");
    }
}

#[test]
fn what_stays_in_a_database_of_postgresql_is_let_through() {
    for text in [
        "CREATE TABLE role (\"user\" text, database text); ALTER TABLE t DROP role",
        "INSERT INTO log VALUES ('DROP DATABASE app')",
        "-- DROP ROLE r\nSELECT 1",
        "GRANT SELECT ON t TO app; REVOKE ALL ON SCHEMA public FROM app",
        "CREATE USER MAPPING FOR app SERVER s",
        "ALTER DEFAULT PRIVILEGES FOR ROLE r GRANT SELECT ON TABLES TO s",
        "COMMENT ON TABLE t IS 'CREATE ROLE r'",
        "COPY t FROM STDIN;\n\\.\n",
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'role' $$",
    ] {
        assert_eq!(found(Dialect::Postgres, text), [""; 0], "{text}");
    }
}

#[test]
fn what_all_databases_of_mysql_share_is_found() {
    for (text, expected) in [
        ("USE app", "USE app"),
        (
            "CREATE DATABASE /*!32312 IF NOT EXISTS*/ `app`",
            "CREATE DATABASE",
        ),
        ("/*!40000 DROP DATABASE IF EXISTS `app`*/;", "DROP DATABASE"),
        ("DROP SCHEMA app", "DROP SCHEMA"),
        ("CREATE USER 'u'@'%' IDENTIFIED BY 'x'", "CREATE USER"),
        ("GRANT ALL ON app.* TO u", "GRANT"),
        ("SET GLOBAL x = 1", "GLOBAL"),
        ("SET a = 1, PERSIST b = 2", "PERSIST"),
        ("SET @@global.x = 1", "@@global"),
        ("SET PASSWORD = 'x'", "SET PASSWORD"),
        ("INSERT INTO `app`.`t` VALUES (1)", "`app`.`t`"),
        ("DROP TABLE IF EXISTS a, app.b", "app.b"),
        ("UPDATE app.t SET a = 1", "app.t"),
        ("SELECT * FROM own.a JOIN app.b ON a.x = b.x", "app.b"),
        ("CREATE TABLE t (x INT REFERENCES app.u (x))", "app.u"),
        ("ALTER TABLE a RENAME TO app.a", "app.a"),
        ("RENAME TABLE a TO b, c TO app.c", "app.c"),
        (
            "CREATE TRIGGER x AFTER INSERT ON app.t FOR EACH ROW SET @a = 1",
            "app.t",
        ),
        ("SELECT app.f(1)", "app.f"),
        ("SELECT app.t.x FROM t", "app.t"),
        ("SELECT 1 INTO OUTFILE '/tmp/x'", "INTO OUTFILE"),
        ("DELETE FROM mysql.user", "mysql.user"),
        (
            "CREATE PROCEDURE p() BEGIN SELECT 1; DROP DATABASE app; END",
            "DROP DATABASE",
        ),
        ("CREATE PROCEDURE p() DROP USER u", "DROP USER"),
        ("SET @s = 'DROP DATABASE app'", "DROP DATABASE"),
        ("PREPARE s FROM 'DROP USER u'", "DROP USER"),
    ] {
        assert_eq!(found(Dialect::MySql, text)[..1], [expected], "{text}");
    }
}

#[test]
fn what_stays_in_a_database_of_mysql_is_let_through() {
    for text in [
        "USE own",
        "CREATE TABLE own.t (x INT)",
        "ALTER DATABASE CHARACTER SET utf8mb4",
        "ALTER TABLE t DROP user, ADD COLUMN role INT",
        "SELECT a.x, b.y FROM a JOIN b ON a.x = b.x WHERE a.y = b.z ORDER BY a.x",
        "UPDATE a SET a.x = 1 WHERE a.y IN (SELECT b.y FROM b)",
        "INSERT INTO t (a) SELECT b.a FROM b ON DUPLICATE KEY UPDATE t.a = 1",
        "SELECT table_name FROM information_schema.tables",
        "SET NAMES utf8mb4; SET SESSION x = 1; SET @global = 1",
        "CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = OLD.b",
        "INSERT INTO log VALUES ('USE app')",
        "CREATE TABLE t (`global` INT, `use` INT)",
        "CREATE VIEW v AS SELECT t.a FROM t, u WHERE EXISTS (SELECT t.b FROM u)",
    ] {
        assert_eq!(found(Dialect::MySql, text), [""; 0], "{text}");
    }
}

fn named(dialect: Dialect, text: &str) -> (Vec<String>, Vec<String>) {
    let roles = roles(dialect, text);
    (
        roles.named.into_iter().collect(),
        roles.created.into_iter().collect(),
    )
}

#[test]
fn the_roles_that_statements_name_are_found() {
    for (text, expected) in [
        ("ALTER TABLE t OWNER TO app", &["app"][..]),
        (
            "GRANT SELECT ON t TO App, \"Other\", PUBLIC",
            &["Other", "app"],
        ),
        ("REVOKE ALL ON t FROM GROUP g", &["g"]),
        ("GRANT admin TO app", &["admin", "app"]),
        ("CREATE SCHEMA s AUTHORIZATION app", &["app"]),
        ("CREATE POLICY p ON t TO app USING (true)", &["app"]),
        (
            "ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s GRANT SELECT ON TABLES TO b",
            &["a", "b"],
        ),
        ("SET ROLE app", &["app"]),
        (
            "DO $$ BEGIN GRANT USAGE ON SCHEMA s TO app; END $$",
            &["app"],
        ),
        ("GRANT SELECT ON t TO pg_monitor", &[]),
        ("ALTER SEQUENCE s OWNED BY t.id", &[]),
        ("ALTER TABLE t RENAME TO u", &[]),
    ] {
        assert_eq!(named(Dialect::Postgres, text).0, expected, "{text}");
    }
    let created = named(Dialect::Postgres, "CREATE ROLE a; GRANT a TO b");
    assert_eq!(created.1, ["a"]);
    let accounts = "GRANT SELECT ON t TO 'app'@'%'; CREATE USER u@localhost; CREATE DEFINER=`o`@`h` VIEW v AS SELECT 1";
    let (named, created) = named(Dialect::MySql, accounts);
    assert_eq!(named, ["'app'@'%'", "'o'@'h'"]);
    assert_eq!(created, ["'u'@'localhost'"]);
}
