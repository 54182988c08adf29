//! Questions about a statement that every dialect answers.

use super::refusal::Refusal;
use super::{connection, mysql, postgres, sqlite};
use crate::Dialect;
use crate::sql::cursor::Cursor;

/// The keywords that make `statement` open or end the transaction around it, if it does.
///
/// Savepoints do not: SAVEPOINT, ROLLBACK TO and RELEASE stay within the transaction. For `SET autocommit` and `XA` see
/// [`connection_control`](super::connection_control).
///
/// ```
/// use migrate_chain::Dialect;
/// use migrate_chain::sql::transaction_control;
///
/// assert_eq!(transaction_control(Dialect::Sqlite, "begin immediate"), Some("BEGIN"));
/// assert_eq!(transaction_control(Dialect::Sqlite, "ROLLBACK TO here"), None);
/// ```
pub fn transaction_control(dialect: Dialect, statement: &str) -> Option<&'static str> {
    let cursor = Cursor::new(dialect, statement);
    match dialect {
        Dialect::Sqlite => sqlite::transaction_control(cursor),
        Dialect::Postgres => postgres::transaction_control(cursor),
        Dialect::MySql => mysql::transaction_control(cursor),
    }
}

/// Why `statement` cannot run in a transaction, or has no effect in one; `None` if it can, as far as its words tell.
///
/// ```
/// use migrate_chain::Dialect;
/// use migrate_chain::sql::{Remedy, refusal};
///
/// let refused = refusal(Dialect::Postgres, "DROP INDEX CONCURRENTLY i").expect("it cannot");
/// assert_eq!((refused.what, refused.remedy), ("DROP INDEX CONCURRENTLY", Remedy::TransactionOff));
/// assert_eq!(refusal(Dialect::Postgres, "DROP INDEX i"), None);
/// ```
pub fn refusal(dialect: Dialect, statement: &str) -> Option<Refusal> {
    let cursor = Cursor::new(dialect, statement);
    match dialect {
        Dialect::Sqlite => sqlite::refusal(cursor),
        Dialect::Postgres => postgres::refusal(cursor),
        Dialect::MySql => mysql::refusal(cursor),
    }
}

/// Whether `dialect` has a statement that begins like `what`, which another dialect refuses. A dialect
/// without one refuses the statement for its syntax.
pub fn has_statement(dialect: Dialect, what: &str) -> bool {
    match what {
        "BEGIN" | "COMMIT" | "ROLLBACK" => true,
        "START TRANSACTION" | "SET TRANSACTION" | "CREATE DATABASE" | "DROP DATABASE"
        | "CREATE TABLESPACE" | "DROP TABLESPACE" | "LOCK TABLE" => dialect != Dialect::Sqlite,
        "END" | "VACUUM" => dialect != Dialect::MySql,
        _ if connection::is_of_mysql(what) => dialect == Dialect::MySql,
        _ if what.starts_with("SET ") => dialect == Dialect::MySql,
        _ if what.starts_with("PRAGMA ") || what == "DETACH" => dialect == Dialect::Sqlite,
        _ => dialect == Dialect::Postgres,
    }
}
