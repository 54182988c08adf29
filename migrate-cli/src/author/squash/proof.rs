//! Whether a squash does what the revisions did that it stands for.

use migrate_runtime::Migrations;

use super::super::directory::Directory;
use super::super::failure::{Failure, Result};
use super::super::scratch::{Bench, difference};
use super::Squashed;

impl Squashed {
    /// Runs both chains on scratch databases of the server of `url`: upgraded to the squash they must hold the same, and
    /// downgraded below it as well.
    ///
    /// # Errors
    /// They do not, or a chain does not run.
    pub(super) async fn prove(&self, directory: &Directory, url: &str) -> Result<()> {
        let config = &directory.chain.config;
        let (before, after) = (
            Migrations::from(directory.chain.clone()),
            Migrations::from(self.after.clone()),
        );
        let (mut old, mut new) = (
            Bench::new(&before, config, url).await?,
            Bench::new(&after, config, url).await?,
        );
        let (upgraded, squashed) = (old.upgrade(&self.id).await?, new.upgrade(&self.id).await?);
        same(
            difference(&upgraded, &squashed),
            "the upgrade of the squash gives another schema",
        )?;
        if self.has_downgrade {
            let (back, squashed) = (
                old.downgrade(&self.below).await?,
                new.downgrade(&self.below).await?,
            );
            same(
                difference(&back, &squashed),
                "the downgrade of the squash gives another schema",
            )?;
        }
        old.finish().await?;
        new.finish().await
    }
}

fn same(difference: Option<String>, otherwise: &str) -> Result<()> {
    match difference {
        None => Ok(()),
        Some(difference) => Err(Failure::new(format!(
            "{otherwise} than the revisions did; nothing was written"
        ))
        .note(format!("it differs in:\n{difference}"))
        .help(
            "squash a shorter run: one of the revisions does something that another undoes or sees",
        )),
    }
}
