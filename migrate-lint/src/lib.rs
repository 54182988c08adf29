#![doc = include_str!("../README.md")]

mod measure;
mod report;
mod review;
mod squawk;

pub use measure::{Failed, Measured, measure};
pub use report::{Format, counted, markdown_table, report};
pub use review::{Request, Review, review};
