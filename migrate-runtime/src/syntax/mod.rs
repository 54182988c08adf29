//! The words of each database that the bookkeeping and offline scripts need, a file for each. Whoever writes SQL for any
//! database asks here, and compares no dialects.

mod mysql;
mod postgres;
mod sqlite;
mod words;

use migrate_chain::Dialect;

pub use words::{Around, JournalType, Syntax};

#[cfg(feature = "mysql")]
pub use mysql::SESSION_DEFAULTS as MYSQL_SESSION_DEFAULTS;

/// The words of a database.
pub fn of(dialect: Dialect) -> &'static dyn Syntax {
    match dialect {
        Dialect::Sqlite => &sqlite::Sqlite,
        Dialect::Postgres => &postgres::Postgres,
        Dialect::MySql => &mysql::MySql,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_ago_keeps_its_milliseconds() {
        let ago = |dialect| of(dialect).ago(61_007);
        assert!(ago(Dialect::Sqlite).contains("'-61.007 seconds'"));
        assert!(ago(Dialect::Postgres).contains("'61007 milliseconds'"));
        assert!(ago(Dialect::MySql).contains("61007000 MICROSECOND"));
    }
}
