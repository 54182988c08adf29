//! Details that only SQLite has.

use crate::model::facts::facts;

facts! {
    /// A table.
    pub struct Table {
        /// Whether it is `WITHOUT ROWID`.
        without_rowid: bool = "without rowid",
        /// Whether it is `STRICT`.
        strict: bool = "strict",
    }
}

facts! {
    /// A column.
    pub struct Column {
        /// The conflict action for a row with NULL, if the statement is not aborted.
        on_conflict: Option<String> = "on conflict",
    }
}
