//! Revisions outside a transaction: an intent row before, a journal row after each statement, and resuming after a crash.

mod resolve;
mod resume;
mod run;
pub mod unfinished;
