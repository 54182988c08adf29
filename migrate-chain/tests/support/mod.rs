//! Helpers shared by several integration tests of this crate.
#![allow(dead_code, reason = "each test crate uses a part of it")]

pub mod codes;
pub mod fixtures;
pub mod generate;
