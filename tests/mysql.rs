//! The suite on MariaDB, and what is MySQL's and MariaDB's alone.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "tests: a panic is a failure, and nobody imports them"
)]

mod suite;
mod support;

mod on_mysql {
    crate::suite::suite!(crate::support::mysql::MySql);
}

mod mysql {
    mod advice;
    mod bad_input;
    mod engines;
    mod galera;
    mod in_flight;
    mod lock;
    mod offline;
    mod passed;
    mod rounds;
    mod rows;
    mod rust;
    mod settings;
}
