use clap::Args;
use serde::Serialize;

use super::offline::ScriptOptions;
use super::{CommandError, Cx, Exit};

/// `ensure-version`: creates the tables that the first upgrade would create.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Example: cargo migrate ensure-version --sql --dialect postgres")]
pub struct EnsureVersion {
    /// Print a script instead of changing anything
    #[arg(long)]
    sql: bool,
    #[command(flatten)]
    script: ScriptOptions,
}

#[derive(Serialize)]
struct Json {
    created: bool,
}

impl EnsureVersion {
    pub async fn run(self, cx: &mut Cx<'_>) -> Result<Exit, CommandError> {
        if self.sql {
            let dialect = self.script.dialect(cx)?;
            let script = cx.migrations.sql_ensure_version(dialect);
            cx.ui.exact(script.trim_end());
            return Ok(Exit::Done);
        }
        let pool = cx.database_to_write()?;
        let created = cx.runner(&pool).ensure_version().await?;
        if cx.ui.is_json() {
            cx.ui.json(&Json { created });
        } else if created {
            cx.ui
                .result("the version table and the journal are there now");
        } else {
            cx.ui
                .result("the version table and the journal were there already");
        }
        Ok(Exit::Done)
    }
}
