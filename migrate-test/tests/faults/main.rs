//! Faults of tests with databases: each case has a server of its own, and processes that run tests on it.
#![cfg(all(feature = "mysql", feature = "postgres", feature = "sqlite"))]
#![allow(clippy::print_stdout, reason = "a child process tells what it sees")]

mod child;
mod disk;
mod mysql;
mod postgres;
mod servers;
#[path = "../suite/mod.rs"]
mod suite;
