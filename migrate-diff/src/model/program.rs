//! Objects that are no table's: programs, types and counters.

use super::facts::facts;

facts! {
    /// Anything that is compared by its whole definition: a view, a routine, a trigger, an event, a virtual table.
    pub struct Program {
        /// The definition, spelt one way.
        definition: String = "definition",
    }
}

facts! {
    /// An enum.
    pub struct Enum {
        /// Its labels, in order and without quotes.
        labels: Vec<String> = "labels",
        /// Its comment.
        comment: Option<String> = "comment",
    }
}

facts! {
    /// A domain.
    pub struct Domain {
        /// The type under it.
        data_type: String = "type",
        /// Its collation, if it is not that of the type.
        collation: Option<String> = "collation",
        /// Whether it refuses NULL.
        not_null: bool = "not null",
        /// Its default, as an expression.
        default: Option<String> = "default",
        /// Its checks, with their names.
        checks: Vec<String> = "checks",
        /// Its comment.
        comment: Option<String> = "comment",
    }
}

facts! {
    /// A sequence.
    pub struct Sequence {
        /// The type of its values.
        data_type: String = "type",
        /// The first value.
        start: String = "start",
        /// The distance between two values.
        increment: String = "increment",
        /// The smallest value.
        minimum: String = "minimum",
        /// The largest value.
        maximum: String = "maximum",
        /// How many values are taken at once.
        cache: String = "cache",
        /// Whether it starts again at its end.
        cycles: bool = "cycle",
        /// Options that only one database has.
        options: Option<String> = "options",
        /// Its comment.
        comment: Option<String> = "comment",
    }
}
