//! The server's error numbers, and what they mean for a run.

use sqlx::mysql::MySqlDatabaseError;

use crate::database::{Cause, Explained};
use crate::values::error::ErrorKind;
use crate::values::error::database_message;

// https://dev.mysql.com/doc/mysql-errors/8.0/en/server-error-reference.html and https://mariadb.com/kb/en/mariadb-error-codes/
const TOO_MANY_CONNECTIONS: u16 = 1040;
const DATABASE_ACCESS_DENIED: u16 = 1044;
const ACCESS_DENIED: u16 = 1045;
const NO_DATABASE: u16 = 1046;
const NODE_NOT_READY: u16 = 1047;
const UNKNOWN_DATABASE: u16 = 1049;
const CANNOT_CREATE_TABLE: u16 = 1005;
const DISK_FULL: u16 = 1021;
const SHUTDOWN: u16 = 1053;
const TABLE_FULL: u16 = 1114;
const TABLE_NOT_LOCKED: u16 = 1100;
const COMMAND_DENIED: u16 = 1142;
pub const TABLE_EXISTS: u16 = 1050;
pub const NO_SUCH_TABLE: u16 = 1146;
const PACKET_TOO_LARGE: u16 = 1153;
const USER_LIMIT: u16 = 1203;
pub const DUPLICATE_KEY: u16 = 1062;
pub const INSIDE_A_TRANSACTION: u16 = 1568;
pub const LOCK_TIMEOUT: u16 = 1205;
pub const DEADLOCK: u16 = 1213;
const PRIVILEGE_NEEDED: u16 = 1227;
pub const SEVERAL_ROWS: u16 = 1242;
const READ_ONLY_OPTION: u16 = 1290;
const INTERRUPTED: u16 = 1317;
const READ_ONLY_TRANSACTION: u16 = 1792;
const READ_ONLY_MODE: u16 = 1836;
const KILLED: u16 = 1927;
const STATEMENT_TIMEOUT_MARIADB: u16 = 1969;
const STATEMENT_TIMEOUT_MYSQL: u16 = 3024;

/// The server's own number for the error.
pub fn number(error: &sqlx::Error) -> Option<u16> {
    let error = error.as_database_error()?;
    let error = error.try_downcast_ref::<MySqlDatabaseError>()?;
    Some(error.number())
}

pub fn is(error: &sqlx::Error, wanted: u16) -> bool {
    number(error) == Some(wanted)
}

/// Whether there is no server, or no such database on it, or it is only starting.
pub fn is_absent(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_))
        || matches!(
            number(error),
            Some(UNKNOWN_DATABASE | NODE_NOT_READY | SHUTDOWN)
        )
}

/// Whether the server has no room for another connection right now.
pub fn is_crowded(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(TOO_MANY_CONNECTIONS | USER_LIMIT))
}

/// Whether the server only gave up on a lock.
pub fn gave_up(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(LOCK_TIMEOUT | DEADLOCK))
}

/// A failure of the bookkeeping.
pub fn database(error: sqlx::Error, doing: &'static str) -> Cause {
    Cause::Database { doing, error }
}

pub fn explain(error: &sqlx::Error) -> Explained {
    let (kind, help) = match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => (
            ErrorKind::Connect,
            "check that the server is running; the next run finds out what was done",
        ),
        _ => match known(error).or_else(|| advice(error)) {
            Some(known) => known,
            None => {
                return Explained {
                    kind: ErrorKind::Database,
                    help: None,
                };
            }
        },
    };
    Explained {
        kind,
        help: Some(help),
    }
}

/// A table that cannot be created for want of room is reported by the number that a wrong foreign key has.
fn is_disk_full(number: u16, error: &sqlx::Error) -> bool {
    let has_no_room = || {
        let message = database_message(error);
        message.contains("(errno: 28 ") || message.contains("(errno: 135 ")
    };
    match number {
        DISK_FULL | TABLE_FULL => true,
        CANNOT_CREATE_TABLE => has_no_room(),
        _ => false,
    }
}

fn known(error: &sqlx::Error) -> Option<(ErrorKind, &'static str)> {
    Some(match number(error)? {
        TOO_MANY_CONNECTIONS | USER_LIMIT => (
            ErrorKind::Connect,
            "a run needs one connection of its own: raise max_connections, or make the pools smaller",
        ),
        ACCESS_DENIED => (
            ErrorKind::Connect,
            "check the user name and the password in the URL",
        ),
        DATABASE_ACCESS_DENIED => (
            ErrorKind::Connect,
            "check the name of the database, or let an administrator grant this user access to it",
        ),
        UNKNOWN_DATABASE => (
            ErrorKind::Connect,
            "create it: `CREATE DATABASE` with the name, or correct the URL",
        ),
        NO_DATABASE => (
            ErrorKind::Connect,
            "name the database in the URL: mysql://user@host/database",
        ),
        NODE_NOT_READY => (
            ErrorKind::Connect,
            "this node is not part of the cluster yet: connect to another one, or wait",
        ),
        SHUTDOWN | KILLED => (
            ErrorKind::Connect,
            "start again when the server is back: the run finds out what was done",
        ),
        COMMAND_DENIED if database_message(error).starts_with("SELECT ") => (
            ErrorKind::Database,
            "let an administrator grant this user SELECT on the version table and the journal",
        ),
        COMMAND_DENIED | PRIVILEGE_NEEDED => (
            ErrorKind::ReadOnly,
            "migrate as a user who may change the schema, or let an administrator grant what the message names",
        ),
        READ_ONLY_OPTION | READ_ONLY_TRANSACTION | READ_ONLY_MODE => (
            ErrorKind::ReadOnly,
            "connect to the primary: this server takes no writes",
        ),
        LOCK_TIMEOUT | DEADLOCK => (
            ErrorKind::Locked,
            "let the transactions finish that use the table, or raise the DDL lock timeout of the runner",
        ),
        STATEMENT_TIMEOUT_MARIADB | STATEMENT_TIMEOUT_MYSQL => (
            ErrorKind::Statement,
            "it ran into the statement timeout of the runner",
        ),
        INTERRUPTED => (
            ErrorKind::Statement,
            "somebody killed the statement, or it ran into a timeout; start again",
        ),
        number if is_disk_full(number, error) => {
            (ErrorKind::Database, "make room on the disk of the server")
        }
        PACKET_TOO_LARGE => (
            ErrorKind::Database,
            "raise max_allowed_packet of the server, or make the statement smaller",
        ),
        TABLE_NOT_LOCKED => (
            ErrorKind::Statement,
            "leave LOCK TABLES out: it keeps the runtime from its own tables",
        ),
        _ => return None,
    })
}

/// Advice for what a statement of a revision ran into, by the number of the error.
const ADVICE: [(&[u16], &str); 13] = [
    (
        &[TABLE_EXISTS],
        "if the database was made without these migrations, `cargo migrate stamp` records the revisions that it has",
    ),
    (
        &[CANNOT_CREATE_TABLE, 1215, 1822, 1824, 3780],
        "both columns of a foreign key need the same type, sign, character set and collation, and the referenced ones an index \
         that begins with them; the table that is referred to comes first",
    ),
    (
        &[1451, 3730],
        "other rows refer to it: change or drop these first",
    ),
    (
        &[1452],
        "rows refer to something that is not there: correct them in an earlier revision",
    ),
    (
        &[1062],
        "two rows would be equal: remove or correct the rows in an earlier statement",
    ),
    (
        &[1067, 1264, 1265, 1292, 1364, 1366, 1406],
        "sql_mode of the server is strict about it: correct the value, or let the revision begin with `SET sql_mode = …`",
    ),
    (
        &[1071, 1118],
        "make columns shorter, or index a prefix: `INDEX (name(100))`",
    ),
    (
        &[1170],
        "name how much of it is indexed: `INDEX (name(100))`",
    ),
    (
        &[1193, 1231],
        "the server does not have this setting: leave it out, or put it into the comment of the servers that do, such as \
         `/*!80000 … */` or `/*M!101100 … */`",
    ),
    (
        &[1115, 1273],
        "the collation is one of another server or version, such as MySQL's utf8mb4_0900_ai_ci: name one that `SHOW COLLATION` \
         has, or none",
    ),
    (
        &[1418, 1419],
        "the binary log is on: declare the routine DETERMINISTIC or READS SQL DATA, or let an administrator set \
         log_bin_trust_function_creators",
    ),
    (
        &[1568],
        "settings of a transaction belong before it: write `SET SESSION TRANSACTION …`, or `transaction: off` in the header",
    ),
    (
        &[1422],
        "a routine cannot hold a statement that commits: run it as a statement of the revision",
    ),
];

fn advice(error: &sqlx::Error) -> Option<(ErrorKind, &'static str)> {
    let number = number(error)?;
    let mut rows = ADVICE.iter();
    let (_, help) = rows.find(|(numbers, _)| numbers.contains(&number))?;
    Some((ErrorKind::Database, help))
}

/// The statement that gives a user the right that is missing, as far as the error tells.
pub fn grant(error: &sqlx::Error) -> Option<String> {
    if !is(error, COMMAND_DENIED) {
        return None;
    }
    let text = database_message(error);
    let (rights, rest) = text.split_once(" command denied to user ")?;
    let (user, table) = rest.split_once(" for table ")?;
    let table = table.trim().replace('\'', "`");
    Some(format!(
        "an administrator grants it with: GRANT {rights} ON {table} TO {user}"
    ))
}
