//! The look at a database that [`ledger`](super::ledger) has.

use super::{Backend, ledger};

/// Panics unless the version rows and the journal fit. Both are read at once: what a run that was cut off had sent to a
/// server may be done a little later.
pub async fn assert_consistent<B: Backend>(database: &B) {
    let both = database.column(BOTH).await;
    let (versions, journal): (Vec<String>, Vec<String>) =
        both.into_iter().partition(|line| !line.contains('|'));
    ledger::assert_consistent(&versions, &journal);
}

/// The version rows, and behind them the journal as [`ledger::JOURNAL`] has it, whose lines alone have bars.
const BOTH: &str = "SELECT line FROM (SELECT 0 AS place, version_num AS line FROM alembic_version UNION ALL SELECT sequence, \
                    CONCAT_WS('|', event, direction, revision, down_revision, depends_on) FROM migrate_journal) b ORDER BY \
                    place, line";
