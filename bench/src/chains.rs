//! Chains of any length.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use migrate_chain::{DirectoryEntry, Tree};

use crate::Result;

/// The files of a chain of `length` revisions, by their names. Every tenth revision opens a branch beside the next one,
/// and both are merged, so that the graph is no mere list.
pub(crate) fn files(length: usize) -> BTreeMap<String, String> {
    (0..length)
        .map(|n| (format!("{}_step.sql", id(n)), revision(n, length)))
        .collect()
}

/// Only the SQL of the upgrades, in order.
pub(crate) fn upgrades(length: usize) -> impl Iterator<Item = String> {
    (0..length).map(upgrade)
}

/// Writes the chain to the folder `migrations`.
pub(crate) fn write(migrations: &Path, length: usize) -> Result {
    let versions = migrations.join("versions");
    fs::create_dir_all(&versions)?;
    for (name, text) in files(length) {
        fs::write(versions.join(name), text)?;
    }
    Ok(())
}

/// Writes a chain in which each revision has one parent: the SQL of each for both directions.
#[cfg(feature = "servers")]
pub(crate) fn write_line(
    migrations: &Path,
    revisions: impl IntoIterator<Item = (String, String)>,
) -> Result {
    let parent = |n: usize| match n {
        0 => "none".to_owned(),
        _ => id(n - 1),
    };
    let texts = revisions
        .into_iter()
        .enumerate()
        .map(|(n, (upgrade, downgrade))| text(n, &parent(n), &upgrade, &downgrade));
    write_all(migrations, texts)
}

/// Writes a chain of two heads on one base.
#[cfg(feature = "servers")]
pub(crate) fn write_two_heads(migrations: &Path, upgrade: &str, downgrade: &str) -> Result {
    let base = id(0);
    let texts = ["none", &*base, &*base]
        .into_iter()
        .enumerate()
        .map(|(n, parent)| text(n, parent, upgrade, downgrade));
    write_all(migrations, texts)?;
    Ok(fs::write(
        migrations.join("migrate.toml"),
        "heads = \"many\"\n",
    )?)
}

#[cfg(feature = "servers")]
fn write_all(migrations: &Path, texts: impl Iterator<Item = String>) -> Result {
    let versions = migrations.join("versions");
    fs::create_dir_all(&versions)?;
    for (n, text) in texts.enumerate() {
        fs::write(versions.join(format!("{}_step.sql", id(n))), text)?;
    }
    Ok(())
}

/// A chain in memory, so that loading it measures no file system.
pub(crate) struct Memory(BTreeMap<String, String>);

impl Memory {
    pub(crate) fn new(length: usize) -> Self {
        Self(files(length))
    }
}

impl Tree for Memory {
    fn name(&self) -> &'static str {
        "migrations"
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let name = path.strip_prefix("versions/");
        Ok(name
            .and_then(|name| self.0.get(name))
            .map(|text| text.clone().into_bytes()))
    }

    fn list(&self, path: &str) -> io::Result<Option<Vec<DirectoryEntry>>> {
        let entry = |name: &str, is_directory| DirectoryEntry {
            name: name.to_owned(),
            is_directory,
        };
        Ok(match path {
            "" => Some(vec![entry("versions", true)]),
            "versions" => Some(self.0.keys().map(|name| entry(name, false)).collect()),
            _ => None,
        })
    }
}

/// Looks like a random id, and is the same on every run.
pub(crate) fn id(n: usize) -> String {
    let mixed = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{:012x}", mixed >> 16)
}

fn revision(n: usize, length: usize) -> String {
    text(
        n,
        &parents(n, length),
        &upgrade(n),
        &format!("DROP TABLE t{n};"),
    )
}

fn text(n: usize, parents: &str, upgrade: &str, downgrade: &str) -> String {
    format!(
        "-- Step {n}\n--\n-- revision: {}\n-- down_revision: {parents}\n-- created: 2026-11-22T08:00:00Z\n\n\
         -- migrate: upgrade\n{upgrade}\n-- migrate: downgrade\n{downgrade}\n",
        id(n)
    )
}

/// 0 ← 1 ← … ← 9, then 10 and 11 both on 9, and 12 on both of them, and so on.
fn parents(n: usize, length: usize) -> String {
    let merges_follow = |n: usize| n + 2 < length;
    match n % 10 {
        _ if n == 0 => "none".to_owned(),
        1 if n > 10 && merges_follow(n - 1) => id(n - 2),
        2 if n > 10 => format!("{}, {}", id(n - 2), id(n - 1)),
        _ => id(n - 1),
    }
}

fn upgrade(n: usize) -> String {
    format!(
        "CREATE TABLE t{n} (\n    id INTEGER PRIMARY KEY,\n    name TEXT NOT NULL,\n    note TEXT NOT NULL DEFAULT '',\n    \
         created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP\n);\nCREATE INDEX t{n}_name ON t{n} (name);\n"
    )
}
