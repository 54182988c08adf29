//! The suite on PostgreSQL, and what is PostgreSQL's alone.
#![allow(
    missing_docs,
    dead_code,
    clippy::unwrap_used,
    reason = "tests: a panic is a failure, and nobody imports them; SQLite's helpers are not used"
)]

mod suite;
mod support;

mod on_postgres {
    crate::suite::suite!(crate::support::postgres::Postgres);
}

mod cancelled {
    crate::suite::suite! {
        @ crate::support::postgres::Postgres;
        rust { batches_go_on_after_a_cut_on_a_passed_connection }
    }
}

mod postgres {
    mod advice;
    mod bad_input;
    mod errors;
    mod lease;
    mod locks;
    mod outside;
    mod passed;
    mod pooler;
    mod rounds;
    mod rust;
    mod settings;
    mod starters;
}
