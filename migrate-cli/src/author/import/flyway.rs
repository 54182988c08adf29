//! Flyway: `V1_2__name.sql`, `U1_2__name.sql` that undoes it, and `R__name.sql`, which is run again whenever it changes.

use std::path::{Path, PathBuf};

use super::super::failure::Result;
use super::migration::{Imported, Migration, all_files, at, created, sql, text, words};

pub fn read(folder: &Path, _: &Path) -> Result<Imported> {
    let mut imported = Imported::default();
    let mut found: Vec<(Vec<u64>, Migration)> = Vec::new();
    let mut undo: Vec<(Vec<u64>, PathBuf)> = Vec::new();
    let mut repeatable = Migration {
        id: "repeatable".to_owned(),
        message: "Repeatable migrations".to_owned(),
        ..Migration::default()
    };
    for (name, path) in all_files(folder)? {
        let Some((prefix, version, title)) = parts(&name) else {
            if is_sql(&name) {
                let what =
                    "its name is not that of a migration: a callback of Flyway has no counterpart";
                imported.left.push(at(&path, 1, what));
            }
            continue;
        };
        match (prefix, numbers(&version)) {
            ('V', Some(numbers)) => {
                let written = text(&path)?;
                placeholders(&written, &path, &mut imported.left);
                let mut migration = Migration {
                    adopts: vec![format!("{version} {}", checksum(&written))],
                    id: version.replace('.', "_"),
                    message: words(title),
                    created: created(&version),
                    upgrade: Some(sql(&written)),
                    ..Migration::default()
                };
                if runs_outside(&path) {
                    migration.outside();
                }
                migration.files.push(path);
                found.push((numbers, migration));
            }
            ('U', Some(numbers)) => undo.push((numbers, path)),
            ('R', None) if version.is_empty() => {
                let written = text(&path)?;
                placeholders(&written, &path, &mut imported.left);
                repeat(&mut repeatable, &name, &written);
                let object = format!("objects/{title}.sql");
                imported.notes.push(format!(
                    "{} became {object}, and a part of the revision `repeatable`: a later change of it is a new revision",
                    path.display()
                ));
                imported.objects.push((object, sql(&written)));
                repeatable.files.push(path);
            }
            _ => imported
                .left
                .push(at(&path, 1, "no rule for a file of this name")),
        }
    }
    for (numbers, path) in undo {
        let written = sql(&text(&path)?);
        match found.iter_mut().find(|(version, _)| *version == numbers) {
            Some((_, migration)) => {
                migration.downgrade = Some(written);
                migration.files.push(path);
            }
            None => imported
                .left
                .push(at(&path, 1, "it undoes a version that has no file")),
        }
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    imported.migrations = found.into_iter().map(|(_, migration)| migration).collect();
    imported
        .migrations
        .extend(repeatable.upgrade.is_some().then_some(repeatable));
    Ok(imported)
}

/// Prefix, version and description of `V1_2__create_users.sql`.
fn parts(name: &str) -> Option<(char, String, &str)> {
    let stem = name.get(..name.len().checked_sub(4)?)?;
    let (version, title) = stem.split_once("__").filter(|_| is_sql(name))?;
    let prefix = version
        .chars()
        .next()
        .filter(|prefix| "VURB".contains(*prefix))?;
    Some((prefix, version[1..].replace('_', "."), title))
}

/// To Flyway the suffix is the same in capitals.
fn is_sql(name: &str) -> bool {
    name.to_ascii_lowercase().ends_with(".sql")
}

/// The numbers of a version, without zeros at its end: `1` and `1.0` are one version.
fn numbers(version: &str) -> Option<Vec<u64>> {
    let mut numbers: Vec<u64> = version
        .split('.')
        .map(|number| number.parse().ok())
        .collect::<Option<_>>()?;
    while numbers.len() > 1 && numbers.last() == Some(&0) {
        numbers.pop();
    }
    Some(numbers)
}

fn repeat(all: &mut Migration, name: &str, written: &str) {
    let upgrade = all.upgrade.get_or_insert_default();
    if !upgrade.is_empty() {
        upgrade.push_str("\n\n");
    }
    upgrade.push_str(sql(written).trim());
    if name.contains([' ', ',']) {
        return;
    }
    // The checksum is that of the text with the values of the placeholders, which are not known here.
    all.adopts.push(if written.contains("${") {
        name.to_owned()
    } else {
        format!("{name} {}", checksum(written))
    });
}

/// CRC-32 over the lines without their ends and without a byte order mark, as a signed number.
fn checksum(text: &str) -> i32 {
    let mut hasher = crc32fast::Hasher::new();
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    for line in text.split(['\n', '\r']) {
        hasher.update(line.as_bytes());
    }
    hasher.finalize().cast_signed()
}

/// Whether `V1__name.sql.conf` says so.
fn runs_outside(path: &Path) -> bool {
    let settings = format!("{}.conf", path.display());
    let settings = std::fs::read_to_string(settings).unwrap_or_default();
    settings.lines().any(|line| {
        let line: String = line.split_whitespace().collect();
        line.eq_ignore_ascii_case("executeInTransaction=false")
    })
}

/// Lists each `${name}`, which has no counterpart here.
fn placeholders(text: &str, path: &Path, left: &mut Vec<String>) {
    for (n, line) in text.lines().enumerate() {
        let mut rest = line;
        while let Some((_, after)) = rest.split_once("${") {
            let Some((name, after)) = after.split_once('}') else {
                break;
            };
            left.push(at(
                path,
                n + 1,
                format!("`${{{name}}}` is a placeholder: write its value"),
            ));
            rest = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_of_the_lines_without_their_ends() {
        let plain = checksum("CREATE TABLE t (\n  id INT\n);\n");
        assert_eq!(
            checksum("\u{feff}CREATE TABLE t (\r\n  id INT\r\n);\r\n"),
            plain
        );
        assert_eq!(checksum("CREATE TABLE t (  id INT);"), plain);
        // The check value of CRC-32, as a signed number.
        assert_eq!(checksum("123456789"), 0xCBF4_3926_u32.cast_signed());
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert_eq!(
            parts("V1_10__add.sql"),
            Some(('V', "1.10".to_owned(), "add"))
        );
        assert!(numbers("1.10") > numbers("1.9"));
        assert_eq!(numbers("1.0"), numbers("01"));
        assert_eq!(parts("V1__add.SQL"), Some(('V', "1".to_owned(), "add")));
        for other in ["V1_add.sql", "beforeMigrate.sql", "V1__add.txt", "sql"] {
            assert_eq!(parts(other), None, "{other}");
        }
    }
}
