//! dbmate: one file with `-- migrate:up` and `-- migrate:down`.

use std::path::Path;

use super::super::failure::Result;
use super::super::sql_files::divided;
use super::migration::{Imported, Migration, at, created, files, sql, text, words};

pub fn read(folder: &Path, _: &Path) -> Result<Imported> {
    let mut imported = Imported::default();
    for (name, path) in files(folder)? {
        let end = name.bytes().take_while(u8::is_ascii_digit).count();
        let (version, rest) = name.split_at(end);
        let Some(stem) = rest.strip_suffix(".sql").filter(|_| end > 0) else {
            continue;
        };
        let mut migration = Migration {
            adopts: vec![version.to_owned()],
            id: version.to_owned(),
            message: words(stem),
            created: created(version),
            ..Migration::default()
        };
        if let Some(part) = divided(&path.display().to_string(), &sql(&text(&path)?))? {
            migration.upgrade = Some(part.upgrade);
            migration.downgrade = Some(part.downgrade).filter(|sql| !sql.is_empty());
            part.keys
                .iter()
                .for_each(|(key, value)| migration.key(key, value));
        } else {
            imported
                .left
                .push(at(&path, 1, "it has no `-- migrate:up`"));
        }
        migration.files.push(path);
        imported.migrations.push(migration);
    }
    Ok(imported)
}
