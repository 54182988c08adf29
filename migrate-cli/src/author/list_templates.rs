//! `cargo migrate list-templates`: the kinds of revision file.

use clap::Args;
use serde::Serialize;

/// List the kinds of revision that `revision` writes
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  cargo migrate list-templates")]
pub struct ListTemplates {}

/// A kind of revision file.
#[derive(Debug, Serialize)]
pub struct Template {
    pub name: &'static str,
    /// Its purpose.
    pub description: &'static str,
}

/// Each kind.
pub const TEMPLATES: [Template; 2] = [
    Template {
        name: "sql",
        description: "SQL, in sections for the upgrade and the downgrade; `cargo migrate revision`",
    },
    Template {
        name: "rust",
        description: "what SQL cannot do, in Rust; `cargo migrate revision --rust`",
    },
];
