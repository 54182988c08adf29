//! Scripts instead of a run.

use clap::Args;
use migrate_chain::target::Range;

use super::{CommandError, Cx};
use migrate_runtime::Dialect;

/// The database that a script is for.
#[derive(Args, Clone, Debug)]
pub struct ScriptOptions {
    /// The database that the script is for: `sqlite`, `postgres` or `mysql` [default: that of the database URL]
    #[arg(long, value_name = "NAME", requires = "sql")]
    dialect: Option<Dialect>,
}

impl ScriptOptions {
    pub fn dialect(&self, cx: &Cx<'_>) -> Result<Dialect, CommandError> {
        if let Some(dialect) = self.dialect {
            return Ok(dialect);
        }
        cx.dialect()?.ok_or_else(|| {
            CommandError::usage("the kind of database for the script is not given")
                .help("pass `--dialect sqlite`, `postgres` or `mysql`, or a database URL")
        })
    }
}

/// The range of a script, which may come before `--sql` or after it.
pub fn range(target: Option<String>, sql: Option<String>) -> Result<Option<String>, CommandError> {
    if let (Some(target), Some(sql)) = (&target, &sql) {
        let what = format!("both `{target}` and `{sql}` say where the script goes");
        return Err(CommandError::usage(what).help("leave one out"));
    }
    let range = target.or(sql);
    if let Some(range) = &range {
        Range::of_script(range)?;
    }
    Ok(range)
}
