use clap::Args;

use super::run;
use super::{CommandError, Cx, Exit};

/// `adopt`: takes over the history of another tool, as an upgrade does.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  cargo migrate status         shows what will be taken over
  cargo migrate adopt          records it, and runs nothing")]
pub struct Adopt {}

impl Adopt {
    #[allow(clippy::unused_self, reason = "each command is run in the same way")]
    pub async fn run(self, cx: &mut Cx<'_>) -> Result<Exit, CommandError> {
        let pool = cx.database_to_write()?;
        let report = cx.runner(&pool).adopt().await?;
        run::report(cx.ui, &report);
        Ok(Exit::Done)
    }
}
