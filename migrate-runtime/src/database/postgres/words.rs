//! Reads from a statement's words how it can be run outside a transaction.

use migrate_chain::Dialect;
use migrate_chain::sql::{Cursor, refusal, tokens, transaction_control};

use super::quote::text;
use crate::database::Work;

fn words(statement: &str) -> Cursor<'_> {
    Cursor::new(Dialect::Postgres, statement)
}

/// Steps over words that may be there, in this order.
fn skip(words: &mut Cursor<'_>, optional: &[&str]) {
    for word in optional {
        words.eat(word);
    }
}

/// Steps over a name with the names after its dots, as it is written.
fn name(words: &mut Cursor<'_>) -> Option<String> {
    if words.is_done() {
        return None;
    }
    let mut name = words.text().to_owned();
    words.bump();
    while words.eat(".") {
        name = format!("{name}.{}", words.text());
        words.bump();
    }
    Some(name)
}

/// The place in the catalogs that shows whether an interrupted statement has run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatalogEvidence {
    /// It runs again without harm.
    Again,
    /// It is the end of a transaction whose records are there, and was done.
    Done,
    /// An index, of the name and on the table: not there, invalid, or done.
    Index { name: String, table: String },
    /// Something that is gone when the statement is done.
    Dropped { query: String },
    /// Something that is there when the statement is done.
    Made { query: String },
    /// Indexes that are left half built; the condition says which.
    Leftovers { condition: String },
    /// A partition that is being detached from its table.
    Detached { table: String, partition: String },
    /// Nothing tells.
    None(&'static str),
}

/// Whether a statement can commit together with its record. Only those that surely can: a `CALL` may commit.
pub fn is_held(statement: &str) -> bool {
    const FIRST: [&str; 27] = [
        "ALTER", "ANALYZE", "COMMENT", "COPY", "CREATE", "DELETE", "DROP", "EXPLAIN", "GRANT",
        "IMPORT", "INSERT", "LOCK", "MERGE", "NOTIFY", "REASSIGN", "REFRESH", "RESET", "REVOKE",
        "SECURITY", "SELECT", "SET", "SHOW", "TABLE", "TRUNCATE", "UPDATE", "VALUES", "WITH",
    ];
    if transaction_control(Dialect::Postgres, statement).is_some()
        || refusal(Dialect::Postgres, statement).is_some()
    {
        return false;
    }
    let words = words(statement);
    words.is_any(&FIRST) || words.is("DO") && !may_commit(statement)
}

/// Whether the body of a `DO` has a word by which it could end a transaction.
fn may_commit(statement: &str) -> bool {
    let text = statement.to_ascii_lowercase();
    ["commit", "rollback", "call", "execute"]
        .iter()
        .any(|word| text.contains(word))
}

/// Whether it sets up the transaction that it runs in, which has to come before any query.
pub fn is_set_transaction(statement: &str) -> bool {
    let mut words = words(statement);
    words.eat("SET") && {
        words.eat("LOCAL");
        words.is("TRANSACTION")
    }
}

/// Whether work may prepare a statement in SQL, as far as its words tell.
pub fn prepares(work: Work<'_>) -> bool {
    has_any(work, &["PREPARE"])
}

/// Whether work may go on as another role, as far as its words tell.
pub fn sets_role(work: Work<'_>) -> bool {
    has_any(work, &["ROLE", "AUTHORIZATION", "set_config"])
}

fn has_any(work: Work<'_>, words: &[&str]) -> bool {
    let Work::Sql(script) = work else {
        return false;
    };
    let is_any = |word: &str| words.iter().any(|one| word.eq_ignore_ascii_case(one));
    let script = script.text();
    tokens(Dialect::Postgres, script).any(|token| is_any(&script[token.range()]))
}

/// The names with a dot of settings that a script may set: those of an app or an extension, which no catalog lists.
pub fn custom_settings(script: &str) -> Vec<String> {
    let words: Vec<&str> = tokens(Dialect::Postgres, script)
        .filter(|token| !token.is_trivia())
        .map(|token| &script[token.range()])
        .collect();
    let mut names: Vec<String> = words.windows(5).filter_map(custom_setting).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// `SET a.b =`, `SET SESSION a.b =`, `set_config('a.b',`.
fn custom_setting(words: &[&str]) -> Option<String> {
    let is = |at: usize, word: &str| words[at].eq_ignore_ascii_case(word);
    if is(0, "set_config") && is(1, "(") {
        let name = words[2].strip_prefix('\'')?.strip_suffix('\'')?;
        return (name.contains('.') && !name.contains('\'')).then(|| name.to_owned());
    }
    let first = if is(0, "SET") && is(1, "SESSION") {
        2
    } else {
        1
    };
    let is_dotted = is(0, "SET") && words.get(first + 1) == Some(&".");
    let part = |at: usize| words.get(at).map(|word| word.trim_matches('"'));
    is_dotted.then(|| Some(format!("{}.{}", part(first)?, part(first + 2)?)))?
}

/// Whether it waits for others without keeping anybody waiting, for as long as it takes.
pub fn waits_politely(statement: &str) -> bool {
    let words = words(statement);
    let has = |word: &str| words.clone().find(word);
    has("CONCURRENTLY") || words.is("VACUUM") && !has("FULL")
}

/// Whether a statement sets up the connection and no more.
pub fn is_connection_setup(statement: &str) -> bool {
    let mut words = words(statement);
    if words.eat("SET") {
        return !words.is_any(&["LOCAL", "TRANSACTION", "CONSTRAINTS"]);
    }
    if words.eat("CREATE") {
        return words.is_any(&["TEMP", "TEMPORARY"]);
    }
    if words.eat("SELECT") {
        skip(&mut words, &["pg_catalog", "."]);
        return words.is("set_config");
    }
    words.is_any(&["RESET", "LOAD", "PREPARE", "LISTEN"])
}

/// The catalog entry that shows what became of a statement.
pub fn evidence(statement: &str) -> CatalogEvidence {
    match transaction_control(Dialect::Postgres, statement) {
        Some("COMMIT" | "END") => return CatalogEvidence::Done,
        Some(_) => return CatalogEvidence::Again,
        None => {}
    }
    if is_held(statement) || is_connection_setup(statement) {
        return CatalogEvidence::Again;
    }
    let words = words(statement);
    let mut rest = words.clone();
    rest.bump();
    let found = match refusal(Dialect::Postgres, statement).map(|refusal| refusal.what) {
        Some("CREATE INDEX CONCURRENTLY") => index(rest),
        Some("DROP INDEX CONCURRENTLY") => dropped_index(rest),
        Some("REINDEX CONCURRENTLY") => leftovers(rest),
        Some("CREATE DATABASE") => made(rest, "pg_database", "datname"),
        Some("CREATE TABLESPACE") => made(rest, "pg_tablespace", "spcname"),
        Some("DROP DATABASE") => dropped(rest, "pg_database", "datname"),
        Some("DROP TABLESPACE") => dropped(rest, "pg_tablespace", "spcname"),
        Some("ALTER TABLE … DETACH PARTITION … CONCURRENTLY") => detached(rest),
        _ => None,
    };
    found.unwrap_or_else(|| {
        const AGAIN: [&str; 6] = [
            "VACUUM",
            "REINDEX",
            "CLUSTER",
            "REPACK",
            "CHECKPOINT",
            "DISCARD",
        ];
        let mut object = words.clone();
        let alters = object.eat("ALTER") && object.is_any(&["SYSTEM", "DATABASE"]);
        if words.is_any(&AGAIN) || alters {
            CatalogEvidence::Again
        } else if words.is_any(&["CALL", "DO"]) {
            CatalogEvidence::None(
                "it may have committed a part of its work, which is to be seen in the data",
            )
        } else {
            CatalogEvidence::None("what it has done is to be seen in the database alone")
        }
    })
}

fn index(mut words: Cursor<'_>) -> Option<CatalogEvidence> {
    let before = ["UNIQUE", "INDEX", "CONCURRENTLY", "IF", "NOT", "EXISTS"];
    skip(&mut words, &before);
    if words.is("ON") {
        return Some(CatalogEvidence::None(
            "the index has no name of its own: look at the indexes of the table for one that is done, and drop one that is INVALID",
        ));
    }
    let name_of_index = name(&mut words)?;
    skip(&mut words, &["ON", "ONLY"]);
    Some(CatalogEvidence::Index {
        name: name_of_index,
        table: name(&mut words)?,
    })
}

fn dropped_index(mut words: Cursor<'_>) -> Option<CatalogEvidence> {
    skip(&mut words, &["INDEX", "CONCURRENTLY", "IF", "EXISTS"]);
    let name = name(&mut words)?;
    Some(CatalogEvidence::Dropped {
        query: format!("SELECT to_regclass({}) IS NOT NULL", text(&name)),
    })
}

fn made(mut words: Cursor<'_>, catalog: &str, column: &str) -> Option<CatalogEvidence> {
    words.bump();
    Some(CatalogEvidence::Made {
        query: exists(catalog, column, &name(&mut words)?),
    })
}

fn dropped(mut words: Cursor<'_>, catalog: &str, column: &str) -> Option<CatalogEvidence> {
    words.bump();
    skip(&mut words, &["IF", "EXISTS"]);
    Some(CatalogEvidence::Dropped {
        query: exists(catalog, column, &name(&mut words)?),
    })
}

fn exists(catalog: &str, column: &str, name: &str) -> String {
    let name = text(name);
    format!(
        "SELECT EXISTS (SELECT FROM pg_catalog.{catalog} WHERE {column} = (parse_ident({name}))[1])"
    )
}

/// `REINDEX … CONCURRENTLY` leaves indexes whose names end in `_ccnew` or `_ccold`.
fn leftovers(mut words: Cursor<'_>) -> Option<CatalogEvidence> {
    if !words.find_any(&["INDEX", "TABLE", "SCHEMA", "DATABASE", "SYSTEM"]) {
        return None;
    }
    let kind = words.text().to_ascii_uppercase();
    words.bump();
    words.eat("CONCURRENTLY");
    let name = name(&mut words).map(|name| text(&name));
    let condition = match (&*kind, name) {
        ("INDEX", Some(name)) => format!(
            "i.indrelid = (SELECT indrelid FROM pg_index WHERE indexrelid = to_regclass({name}))"
        ),
        ("TABLE", Some(name)) => format!("i.indrelid = to_regclass({name})"),
        ("SCHEMA", Some(name)) => format!("n.nspname = (parse_ident({name}))[1]"),
        _ => "true".to_owned(),
    };
    Some(CatalogEvidence::Leftovers { condition })
}

fn detached(mut words: Cursor<'_>) -> Option<CatalogEvidence> {
    words.bump();
    skip(&mut words, &["IF", "EXISTS", "ONLY"]);
    let table = name(&mut words)?;
    skip(&mut words, &["*", "DETACH", "PARTITION"]);
    let partition = name(&mut words)?;
    Some(CatalogEvidence::Detached { table, partition })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_surely_can_commits_with_its_record() {
        for held in [
            "CREATE TABLE t (id int)",
            "create index i on t (id)",
            "INSERT INTO t VALUES (1)",
            "DO $$BEGIN PERFORM 1; END$$",
            "/* why */ ALTER TYPE e ADD VALUE 'x'",
            "EXPLAIN ANALYZE INSERT INTO t VALUES (1)",
        ] {
            assert!(is_held(held), "{held}");
        }
        for apart in [
            "CREATE INDEX CONCURRENTLY i ON t (id)",
            "CALL archive()",
            "DO $$BEGIN UPDATE t SET a = 1; COMMIT; END$$",
            "DO $$BEGIN CALL p(); END$$",
            "VACUUM",
            "BEGIN",
            "COMMIT",
            "REINDEX TABLE t",
        ] {
            assert!(!is_held(apart), "{apart}");
        }
    }

    #[test]
    fn an_index_is_looked_for_by_its_name_and_table() {
        let index = |name: &str, table: &str| CatalogEvidence::Index {
            name: name.to_owned(),
            table: table.to_owned(),
        };
        assert_eq!(
            evidence("CREATE INDEX CONCURRENTLY i ON t (id)"),
            index("i", "t")
        );
        assert_eq!(
            evidence(
                "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS \"I x\" ON ONLY s.\"T\" USING btree (id)"
            ),
            index("\"I x\"", "s.\"T\"")
        );
        let unnamed = evidence("CREATE INDEX CONCURRENTLY ON t (id)");
        assert!(matches!(unnamed, CatalogEvidence::None(why) if why.contains("no name")));
    }

    #[test]
    fn names_are_found_behind_what_may_come_first() {
        let CatalogEvidence::Dropped { query } = evidence("DROP INDEX CONCURRENTLY IF EXISTS s.i")
        else {
            panic!("it is looked for");
        };
        assert_eq!(query, "SELECT to_regclass('s.i') IS NOT NULL");
        assert_eq!(
            evidence("ALTER TABLE IF EXISTS s.t DETACH PARTITION s.p CONCURRENTLY"),
            CatalogEvidence::Detached {
                table: "s.t".to_owned(),
                partition: "s.p".to_owned()
            }
        );
        let CatalogEvidence::Leftovers { condition } =
            evidence("REINDEX (VERBOSE) TABLE CONCURRENTLY t")
        else {
            panic!("it may leave some");
        };
        assert_eq!(condition, "i.indrelid = to_regclass('t')");
        assert!(
            matches!(evidence("CREATE DATABASE \"a b\""), CatalogEvidence::Made { query } if query.contains("'\"a b\"'"))
        );
    }

    #[test]
    fn what_runs_again_and_what_nobody_can_tell() {
        assert_eq!(evidence("COMMIT"), CatalogEvidence::Done);
        for again in [
            "BEGIN",
            "VACUUM t",
            "ALTER SYSTEM SET a = 1",
            "INSERT INTO t VALUES (1)",
        ] {
            assert_eq!(evidence(again), CatalogEvidence::Again, "{again}");
        }
        for unknown in ["CALL p()", "DROP SUBSCRIPTION s", "EXECUTE q"] {
            assert!(
                matches!(evidence(unknown), CatalogEvidence::None(_)),
                "{unknown}"
            );
        }
    }

    #[test]
    fn what_sets_up_a_connection() {
        for setup in [
            "SET search_path = a",
            "set session lock_timeout = 1",
            "CREATE TEMP TABLE t (id int)",
            "SELECT pg_catalog.set_config('search_path', '', false)",
            "PREPARE q AS SELECT 1",
        ] {
            assert!(is_connection_setup(setup), "{setup}");
        }
        for other in [
            "SET LOCAL a = 1",
            "CREATE TABLE t ()",
            "SELECT 1",
            "SET CONSTRAINTS ALL DEFERRED",
        ] {
            assert!(!is_connection_setup(other), "{other}");
        }
    }
}
