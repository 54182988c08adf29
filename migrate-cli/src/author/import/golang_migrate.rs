//! golang-migrate: `N_name.up.sql` and `N_name.down.sql`.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::failure::Result;
use super::migration::{
    Imported, Migration, at, created, files, number, numbered, sql, text, words,
};

pub fn read(folder: &Path, _: &Path) -> Result<Imported> {
    let mut found: BTreeMap<u64, Migration> = BTreeMap::new();
    for (name, path) in files(folder)? {
        let Some((digits, rest)) = numbered(&name) else {
            continue;
        };
        let Ok(version) = digits.parse::<u64>() else {
            continue;
        };
        let Some((title, is_up)) = parts(rest) else {
            continue;
        };
        let written = sql(&text(&path)?);
        let migration = found.entry(version).or_default();
        migration.files.push(path);
        if is_up {
            digits.clone_into(&mut migration.id);
            migration.adopts = vec![number(digits)];
            migration.message = words(title);
            migration.created = created(digits);
            migration.upgrade = Some(written);
        } else {
            migration.downgrade = Some(written).filter(|sql| !sql.trim().is_empty());
        }
    }
    let mut imported = Imported::default();
    for migration in found.into_values() {
        if migration.upgrade.is_some() {
            imported.migrations.push(migration);
        } else if let Some(path) = migration.files.first() {
            imported
                .left
                .push(at(path, 1, "it undoes a version that has no upgrade"));
        }
    }
    Ok(imported)
}

/// The title of `12_create_users.up.sql`, and whether it is an upgrade. The extension may be any.
fn parts(rest: &str) -> Option<(&str, bool)> {
    let up = rest.rfind(".up.").map(|end| (end, true));
    let down = rest.rfind(".down.").map(|end| (end, false));
    let (end, is_up) = up.max(down)?;
    Some((&rest[..end], is_up))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_before_the_extension_is_the_direction() {
        assert_eq!(parts("create_users.up.sql"), Some(("create_users", true)));
        assert_eq!(parts("create.up.down.pgsql"), Some(("create.up", false)));
        assert_eq!(parts("create_users.sql"), None);
    }
}
