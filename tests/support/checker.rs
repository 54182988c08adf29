//! The look at a database that [`ledger`](super::ledger) has.

use super::{Backend, ledger};

/// Panics unless the version rows and the journal fit.
pub async fn assert_consistent<B: Backend>(database: &B) {
    let versions = database.versions().await;
    ledger::assert_consistent(&versions, &database.column(ledger::JOURNAL).await);
}
