//! Diesel: a folder for each migration, with `up.sql`, `down.sql` and perhaps `metadata.toml`.

use std::path::Path;

use toml::de::DeTable;

use super::super::failure::Result;
use super::migration::{Imported, Migration, created, folders, sql, text, words};

pub fn read(folder: &Path, _: &Path) -> Result<Imported> {
    let mut migrations = Vec::new();
    for (name, path) in folders(folder)? {
        let up = path.join("up.sql");
        if !up.is_file() {
            continue;
        }
        let (version, rest) = name.split_once('_').unwrap_or((&name, ""));
        let version = version.replace('-', "");
        let mut migration = Migration {
            adopts: vec![version.clone()],
            id: version.clone(),
            message: words(rest),
            created: created(&version),
            upgrade: Some(sql(&text(&up)?)),
            ..Migration::default()
        };
        let down = path.join("down.sql");
        if down.is_file() {
            migration.downgrade = Some(sql(&text(&down)?));
        }
        if !runs_in_transaction(&path) {
            migration.outside();
        }
        migration.files.push(path);
        migrations.push((version, migration));
    }
    migrations.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(Imported {
        migrations: migrations
            .into_iter()
            .map(|(_, migration)| migration)
            .collect(),
        ..Imported::default()
    })
}

/// As Diesel reads it: a file without the key means no, one that is not there or is not TOML means yes.
fn runs_in_transaction(folder: &Path) -> bool {
    let Ok(written) = std::fs::read_to_string(folder.join("metadata.toml")) else {
        return true;
    };
    DeTable::parse(&written).map_or(true, |table| {
        let value = table.get_ref().get("run_in_transaction");
        value
            .and_then(|value| value.get_ref().as_bool())
            .unwrap_or(false)
    })
}

/// The folder that `diesel.toml` names.
pub fn named_folder(root: &Path) -> Option<String> {
    let written = std::fs::read_to_string(root.join("diesel.toml")).ok()?;
    let table = DeTable::parse(&written).ok()?;
    let section = table.get_ref().get("migrations_directory")?;
    Some(
        section
            .get_ref()
            .as_table()?
            .get("dir")?
            .get_ref()
            .as_str()?
            .to_owned(),
    )
}
