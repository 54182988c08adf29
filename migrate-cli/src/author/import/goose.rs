//! goose: one file with `-- +goose Up`, `Down`, `StatementBegin` and `StatementEnd`.

use std::path::Path;

use super::super::failure::Result;
use super::super::sql_files::divided;
use super::migration::{
    Imported, Migration, at, created, files, number, numbered, sql, text, words,
};

pub fn read(folder: &Path, _: &Path) -> Result<Imported> {
    let mut imported = Imported::default();
    let mut found = Vec::new();
    for (name, path) in files(folder)? {
        let Some((digits, rest)) = numbered(&name) else {
            continue;
        };
        let version = number(digits);
        let Some((stem, extension @ ("sql" | "go"))) = rest.rsplit_once('.') else {
            continue;
        };
        let mut migration = Migration {
            adopts: vec![version.clone()],
            id: digits.to_owned(),
            message: words(stem),
            created: created(digits),
            ..Migration::default()
        };
        if extension == "go" {
            if stem.ends_with("_test") {
                continue;
            }
            imported.left.push(at(
                &path,
                1,
                "it is written in Go: write its SQL into the revision",
            ));
        } else {
            let written = without_substitution(&sql(&text(&path)?), &path, &mut imported.left);
            let divided = divided(&path.display().to_string(), &written);
            migration.take(divided, &path, &mut imported.left);
        }
        migration.files.push(path);
        found.push((version.parse::<i64>().unwrap_or(i64::MAX), migration));
    }
    found.sort_by_key(|(version, _)| *version);
    imported.migrations = found.into_iter().map(|(_, migration)| migration).collect();
    Ok(imported)
}

/// The text without the lines that ask for variables of the environment: nothing replaces those here.
fn without_substitution(text: &str, path: &Path, left: &mut Vec<String>) -> String {
    let mut kept = String::new();
    for (n, line) in text.lines().enumerate() {
        let words: Vec<&str> = line
            .trim_start_matches(['-', ' '])
            .split_whitespace()
            .collect();
        if matches!(&words[..], ["+goose", word, ..] if word.eq_ignore_ascii_case("envsub") || word.eq_ignore_ascii_case("envsubst"))
        {
            if !line.to_ascii_uppercase().contains(" OFF") {
                left.push(at(
                    path,
                    n + 1,
                    format!(
                        "`{}`: variables of the environment are not replaced",
                        line.trim()
                    ),
                ));
            }
            continue;
        }
        kept.push_str(line);
        kept.push('\n');
    }
    kept
}
