//! Lint: what a revision does to the tables that are already there, as far as its text tells.
//!
//! The rules here need no parser beyond this crate, and no database. `cargo migrate lint` adds those that do.

mod allow;
mod ddl;
mod file;
mod finding;
mod read;
mod rewrite;
mod rule;
mod rules;
mod tables;
mod words;

pub use allow::{Allowances, Unknown};
pub use ddl::Name;
pub use file::File;
pub use finding::{Evidence, Finding, sort};
pub use read::{at_build, read};
pub use rewrite::{Rewrite, RewriteStage};
pub use rule::{Blocks, Effect, Example, Lasts, Rule, Severity, Sources};
pub use rules::{EXAMPLE_TABLES, RULES, rule};
