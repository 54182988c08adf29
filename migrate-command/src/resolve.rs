use clap::Args;

use super::run;
use super::{CommandError, Cx, Exit};
use migrate_runtime::Resolution;

/// `resolve`: decides what happens to an interrupted revision.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
First check what the interrupted statement did to the database.

Example: cargo migrate resolve ae10 --applied")]
pub struct Resolve {
    /// The revision that is in doubt: its id or the beginning of it
    revision: String,
    #[command(flatten)]
    how: How,
}

#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
struct How {
    /// It counts as applied: you have finished by hand what was missing
    #[arg(long)]
    applied: bool,
    /// It counts as not applied: you have undone by hand what was there
    #[arg(long)]
    not_applied: bool,
    /// The statement in flight did nothing: the next upgrade goes on with it
    #[arg(long)]
    retry: bool,
}

impl Resolve {
    pub async fn run(self, cx: &mut Cx<'_>) -> Result<Exit, CommandError> {
        let resolution = match self.how {
            How { applied: true, .. } => Resolution::Applied,
            How {
                not_applied: true, ..
            } => Resolution::NotApplied,
            How { .. } => Resolution::Retry,
        };
        let revision = revision(cx, &self.revision)?;
        let pool = cx.database()?;
        let report = cx.runner(&pool).resolve(&revision, resolution).await?;
        run::report(cx.ui, &report);
        Ok(Exit::Done)
    }
}

/// The id that is meant. One that this chain does not have may be in doubt all the same.
fn revision(cx: &Cx<'_>, text: &str) -> Result<String, CommandError> {
    let target = super::arguments::target(text)?;
    if target.needs_rows() {
        let what = format!("`{text}` depends on the current revision, which is in doubt");
        return Err(
            CommandError::usage(what).help("name the revision by its id, as `status` shows it")
        );
    }
    let graph = cx.migrations.graph();
    match graph.resolve::<&str>(&target, &[]).as_deref() {
        Ok([Some(index)]) => Ok(graph.id(*index).to_owned()),
        _ => Ok(text.to_owned()),
    }
}
