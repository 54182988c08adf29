//! The lists of `docs/autogenerate.md`: the kinds that are compared, those that are refused by name, and the changes that no ALTER
//! can make. Each line is tried. `SNAPSHOTS=overwrite` writes them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::model::Kind;
use crate::operation::Hazard;
use crate::scratch::Scratch;
use crate::scratch_sql::{ScratchSql, Scripts};
use crate::{DevServer, Error, ErrorKind, Filter, Generated, introspect, trial};
use migrate_chain::Dialect;

/// One that the database does not have.
const NONE: &str = "–";

/// A row for each kind, with what is compared on PostgreSQL, on MySQL and MariaDB, and on SQLite.
macro_rules! kinds {
    ($($kind:ident $what:literal $postgres:expr, $mysql:expr, $sqlite:expr;)*) => {
        const KINDS: &[(Kind, &str, [&str; 3])] = &[$((Kind::$kind, $what, [$postgres, $mysql, $sqlite]),)*];

        /// Does not compile unless each kind has a row.
        const fn has_row(kind: Kind) -> bool {
            match kind {
                $(Kind::$kind => true,)*
            }
        }
    };
}

kinds! {
    Table "tables" "✓, storage parameters and those of TOAST, UNLOGGED, partitions, inheritance, `OF` a type, replica identity, CLUSTER ON, row level security, comments",
        "✓, engine and other options, partitions, system versioning, comments", "✓, STRICT, WITHOUT ROWID";
    Column "columns" "✓, type, NOT NULL, default, collation, generated, identity, comments",
        "✓, type, NOT NULL, default, collation, generated, `AUTO_INCREMENT`, `ON UPDATE`, comments", "✓, type, NOT NULL, default, collation, generated";
    Setting "settings of columns and the like" "✓, statistics targets, storage, compression, options; user mappings", NONE, NONE;
    Constraint "constraints" "✓, primary, unique, foreign keys, checks, EXCLUDE; deferrability, NOT VALID", "✓, primary, foreign keys, checks",
        "✓, primary, unique, foreign keys, checks; deferrability, ON CONFLICT, `AUTOINCREMENT`";
    Index "indexes" "✓, unique, expressions, partial, order, INCLUDE, methods, operator classes", "✓, unique, expressions, order, prefixes, FULLTEXT, SPATIAL, comments",
        "✓, unique, expressions, partial, order";
    Statistics "extended statistics" "✓", NONE, NONE;
    Namespace "schemas" "✓", NONE, NONE;
    Extension "extensions" "✓", NONE, NONE;
    Collation "collations" "✓", NONE, NONE;
    Type "enums, composite types, ranges" "✓", NONE, NONE;
    Domain "domains" "✓", NONE, NONE;
    Sequence "sequences" "✓", "MariaDB's", NONE;
    Ownership "columns that own sequences" "✓", NONE, NONE;
    Function "functions" "✓", "✓", NONE;
    Procedure "procedures" "✓", "✓", NONE;
    Aggregate "aggregates" "✓", NONE, NONE;
    Operator "operators" "✓", NONE, NONE;
    Cast "casts" "✓", NONE, NONE;
    View "views" "✓", "✓", "✓";
    MaterializedView "materialized views" "✓", NONE, NONE;
    Rule "rules" "✓", NONE, NONE;
    Trigger "triggers" "✓", "✓", "✓";
    EventTrigger "event triggers" "✓", NONE, NONE;
    Event "events" NONE, "✓", NONE;
    Policy "row level security policies" "✓", NONE, NONE;
    Privilege "privileges" "✓", NONE, NONE;
    DefaultPrivilege "default privileges" "✓", NONE, NONE;
    ForeignDataWrapper "foreign data wrappers" "✓", NONE, NONE;
    ForeignServer "foreign servers" "✓", NONE, NONE;
    VirtualTable "virtual tables" NONE, NONE, "✓";
}

/// A database with something of each kind. An extension is a matter of what is installed.
const EVERYTHING: [(Dialect, &str); 3] = [
    (
        Dialect::Postgres,
        "CREATE SCHEMA s; CREATE COLLATION c (locale = 'C'); CREATE TYPE mood AS ENUM ('sad'); CREATE TYPE pair AS (x int);
        CREATE DOMAIN d AS int; CREATE SEQUENCE q; CREATE TABLE t (id serial PRIMARY KEY, a int);
        ALTER TABLE t ALTER a SET STATISTICS 7; CREATE INDEX i ON t (a); CREATE STATISTICS st ON id, a FROM t;
        CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE PROCEDURE p() LANGUAGE sql AS 'SELECT 1';
        CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
        CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq); CREATE CAST (pair AS text) WITH INOUT;
        CREATE VIEW v AS SELECT a FROM t; CREATE MATERIALIZED VIEW m AS SELECT a FROM t; CREATE RULE r AS ON DELETE TO t DO ALSO NOTHING;
        CREATE TRIGGER x BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();
        CREATE FUNCTION g() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER y ON ddl_command_end EXECUTE FUNCTION g();
        CREATE POLICY o ON t; GRANT SELECT ON t TO PUBLIC; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
        CREATE FOREIGN DATA WRAPPER w; CREATE SERVER z FOREIGN DATA WRAPPER w;",
    ),
    (
        Dialect::MySql,
        "CREATE TABLE t (a int PRIMARY KEY, KEY k (a)); CREATE SEQUENCE q; CREATE FUNCTION f() RETURNS int RETURN 1; CREATE PROCEDURE p() SELECT 1;
        CREATE VIEW v AS SELECT a FROM t; CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 0;
        CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t;",
    ),
    (
        Dialect::Sqlite,
        "CREATE TABLE t (a INTEGER PRIMARY KEY); CREATE INDEX i ON t (a); CREATE VIEW v AS SELECT a FROM t;
        CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END; CREATE VIRTUAL TABLE f USING fts5 (a);",
    ),
];

/// A line of a list: its database, what it is, and two schemas that show it.
struct ScopeLine {
    dialect: Dialect,
    what: &'static str,
    from: &'static str,
    to: &'static str,
}

macro_rules! lines {
    ($name:ident: $($dialect:ident $what:literal $from:literal $to:literal;)*) => {
        const $name: &[ScopeLine] = &[$(ScopeLine { dialect: Dialect::$dialect, what: $what, from: $from, to: $to },)*];
    };
}

lines! { REFUSED:
    Postgres "operator classes and families" "CREATE TABLE t (a int);"
        "CREATE TABLE t (a int); CREATE OPERATOR CLASS c FOR TYPE int USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 btint4cmp(int, int);";
    Postgres "publications" "CREATE TABLE t (a int);" "CREATE TABLE t (a int); CREATE PUBLICATION c FOR TABLE t;";
    Postgres "text search configurations and dictionaries" "" "CREATE TEXT SEARCH CONFIGURATION c (COPY = simple);";
    Postgres "conversions" "" "CREATE CONVERSION c FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;";
    MySql "options of an index other than its comment" "CREATE TABLE c (a text, FULLTEXT KEY f (a));" "CREATE TABLE c (a text, FULLTEXT KEY f (a) KEY_BLOCK_SIZE=4);";
}

lines! { NO_ALTER:
    Postgres "a column that becomes generated" "CREATE TABLE t (a int, b int);" "CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + 1) STORED);";
    Postgres "a table that becomes partitioned, or stops being so" "CREATE TABLE t (a int);" "CREATE TABLE t (a int) PARTITION BY LIST (a);";
    MySql "a column that becomes generated" "CREATE TABLE t (a int, b int);" "CREATE TABLE t (a int, b int AS (a + 1) VIRTUAL);";
    Sqlite "a column that becomes generated" "CREATE TABLE t (a INT, b INT);" "CREATE TABLE t (a INT, b INT AS (a + 1) STORED);";
}

#[test]
fn the_document_has_the_lists_of_the_code() {
    let path = Path::new("../docs/autogenerate.md");
    let text = fs::read_to_string(path).expect("it is there");
    let lists = [
        ("seen", seen()),
        ("refused", list(REFUSED)),
        ("no-alter", list(NO_ALTER)),
    ];
    let written = lists.into_iter().fold(text.clone(), |text, (name, list)| {
        let mark = format!("<!-- {name}: written by migrate-diff/src/scope.rs -->\n");
        let (before, rest) = text.split_once(&mark).expect("it has the mark");
        let (_, after) = rest.split_once("<!-- end -->").expect("the list ends");
        format!("{before}{mark}\n{list}\n<!-- end -->{after}")
    });
    if std::env::var("SNAPSHOTS").is_ok_and(|value| value == "overwrite") {
        fs::write(path, &written).expect("a file");
    }
    assert!(
        text == written,
        "the lists of docs/autogenerate.md are not those of the code: SNAPSHOTS=overwrite writes them"
    );
}

fn seen() -> String {
    let mut table = "| | PostgreSQL | MySQL, MariaDB | SQLite |\n|---|---|---|---|\n".to_owned();
    for (kind, what, cells) in KINDS {
        assert!(has_row(*kind));
        let _ = writeln!(table, "| {what} | {} |", cells.join(" | "));
    }
    table
}

fn list(lines: &[ScopeLine]) -> String {
    let line = |line: &ScopeLine| {
        let database = match line.dialect {
            Dialect::Postgres => "PostgreSQL",
            Dialect::MySql => "MySQL and MariaDB",
            Dialect::Sqlite => "SQLite",
        };
        format!("- {database}: {}\n", line.what)
    };
    lines.iter().map(line).collect()
}

fn url(dialect: Dialect) -> String {
    match dialect {
        Dialect::Sqlite => "sqlite::memory:".to_owned(),
        Dialect::Postgres => test_servers::postgres().admin_url(),
        Dialect::MySql => test_servers::mysql().admin_url(),
    }
}

#[tokio::test]
async fn each_kind_is_seen_where_the_list_says_so() {
    for (dialect, sql) in EVERYTHING {
        let server = DevServer::at(&url(dialect)).expect("a URL");
        let scratch = Scratch::create(&server, &Scripts::default()).await;
        let mut scratch = scratch.expect("a scratch database");
        let script = ScratchSql::file("everything", sql);
        scratch.run_script(&script, "it").await.expect("sound SQL");
        let schema = introspect(scratch.connection(), &Filter::default()).await;
        let schema = schema.expect("it can be read");
        scratch.finish().await.expect("it is dropped");
        let found: BTreeSet<Kind> = schema.objects().map(|object| object.id.kind).collect();
        let place = [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite]
            .iter()
            .position(|other| *other == dialect)
            .unwrap_or_default();
        let listed = KINDS.iter().filter(|(_, _, cells)| cells[place] != NONE);
        let mut listed: BTreeSet<Kind> = listed.map(|(kind, ..)| *kind).collect();
        listed.remove(&Kind::Extension);
        assert_eq!(found, listed, "{dialect}");
    }
}

async fn generated(line: &ScopeLine) -> Result<Option<Generated>, Error> {
    trial::generated(&url(line.dialect), line.from, line.to).await
}

#[tokio::test]
async fn what_is_refused_is_named() {
    for line in REFUSED {
        let error = generated(line).await.expect_err(line.what);
        assert_eq!(error.kind(), ErrorKind::Proof, "{}: {error}", line.what);
        let text = error.to_string();
        let is_named = text
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| word == "c");
        assert!(is_named, "{}: {text}", line.what);
    }
}

#[tokio::test]
async fn what_no_alter_can_do_is_marked() {
    for line in NO_ALTER {
        let generated = generated(line).await;
        let generated = generated.unwrap_or_else(|error| panic!("{}: {error}", line.what));
        let generated = generated.expect("a difference");
        let is_marked = generated
            .hazards()
            .any(|hazard| matches!(hazard, Hazard::Destructive(_)));
        assert!(
            is_marked,
            "{} on {}: {:?}",
            line.what, line.dialect, generated.drafts
        );
    }
}
