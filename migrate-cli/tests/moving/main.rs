//! Moving over from another tool: its files become a chain, and its history is taken over by whoever starts first.

#[path = "../session/mod.rs"]
mod session;
#[path = "../author/support.rs"]
#[allow(
    dead_code,
    unused_imports,
    reason = "it is what all tests of the command line share"
)]
mod support;

mod alembic;
mod base;
mod crates;
mod guide;
mod history;
mod layout;
mod refused;
mod sizes;
mod tables;
mod untracked;
