//! The way out of an error, where more can be said than what its code means.

use migrate_chain::Dialect;
use migrate_chain::sql::tokens;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use super::code::{NO_PRIVILEGE, NO_SCHEMA, postgres};
use super::quote;
use crate::database::Cause;
use crate::journal::state::State;
use crate::journal::tables::Tables;
use crate::values::error::ErrorKind;

/// The help for an error of a statement of a revision: its code, and what its message says if that matters.
struct Advice {
    code: &'static str,
    says: &'static str,
    help: &'static str,
}

/// The first that fits counts. Each has a line in `tests/postgres/advice.rs`.
const ADVICE: &[Advice] = &[
    Advice {
        code: "55P04",
        says: "",
        help: "a new value of an enum cannot be used before it is committed: leave `ALTER TYPE … ADD VALUE` in this revision and \
               move what uses the value into the next one, or write `transaction: off` in the header",
    },
    Advice {
        code: "25001",
        says: "SET TRANSACTION",
        help: "make `SET TRANSACTION` the first statement of the revision",
    },
    Advice {
        code: "25001",
        says: "",
        help: "the statement cannot run inside a transaction: write `transaction: off` in the header of the revision, or move it \
               into one of its own that has that",
    },
    Advice {
        code: "2D000",
        says: "",
        help: "a block or procedure that commits cannot run inside a transaction: write `transaction: off` in the header, or \
               leave the commit to the runtime and split the work into several revisions",
    },
    Advice {
        code: "54001",
        says: "",
        help: "the server's `max_stack_depth` is too small for the statement: split it, for example one list of values into \
               several statements",
    },
    Advice {
        code: "53200",
        says: "",
        help: "the server has no memory left for it: split a large statement into several, or the revision into several",
    },
];

/// The advice on an error in a statement of a revision that ran as `role`.
pub fn on_statement(
    error: &sqlx::Error,
    statement: &str,
    role: Option<&str>,
) -> Option<(ErrorKind, String)> {
    let error = postgres(error)?;
    let (code, message) = (error.code(), error.message());
    match code {
        NO_SCHEMA => {
            let schema = quoted(message)?;
            let schema = quote::name(schema);
            let help = format!(
                "create it first: `CREATE SCHEMA {schema}` in this revision or in one before it"
            );
            Some((ErrorKind::Statement, help))
        }
        NO_PRIVILEGE => {
            let help = grant(message, &privileges(statement), role)?;
            Some((ErrorKind::ReadOnly, help))
        }
        _ => {
            let fits = |row: &&Advice| row.code == code && message.contains(row.says);
            let row = ADVICE.iter().find(fits)?;
            Some((ErrorKind::Statement, row.help.to_owned()))
        }
    }
}

/// The advice on an error in a statement of ours.
pub fn on_ours(
    error: &sqlx::Error,
    tables: &Tables,
    role: Option<&str>,
) -> Option<(ErrorKind, String)> {
    let error = postgres(error).filter(|error| error.code() == NO_PRIVILEGE)?;
    let rights = if error.message().ends_with(&tables.journal_name) {
        "SELECT, INSERT"
    } else {
        "SELECT, INSERT, UPDATE, DELETE"
    };
    let help = grant(error.message(), rights, role)?;
    let help = format!("{help}; to read the state, SELECT is enough");
    Some((ErrorKind::ReadOnly, help))
}

/// The statement that gives the right that a message says is missing.
fn grant(message: &str, rights: &str, role: Option<&str>) -> Option<String> {
    let role = match role {
        Some(role) => quote::name(role),
        None => "the role it runs as".to_owned(),
    };
    if let Some(object) = message.strip_prefix("must be owner of ") {
        let (kind, name) = object.split_once(' ')?;
        let kind = if kind == "relation" { "table" } else { kind }.to_uppercase();
        return Some(format!(
            "migrate as the owner of {name}, or make it the role's: `ALTER {kind} {name} OWNER TO {role}`"
        ));
    }
    let object = message.strip_prefix("permission denied for ")?;
    let (kind, name) = object.split_once(' ')?;
    let on = match kind {
        "table" | "view" | "relation" => format!("{rights} ON {name}"),
        "sequence" => format!("USAGE ON SEQUENCE {name}"),
        "schema" => format!("USAGE, CREATE ON SCHEMA {name}"),
        "database" => format!("CREATE ON DATABASE {name}"),
        "type" => format!("USAGE ON TYPE {name}"),
        "language" => format!("USAGE ON LANGUAGE {name}"),
        "function" => format!("EXECUTE ON FUNCTION {name}"),
        _ => return None,
    };
    Some(format!("an administrator runs `GRANT {on} TO {role}`"))
}

/// The rights on a table that a statement may need, by its words.
fn privileges(statement: &str) -> String {
    const RIGHTS: [&str; 7] = [
        "SELECT",
        "INSERT",
        "UPDATE",
        "DELETE",
        "TRUNCATE",
        "REFERENCES",
        "TRIGGER",
    ];
    let has = |word: &str| {
        tokens(Dialect::Postgres, statement)
            .any(|token| statement[token.range()].eq_ignore_ascii_case(word))
    };
    let reads = has("WHERE") || has("RETURNING");
    let needed = |right: &&&str| has(right) || **right == "SELECT" && reads;
    let rights: Vec<&str> = RIGHTS.iter().filter(needed).copied().collect();
    if rights.is_empty() {
        "ALL".to_owned()
    } else {
        rights.join(", ")
    }
}

/// The name between the quotes of a message, in whatever language that is.
fn quoted(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once('"')?;
    rest.rsplit_once('"').map(|(name, _)| name)
}

/// The tables in which other tools keep what they have applied.
const HISTORIES: [&str; 12] = [
    "_sqlx_migrations",
    "__diesel_schema_migrations",
    "refinery_schema_history",
    "seaql_migrations",
    "schema_migrations",
    "goose_db_version",
    "gorp_migrations",
    "flyway_schema_history",
    "databasechangelog",
    "django_migrations",
    "_prisma_migrations",
    "knex_migrations",
];

/// Whether a revision failed since what it creates is there, in a database of which nothing is recorded.
pub fn is_unrecorded(failure: &Cause, expected: &State) -> bool {
    const THERE: [&str; 4] = ["42P07", "42710", "42723", "42P06"];
    let Cause::Statement { error, .. } = failure else {
        return false;
    };
    let is_there = postgres(error).is_some_and(|error| THERE.contains(&error.code()));
    is_there && expected.rows.is_empty() && !expected.has_journal
}

/// Adds to such a failure how to begin, by a look for the tables of other tools.
pub async fn on_unrecorded(connection: &mut PgConnection, failure: Cause) -> Cause {
    let names = HISTORIES.map(quote::text).join(", ");
    let sql = format!(
        "SELECT c.relname::text FROM pg_catalog.pg_class c WHERE c.relname IN ({names}) AND c.relkind = 'r' AND \
         pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1 LIMIT 1"
    );
    let found = sqlx::raw_sql(AssertSqlSafe(sql))
        .fetch_optional(connection)
        .await;
    let table: Option<String> = found.ok().flatten().and_then(|row| row.try_get(0).ok());
    let help = match table {
        Some(table) => format!(
            "another tool has made this database, and has its history in the table `{table}`: find the revision that the \
             last row there is about, and record it with `cargo migrate stamp <revision>`"
        ),
        None => "the database has tables, and no record of a revision: if it is at one of them, record that with `cargo \
                 migrate stamp <revision>`"
            .to_owned(),
    };
    Cause::Advised {
        cause: Box::new(failure),
        help,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_names_what_is_missing() {
        let grant = |message, statement| grant(message, &privileges(statement), Some("App"));
        assert_eq!(
            grant(
                "permission denied for table t",
                "update t set a = 1 where b = 2"
            )
            .unwrap(),
            "an administrator runs `GRANT SELECT, UPDATE ON t TO \"App\"`"
        );
        assert_eq!(
            grant("permission denied for table t", "DO $$…$$").unwrap(),
            "an administrator runs `GRANT ALL ON t TO \"App\"`"
        );
        assert_eq!(
            grant("permission denied for schema s", "CREATE TABLE s.t ()").unwrap(),
            "an administrator runs `GRANT USAGE, CREATE ON SCHEMA s TO \"App\"`"
        );
        assert!(
            grant("must be owner of table t", "")
                .unwrap()
                .contains("ALTER TABLE t OWNER TO")
        );
        assert_eq!(grant("droit refusé", ""), None, "another language");
    }
}
