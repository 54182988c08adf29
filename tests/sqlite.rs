//! The suite on SQLite, and what is SQLite's alone.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "tests: a panic is a failure, and nobody imports them"
)]

mod suite;
mod support;

mod on_sqlite {
    crate::suite::suite!(crate::support::sqlite::Sqlite);
}

mod cancelled {
    crate::suite::suite! {
        @ crate::support::sqlite::Sqlite;
        rust { batches_go_on_after_a_cut_on_a_passed_connection }
    }
}

mod sqlite {
    mod bad_input;
    mod drops;
    mod keys;
    mod offline;
    mod outside;
    mod parity;
    mod relative;
    mod reports;
    mod rust;
    mod settings;
    mod single;
    mod starters;
}
