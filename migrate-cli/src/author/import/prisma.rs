//! Prisma: a folder for each migration, with `migration.sql`.

use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::super::failure::Result;
use super::migration::{Imported, Migration, at, created, folders, hex, sql, text, words};

pub fn read(folder: &Path, _: &Path) -> Result<Imported> {
    let mut imported = Imported::default();
    for (name, path) in folders(folder)? {
        let script = path.join("migration.sql");
        if !script.is_file() {
            continue;
        }
        if name.contains([' ', ',']) {
            imported.left.push(at(
                &script,
                1,
                "its name has a blank or a comma, and cannot be adopted",
            ));
        }
        let written = text(&script)?;
        let (version, rest) = name.split_once('_').unwrap_or((&name, ""));
        imported.migrations.push(Migration {
            adopts: vec![format!("{name} {}", hex(&Sha256::digest(&written)))],
            id: version.to_owned(),
            message: words(rest),
            created: created(version),
            upgrade: Some(sql(&written)),
            files: vec![path],
            ..Migration::default()
        });
    }
    Ok(imported)
}
