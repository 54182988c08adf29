//! Statements by which a run loses its connection, or what it relies on there.

use super::mysql;
use crate::Dialect;
use crate::sql::cursor::Cursor;

/// The keywords of a statement after which the run that sent it could not do its work on the same connection: record the
/// revision, commit, or keep other runs out. No header key allows it.
///
/// ```
/// use migrate_chain::Dialect;
/// use migrate_chain::sql::connection_control;
///
/// assert_eq!(connection_control(Dialect::MySql, "LOCK TABLES t WRITE"), Some("LOCK TABLES"));
/// assert_eq!(connection_control(Dialect::Postgres, "LOCK TABLE t"), None);
/// ```
pub fn connection_control(dialect: Dialect, statement: &str) -> Option<&'static str> {
    let cursor = Cursor::new(dialect, statement);
    match dialect {
        Dialect::Sqlite => None,
        Dialect::Postgres => of_postgres(cursor),
        Dialect::MySql => of_mysql(cursor),
    }
}

/// Whether only MySQL has this statement.
pub fn is_of_mysql(what: &str) -> bool {
    const OF_MYSQL: [&str; 9] = [
        "LOCK TABLES",
        "LOCK INSTANCE",
        "UNLOCK TABLES",
        "UNLOCK INSTANCE",
        "FLUSH TABLES … LOCK",
        "BACKUP",
        "USE",
        "XA",
        "COMMIT … RELEASE",
    ];
    OF_MYSQL.contains(&what)
}

/// The run's lock is an advisory one, and these give back all that the session holds.
fn of_postgres(mut cursor: Cursor<'_>) -> Option<&'static str> {
    if cursor.eat("DISCARD") {
        return cursor.is("ALL").then_some("DISCARD ALL");
    }
    if !cursor.eat("SELECT") {
        return None;
    }
    if cursor.eat("pg_catalog") {
        cursor.eat(".");
    }
    cursor
        .is("pg_advisory_unlock_all")
        .then_some("pg_advisory_unlock_all")
}

fn of_mysql(mut cursor: Cursor<'_>) -> Option<&'static str> {
    if cursor.eat("LOCK") {
        return lock(&cursor, ["LOCK TABLES", "LOCK TABLE", "LOCK INSTANCE"]);
    }
    if cursor.eat("UNLOCK") {
        return lock(
            &cursor,
            ["UNLOCK TABLES", "UNLOCK TABLES", "UNLOCK INSTANCE"],
        );
    }
    if cursor.eat("SET") {
        return mysql::assigns(cursor, &[("autocommit", "SET autocommit")]);
    }
    if cursor.eat("XA") {
        return (!cursor.is("RECOVER")).then_some("XA");
    }
    if cursor.eat("FLUSH") {
        let locks = cursor.find_any(&["LOCK", "EXPORT"]);
        return locks.then_some("FLUSH TABLES … LOCK");
    }
    if cursor.eat("BACKUP") {
        return cursor
            .is_any(&["STAGE", "LOCK", "UNLOCK"])
            .then_some("BACKUP");
    }
    if cursor.eat("COMMIT") || cursor.eat("ROLLBACK") {
        return releases(cursor).then_some("COMMIT … RELEASE");
    }
    cursor.is("USE").then_some("USE")
}

/// The name of the lock, by what it is on: tables, one table, or the instance.
fn lock(cursor: &Cursor<'_>, [tables, table, instance]: [&'static str; 3]) -> Option<&'static str> {
    [("TABLES", tables), ("TABLE", table), ("INSTANCE", instance)]
        .into_iter()
        .find(|(word, _)| cursor.is(word))
        .map(|(_, what)| what)
}

/// `COMMIT RELEASE` disconnects; `COMMIT NO RELEASE` and `ROLLBACK TO SAVEPOINT` do not.
fn releases(mut cursor: Cursor<'_>) -> bool {
    let mut before = "";
    while !cursor.is_done() && !cursor.is("TO") {
        if cursor.is("RELEASE") {
            return !before.eq_ignore_ascii_case("NO");
        }
        before = cursor.text();
        cursor.bump();
    }
    false
}
