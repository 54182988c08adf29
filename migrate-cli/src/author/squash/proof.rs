//! Whether a squash does what the revisions that it replaces did.

use migrate_diff::{DevServer, Schema, Touched};
use migrate_runtime::Migrations;

use super::super::directory::Directory;
use super::super::failure::{CommandError, Result};
use super::super::scratch::{ScratchDatabase, difference};
use super::Squashed;

impl Squashed {
    /// Runs both chains on scratch databases of a server: upgraded to the squash they must hold the same, and
    /// downgraded below it as well.
    ///
    /// # Errors
    /// They do not, or a chain does not run.
    pub async fn prove(&self, directory: &Directory, server: &DevServer) -> Result<()> {
        let config = &directory.chain.config;
        let (before, after) = (
            Migrations::from(directory.chain.clone()),
            Migrations::from(self.after.clone()),
        );
        let (mut old, mut new) = (
            ScratchDatabase::new(&before, config, server).await?,
            ScratchDatabase::new(&after, config, server).await?,
        );
        let all = Touched::all();
        let upgraded = old.upgrade(&self.id, &all).await.map_err(as_they_are)?;
        // An app has the chain as it is: it may run what comes before the squash, and nothing else.
        for parent in &self.parents {
            new.upgrade(parent, &all).await.map_err(as_they_are)?;
        }
        let squashed = new.upgrade(&self.id, &all).await.map_err(as_one)?;
        same(&upgraded, &squashed, "upgrade")?;
        if self.has_downgrade {
            let back = old
                .downgrade(&self.below, &all)
                .await
                .map_err(as_they_are)?;
            let squashed = new.downgrade(&self.below, &all).await.map_err(as_one)?;
            same(&back, &squashed, "downgrade")?;
        }
        old.finish().await?;
        new.finish().await
    }
}

fn as_they_are(failure: CommandError) -> CommandError {
    failure.headline("the revisions do not run as they are; nothing was written")
}

fn as_one(failure: CommandError) -> CommandError {
    let headline = "the squash does not run, though the revisions do; nothing was written";
    failure.headline(headline).help(SHORTER)
}

const SHORTER: &str = "squash a shorter run: one of the revisions counts on the commit of another";

fn same(revisions: &Schema, squash: &Schema, way: &str) -> Result<()> {
    match difference(revisions, squash) {
        None => Ok(()),
        Some(difference) => Err(CommandError::new(format!(
            "the {way} of the squash gives another schema than the revisions did; nothing was written"
        ))
        .note(format!("it differs in:\n{difference}"))
        .help(SHORTER)),
    }
}
