//! Sequences of MariaDB.

use crate::model::Sequence;

/// The options of `CREATE SEQUENCE` and `ALTER SEQUENCE`.
pub fn options(sequence: &Sequence) -> String {
    format!(
        "START WITH {} MINVALUE {} MAXVALUE {} INCREMENT BY {} CACHE {} {}",
        sequence.start,
        sequence.minimum,
        sequence.maximum,
        sequence.increment,
        sequence.cache,
        if sequence.cycles { "CYCLE" } else { "NOCYCLE" }
    )
}
