//! `cargo migrate list-templates`: the kinds of revision file.

use clap::Args;

/// List the kinds of revision that `revision` writes
#[derive(Args, Debug)]
#[command(after_help = "\
Example:
  cargo migrate list-templates")]
pub(crate) struct ListTemplates {}

/// Each kind with what it is for.
pub(crate) const TEMPLATES: [(&str, &str); 2] = [
    (
        "sql",
        "SQL, in sections for the upgrade and the downgrade; `cargo migrate revision`",
    ),
    (
        "rust",
        "what SQL cannot do, in Rust; `cargo migrate revision --rust`",
    ),
];
