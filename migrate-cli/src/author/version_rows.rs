//! The version rows, for a command that writes files.

use migrate_runtime::{AnyPool, Migrations};

use super::directory::Directory;
use super::failure::Result;

/// The version rows of the database of `url`, also those that the chain does not have.
///
/// # Errors
/// The database does not answer.
pub async fn read(directory: &Directory, url: &str) -> Result<Vec<String>> {
    let migrations = Migrations::from(directory.chain.clone());
    let status = migrations.status(&AnyPool::existing(url)?).await?;
    Ok(status.current)
}
