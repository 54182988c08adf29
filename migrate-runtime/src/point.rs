//! Named places of the protocol, told as `tracing` events of the level TRACE. They show where a run is, and a test whose
//! subscriber blocks at one holds a process right there, to kill it or its server.

/// The run has come to a place. A subscriber sees it as the field `point` of an event with the target
/// `migrate_runtime::point`.
pub fn reached(point: &'static str) {
    tracing::trace!(target: "migrate_runtime::point", point);
}

/// Before the lock is asked for.
pub const BEFORE_LOCK: &str = "before-lock";
/// The lock is held, and nothing was read or written under it.
pub const AFTER_LOCK: &str = "after-lock";
/// The journal says that a revision outside a transaction begins.
pub const AFTER_INTENT: &str = "after-intent";
/// A statement is about to be sent.
pub const BEFORE_STATEMENT: &str = "before-statement";
/// A statement outside a transaction is done, and its record is not.
pub const BEFORE_RECORD: &str = "before-record";
/// All is written but for the COMMIT, where that is sent by itself.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub const BEFORE_COMMIT: &str = "before-commit";
/// The transaction of a revision is committed.
pub const AFTER_COMMIT: &str = "after-commit";
/// Everything is done, and the lock is still held.
pub const BEFORE_RELEASE: &str = "before-release";
