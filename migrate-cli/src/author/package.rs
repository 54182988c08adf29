//! The folder of the crate that a migration directory belongs to.

use std::path::{Path, PathBuf};

use super::directory::Directory;

/// The folder of the Cargo.toml that the directory belongs to: paths of models are relative to it, and programs start there.
pub fn package(directory: &Directory) -> PathBuf {
    let root = directory.root();
    let mut folder = PathBuf::from(root);
    for _ in 0..64 {
        folder.push("..");
        if folder.join("Cargo.toml").is_file() {
            return shorter(&folder);
        }
    }
    shorter(&root.join(".."))
}

/// The path without `name/..`, as people write it.
fn shorter(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        let is_up = part == std::path::Component::ParentDir;
        let ends_in_name = matches!(
            out.components().next_back(),
            Some(std::path::Component::Normal(_))
        );
        if is_up && ends_in_name && !out.is_symlink() {
            out.pop();
        } else {
            out.push(part);
        }
    }
    if out.as_os_str().is_empty() {
        PathBuf::from(".")
    } else {
        out
    }
}
