#![doc = include_str!("../README.md")]

pub use migrate_runtime::*;
