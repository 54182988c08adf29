//! Chains of any length, for whoever measures.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;

use migrate_chain::{Entry, Tree};

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

    fn list(&self, path: &str) -> io::Result<Option<Vec<Entry>>> {
        let entry = |name: &str, is_directory| Entry {
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
fn id(n: usize) -> String {
    let mixed = (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    format!("{:012x}", mixed >> 16)
}

fn revision(n: usize, length: usize) -> String {
    let mut text = format!(
        "-- Create the table t{n}\n--\n-- revision: {}\n-- down_revision: {}\n",
        id(n),
        parents(n, length)
    );
    let _ = writeln!(
        text,
        "-- created: 2026-11-22T08:00:00Z\n\n-- migrate: upgrade\n{}",
        upgrade(n)
    );
    let _ = writeln!(text, "-- migrate: downgrade\nDROP TABLE t{n};");
    text
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
