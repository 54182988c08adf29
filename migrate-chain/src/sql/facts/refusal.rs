//! Why a statement cannot run in a transaction.

/// Why a statement cannot run in a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Refusal {
    /// The kind of statement, such as `CREATE INDEX CONCURRENTLY`.
    pub what: &'static str,
    /// The way to run it.
    pub remedy: Remedy,
}

impl Refusal {
    pub(super) const fn new(what: &'static str) -> Self {
        Self {
            what,
            remedy: Remedy::TransactionOff,
        }
    }
}

/// The way to run a statement that cannot run in a transaction.
///
/// ```
/// use migrate_chain::Dialect;
/// use migrate_chain::sql::{Remedy, refusal};
///
/// let refused = refusal(Dialect::Sqlite, "PRAGMA foreign_keys = OFF").expect("it has no effect in one");
/// assert_eq!(refused.remedy, Remedy::ForeignKeysOff);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// The header key `transaction: off`.
    TransactionOff,
    /// The header key `foreign_keys: off`.
    ForeignKeysOff,
    /// Nothing: foreign keys are enforced unless the header says otherwise.
    ForeignKeysOn,
}
