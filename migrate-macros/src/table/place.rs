//! Finds the migration directory of a struct.

use std::path::{Path, PathBuf};

use migrate_chain::package;

use crate::expand::{DEFAULT_DIRECTORY, Surroundings};

/// The directory that a struct names, else the one that the Cargo.toml names, else the usual one.
///
/// # Errors
/// Cargo.toml names a directory that cannot be used.
pub fn directory(surroundings: &Surroundings, named: Option<&str>) -> Result<PathBuf, String> {
    let root = &surroundings.manifest_dir;
    if let Some(named) = named {
        return Ok(root.join(named));
    }
    let manifest = std::fs::read_to_string(manifest(root)).unwrap_or_default();
    let named = package::directory(&manifest).map_err(|wrong| wrong.to_string())?;
    Ok(root.join(named.as_deref().unwrap_or(DEFAULT_DIRECTORY)))
}

/// The Cargo.toml of a package.
pub fn manifest(root: &Path) -> PathBuf {
    root.join("Cargo.toml")
}
