//! refinery: `V1__name.sql` and `U1__name.sql`, in sub-folders too; `.rs` files make their SQL when they run.

use std::hash::{Hash as _, Hasher as _};
use std::path::Path;

use siphasher::sip::SipHasher13;

use super::super::failure::Result;
use super::migration::{Imported, Migration, all_files, at, created, number, sql, text, words};

pub fn read(folder: &Path, root: &Path) -> Result<Imported> {
    let is_wide = has_wide_versions(root);
    let mut imported = Imported::default();
    let mut found = Vec::new();
    for (name, path) in all_files(folder)? {
        let Some((version, title, extension)) = parts(&name) else {
            continue;
        };
        let shown = number(version);
        let mut migration = Migration {
            id: version.to_owned(),
            message: words(title),
            created: created(version),
            ..Migration::default()
        };
        if extension == "sql" {
            let written = text(&path)?;
            let checksum = checksum(title, &shown, &written, is_wide);
            migration.adopts = vec![format!("{shown} {checksum}")];
            migration.upgrade = Some(sql(&written));
        } else {
            migration.adopts = vec![shown.clone()];
            imported.left.push(at(
                &path,
                1,
                "it is written in Rust: write its SQL into the revision",
            ));
        }
        migration.files.push(path);
        found.push((shown.parse::<i64>().unwrap_or(i64::MAX), migration));
    }
    found.sort_by_key(|(version, _)| *version);
    imported.migrations = found.into_iter().map(|(_, migration)| migration).collect();
    Ok(imported)
}

/// Version, name and extension of `V12__create_users.sql`.
fn parts(name: &str) -> Option<(&str, &str, &str)> {
    let (stem, extension) = name.rsplit_once('.')?;
    let (version, title) = stem.strip_prefix(['U', 'V'])?.split_once("__")?;
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let is_one = !version.is_empty()
        && version.bytes().all(|byte| byte.is_ascii_digit())
        && !title.is_empty()
        && title.chars().all(is_word);
    (is_one && matches!(extension, "sql" | "rs")).then_some((version, title, extension))
}

/// `SipHash` 1-3 over the name, the version and the SQL, each as Rust hashes it.
fn checksum(name: &str, version: &str, sql: &str, is_wide: bool) -> u64 {
    let mut hasher = SipHasher13::new();
    name.hash(&mut hasher);
    if is_wide {
        version.parse::<i64>().unwrap_or_default().hash(&mut hasher);
    } else {
        version.parse::<i32>().unwrap_or_default().hash(&mut hasher);
    }
    sql.hash(&mut hasher);
    hasher.finish()
}

/// Whether the crate has versions of 64 bits: the checksum covers their bytes.
fn has_wide_versions(root: &Path) -> bool {
    let manifest = std::fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
    manifest.contains("int8-versions")
}
