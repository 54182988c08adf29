//! Details that only MySQL and MariaDB have.

use crate::model::facts::facts;

facts! {
    /// A table.
    pub struct Table {
        /// Its storage engine.
        engine: String = "engine",
        /// Its collation, and with it its character set.
        collation: String = "collation",
        /// Its other options, as the catalog writes them.
        options: String = "options",
        /// Whether it keeps the history of its rows.
        versioned: bool = "system versioning",
        /// How its rows are divided among partitions.
        partitioning: Option<String> = "partitioned by",
        /// Its partitions, each with its bound.
        partitions: Vec<String> = "partitions",
    }
}

facts! {
    /// A column.
    pub struct Column {
        /// Its name as it was written: in another case it is the same column.
        name: String = "name",
        /// The value it is set to when its row changes.
        on_update: Option<String> = "on update",
        /// The check in its definition.
        check: Option<String> = "check",
        /// Whether `SELECT *` leaves it out.
        invisible: bool = "invisible",
        /// Whatever else the catalog says of it.
        extra: String = "extra",
    }
}
