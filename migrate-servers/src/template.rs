//! Data directories: created once for each version, then copied.

use std::fs::DirBuilder;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{env, fs, io};

use crate::error::Error;
use crate::user::User;

/// Creates the data directory `data`: a copy of the template that `key` names, or what `create` makes of it, which then
/// becomes the template.
///
/// Any number of processes may do this at once. A template appears under its name only when it is complete.
pub fn fill(
    data: &Path,
    key: &str,
    user: User,
    create: impl FnOnce(&Path) -> Result<(), Error>,
) -> Result<(), Error> {
    let template = cache().map(|cache| cache.join("servers").join(key));
    if let Some(template) = template.as_deref().filter(|template| template.is_dir()) {
        if copy(template, data, user).is_ok() {
            return Ok(());
        }
        // Somebody emptied the cache meanwhile.
        let _ = fs::remove_dir_all(data);
    }
    create(data)?;
    if let Some(template) = template {
        // The cache only saves time: without one, everything works.
        let _ = publish(data, &template);
    }
    Ok(())
}

/// Creates an empty folder that only its owner can read, as servers ask.
pub fn private_folder(folder: &Path, user: User) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(folder)?;
    user.give(folder)
}

/// A name for what decides how a data directory looks.
pub fn key(product: &str, parts: &[&str]) -> String {
    // FNV-1a: the same in every build, and nobody attacks it.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in parts.join("\0").bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    format!("{product}-{hash:016x}")
}

/// 16 hexadecimal digits that nobody else has.
pub fn random() -> String {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    format!("{:016x}", hasher.finish())
}

/// Our folder in the user's cache; none if the user has no home.
pub fn cache() -> Option<PathBuf> {
    let absolute = |name: &str| {
        let folder = PathBuf::from(env::var_os(name)?);
        folder.is_absolute().then_some(folder)
    };
    let cache = absolute("XDG_CACHE_HOME").or_else(|| {
        let home = absolute("HOME")?;
        let folder = if cfg!(target_os = "macos") {
            "Library/Caches"
        } else {
            ".cache"
        };
        Some(home.join(folder))
    })?;
    Some(cache.join("embed-migrations"))
}

fn publish(data: &Path, template: &Path) -> io::Result<()> {
    let cache = template.parent().unwrap_or(Path::new("/"));
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(cache)?;
    sweep(cache);
    let unfinished = cache.join(format!("{UNFINISHED}{}", random()));
    let done = copy(data, &unfinished, User::this_process())
        .and_then(|()| fs::rename(&unfinished, template));
    if done.is_err() {
        // Another process was faster, or the disk is full.
        let _ = fs::remove_dir_all(&unfinished);
    }
    done
}

const UNFINISHED: &str = "unfinished-";

/// Removes what processes that were killed have left.
fn sweep(cache: &Path) {
    for entry in fs::read_dir(cache).into_iter().flatten().flatten() {
        let is_unfinished = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
        let modified = entry.metadata().and_then(|data| data.modified());
        let is_old = modified.is_ok_and(|modified| {
            let age = SystemTime::now().duration_since(modified);
            age.is_ok_and(|age| age > Duration::from_hours(1))
        });
        if is_unfinished && is_old {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn copy(from: &Path, to: &Path, user: User) -> io::Result<()> {
    private_folder(to, user)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, to) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &to, user)?;
        } else if kind.is_file() {
            fs::copy(entry.path(), &to)?;
            user.give(&to)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_complete_or_not_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data");
        private_folder(&data, User::this_process()).expect("a folder");
        fs::write(data.join("file"), "text").expect("a file");
        let template = folder.path().join("cache/template");
        publish(&data, &template).expect("it is published");
        // The second one finds it there, and leaves nothing.
        assert!(publish(&data, &template).is_err());
        let copied = folder.path().join("copy");
        copy(&template, &copied, User::this_process()).expect("a copy");
        assert_eq!(
            fs::read_to_string(copied.join("file")).expect("a file"),
            "text"
        );
        let cache = fs::read_dir(folder.path().join("cache")).expect("it lists");
        assert_eq!(cache.count(), 1);
    }

    #[test]
    fn every_part_counts_for_the_key() {
        assert_ne!(
            key("mysql", &["8.0.36", "1"]),
            key("mysql", &["8.0.36", "0"])
        );
        assert_eq!(key("mysql", &["8.0.36"]), key("mysql", &["8.0.36"]));
    }
}
