//! The SQL that goes around a revision: the compare-and-set before it, and its record after it.
//!
//! The compare-and-set comes first. It keeps out a late runner before anything of the revision has run, locks the
//! rows that are to change, and marks the transaction: they are its work from then on. The record changes them only if they
//! still are. So a revision that ends the transaction is noticed, and has not moved them.

use super::code::Signal;
use super::message::{BEGIN, DONE};
use super::quote::text;
use crate::journal::columns::{
    self, ColumnValue, DURATION_MS, FINISHED_AT, JournalColumn, SEQUENCE, Times,
};
use crate::journal::state::RowChanges;
use crate::journal::state::State;
use crate::journal::tables::{Tables, is_unfinished};
use crate::journal::{Entry, Record};

/// A savepoint around a revision that leaves no row of its own, by which it is seen that its transaction is the one that
/// it began in.
pub const MARK: &str = "SAVEPOINT embed_migrations_revision";
pub const UNMARK: &str = "RELEASE SAVEPOINT embed_migrations_revision";

/// The queries around a statement that has no version rows to go with it.
pub const BEGINS: &str = "SELECT 1 AS embed_migrations_begin";
pub const ENDS: &str = "SELECT 1 AS embed_migrations_end";

/// Whether rows are there already that are to change, which locks them. Without one, the table has to be locked.
pub fn has_rows(changes: &RowChanges) -> bool {
    !changes.removed.is_empty()
}

/// The query that locks and marks the version rows that are to change. It fails unless they are there, and, for the first
/// revision of a transaction, unless the state is the expected one. It tells of the script that it `begins`.
pub fn compare_and_set(
    tables: &Tables,
    expected: Option<&State>,
    changes: &RowChanges,
    begins: bool,
) -> String {
    let column = if begins {
        format!(" AS {BEGIN}")
    } else {
        String::new()
    };
    let (mut with, mut conditions) = (String::new(), Vec::new());
    if has_rows(changes) {
        let names: Vec<String> = changes.removed.iter().map(|row| text(row)).collect();
        with = touch(tables, &format!("IN ({})", names.join(", ")));
        conditions.push(format!("(SELECT count(*) FROM c) = {}", names.len()));
    }
    if let Some(expected) = expected {
        conditions.push(is_still(tables, expected, changes));
    }
    if conditions.is_empty() {
        return if begins {
            format!("SELECT 1{column}")
        } else {
            column
        };
    }
    let signal = expected.map_or(Signal::Rows, |_| Signal::Fenced);
    let check = signal.unless(&conditions.join(" AND "));
    format!("{with}{check}{column}")
}

fn touch(tables: &Tables, which: &str) -> String {
    format!(
        "WITH c AS (UPDATE {} SET version_num = version_num WHERE version_num {which} RETURNING 1) ",
        tables.version()
    )
}

/// The condition that the state is the expected one, as far as the changes do not tell.
fn is_still(tables: &Tables, expected: &State, changes: &RowChanges) -> String {
    let (version, rows) = (tables.version(), &expected.rows);
    let ids = rows.iter().map(|row| &row.revision);
    let kept: Vec<String> = ids
        .filter(|id| !changes.removed.contains(id))
        .map(|id| text(id))
        .collect();
    let are_kept = if kept.is_empty() {
        String::new()
    } else {
        let names = kept.join(", ");
        let count = format!("SELECT count(*) FROM {version} WHERE version_num IN ({names})");
        format!(" AND ({count}) = {}", kept.len())
    };
    format!(
        "(SELECT count(*) FROM {version}) = {}{are_kept} AND {} = {}",
        rows.len(),
        is_unfinished(tables.journal(), "false"),
        expected.unfinished
    )
}

/// The compare-and-set of a chain without branches, prepared: its row is `$1`.
pub fn prepared_compare_and_set(tables: &Tables) -> String {
    let conditions = format!(
        "(SELECT count(*) FROM c) = 1 AND (SELECT count(*) FROM {}) = 1 AND NOT {}",
        tables.version(),
        is_unfinished(tables.journal(), "false")
    );
    let check = Signal::Fenced.unless(&conditions);
    format!("{}{check} AS {BEGIN}", touch(tables, "= $1"))
}

/// The statement that changes the version rows and adds the journal row, with the times that the server measures. It fails
/// unless there are as many `rows` as the compare-and-set has found, and those that change are still its work.
pub fn record(tables: &Tables, record: &Record<'_>, has_work: bool, rows: usize) -> String {
    if record.changes.is_empty() && !has_work {
        return record_only(tables, &record.entry);
    }
    let values = tables.values(&record.entry, &TIMES).join(", ");
    let changes: Vec<String> = tables
        .change_rows(&record.changes)
        .iter()
        .enumerate()
        .map(|(n, change)| format!("c{n} AS ({change}{} RETURNING 1)", own(tables, change)))
        .collect();
    let hits = (0..changes.len()).map(|n| format!("(SELECT count(*) FROM c{n}) = 1"));
    let hits: Vec<String> = hits.collect();
    let removed: Vec<String> = record.changes.removed.iter().map(|row| text(row)).collect();
    let check = check(tables, has_work, &hits.join(" AND "), &removed, rows);
    insert(tables, &changes.join(", "), &values, Some(&check))
}

/// The statement that adds a journal row and nothing else.
pub fn record_only(tables: &Tables, entry: &Entry<'_>) -> String {
    let values = tables.values(entry, &TIMES).join(", ");
    insert(tables, "", &values, None)
}

/// The condition of a change that the row is the work of this transaction. Its number in a row has 32 bits.
const OWN: &str = " AND xmin::text = (txid_current() & 4294967295)::text";

fn own(tables: &Tables, change: &str) -> &'static str {
    if change.starts_with("INSERT") || tables.is_leased {
        ""
    } else {
        OWN
    }
}

/// A number in SQL that cannot be made unless everything is as it was left.
fn check(tables: &Tables, has_work: bool, hits: &str, removed: &[String], rows: usize) -> String {
    let version = tables.version();
    let (fenced, meddled) = (Signal::Fenced.text(), Signal::Rows.text());
    let names = if removed.is_empty() {
        "NULL".to_owned()
    } else {
        removed.join(", ")
    };
    let hits = if hits.is_empty() {
        String::new()
    } else {
        let count = removed.len();
        let there =
            format!("(SELECT count(*) FROM {version} WHERE version_num IN ({names})) = {count}");
        let ended = Signal::Ended.text();
        format!("WHEN NOT ({hits}) THEN CASE WHEN {there} THEN '{ended}' ELSE '{meddled}' END ")
    };
    // An EXECUTE sees nothing newer than the moment at which it began to wait for locks, so the check before the script is
    // no proof.
    let unfinished = if has_work {
        format!(
            "WHEN {} THEN '{fenced}' ",
            is_unfinished(tables.journal(), "false")
        )
    } else {
        String::new()
    };
    // A row more may be the revision's doing, or that of somebody who does not ask for the lock. A lease does not tell.
    let own = own(tables, "");
    let more = format!(
        "(SELECT count(*) FROM {version}) > {rows} AND NOT EXISTS (SELECT FROM {version} WHERE version_num NOT IN ({names}){own})"
    );
    format!(
        "CAST(CASE {unfinished}{hits}WHEN (SELECT count(*) FROM {version}) <> {rows} THEN CASE WHEN {more} THEN '{fenced}' ELSE \
         '{meddled}' END ELSE '1' END AS integer)"
    )
}

/// When a revision began, when it ends, and how many milliseconds that is.
const TIMES: Times<'_> = Times {
    started: "s.started",
    finished: "clock_timestamp()",
    took: "CAST(extract(epoch FROM clock_timestamp() - s.started) * 1000 AS bigint)",
};

/// Several revisions in one transaction begin when the one before them ends. The changes are made in the same statement,
/// whose other parts see the rows as they were before it.
fn insert(tables: &Tables, changes: &str, values: &str, check: Option<&str>) -> String {
    let (journal, columns) = (tables.journal(), columns::names(columns::written()));
    let with = if changes.is_empty() {
        String::new()
    } else {
        format!("WITH {changes} ")
    };
    let (check, holds) = match check {
        Some(check) => (format!(", {check} AS ok"), " WHERE s.ok = 1"),
        None => (String::new(), ""),
    };
    format!(
        "{with}INSERT INTO {journal} ({columns}) SELECT {values} FROM (SELECT greatest(now(), (SELECT {FINISHED_AT} FROM \
         {journal} ORDER BY {SEQUENCE} DESC LIMIT 1)) AS started{check} OFFSET 0) s{holds} RETURNING coalesce({DURATION_MS}, 0) AS \
         {DONE}"
    )
}

/// The record of a revision of a chain without branches, prepared: from the version row `$1` to `$2`, and the values.
pub fn prepared_record(tables: &Tables) -> String {
    let mut parameter = 2;
    let value = |column: &JournalColumn| match column.written {
        ColumnValue::Started => TIMES.started.to_owned(),
        ColumnValue::Finished => TIMES.finished.to_owned(),
        ColumnValue::Took => TIMES.took.to_owned(),
        _ => {
            parameter += 1;
            format!("${parameter}")
        }
    };
    let values: Vec<String> = columns::written().map(value).collect();
    let version = tables.version();
    let change = format!(
        "c0 AS (UPDATE {version} SET version_num = $2 WHERE version_num = $1{OWN} RETURNING 1)"
    );
    let check = check(
        tables,
        true,
        "(SELECT count(*) FROM c0) = 1",
        &["$1".to_owned()],
        1,
    );
    insert(tables, &change, &values.join(", "), Some(&check))
}

/// The type of a value that is passed to a prepared statement; none for one that the server measures.
fn parameter_type(column: &JournalColumn) -> Option<&'static str> {
    match column.written {
        ColumnValue::Text(_) => Some("text"),
        ColumnValue::Number(_) => Some("bigint"),
        _ => None,
    }
}

/// The types of the parameters of [`prepared_record`].
pub fn record_types() -> String {
    let rows = ["text", "text"];
    let types = rows
        .into_iter()
        .chain(columns::written().filter_map(parameter_type));
    types.collect::<Vec<_>>().join(", ")
}

/// The arguments of [`prepared_record`].
pub fn record_arguments(tables: &Tables, record: &Record<'_>) -> String {
    let values = tables.values(&record.entry, &TIMES);
    let values = values.into_iter().zip(columns::written());
    let values = values.filter_map(|(value, column)| parameter_type(column).map(|_| value));
    let changes = &record.changes;
    let rows = [&changes.removed[0], &changes.added[0]].map(|row| text(row));
    let values: Vec<String> = rows.into_iter().chain(values).collect();
    values.join(", ")
}
