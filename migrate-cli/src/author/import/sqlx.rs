//! sqlx: `N_name.sql`, or `N_name.up.sql` with `N_name.down.sql`; `-- no-transaction` at the beginning of a file.

use std::collections::BTreeMap;
use std::path::Path;

use sha2::{Digest as _, Sha384};
use toml::de::{DeTable, DeValue};

use super::super::failure::Result;
use super::migration::{Imported, Migration, created, files, hex, numbered, sql, text, words};

pub fn read(folder: &Path, root: &Path) -> Result<Imported> {
    let settings = Settings::read(root)?;
    let mut found: BTreeMap<i64, Migration> = BTreeMap::new();
    for (name, path) in files(folder)? {
        let Some((digits, rest)) = numbered(&name) else {
            continue;
        };
        let (Ok(version), Some(stem)) = (digits.parse::<i64>(), rest.strip_suffix(".sql")) else {
            continue;
        };
        let written = text(&path)?;
        let migration = found.entry(version).or_default();
        if written.starts_with("-- no-transaction") {
            migration.outside();
        }
        migration.files.push(path);
        if stem.strip_suffix(".down").is_some() {
            migration.downgrade = Some(sql(&written));
            continue;
        }
        digits.clone_into(&mut migration.id);
        migration.message = words(stem.strip_suffix(".up").unwrap_or(stem));
        migration.created = created(digits);
        migration.adopts = vec![format!("{version} {}", settings.checksum(&written))];
        migration.upgrade = Some(sql(&written));
    }
    Ok(Imported {
        migrations: found
            .into_values()
            .filter(|one| one.upgrade.is_some())
            .collect(),
        table: settings.table,
        ..Imported::default()
    })
}

/// The keys of `[migrate]` in `sqlx.toml` that matter.
#[derive(Debug, Default)]
pub struct Settings {
    pub folder: Option<String>,
    table: Option<String>,
    /// The characters that the checksum passes over.
    ignored: Vec<char>,
}

impl Settings {
    /// The settings next to the crate's manifest.
    pub fn read(root: &Path) -> Result<Self> {
        let path = root.join("sqlx.toml");
        if !path.is_file() {
            return Ok(Self::default());
        }
        let written = text(&path)?;
        let Ok(table) = DeTable::parse(&written) else {
            return Ok(Self::default());
        };
        let migrate = table
            .get_ref()
            .get("migrate")
            .and_then(|value| value.get_ref().as_table());
        let value = |key: &str| {
            migrate
                .and_then(|table| table.get(key))
                .map(toml::Spanned::get_ref)
        };
        let string = |key: &str| value(key).and_then(DeValue::as_str).map(str::to_owned);
        let ignored = value("ignored-chars")
            .and_then(DeValue::as_array)
            .into_iter()
            .flatten();
        Ok(Self {
            folder: string("migrations-dir"),
            table: string("table-name"),
            ignored: ignored
                .filter_map(|one| one.get_ref().as_str()?.chars().next())
                .collect(),
        })
    }

    fn checksum(&self, text: &str) -> String {
        let kept: String = text.chars().filter(|c| !self.ignored.contains(c)).collect();
        hex(&Sha384::digest(kept))
    }
}
