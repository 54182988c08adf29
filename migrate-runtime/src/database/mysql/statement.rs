//! What a statement does, as far as its words tell: whether a transaction can hold it, and what it changes if not.

use migrate_chain::Dialect;
use migrate_chain::sql::{TokenKind, connection_control, tokens, transaction_control};

use crate::sql::inner;

/// What a statement does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It reads or changes rows. A transaction holds it, as far as its tables have any.
    Rows,
    /// It changes definitions: atomically, and it commits what was before.
    Definition(Vec<Object>),
    /// It sets up the connection.
    Setup,
    /// It leads to the same when it runs twice.
    Repeatable,
    /// It begins or ends a transaction.
    Control(&'static str),
    /// The runtime could not do its work behind it; why.
    Refused(&'static str),
    /// Anything else: it may commit, and may do more than one thing.
    Other,
}

/// Something that has a definition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Object {
    /// As `SHOW CREATE` names its kind.
    pub(super) kind: &'static str,
    /// As the statement writes it.
    pub(super) name: String,
}

pub(super) fn kind(statement: &str) -> Kind {
    let words = Words::of(statement);
    if let Some(keywords) = connection_control(Dialect::MySql, statement) {
        return Kind::Refused(match keywords {
            "SET autocommit" => "switches autocommit, by which it commits",
            "XA" => "runs a distributed transaction",
            "USE" => "changes the database that the version table is in",
            "COMMIT … RELEASE" => "ends the connection",
            _ => "locks tables, by which the journal cannot be written",
        });
    }
    if let Some(control) = transaction_control(Dialect::MySql, statement) {
        return Kind::Control(control);
    }
    // Another delimiter, or the marks of a statement, may hold many together.
    if inner(Dialect::MySql, statement).nth(1).is_some() {
        return Kind::Other;
    }
    of_words(words)
}

fn of_words(mut words: Words<'_>) -> Kind {
    let first = words.text().to_ascii_uppercase();
    words.at += 1;
    match &*first {
        "SELECT" => select(&words),
        "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "WITH" | "DO" | "VALUES" | "(" | "SHOW"
        | "DESCRIBE" | "DESC" | "EXPLAIN" | "TABLE" => Kind::Rows,
        "LOAD" if words.is("DATA") || words.is("XML") => Kind::Rows,
        "CREATE" => create(words).unwrap_or(Kind::Other),
        "ALTER" => alter(words).unwrap_or(Kind::Other),
        "DROP" => drop(words).unwrap_or(Kind::Other),
        "RENAME" => rename(words).unwrap_or(Kind::Other),
        "SET" if !words.is("STATEMENT") => Kind::Setup,
        "PREPARE" | "DEALLOCATE" => Kind::Setup,
        "ANALYZE" | "OPTIMIZE" | "CHECK" | "REPAIR" => maintenance(&words),
        "CHECKSUM" | "FLUSH" | "GRANT" => Kind::Repeatable,
        _ => Kind::Other,
    }
}

/// `SELECT … INTO @variable` sets up the connection, and `INTO OUTFILE` writes a file.
fn select(words: &Words<'_>) -> Kind {
    let mut pairs = words.list.windows(2);
    match pairs.find(|pair| pair[0].eq_ignore_ascii_case("INTO")) {
        Some([_, target]) if target.starts_with('@') => Kind::Setup,
        Some(_) => Kind::Other,
        None => Kind::Rows,
    }
}

/// MariaDB's `ANALYZE UPDATE …` updates.
fn maintenance(words: &Words<'_>) -> Kind {
    let is_of_tables = ["TABLE", "TABLES", "LOCAL", "NO_WRITE_TO_BINLOG"]
        .iter()
        .any(|word| words.is(word));
    if is_of_tables {
        Kind::Repeatable
    } else {
        Kind::Other
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

fn create(mut words: Words<'_>) -> Option<Kind> {
    if words.is("TEMPORARY") || words.is_behind(2, "TEMPORARY") {
        return Some(Kind::Setup);
    }
    let kind = words.object_kind()?;
    words.skip_if_exists();
    if kind == "INDEX" {
        words.find("ON")?;
        return words.object("TABLE").map(|one| definition(vec![one]));
    }
    words.object(kind).map(|one| definition(vec![one]))
}

fn alter(mut words: Words<'_>) -> Option<Kind> {
    let kind = words.object_kind()?;
    if kind == "INDEX" {
        return None;
    }
    words.skip_if_exists();
    let object = words.object(kind)?;
    // What they do shows in no definition, and may not be done twice.
    let hidden = ["EXCHANGE", "TRUNCATE", "DISCARD", "IMPORT"];
    let hides = |word: &&str| {
        hidden
            .iter()
            .any(|hidden| word.eq_ignore_ascii_case(hidden))
    };
    (!words.list[words.at..].iter().any(hides)).then(|| definition(vec![object]))
}

fn drop(mut words: Words<'_>) -> Option<Kind> {
    if words.is("TEMPORARY") {
        return Some(Kind::Setup);
    }
    let kind = words.object_kind()?;
    words.skip_if_exists();
    if kind == "INDEX" {
        words.find("ON")?;
        return words.object("TABLE").map(|one| definition(vec![one]));
    }
    let mut objects = vec![words.object(kind)?];
    while words.eat(",") {
        objects.push(words.object(kind)?);
    }
    Some(definition(objects))
}

fn rename(mut words: Words<'_>) -> Option<Kind> {
    let _ = words.eat("TABLE") || words.eat("TABLES");
    words.skip_if_exists();
    let mut objects: Vec<Object> = Vec::new();
    loop {
        let from = words.object("TABLE")?;
        if !words.eat("TO") {
            return None;
        }
        let to = words.object("TABLE")?;
        // Where tables swap their names, all of them are there before and after.
        if objects.contains(&from) || objects.contains(&to) {
            return None;
        }
        objects.extend([from, to]);
        if !words.eat(",") {
            return words.is("").then(|| definition(objects));
        }
    }
}

fn definition(objects: Vec<Object>) -> Kind {
    Kind::Definition(objects)
}

/// The tokens of a statement that mean something, as text.
struct Words<'s> {
    list: Vec<&'s str>,
    at: usize,
}

impl<'s> Words<'s> {
    fn of(statement: &'s str) -> Self {
        let mut words = Self {
            list: Vec::new(),
            at: 0,
        };
        for token in tokens(Dialect::MySql, statement) {
            match token.kind {
                TokenKind::ExecutableOpen | TokenKind::ExecutableClose => {}
                _ if token.is_trivia() => {}
                _ => words.list.push(&statement[token.range()]),
            }
        }
        words
    }

    /// The current one, empty behind the end.
    fn text(&self) -> &'s str {
        self.list.get(self.at).copied().unwrap_or_default()
    }

    fn is(&self, word: &str) -> bool {
        self.text().eq_ignore_ascii_case(word)
    }

    fn is_behind(&self, steps: usize, word: &str) -> bool {
        let found = self.list.get(self.at + steps);
        found.is_some_and(|found| found.eq_ignore_ascii_case(word))
    }

    fn eat(&mut self, word: &str) -> bool {
        let found = self.is(word);
        self.at += usize::from(found);
        found
    }

    fn skip_if_exists(&mut self) {
        if self.eat("IF") {
            self.eat("NOT");
            self.eat("EXISTS");
        }
    }

    /// Steps behind the next `word`.
    fn find(&mut self, word: &str) -> Option<()> {
        while !self.eat(word) {
            if self.text().is_empty() {
                return None;
            }
            self.at += 1;
        }
        Some(())
    }

    /// Steps behind the word that says what kind of object the statement is about.
    fn object_kind(&mut self) -> Option<&'static str> {
        // A definer, an algorithm and the like may come before.
        for _ in 0..24 {
            let word = self.text();
            self.at += 1;
            if word.eq_ignore_ascii_case("INDEX") {
                return Some("INDEX");
            }
            let word = if word.eq_ignore_ascii_case("SCHEMA") {
                "DATABASE"
            } else {
                word
            };
            let found = KINDS
                .iter()
                .find(|(kind, _)| word.eq_ignore_ascii_case(kind));
            if let Some((_, kind)) = found {
                return Some(kind);
            }
            let is_refused = ["USER", "ROLE", "SERVER", "TABLESPACE", "LOGFILE", "PACKAGE"]
                .iter()
                .any(|other| word.eq_ignore_ascii_case(other));
            if is_refused || word.is_empty() {
                return None;
            }
        }
        None
    }

    /// A name, with that of its database.
    fn object(&mut self, kind: &'static str) -> Option<Object> {
        let mut name = self.name()?.to_owned();
        if self.eat(".") {
            name = format!("{name}.{}", self.name()?);
        }
        Some(Object { kind, name })
    }

    fn name(&mut self) -> Option<&'s str> {
        let name = self.text();
        let is_name = name.chars().next().is_some_and(|first| {
            first == '`' || first == '"' || first == '_' || first == '$' || first.is_alphanumeric()
        });
        self.at += 1;
        is_name.then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objects(statement: &str) -> Vec<String> {
        match kind(statement) {
            Kind::Definition(objects) => objects
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
            ("-- why\nINSERT INTO t VALUES (';')", Kind::Rows),
            ("WITH x AS (SELECT 1) UPDATE t, x SET a = 1", Kind::Rows),
            ("(SELECT 1) UNION SELECT 2", Kind::Rows),
            ("SELECT COUNT(*) INTO @n FROM t", Kind::Setup),
            ("SELECT 1 INTO OUTFILE '/tmp/x'", Kind::Other),
            ("SET @a = 1", Kind::Setup),
            (
                "SET STATEMENT max_statement_time = 1 FOR DELETE FROM t",
                Kind::Other,
            ),
            ("CREATE TEMPORARY TABLE t (id INT)", Kind::Setup),
            ("CREATE OR REPLACE TEMPORARY TABLE t (id INT)", Kind::Setup),
            ("PREPARE s FROM @q", Kind::Setup),
            ("EXECUTE s", Kind::Other),
            ("CALL p()", Kind::Other),
            ("INSERT INTO t VALUES (1); DROP TABLE t", Kind::Other),
            ("BEGIN NOT ATOMIC SELECT 1; END", Kind::Other),
            ("ANALYZE TABLE t", Kind::Repeatable),
            ("ANALYZE UPDATE t SET a = 1", Kind::Other),
            ("TRUNCATE TABLE t", Kind::Other),
            (
                "ALTER TABLE t EXCHANGE PARTITION p WITH TABLE u",
                Kind::Other,
            ),
            ("RENAME TABLE a TO x, b TO a, x TO b", Kind::Other),
            ("CREATE USER u", Kind::Other),
            ("START TRANSACTION", Kind::Control("START TRANSACTION")),
            ("commit", Kind::Control("COMMIT")),
        ] {
            assert_eq!(kind(statement), expected, "{statement}");
        }
        for refused in [
            "USE x",
            "LOCK TABLES t WRITE",
            "SET autocommit = 0",
            "XA START 'x'",
        ] {
            assert!(matches!(kind(refused), Kind::Refused(_)), "{refused}");
        }
    }
}
