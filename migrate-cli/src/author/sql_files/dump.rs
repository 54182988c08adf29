//! The text that `pg_dump`, `mariadb-dump`, `mysqldump` and the `.dump` of `sqlite3` write around a schema.

use std::collections::BTreeSet;

use migrate_chain::Dialect;
use migrate_chain::config::Config;
use migrate_chain::sql::{Statement, Token, TokenKind, split, tokens};

use super::part::Part;

/// A dump without what only frames it and without the tables of ours, which a run makes itself; none where the text is
/// not a dump.
pub fn without_frame(name: &str, text: &str, config: &Config) -> Option<Part> {
    let dialect = dialect(text)?;
    let dump = DumpReader {
        dialect,
        text,
        ours: [
            config.version_table.clone(),
            config.journal_table.clone(),
            format!("{}_lease", config.journal_table),
        ],
    };
    Some(dump.taken(name))
}

/// The program that wrote it.
fn dialect(text: &str) -> Option<Dialect> {
    let head = || text.lines().take(20);
    let starts =
        |signs: &[&str]| head().any(|line| signs.iter().any(|sign| line.starts_with(sign)));
    if starts(&["-- PostgreSQL database dump"]) {
        return Some(Dialect::Postgres);
    }
    let of_mysql = [
        "-- MySQL dump",
        "-- MariaDB dump",
        SANDBOX,
        "/*!40101 SET @saved_cs_client",
    ];
    if starts(&of_mysql) {
        return Some(Dialect::MySql);
    }
    let mut first = split(Dialect::Sqlite, text).map(|statement| normal(&text[statement.range()]));
    let is_sqlite = first.next().as_deref() == Some("PRAGMA FOREIGN_KEYS=OFF")
        && first.next().as_deref() == Some("BEGIN TRANSACTION");
    is_sqlite.then_some(Dialect::Sqlite)
}

/// How MariaDB's dumps begin: a comment to every server, and a switch to its client.
const SANDBOX: &str = "/*M!999999\\- ";

struct DumpReader<'t> {
    dialect: Dialect,
    text: &'t str,
    /// The tables that a run makes.
    ours: [String; 3],
}

/// How a statement of a dump is treated.
enum StatementFate {
    Keep,
    Frame,
    Ours(String),
    /// It would reach into a table of ours.
    Replace(String),
}

impl DumpReader<'_> {
    fn taken(&self, name: &str) -> Part {
        let statements: Vec<Statement> = split(self.dialect, self.text).collect();
        let needs = self.needs(&statements);
        let mut kept = KeptStatements::default();
        let mut end = 0;
        for statement in &statements {
            let before = self.between(end, statement.range().start);
            end = self.end(statement);
            match self.fate(&self.text[statement.range()], &needs) {
                StatementFate::Keep => kept.add(&before, &self.text[statement.range().start..end]),
                StatementFate::Replace(text) => kept.add(&before, &text),
                StatementFate::Frame => {
                    kept.has_frame = true;
                    kept.pass(&before);
                }
                StatementFate::Ours(table) => {
                    kept.ours.insert(table);
                    kept.pass(&before);
                }
            }
        }
        kept.pass(&self.between(end, self.text.len()));
        kept.close();
        // The dump turned them off: it makes tables in the order of their names, and fills them.
        let needs_no_keys = self.dialect == Dialect::Sqlite && needs.has_rows && needs.has_keys;
        let keys = needs_no_keys.then_some(("foreign_keys", "off"));
        Part {
            notes: vec![self.told(name, &kept)],
            upgrade: kept.text,
            keys: keys.into_iter().collect(),
            ..Part::default()
        }
    }

    /// Comments and commands of the client between two statements, without those that only a client reads.
    fn between(&self, start: usize, end: usize) -> String {
        let is_client = |line: &&str| {
            let line = line.trim_start();
            ["\\restrict", "\\unrestrict", SANDBOX]
                .iter()
                .any(|sign| line.starts_with(sign))
        };
        let lines = self.text[start..end].split_inclusive('\n');
        lines.filter(|line| !is_client(line)).collect()
    }

    /// The end of a statement, including the data of a `COPY`.
    fn end(&self, statement: &Statement) -> usize {
        let end = statement.range_with_terminator().end;
        if !statement.copies_from_stdin() {
            return end;
        }
        let data = self.text[end..].find("\n\\.");
        data.map_or(end, |length| end + length + "\n\\.".len())
    }

    fn fate(&self, statement: &str, needs: &DumpNeeds) -> StatementFate {
        let normal = normal(statement);
        if let Some(table) = self.of_ours(statement, &normal) {
            return StatementFate::Ours(table);
        }
        if normal == "DELETE FROM SQLITE_SEQUENCE" {
            let ours = self.ours.iter().map(|table| format!("'{table}'"));
            let ours: Vec<String> = ours.collect();
            return StatementFate::Replace(format!(
                "{statement} WHERE name NOT IN ({});",
                ours.join(", ")
            ));
        }
        if is_frame(self.dialect, &normal, needs) {
            StatementFate::Frame
        } else {
            StatementFate::Keep
        }
    }

    /// The table of ours that a statement makes, changes or fills.
    fn of_ours(&self, statement: &str, normal: &str) -> Option<String> {
        if !VERBS.iter().any(|verb| normal.starts_with(verb)) {
            return None;
        }
        let in_text = normal.starts_with("SELECT")
            || normal.starts_with("INSERT INTO SQLITE_SEQUENCE")
            || normal.starts_with("INSERT INTO \"SQLITE_SEQUENCE\"");
        let is_before_bracket = |token: &Token| in_text || &statement[token.range()] != "(";
        let names = tokens(self.dialect, statement)
            .take_while(is_before_bracket)
            .filter(|token| match token.kind {
                TokenKind::Word | TokenKind::QuotedIdentifier => !in_text,
                TokenKind::String => in_text,
                _ => false,
            });
        let mut names = names.map(|token| &statement[token.range()]);
        let means = |name: &str, table: &String| {
            let name = name.trim_matches(['"', '`', '\'', '[', ']']);
            let name = name.rsplit('.').next().unwrap_or(name);
            // An identity column of PostgreSQL has a sequence of this name.
            name == table || name.strip_prefix(&**table) == Some("_sequence_seq")
        };
        names.find_map(|name| self.ours.iter().find(|table| means(name, table)).cloned())
    }

    /// The settings that the rest of the dump needs.
    fn needs(&self, statements: &[Statement]) -> DumpNeeds {
        let rest = statements
            .iter()
            .map(|statement| &self.text[statement.range()]);
        let rest: Vec<String> = rest
            .map(|statement| (statement, normal(statement)))
            .filter(|(statement, normal)| self.of_ours(statement, normal).is_none())
            .map(|(_, normal)| normal)
            .collect();
        let any = |word: &str| rest.iter().any(|statement| statement.contains(word));
        let begins = |word: &str| rest.iter().any(|statement| statement.starts_with(word));
        let has_rows = begins("INSERT") || begins("REPLACE");
        let has_keys = any("FOREIGN KEY") || any("REFERENCES");
        DumpNeeds {
            has_rows,
            has_keys,
            has_functions: any("CREATE FUNCTION") || any("CREATE PROCEDURE"),
            has_other_tables: rest.iter().any(|statement| {
                let value = statement.strip_prefix("SET DEFAULT_TABLE");
                value.is_some_and(|value| !["SPACE = ''", "_ACCESS_METHOD = HEAP"].contains(&value))
            }),
        }
    }

    fn told(&self, name: &str, kept: &KeptStatements) -> String {
        let mut left_out = Vec::new();
        if kept.has_frame {
            left_out.push("what only frames it".to_owned());
        }
        left_out.extend(kept.ours.iter().map(|table| format!("the table {table}")));
        let product = match self.dialect {
            Dialect::Sqlite => "SQLite",
            Dialect::Postgres => "PostgreSQL",
            Dialect::MySql => "MySQL or MariaDB",
        };
        match left_out.len() {
            0 => format!("{name} is a dump of {product}; it is taken over whole"),
            _ => format!(
                "{name} is a dump of {product}; left out: {}",
                left_out.join(", ")
            ),
        }
    }
}

/// The settings that the kept statements of a dump need.
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is there or not, whatever the others are"
)]
struct DumpNeeds {
    has_rows: bool,
    has_keys: bool,
    has_functions: bool,
    /// Whether a table goes into a tablespace, or has an access method, of its own.
    has_other_tables: bool,
}

/// How statements begin that make, change or fill one table.
const VERBS: [&str; 17] = [
    "CREATE TABLE",
    "CREATE UNIQUE INDEX",
    "CREATE INDEX",
    "CREATE SEQUENCE",
    "ALTER TABLE",
    "ALTER SEQUENCE",
    "ALTER INDEX",
    "DROP TABLE",
    "COPY",
    "INSERT INTO",
    "REPLACE INTO",
    "LOCK TABLES",
    "GRANT",
    "REVOKE",
    "COMMENT ON",
    "SELECT PG_CATALOG.SETVAL",
    "CREATE UNLOGGED TABLE",
];

/// Whether a statement only sets up the session that a dump is read back in, or holds its tables meanwhile. What changes
/// the outcome is kept.
fn is_frame(dialect: Dialect, statement: &str, needs: &DumpNeeds) -> bool {
    match dialect {
        Dialect::Sqlite => {
            ["PRAGMA FOREIGN_KEYS=OFF", "BEGIN TRANSACTION", "COMMIT"].contains(&statement)
        }
        Dialect::Postgres => match statement {
            "SET CHECK_FUNCTION_BODIES = FALSE" => !needs.has_functions,
            "SET DEFAULT_TABLESPACE = ''" | "SET DEFAULT_TABLE_ACCESS_METHOD = HEAP" => {
                !needs.has_other_tables
            }
            statement => POSTGRES.contains(&statement),
        },
        Dialect::MySql => {
            let holds = ["LOCK TABLES ", "UNLOCK TABLES"]
                .iter()
                .any(|verb| statement.starts_with(verb));
            let is_keys = statement.starts_with("ALTER TABLE ")
                && (statement.ends_with(" DISABLE KEYS") || statement.ends_with(" ENABLE KEYS"));
            holds || is_keys || statement == "COMMIT" || sets_frame(statement, needs)
        }
    }
}

/// Every statement of a dump that only says how it is read.
const POSTGRES: [&str; 12] = [
    "SET STATEMENT_TIMEOUT = 0",
    "SET LOCK_TIMEOUT = 0",
    "SET IDLE_IN_TRANSACTION_SESSION_TIMEOUT = 0",
    "SET TRANSACTION_TIMEOUT = 0",
    "SET CLIENT_ENCODING = 'UTF8'",
    "SET STANDARD_CONFORMING_STRINGS = ON",
    "SET ESCAPE_STRING_WARNING = OFF",
    "SET XMLOPTION = CONTENT",
    "SET CLIENT_MIN_MESSAGES = WARNING",
    "SET ROW_SECURITY = OFF",
    "SET DEFAULT_WITH_OIDS = FALSE",
    "SELECT PG_CATALOG.SET_CONFIG('SEARCH_PATH', '', FALSE)",
];

/// Whether a `SET` of MySQL names nothing but what frames a dump. Those around a view or a routine are stored
/// with it, and are kept.
fn sets_frame(statement: &str, needs: &DumpNeeds) -> bool {
    let Some(settings) = statement.strip_prefix("SET ") else {
        return false;
    };
    settings.split(", ").all(|setting| {
        let name = setting.split([' ', '=']).next().unwrap_or_default();
        match name.trim_start_matches("@OLD_") {
            "TIME_ZONE" => !needs.has_rows,
            "FOREIGN_KEY_CHECKS" => !needs.has_keys,
            name => MYSQL.contains(&name),
        }
    })
}

const MYSQL: [&str; 13] = [
    "NAMES",
    "CHARACTER_SET_CLIENT",
    "CHARACTER_SET_RESULTS",
    "CHARACTER_SET_CONNECTION",
    "COLLATION_CONNECTION",
    "@SAVED_CS_CLIENT",
    "UNIQUE_CHECKS",
    "SQL_NOTES",
    "NOTE_VERBOSITY",
    "AUTOCOMMIT",
    "@MYSQLDUMP_TEMP_LOG_BIN",
    "@@SESSION.SQL_LOG_BIN",
    "@@GLOBAL.GTID_PURGED",
];

/// A statement in capitals with one blank between its words, and without the signs of a comment that MySQL executes.
fn normal(statement: &str) -> String {
    let words: Vec<&str> = statement.split_whitespace().collect();
    let text = words.join(" ").to_ascii_uppercase();
    let inner = text
        .strip_prefix("/*!")
        .or_else(|| text.strip_prefix("/*M!"));
    let Some(inner) = inner.and_then(|inner| inner.strip_suffix("*/")) else {
        return text;
    };
    // The settings around a view, a routine or an event are stored with it.
    if ["50001", "50003", "50106"]
        .iter()
        .any(|version| inner.starts_with(version))
    {
        return text;
    }
    inner
        .trim_start_matches(|c: char| c.is_ascii_digit())
        .trim()
        .to_owned()
}

/// The statements kept so far, and those left out.
#[derive(Default)]
struct KeptStatements {
    text: String,
    has_frame: bool,
    ours: BTreeSet<String>,
    /// Whether something was left out since.
    is_cut: bool,
    /// The lines that set a delimiter before what was left out: what follows needs them.
    delimiters: String,
}

impl KeptStatements {
    fn add(&mut self, before: &str, statement: &str) {
        let gap = match self.is_cut || before.starts_with("\n\n") {
            _ if self.text.is_empty() => "",
            true => "\n\n",
            false => "\n",
        };
        let delimiters = std::mem::take(&mut self.delimiters);
        let piece = format!("{delimiters}{}{statement}", before.trim_start_matches('\n'));
        self.text.push_str(gap);
        self.text.push_str(&piece);
        self.is_cut = false;
    }

    fn pass(&mut self, before: &str) {
        let is_delimiter = |line: &&str| {
            let line = line.trim_start().to_ascii_uppercase();
            line.starts_with("DELIMITER ")
        };
        self.delimiters
            .extend(before.split_inclusive('\n').filter(is_delimiter));
        self.is_cut = true;
    }

    fn close(&mut self) {
        if !self.delimiters.is_empty() {
            self.text.push('\n');
            self.text.push_str(self.delimiters.trim_end());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(text: &str) -> Part {
        without_frame("f.sql", text, &Config::default()).expect("it is a dump")
    }

    #[test]
    fn a_dump_of_postgres_loses_its_frame_and_our_tables() {
        let part = taken(
            "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\n-- Dumped by pg_dump\n\nSET statement_timeout = 0;\n\
             SELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = false;\n\
             SET default_tablespace = '';\n\n--\n-- Name: alembic_version; Type: TABLE\n--\n\n\
             CREATE TABLE public.alembic_version (\n    version_num character varying(32) NOT NULL\n);\n\n\n\
             --\n-- Name: t; Type: TABLE\n--\n\nCREATE TABLE public.t (\n    a text DEFAULT 'SET lock_timeout = 0;'\n);\n\n\n\
             CREATE VIEW public.v AS\n SELECT version_num FROM public.alembic_version;\n\n\n\
             COPY public.alembic_version (version_num) FROM stdin;\na'1\n\\.\n\n\n\
             SELECT pg_catalog.setval('public.migrate_journal_sequence_seq', 3, true);\n\n\
             ALTER TABLE ONLY public.alembic_version\n    ADD CONSTRAINT pk PRIMARY KEY (version_num);\n\n\n\
             CREATE INDEX i ON public.t USING btree (a);\n\n\n--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n\n",
        );
        assert_eq!(
            part.upgrade,
            "--\n-- Name: t; Type: TABLE\n--\n\nCREATE TABLE public.t (\n    a text DEFAULT 'SET lock_timeout = 0;'\n);\n\n\
             CREATE VIEW public.v AS\n SELECT version_num FROM public.alembic_version;\n\n\
             CREATE INDEX i ON public.t USING btree (a);"
        );
        assert_eq!(
            part.notes,
            [
                "f.sql is a dump of PostgreSQL; left out: what only frames it, the table alembic_version, the table \
              migrate_journal"
            ]
        );
    }

    #[test]
    fn what_changes_the_outcome_is_kept() {
        let part = taken(
            "-- PostgreSQL database dump\nSET check_function_bodies = false;\nSET standard_conforming_strings = off;\n\
             SET default_tablespace = fast;\nCREATE TABLE a (n int);\nSET default_tablespace = '';\n\
             CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$ SELECT 1 FROM later; $$;\n",
        );
        assert_eq!(part.upgrade.matches("SET ").count(), 4, "{}", part.upgrade);
        let part = taken(
            "-- MariaDB dump 10.19\n/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */;\n/*!40103 SET TIME_ZONE='+00:00' */;\n\
             /*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;\n\
             CREATE TABLE a (n int REFERENCES b (n));\nINSERT INTO `a` VALUES (1);\n\
             /*!50003 SET sql_mode = 'ANSI' */ ;\nDELIMITER ;;\nCREATE TRIGGER x BEFORE INSERT ON a FOR EACH ROW BEGIN END ;;\n\
             DELIMITER ;\n/*!40101 SET SQL_NOTES=@OLD_SQL_NOTES */;\nCREATE TABLE b (n int);\n",
        );
        assert_eq!(part.upgrade.matches("SET ").count(), 4, "{}", part.upgrade);
        assert!(
            part.upgrade.contains("END ;;\n\nDELIMITER ;\n"),
            "{}",
            part.upgrade
        );
        let text = part.upgrade.as_str();
        assert_eq!(split(Dialect::MySql, text).count(), 8, "{text}");
    }

    #[test]
    fn a_dump_of_sqlite_keeps_its_rows_and_leaves_the_sequence_of_ours_alone() {
        let part = taken(
            "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE c (p INTEGER REFERENCES p (id));\n\
             INSERT INTO c VALUES(1);\nCREATE TABLE alembic_version (version_num);\nINSERT INTO alembic_version VALUES('a1');\n\
             CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT);\nINSERT INTO p VALUES(1);\nDELETE FROM sqlite_sequence;\n\
             INSERT INTO sqlite_sequence VALUES('p',1);\nINSERT INTO sqlite_sequence VALUES('migrate_journal',7);\nCOMMIT;\n",
        );
        assert_eq!(
            part.upgrade,
            "CREATE TABLE c (p INTEGER REFERENCES p (id));\nINSERT INTO c VALUES(1);\n\n\
             CREATE TABLE p (id INTEGER PRIMARY KEY AUTOINCREMENT);\nINSERT INTO p VALUES(1);\n\
             DELETE FROM sqlite_sequence WHERE name NOT IN ('alembic_version', 'migrate_journal', 'migrate_journal_lease');\n\
             INSERT INTO sqlite_sequence VALUES('p',1);"
        );
        assert_eq!(part.keys, [("foreign_keys", "off")]);
    }

    #[test]
    fn what_is_written_by_hand_is_no_dump() {
        let text =
            "SET lock_timeout = 0;\nCREATE TABLE alembic_version (n int);\nBEGIN TRANSACTION;\n";
        assert_eq!(without_frame("f.sql", text, &Config::default()), None);
    }
}
