//! The SQL of the bookkeeping that only this database has.

use std::time::Duration;

use migrate_chain::Dialect;
use migrate_chain::sql::quote_value;

use super::settings::STARTED;
use crate::journal::Entry;
use crate::journal::columns::{EVIDENCE, JournalColumn, REVISION, SEQUENCE, STATEMENTS, Times};
use crate::journal::tables::Tables;

/// The query for what was last written down about the statement that comes next, in the revision that is under way.
pub fn read_evidence(tables: &Tables) -> String {
    let journal = tables.journal();
    format!(
        "SELECT {EVIDENCE} FROM {journal} WHERE {EVIDENCE} IS NOT NULL AND ({REVISION}, {STATEMENTS}) = (SELECT {REVISION}, \
         {STATEMENTS} FROM {journal} ORDER BY {SEQUENCE} DESC LIMIT 1) ORDER BY {SEQUENCE} DESC LIMIT 1"
    )
}

/// The statement that adds a journal row, with the evidence about the statement after it.
pub fn add(
    tables: &Tables,
    entry: &Entry<'_>,
    duration: Duration,
    evidence: Option<&str>,
) -> String {
    tables.add_with(entry, Some(duration), &[noted(evidence)])
}

/// The same at the end of a message, by which the server knows when the work began.
pub fn add_at_the_end(tables: &Tables, entry: &Entry<'_>, evidence: Option<&str>) -> String {
    let took = format!("GREATEST(UNIX_TIMESTAMP(SYSDATE(6)) - {STARTED}, 0)");
    let times = Times {
        started: &format!("UTC_TIMESTAMP(3) - INTERVAL ROUND({took} * 1000000) MICROSECOND"),
        finished: tables.syntax.now(),
        took: &format!("ROUND({took} * 1000)"),
    };
    tables.insert(entry, &times, &[noted(evidence)])
}

fn noted(evidence: Option<&str>) -> (&'static JournalColumn, String) {
    (&EVIDENCE, quote_value(Dialect::MySql, evidence))
}
