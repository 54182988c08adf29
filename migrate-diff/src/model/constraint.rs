//! Constraints of a table.

use super::facts::facts;

facts! {
    /// A primary key or a unique constraint.
    pub struct Key {
        /// Whether it is the primary key.
        primary: bool = "primary",
        /// Its columns, as the database writes them, with an order or a collation.
        columns: Vec<String> = "columns",
        /// The rest of its definition: an action on conflict, `AUTOINCREMENT`.
        rest: Option<String> = "options",
    }
}

facts! {
    /// A foreign key.
    pub struct ForeignKey {
        /// Its columns.
        columns: Vec<String> = "columns",
        /// The table that it points to.
        table: String = "table",
        /// The columns there; none if they are those of the primary key and left out.
        parent_columns: Vec<String> = "parent columns",
        /// The action if the parent goes; none for `NO ACTION`.
        on_delete: Option<String> = "on delete",
        /// The action if the parent's key changes; none for `NO ACTION`.
        on_update: Option<String> = "on update",
        /// Whether it is checked at the end of the transaction only.
        deferred: bool = "deferred",
    }
}

facts! {
    /// A check.
    pub struct Check {
        /// The condition.
        expression: String = "expression",
        /// The column whose definition it is in, where that matters.
        column: Option<String> = "column",
    }
}
