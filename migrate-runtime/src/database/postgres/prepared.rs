//! Bookkeeping that the server has prepared: on a connection of the runtime's own, from the third transaction on.

use super::bookkeeping::{
    prepared_compare_and_set, prepared_record, record_arguments, record_types,
};
use super::quote::text;
use crate::database::{Transactional, Work};
use crate::journal::tables::Tables;

/// The statements of a session.
#[derive(Default)]
pub struct PreparedStatements {
    /// How many transactions the session has had: before the third one it does not pay.
    transactions: usize,
    /// The number in the names of the statements. It changes when it is unknown whether they are there.
    number: usize,
    is_ready: bool,
    /// Whether the session does without them.
    is_off: bool,
}

/// From the third transaction on.
const FIRST: usize = 2;

impl PreparedStatements {
    /// A transaction begins.
    pub fn begin(&mut self) {
        self.transactions += 1;
    }

    /// A revision has removed them unexpectedly: the session continues without them.
    pub fn gone(&mut self) {
        self.forget();
        self.is_off = true;
    }

    /// Whether a revision can use them: on from one row to another, in the transaction with this number in a message.
    pub fn can_serve(&self, revision: &Transactional<'_>, nth: usize) -> bool {
        let changes = &revision.record.changes;
        !self.is_off
            && self.transactions + nth > FIRST
            && changes.removed.len() == 1
            && changes.added.len() == 1
            && !takes_away(revision.work)
    }

    /// The statements that prepare them, if they are not.
    pub fn make(&mut self, tables: &Tables) -> Vec<String> {
        if std::mem::replace(&mut self.is_ready, true) {
            return Vec::new();
        }
        let number = self.number;
        vec![
            format!(
                "PREPARE embed_migrations_set_{number} (text) AS {}",
                prepared_compare_and_set(tables)
            ),
            format!(
                "PREPARE embed_migrations_record_{number} ({}) AS {}",
                record_types(),
                prepared_record(tables)
            ),
        ]
    }

    /// They may be gone, or there.
    pub fn forget(&mut self) {
        self.number += 1;
        self.is_ready = false;
    }

    pub fn compare_and_set(&self, revision: &Transactional<'_>) -> String {
        let row = text(&revision.record.changes.removed[0]);
        format!("EXECUTE embed_migrations_set_{}({row})", self.number)
    }

    pub fn record(&self, tables: &Tables, revision: &Transactional<'_>) -> String {
        let arguments = record_arguments(tables, &revision.record);
        format!(
            "EXECUTE embed_migrations_record_{}({arguments})",
            self.number
        )
    }
}

/// In a longer script, in bytes, the bookkeeping costs next to nothing.
const LONG: usize = 64 * 1024;

/// Whether the words of a script say that it takes prepared statements away, as far as it is worth a look.
pub fn takes_away(work: Work<'_>) -> bool {
    let Work::Sql(script) = work else {
        return !matches!(work, Work::Nothing);
    };
    let script = script.text();
    let has = |word: &str| {
        let mut parts = script.as_bytes().windows(word.len());
        parts.any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    script.len() > LONG || has("DEALLOCATE") || has("DISCARD")
}
