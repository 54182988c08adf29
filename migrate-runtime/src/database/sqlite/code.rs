//! SQLite's result codes, and what they mean for a run.

use crate::database::{Cause, Explained};
use crate::values::error::ErrorKind;

// The primary result codes that mean something here: https://sqlite.org/rescode.html
pub const SQLITE_ERROR: i32 = 1;
const SQLITE_BUSY: i32 = 5;
const SQLITE_LOCKED: i32 = 6;
const SQLITE_READONLY: i32 = 8;
const SQLITE_INTERRUPT: i32 = 9;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_CANTOPEN: i32 = 14;
const SQLITE_NOTADB: i32 = 26;

/// The low byte of SQLite's result code, which says what it is about.
pub fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let code = error.as_database_error()?.code()?.parse::<i32>().ok()?;
    Some(code & 0xff)
}

/// Whether there is no database file, or none that can be opened.
pub fn is_absent(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(SQLITE_CANTOPEN)
}

pub fn is_busy(error: &sqlx::Error) -> bool {
    matches!(primary_code(error), Some(SQLITE_BUSY | SQLITE_LOCKED))
}

/// A failure of a statement of a revision, counted from 0.
pub fn of_statement(index: usize, statement: usize, error: sqlx::Error) -> Cause {
    Cause::Statement {
        index,
        statement,
        at: None,
        error,
    }
}

/// A failure of the bookkeeping. One that found the database busy did nothing, and can be tried again.
pub fn database(error: sqlx::Error, doing: &'static str) -> Cause {
    if is_busy(&error) {
        busy()
    } else {
        Cause::Database { doing, error }
    }
}

pub fn busy() -> Cause {
    Cause::Busy {
        holder: "another connection, which writes to the database".to_owned(),
    }
}

/// Whether rows refer to one that a statement deletes. With `RESTRICT`, SQLite says so by the code of a trigger.
fn breaks_reference(error: &sqlx::Error) -> bool {
    let error = error.as_database_error();
    error.is_some_and(|error| error.message().starts_with("FOREIGN KEY constraint failed"))
}

pub fn explain(error: &sqlx::Error) -> Explained {
    if breaks_reference(error) {
        return Explained {
            kind: ErrorKind::Statement,
            help: Some(
                "if the statement drops a table that comes back, write `foreign_keys: off` in the header; else change the rows \
                 that refer to what it deletes, or insert first what it refers to",
            ),
        };
    }
    let (kind, help) = match primary_code(error) {
        Some(SQLITE_BUSY | SQLITE_LOCKED) => (
            ErrorKind::Locked,
            "let the other connection finish its transaction",
        ),
        Some(SQLITE_READONLY) => (
            ErrorKind::ReadOnly,
            "make the file and its folder writable for this user, and open it without mode=ro",
        ),
        Some(SQLITE_INTERRUPT) => (
            ErrorKind::Statement,
            "it ran into the statement timeout of the runner",
        ),
        Some(SQLITE_FULL) => (
            ErrorKind::Database,
            "make room on the disk, or raise max_page_count",
        ),
        Some(SQLITE_CANTOPEN) => (
            ErrorKind::Connect,
            "check the path and its folder, or create the file: `create_if_missing(true)`",
        ),
        Some(SQLITE_NOTADB | SQLITE_CORRUPT) => (
            ErrorKind::Connect,
            "check the path: the file is not a SQLite database, is encrypted, or is damaged",
        ),
        _ => {
            return Explained {
                kind: ErrorKind::Database,
                help: None,
            };
        }
    };
    Explained {
        kind,
        help: Some(help),
    }
}
