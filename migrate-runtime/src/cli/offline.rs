//! Scripts instead of a run.

use clap::Args;

use super::{Cx, Failure};
use crate::Dialect;

/// The database that a script is for.
#[derive(Args, Clone, Debug)]
pub(super) struct ScriptOptions {
    /// Which database the script is for: `sqlite`, `postgres` or `mysql` [default: that of the database URL]
    #[arg(long, value_name = "NAME", requires = "sql")]
    dialect: Option<Dialect>,
}

impl ScriptOptions {
    pub(super) fn dialect(&self, cx: &Cx<'_>) -> Result<Dialect, Failure> {
        if let Some(dialect) = self.dialect {
            return Ok(dialect);
        }
        cx.dialect()?.ok_or_else(|| {
            Failure::usage("nothing says which database the script is for")
                .help("pass `--dialect sqlite`, `postgres` or `mysql`, or a database URL")
        })
    }
}

/// The range of a script, which may stand before `--sql` or behind it.
pub(super) fn range(
    target: Option<String>,
    sql: Option<String>,
) -> Result<Option<String>, Failure> {
    match (target, sql) {
        (Some(target), Some(sql)) => Err(Failure::usage(format!(
            "both `{target}` and `{sql}` say where the script goes"
        ))
        .help("leave one out")),
        (target, sql) => Ok(target.or(sql)),
    }
}
