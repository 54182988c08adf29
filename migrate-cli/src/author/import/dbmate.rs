//! dbmate: one file with `-- migrate:up` and `-- migrate:down`.

use std::path::Path;

use super::super::failure::Result;
use super::super::sql_files::divided;
use super::migration::{Imported, Migration, created, files, sql, text, words};

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
        let mut parts = Vec::new();
        for block in blocks(&sql(&text(&path)?)) {
            let mut part = Migration::default();
            let divided = divided(&path.display().to_string(), &block);
            part.take(divided, &path, &mut imported.left);
            parts.push(part);
        }
        join(&mut migration, &parts);
        migration.files.push(path);
        imported.migrations.push(migration);
    }
    Ok(imported)
}

/// The parts of a file that each begin with `-- migrate:up`: most files have one.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    let mut has_begun = false;
    for line in text.split_inclusive('\n') {
        let comment = line.strip_prefix("--").map(str::trim_start);
        let is_up = comment.is_some_and(|comment| comment.starts_with("migrate:up"));
        if is_up && has_begun {
            blocks.push(String::new());
        }
        has_begun |= is_up;
        if let Some(block) = blocks.last_mut() {
            block.push_str(line);
        }
    }
    blocks
}

/// The upgrades run in order, the downgrades the other way round.
fn join(migration: &mut Migration, parts: &[Migration]) {
    let upgrades: Option<Vec<&str>> = parts.iter().map(|part| part.upgrade.as_deref()).collect();
    let downgrades = parts
        .iter()
        .rev()
        .filter_map(|part| part.downgrade.as_deref());
    let downgrades: Vec<&str> = downgrades.collect();
    migration.upgrade = upgrades.map(|all| all.join("\n\n"));
    migration.downgrade = (!downgrades.is_empty()).then(|| downgrades.join("\n\n"));
    for (key, value) in parts.iter().flat_map(|part| &part.keys) {
        migration.key(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_have_several_blocks() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = "-- why\n-- migrate:up\nA;\n-- migrate:down\nUNDO A;\n--migrate:up transaction:false\nB;\n-- migrate:down\nUNDO B;\n";
        std::fs::write(folder.path().join("20240101120000_two.sql"), text).expect("it is written");
        let imported = read(folder.path(), folder.path()).expect("it is read");
        let [migration] = &imported.migrations[..] else {
            panic!("{imported:?}");
        };
        let words = |text: &Option<String>| {
            text.as_deref()
                .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
        };
        assert_eq!(words(&migration.upgrade).as_deref(), Some("A; B;"));
        assert_eq!(
            words(&migration.downgrade).as_deref(),
            Some("UNDO B; UNDO A;")
        );
        assert_eq!(migration.keys, [("transaction", "off".to_owned())]);
        assert!(imported.left.is_empty());
    }
}
