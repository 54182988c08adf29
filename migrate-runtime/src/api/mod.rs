//! The calls: a chain, a runner for one database, a fleet of them. They hold no logic.

pub(crate) mod call;
pub(crate) mod fleet;
mod migrations;
pub(crate) mod runner;
