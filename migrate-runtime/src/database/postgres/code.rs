//! PostgreSQL's error codes, and what they mean for a run.

use sqlx::postgres::PgDatabaseError;

use crate::database::{Cause, Explained};
use crate::values::error::ErrorKind;

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const PROTOCOL_VIOLATION: &str = "08P01";
const FEATURE_NOT_SUPPORTED: &str = "0A000";
const INVALID_TEXT: &str = "22P02";
const INVALID_PARAMETER: &str = "22023";
const UNIQUE_VIOLATION: &str = "23505";
const NO_ACTIVE_TRANSACTION: &str = "25P01";
const TRANSACTION_IS_ABORTED: &str = "25P02";
const IDLE_IN_TRANSACTION: &str = "25P03";
const READ_ONLY: &str = "25006";
const INVALID_AUTHORIZATION: &str = "28000";
const INVALID_PASSWORD: &str = "28P01";
const NO_PREPARED: &str = "26000";
const NO_SAVEPOINT: &str = "3B001";
const NO_DATABASE: &str = "3D000";
pub const NO_SCHEMA: &str = "3F000";
const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK: &str = "40P01";
pub const NO_PRIVILEGE: &str = "42501";
const UNDEFINED_TABLE: &str = "42P01";
const UNDEFINED_OBJECT: &str = "42704";
const DUPLICATE_PREPARED: &str = "42P05";
const DUPLICATE_OBJECT: &str = "42710";
const DUPLICATE_TABLE: &str = "42P07";
const DISK_FULL: &str = "53100";
const TOO_MANY_CONNECTIONS: &str = "53300";
const LOCK_NOT_AVAILABLE: &str = "55P03";
const QUERY_CANCELED: &str = "57014";
const ADMIN_SHUTDOWN: &str = "57P01";
const CRASH_SHUTDOWN: &str = "57P02";
const CANNOT_CONNECT_NOW: &str = "57P03";
const IDLE_SESSION: &str = "57P05";
const INTERNAL_ERROR: &str = "XX000";

pub fn postgres(error: &sqlx::Error) -> Option<&PgDatabaseError> {
    error.as_database_error()?.try_downcast_ref()
}

fn code(error: &sqlx::Error) -> &str {
    postgres(error).map_or("", PgDatabaseError::code)
}

fn is_any(error: &sqlx::Error, codes: &[&str]) -> bool {
    codes.contains(&code(error))
}

/// The error by which a check in our message fails: a cast that cannot be made takes the text into the error. SQL alone
/// has no other way to stop the statements after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Somebody else holds the lock.
    Busy,
    /// The state is no longer the expected one.
    Fenced,
    /// The version rows are not those that a revision was to find, or to leave.
    Rows,
    /// The transaction of a revision is not the one that it began in.
    Ended,
}

impl Signal {
    const ALL: [Self; 4] = [Self::Busy, Self::Fenced, Self::Rows, Self::Ended];

    pub fn text(self) -> &'static str {
        match self {
            Self::Busy => "embed_migrations: another process holds the lock",
            Self::Fenced => "embed_migrations: another process was first",
            Self::Rows => "embed_migrations: the version rows are not there",
            Self::Ended => "embed_migrations: the transaction has ended",
        }
    }

    /// A query that fails with this unless `condition` holds.
    pub fn unless(self, condition: &str) -> String {
        format!(
            "SELECT CAST(CASE WHEN {condition} THEN '1' ELSE '{}' END AS integer)",
            self.text()
        )
    }

    pub fn of(error: &sqlx::Error) -> Option<Self> {
        let error = postgres(error).filter(|error| error.code() == INVALID_TEXT)?;
        Self::ALL
            .into_iter()
            .find(|signal| error.message().contains(signal.text()))
    }
}

/// Whether another transaction was in the way, so that the same work may succeed a moment later.
pub fn is_contention(error: &sqlx::Error) -> bool {
    const IN_THE_WAY: [&str; 3] = [LOCK_NOT_AVAILABLE, DEADLOCK, SERIALIZATION_FAILURE];
    is_any(error, &IN_THE_WAY) || is_catalog_race(error)
}

/// Whether two transactions changed the same definition at once. PostgreSQL has no lock for that: `CREATE EXTENSION IF NOT
/// EXISTS` and `CREATE OR REPLACE FUNCTION` collide in a unique index of a catalog, or in a row of one.
fn is_catalog_race(error: &sqlx::Error) -> bool {
    let Some(error) = postgres(error) else {
        return false;
    };
    match error.code() {
        UNIQUE_VIOLATION => error.schema() == Some("pg_catalog"),
        INTERNAL_ERROR => RACES.iter().any(|race| error.message().contains(race)),
        _ => false,
    }
}

/// The server's words for it have no code of their own, and are not translated.
const RACES: [&str; 2] = ["tuple concurrently updated", "tuple concurrently deleted"];

/// Whether another process was just making the same table: `IF NOT EXISTS` does not wait for that. It shows in the table, in
/// its type, or in an index of a catalog, by how far the other is.
pub fn is_made_by_another(error: &sqlx::Error) -> bool {
    is_any(
        error,
        &[UNIQUE_VIOLATION, DUPLICATE_TABLE, DUPLICATE_OBJECT],
    )
}

/// Whether the transaction that a revision began in is over.
pub fn has_ended(error: &sqlx::Error) -> bool {
    is_any(error, &[NO_ACTIVE_TRANSACTION, NO_SAVEPOINT])
}

pub fn is_aborted(error: &sqlx::Error) -> bool {
    is_any(error, &[TRANSACTION_IS_ABORTED])
}

/// Whether nothing can be written in the transaction.
pub fn is_read_only(error: &sqlx::Error) -> bool {
    is_any(error, &[READ_ONLY])
}

/// Whether a table, or its schema, is not there.
pub fn is_table_gone(error: &sqlx::Error) -> bool {
    is_any(error, &[UNDEFINED_TABLE, NO_SCHEMA])
}

/// Whether a statement that was prepared is not there any more.
pub fn is_prepared_gone(error: &sqlx::Error) -> bool {
    is_any(error, &[NO_PREPARED])
}

/// Whether something is there already that a statement sets up on a connection.
pub fn is_there(error: &sqlx::Error) -> bool {
    is_any(error, &[DUPLICATE_TABLE, DUPLICATE_PREPARED])
}

/// Whether the server, or a pooler before it, does not know what the runtime asks for when it connects.
pub fn refuses_options(error: &sqlx::Error) -> bool {
    is_any(
        error,
        &[
            PROTOCOL_VIOLATION,
            FEATURE_NOT_SUPPORTED,
            INVALID_PARAMETER,
            UNDEFINED_OBJECT,
        ],
    )
}

/// Whether the server has no room just now, or is still starting.
pub fn is_full(error: &sqlx::Error) -> bool {
    is_any(error, &[TOO_MANY_CONNECTIONS, CANNOT_CONNECT_NOW])
}

/// Whether there is no server, or no database in it.
pub fn is_absent(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_)) || is_any(error, &[NO_DATABASE])
}

/// A failure of the bookkeeping.
pub fn database(error: sqlx::Error, doing: &'static str) -> Cause {
    Cause::Database { doing, error }
}

pub fn explain(error: &sqlx::Error) -> Explained {
    let (kind, help) = match error {
        sqlx::Error::Io(_) => (
            ErrorKind::Connect,
            Some(
                "check the server and the network, and start again: a run goes on where the last one stopped",
            ),
        ),
        sqlx::Error::Protocol(_) => (
            ErrorKind::Connect,
            Some("check the URL: the server there is not PostgreSQL"),
        ),
        _ => explain_code(code(error)),
    };
    Explained { kind, help }
}

fn explain_code(code: &str) -> (ErrorKind, Option<&'static str>) {
    let (kind, help) = match code {
        READ_ONLY => (
            ErrorKind::ReadOnly,
            "connect to the primary, as a role whose transactions may write",
        ),
        NO_PRIVILEGE => (
            ErrorKind::ReadOnly,
            "grant the role what it lacks, or migrate as the role that owns the tables",
        ),
        LOCK_NOT_AVAILABLE => (
            ErrorKind::Locked,
            "let the transaction finish that holds a lock on the table, or raise `ddl_lock_timeout`",
        ),
        DEADLOCK | SERIALIZATION_FAILURE => (
            ErrorKind::Locked,
            "let the other transactions finish, and start again",
        ),
        QUERY_CANCELED => (
            ErrorKind::Statement,
            "it ran into the statement timeout of the runner, or somebody cancelled it",
        ),
        IDLE_IN_TRANSACTION | IDLE_SESSION => (
            ErrorKind::Database,
            "the process did nothing for so long that the server gave its lock to others: start again",
        ),
        ADMIN_SHUTDOWN | CRASH_SHUTDOWN => (
            ErrorKind::Connect,
            "the server ended the connection: start again when it answers",
        ),
        TOO_MANY_CONNECTIONS | CANNOT_CONNECT_NOW => (
            ErrorKind::Connect,
            "wait until the server has room for another connection, or raise its max_connections",
        ),
        INVALID_PASSWORD | INVALID_AUTHORIZATION => (
            ErrorKind::Connect,
            "check the user and the password in the URL, and pg_hba.conf on the server",
        ),
        NO_DATABASE => (
            ErrorKind::Connect,
            "create the database first, or correct its name in the URL",
        ),
        NO_SCHEMA => (
            ErrorKind::Tables,
            "create the schema first, or correct `version_table_schema` in migrate.toml or the search_path of the role",
        ),
        DISK_FULL => (ErrorKind::Database, "make room on the server's disk"),
        _ => return (ErrorKind::Database, None),
    };
    (kind, Some(help))
}
