//! A folder that another tool keeps its migrations in.

use std::fs;
use std::path::Path;

/// The migrations of another tool in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForeignFiles {
    /// The tools that name their files so.
    pub tools: &'static [&'static str],
    count: usize,
}

/// The migrations of another tool in a folder, such as `12 migrations of sqlx`; `None` if there are none that are
/// known.
pub fn found(directory: &Path) -> Option<String> {
    let ForeignFiles { tools, count } = layout(directory)?;
    let plural = if count == 1 { "" } else { "s" };
    Some(format!(
        "{count} migration{plural} of {}",
        tools.join(" or ")
    ))
}

/// The migrations of another tool in a folder, known by their names and first lines.
pub fn layout(directory: &Path) -> Option<ForeignFiles> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    by_folders(directory, &names).or_else(|| by_files(directory, &names))
}

/// A folder for each migration, or the parts of a program.
fn by_folders(directory: &Path, names: &[String]) -> Option<ForeignFiles> {
    let holding = |file: &str| {
        let holds = |name: &&String| directory.join(name).join(file).is_file();
        names.iter().filter(holds).count()
    };
    let in_folder = |folder: &str, is_one: fn(&str) -> bool| {
        let entries = fs::read_dir(directory.join(folder))
            .into_iter()
            .flatten()
            .flatten();
        entries
            .filter(|entry| is_one(&entry.file_name().to_string_lossy()))
            .count()
    };
    let is_python = |name: &str| extension(name) == "py" && name != "__init__.py";
    let is_of_sea =
        |name: &str| name.starts_with('m') && name.contains('_') && extension(name) == "rs";
    let counts: [(&[&str], usize); 4] = [
        (&["diesel"], holding("up.sql")),
        (&["prisma"], holding("migration.sql")),
        (
            &["alembic"],
            if has(names, "env.py") {
                in_folder("versions", is_python)
            } else {
                0
            },
        ),
        (
            &["sea-orm"],
            if has(names, "Cargo.toml") {
                in_folder("src", is_of_sea)
            } else {
                0
            },
        ),
    ];
    let found = counts.into_iter().find(|(_, count)| *count > 0);
    found.map(|(tools, count)| ForeignFiles { tools, count })
}

/// A file for each migration: which tool it is its name tells, or its first lines.
fn by_files(directory: &Path, names: &[String]) -> Option<ForeignFiles> {
    let is_upgrade = |name: &&String| {
        extension(name) == "sql" && !name.ends_with(".down.sql") && !name.starts_with(['U', 'R'])
    };
    let files: Vec<&String> = names
        .iter()
        .filter(is_upgrade)
        .filter(|name| is_numbered(name))
        .collect();
    let first = files.first()?;
    let text = fs::read_to_string(directory.join(first)).unwrap_or_default();
    let marks: [(&[&str], &str); 3] = [
        (&["goose"], "+goose "),
        (&["sql-migrate"], "+migrate "),
        (&["dbmate"], "migrate:up"),
    ];
    let marked = marks.iter().find(|(_, mark)| {
        let mut comments = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("--"));
        comments.any(|comment| comment.trim_start().starts_with(mark))
    });
    let tools = match marked {
        Some((tools, _)) => tools,
        None if first.starts_with('V') => &["refinery", "flyway"][..],
        None if first.ends_with(".up.sql") => &["sqlx", "golang-migrate"],
        None => &["sqlx"],
    };
    let count = files.len();
    Some(ForeignFiles { tools, count })
}

/// `12_name.sql`, `V1_2__name.sql`
fn is_numbered(name: &str) -> bool {
    let number = name.strip_prefix('V').unwrap_or(name);
    let end = number
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(number.len());
    end > 0 && number[end..].starts_with(['_', '.'])
}

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, extension)| extension)
}

fn has(names: &[String], name: &str) -> bool {
    names.iter().any(|found| found == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_is_known_by_its_layout() {
        for (files, expected) in [
            (
                &[("1_a.sql", ""), ("20240101_b.sql", ""), ("notes.sql", "")][..],
                "2 migrations of sqlx",
            ),
            (
                &[("1_a.up.sql", ""), ("1_a.down.sql", "")],
                "1 migration of sqlx or golang-migrate",
            ),
            (
                &[
                    ("00_d/up.sql", ""),
                    ("00_d/down.sql", ""),
                    ("01_e/up.sql", ""),
                ],
                "2 migrations of diesel",
            ),
            (
                &[("V1__a.sql", ""), ("V1_2__b.sql", ""), ("R__c.sql", "")],
                "2 migrations of refinery or flyway",
            ),
            (
                &[("1_a.sql", "-- why\n-- +goose Up\n")],
                "1 migration of goose",
            ),
            (
                &[("1_a.sql", "-- +migrate Up\n")],
                "1 migration of sql-migrate",
            ),
            (&[("1_a.sql", "-- migrate:up\n")], "1 migration of dbmate"),
            (
                &[("2024_a/migration.sql", ""), ("migration_lock.toml", "")],
                "1 migration of prisma",
            ),
            (
                &[
                    ("env.py", ""),
                    ("versions/a.py", ""),
                    ("versions/__init__.py", ""),
                ],
                "1 migration of alembic",
            ),
            (
                &[
                    ("Cargo.toml", ""),
                    ("src/m2024_a.rs", ""),
                    ("src/lib.rs", ""),
                ],
                "1 migration of sea-orm",
            ),
        ] {
            assert_eq!(of(files).as_deref(), Some(expected));
        }
        assert_eq!(of(&[]), None);
        assert_eq!(
            of(&[
                ("schema.sql", ""),
                ("README.md", ""),
                ("versions/.gitkeep", "")
            ]),
            None
        );
    }

    fn of(files: &[(&str, &str)]) -> Option<String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (file, text) in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("it is inside")).expect("a folder");
            fs::write(path, text).expect("it is written");
        }
        found(folder.path())
    }
}
