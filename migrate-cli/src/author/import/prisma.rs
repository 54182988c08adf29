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
            adopts: vec![format!("{name} {}", checksums(&written))],
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

/// The SHA-256 of a script as it is, and with the other line ends: to Prisma all of them are one script.
fn checksums(written: &str) -> String {
    let unix = written.replace("\r\n", "\n");
    let mut checksums: Vec<String> = Vec::new();
    for text in [written, &unix, &unix.replace('\n', "\r\n")] {
        let checksum = hex(&Sha256::digest(text));
        if !checksums.contains(&checksum) {
            checksums.push(checksum);
        }
    }
    checksums.join("|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_has_a_checksum_for_each_kind_of_line_ends() {
        // By sha256sum.
        let unix = "911169ddaaf146aff539f58c26c489af3b892dff0fe283c1c264c65ae5aa59a2";
        let windows = "58055bdcc73787eb88c78d36f0b4939e9c5dc1c3ad17e25cc85a6833cf1a0cab";
        assert_eq!(checksums("a\nb\n"), format!("{unix}|{windows}"));
        assert!(checksums("a\r\nb\r\n").starts_with(&format!("{windows}|{unix}")));
        assert_eq!(
            checksums("hello"),
            "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        );
    }
}
