//! Reads a statement's words: whether a transaction can hold it, and what it changes if not.

use migrate_chain::Dialect;
use migrate_chain::sql::{Cursor, connection_control, transaction_control};

use crate::sql::inner;

/// The effect of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// It reads or changes rows. A transaction holds it, as far as its tables have any.
    Rows,
    /// It changes definitions: atomically, and it commits what was before.
    Definition(Vec<DefinedObject>),
    /// It sets up the connection.
    Setup,
    /// It leads to the same when it runs twice.
    Repeatable,
    /// It begins or ends a transaction.
    Control(&'static str),
    /// The reason why the runtime could not do its work after it.
    Refused(&'static str),
    /// Anything else: it may commit, and may do more than one thing.
    Other,
}

/// Something that has a definition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DefinedObject {
    /// As `SHOW CREATE` names its kind.
    pub kind: &'static str,
    /// As the statement writes it.
    pub name: String,
}

pub fn kind(statement: &str) -> StatementKind {
    if let Some(keywords) = connection_control(Dialect::MySql, statement) {
        return StatementKind::Refused(match keywords {
            "SET autocommit" => "switches autocommit, by which it commits",
            "XA" => "runs a distributed transaction",
            "USE" => "changes the database that the version table is in",
            "COMMIT … RELEASE" => "ends the connection",
            _ => "locks tables, by which the journal cannot be written",
        });
    }
    if let Some(control) = transaction_control(Dialect::MySql, statement) {
        return StatementKind::Control(control);
    }
    // Another delimiter, or the marks of a statement, may hold many together.
    if inner(Dialect::MySql, statement).nth(1).is_some() {
        return StatementKind::Other;
    }
    of_words(Cursor::new(Dialect::MySql, statement))
}

fn of_words(mut words: Cursor<'_>) -> StatementKind {
    let first = words.text().to_ascii_uppercase();
    words.bump();
    match &*first {
        "SELECT" => select(words),
        "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "WITH" | "DO" | "VALUES" | "(" | "SHOW"
        | "DESCRIBE" | "DESC" | "EXPLAIN" | "TABLE" => StatementKind::Rows,
        "LOAD" if words.is("DATA") || words.is("XML") => StatementKind::Rows,
        "CREATE" => create(words).unwrap_or(StatementKind::Other),
        "ALTER" => alter(words).unwrap_or(StatementKind::Other),
        "DROP" => drop(words).unwrap_or(StatementKind::Other),
        "RENAME" => rename(words).unwrap_or(StatementKind::Other),
        "SET" if !words.is("STATEMENT") => StatementKind::Setup,
        "PREPARE" | "DEALLOCATE" => StatementKind::Setup,
        "ANALYZE" | "OPTIMIZE" | "CHECK" | "REPAIR" => maintenance(&words),
        "CHECKSUM" | "FLUSH" | "GRANT" => StatementKind::Repeatable,
        _ => StatementKind::Other,
    }
}

/// `SELECT … INTO @variable` sets up the connection, and `INTO OUTFILE` writes a file.
fn select(mut words: Cursor<'_>) -> StatementKind {
    if !words.find("INTO") {
        return StatementKind::Rows;
    }
    words.bump();
    if words.text().starts_with('@') {
        StatementKind::Setup
    } else {
        StatementKind::Other
    }
}

/// MariaDB's `ANALYZE UPDATE …` updates.
fn maintenance(words: &Cursor<'_>) -> StatementKind {
    if words.is_any(&["TABLE", "TABLES", "LOCAL", "NO_WRITE_TO_BINLOG"]) {
        StatementKind::Repeatable
    } else {
        StatementKind::Other
    }
}

/// The kinds of objects, as a statement and as `SHOW CREATE` name them.
const KINDS: [(&str, &str); 8] = [
    ("TABLE", "TABLE"),
    // It shows the definition of a view too.
    ("VIEW", "TABLE"),
    ("SEQUENCE", "TABLE"),
    ("TRIGGER", "TRIGGER"),
    ("PROCEDURE", "PROCEDURE"),
    ("FUNCTION", "FUNCTION"),
    ("EVENT", "EVENT"),
    ("DATABASE", "DATABASE"),
];

fn create(mut words: Cursor<'_>) -> Option<StatementKind> {
    let mut replaced = words.clone();
    if replaced.eat("OR") {
        replaced.eat("REPLACE");
    }
    if replaced.is("TEMPORARY") {
        return Some(StatementKind::Setup);
    }
    let kind = object_kind(&mut words)?;
    skip_if_exists(&mut words);
    if kind == "INDEX" {
        find_after(&mut words, "ON")?;
        return object(&mut words, "TABLE").map(|one| definition(vec![one]));
    }
    object(&mut words, kind).map(|one| definition(vec![one]))
}

fn alter(mut words: Cursor<'_>) -> Option<StatementKind> {
    let kind = object_kind(&mut words)?;
    if kind == "INDEX" {
        return None;
    }
    skip_if_exists(&mut words);
    let object = object(&mut words, kind)?;
    // Their effect shows in no definition, and may not be repeated.
    let hidden = ["EXCHANGE", "TRUNCATE", "DISCARD", "IMPORT"];
    (!words.find_any(&hidden)).then(|| definition(vec![object]))
}

fn drop(mut words: Cursor<'_>) -> Option<StatementKind> {
    if words.is("TEMPORARY") {
        return Some(StatementKind::Setup);
    }
    let kind = object_kind(&mut words)?;
    skip_if_exists(&mut words);
    if kind == "INDEX" {
        find_after(&mut words, "ON")?;
        return object(&mut words, "TABLE").map(|one| definition(vec![one]));
    }
    let mut objects = vec![object(&mut words, kind)?];
    while words.eat(",") {
        objects.push(object(&mut words, kind)?);
    }
    Some(definition(objects))
}

fn rename(mut words: Cursor<'_>) -> Option<StatementKind> {
    let _ = words.eat("TABLE") || words.eat("TABLES");
    skip_if_exists(&mut words);
    let mut objects: Vec<DefinedObject> = Vec::new();
    loop {
        let from = object(&mut words, "TABLE")?;
        if !words.eat("TO") {
            return None;
        }
        let to = object(&mut words, "TABLE")?;
        // When tables swap their names, all of them are there before and after.
        if objects.contains(&from) || objects.contains(&to) {
            return None;
        }
        objects.extend([from, to]);
        if !words.eat(",") {
            return words.is_done().then(|| definition(objects));
        }
    }
}

fn definition(objects: Vec<DefinedObject>) -> StatementKind {
    StatementKind::Definition(objects)
}

fn skip_if_exists(words: &mut Cursor<'_>) {
    if words.eat("IF") {
        words.eat("NOT");
        words.eat("EXISTS");
    }
}

/// Steps to the word after the next `word`.
fn find_after(words: &mut Cursor<'_>, word: &str) -> Option<()> {
    let found = words.find(word);
    words.bump();
    found.then_some(())
}

/// Steps over the word that says what kind of object the statement is about.
fn object_kind(words: &mut Cursor<'_>) -> Option<&'static str> {
    const REFUSED: [&str; 6] = ["USER", "ROLE", "SERVER", "TABLESPACE", "LOGFILE", "PACKAGE"];
    // A definer, an algorithm and the like may come before.
    for _ in 0..24 {
        if words.is_done() || words.is_any(&REFUSED) {
            return None;
        }
        let kind = match words.text().to_ascii_uppercase().as_str() {
            "INDEX" => Some("INDEX"),
            "SCHEMA" => Some("DATABASE"),
            word => KINDS
                .iter()
                .find(|(kind, _)| *kind == word)
                .map(|(_, kind)| *kind),
        };
        words.bump();
        if kind.is_some() {
            return kind;
        }
    }
    None
}

/// Steps over a name, with that of its database.
fn object(words: &mut Cursor<'_>, kind: &'static str) -> Option<DefinedObject> {
    let mut object = name(words)?.to_owned();
    if words.eat(".") {
        object = format!("{object}.{}", name(words)?);
    }
    Some(DefinedObject { kind, name: object })
}

fn name<'s>(words: &mut Cursor<'s>) -> Option<&'s str> {
    let name = words.text();
    let is_name = name.chars().next().is_some_and(|first| {
        first == '`' || first == '"' || first == '_' || first == '$' || first.is_alphanumeric()
    });
    words.bump();
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(statement: &str) -> Vec<String> {
        match kind(statement) {
            StatementKind::Definition(objects) => objects
                .into_iter()
                .map(|one| format!("{} {}", one.kind, one.name))
                .collect(),
            other => panic!("{statement}: {other:?}"),
        }
    }

    #[test]
    fn a_definition_names_what_it_changes() {
        for (statement, expected) in [
            ("create table t (id int)", &["TABLE t"][..]),
            (
                "CREATE OR REPLACE TABLE IF NOT EXISTS `a b`.`t` (id INT)",
                &["TABLE `a b`.`t`"],
            ),
            ("/*!40101 CREATE TABLE */ t LIKE u", &["TABLE t"]),
            (
                "CREATE UNIQUE INDEX i USING BTREE ON s.t (a)",
                &["TABLE s.t"],
            ),
            ("DROP INDEX i ON t", &["TABLE t"]),
            ("ALTER ONLINE TABLE t ADD COLUMN a INT", &["TABLE t"]),
            ("ALTER TABLE t RENAME TO u", &["TABLE t"]),
            ("DROP TABLE IF EXISTS a, b.c", &["TABLE a", "TABLE b.c"]),
            ("DROP VIEW v", &["TABLE v"]),
            (
                "RENAME TABLE a TO b, c TO d",
                &["TABLE a", "TABLE b", "TABLE c", "TABLE d"],
            ),
            (
                "CREATE DEFINER=`root`@`%` TRIGGER t BEFORE INSERT ON u FOR EACH ROW SET NEW.a = 1",
                &["TRIGGER t"],
            ),
            (
                "CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW v AS SELECT 1",
                &["TABLE v"],
            ),
            ("DROP SCHEMA x", &["DATABASE x"]),
            ("CREATE FUNCTION f() RETURNS INT RETURN 1", &["FUNCTION f"]),
            (
                "CREATE PROCEDURE p() BEGIN SELECT 1; SELECT 2; END",
                &["PROCEDURE p"],
            ),
        ] {
            assert_eq!(objects(statement), expected, "{statement}");
        }
    }

    #[test]
    fn the_other_kinds() {
        for (statement, expected) in [
            ("-- why\nINSERT INTO t VALUES (';')", StatementKind::Rows),
            (
                "WITH x AS (SELECT 1) UPDATE t, x SET a = 1",
                StatementKind::Rows,
            ),
            ("(SELECT 1) UNION SELECT 2", StatementKind::Rows),
            ("SELECT COUNT(*) INTO @n FROM t", StatementKind::Setup),
            ("SELECT 1 INTO OUTFILE '/tmp/x'", StatementKind::Other),
            ("SET @a = 1", StatementKind::Setup),
            (
                "SET STATEMENT max_statement_time = 1 FOR DELETE FROM t",
                StatementKind::Other,
            ),
            ("CREATE TEMPORARY TABLE t (id INT)", StatementKind::Setup),
            (
                "CREATE OR REPLACE TEMPORARY TABLE t (id INT)",
                StatementKind::Setup,
            ),
            ("PREPARE s FROM @q", StatementKind::Setup),
            ("EXECUTE s", StatementKind::Other),
            ("CALL p()", StatementKind::Other),
            (
                "INSERT INTO t VALUES (1); DROP TABLE t",
                StatementKind::Other,
            ),
            ("BEGIN NOT ATOMIC SELECT 1; END", StatementKind::Other),
            ("ANALYZE TABLE t", StatementKind::Repeatable),
            ("ANALYZE UPDATE t SET a = 1", StatementKind::Other),
            ("TRUNCATE TABLE t", StatementKind::Other),
            (
                "ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u",
                StatementKind::Other,
            ),
            ("RENAME TABLE a TO x, b TO a, x TO b", StatementKind::Other),
            ("CREATE USER u", StatementKind::Other),
            (
                "START TRANSACTION",
                StatementKind::Control("START TRANSACTION"),
            ),
            ("commit", StatementKind::Control("COMMIT")),
        ] {
            assert_eq!(kind(statement), expected, "{statement}");
        }
        for refused in [
            "USE x",
            "LOCK TABLES t WRITE",
            "SET autocommit = 0",
            "XA START 'x'",
        ] {
            assert!(
                matches!(kind(refused), StatementKind::Refused(_)),
                "{refused}"
            );
        }
    }
}
