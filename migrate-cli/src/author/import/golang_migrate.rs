//! golang-migrate: `N_name.up.sql` and `N_name.down.sql`.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::failure::Result;
use super::migration::{Imported, Migration, created, files, number, numbered, sql, text, words};

pub fn read(folder: &Path, _: &Path) -> Result<Imported> {
    let mut found: BTreeMap<u64, Migration> = BTreeMap::new();
    for (name, path) in files(folder)? {
        let Some((digits, rest)) = numbered(&name) else {
            continue;
        };
        let Ok(version) = digits.parse::<u64>() else {
            continue;
        };
        let is_up = rest.ends_with(".up.sql");
        if !is_up && !rest.ends_with(".down.sql") {
            continue;
        }
        let written = sql(&text(&path)?);
        let migration = found.entry(version).or_default();
        migration.files.push(path);
        if is_up {
            digits.clone_into(&mut migration.id);
            migration.adopts = vec![number(digits)];
            migration.message = words(rest.trim_end_matches(".up.sql"));
            migration.created = created(digits);
            migration.upgrade = Some(written);
        } else {
            migration.downgrade = Some(written).filter(|sql| !sql.trim().is_empty());
        }
    }
    Ok(Imported {
        migrations: found
            .into_values()
            .filter(|one| one.upgrade.is_some())
            .collect(),
        ..Imported::default()
    })
}
