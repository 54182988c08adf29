use std::time::Duration;

use clap::Args;
use migrate_runtime::ErrorKind;

use super::status::{self, Json};
use super::{CommandError, Cx, Exit};

/// `check`: whether the database is where this chain wants it.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cargo migrate check                       the exit code is 3 if something is not in order
  cargo migrate check --wait 2m             wait until another process has migrated")]
pub struct Check {
    /// How long to wait for another process to migrate
    #[arg(long, value_name = "DURATION", value_parser = humantime::parse_duration)]
    wait: Option<Duration>,
}

impl Check {
    pub async fn run(self, cx: &mut Cx<'_>) -> Result<Exit, CommandError> {
        let pool = cx.database()?;
        if let Some(timeout) = self.wait {
            match cx.runner(&pool).wait_until_current(timeout).await {
                // The status below says what is missing.
                Err(error) if !is_shown(error.kind()) => return Err(error.into()),
                _ => {}
            }
        }
        let status = cx.runner(&pool).status().await?;
        let is_current = status.is_current();
        if cx.ui.is_json() {
            cx.ui.json(&Json::new(&status));
        } else if is_current {
            cx.ui
                .result("the database is at the head, and nothing that is applied was edited");
        } else {
            for (name, lines) in status::wrong(&status) {
                for line in lines {
                    cx.ui.result(format!("{name}: {line}"));
                }
            }
        }
        Ok(if is_current {
            Exit::Done
        } else {
            Exit::Difference
        })
    }
}

/// Whether the status shows what the error says.
fn is_shown(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NotCurrent | ErrorKind::Edited | ErrorKind::Ahead
    )
}
