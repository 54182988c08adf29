//! The search for the migration directory.

use std::fs;
use std::path::{Path, PathBuf};

use migrate_chain::load::CONFIG_FILE;
use migrate_chain::package;
use migrate_command::parts::CommandError;

/// The name of a migration directory, unless `Cargo.toml` has another.
pub const USUAL: &str = "migrations";

/// The migration directory for a command that is run in `here`, as a path from there: looked for upwards, as cargo looks
/// for a package; none if there is none.
///
/// In each folder counts, in this order: a `migrate.toml`, since that is a migration directory itself; what its
/// `Cargo.toml` names; and its `migrations`, which above `here` has to look like one of ours.
///
/// # Errors
/// `Cargo.toml` names a directory that cannot be used.
pub fn upwards(here: &Path) -> Result<Option<PathBuf>, CommandError> {
    let mut from_here = PathBuf::new();
    for (height, folder) in here.ancestors().enumerate() {
        if folder.join(CONFIG_FILE).is_file() {
            let is_here = from_here.as_os_str().is_empty();
            return Ok(Some(if is_here {
                PathBuf::from(".")
            } else {
                from_here
            }));
        }
        if let Some(named) = named(folder)? {
            return Ok(Some(from_here.join(named)));
        }
        let usual = folder.join(USUAL);
        if is_chain(&usual) || height == 0 && usual.is_dir() {
            return Ok(Some(from_here.join(USUAL)));
        }
        from_here.push("..");
    }
    Ok(None)
}

/// The directory that the `Cargo.toml` of a folder names in `[package.metadata.embed-migrations]`.
///
/// # Errors
/// It has another key there, or a value that is not a path.
pub fn named(folder: &Path) -> Result<Option<String>, CommandError> {
    let path = folder.join("Cargo.toml");
    let Ok(text) = fs::read_to_string(&path) else {
        return Ok(None);
    };
    package::directory(&text).map_err(|wrong| {
        CommandError::new(format!("{wrong} of {}", path.display())).help(package::Wrong::HELP)
    })
}

/// Whether a folder looks like a migration directory of ours: it has settings, or revisions of ours.
pub fn is_chain(folder: &Path) -> bool {
    folder.join(CONFIG_FILE).is_file()
        || folder.join("versions").is_dir() && !folder.join("env.py").exists()
}

/// The migration directories of ours in a package, other packages in it left out.
pub fn in_package(root: &Path) -> Vec<PathBuf> {
    /// How many folders deep one is looked for.
    const DEPTH: usize = 4;
    let mut found = Vec::new();
    let mut pending = vec![(root.to_owned(), 0)];
    while let Some((folder, depth)) = pending.pop() {
        let is_package = depth > 0 && folder.join("Cargo.toml").is_file();
        if is_package || depth > DEPTH {
            continue;
        }
        if depth > 0 && folder.join(CONFIG_FILE).is_file()
            || folder == root.join(USUAL) && is_chain(&folder)
        {
            found.push(folder);
            continue;
        }
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let folders = folders.filter(|entry| {
            let name = entry.file_name();
            name != "target" && name != "node_modules" && !name.to_string_lossy().starts_with('.')
        });
        pending.extend(folders.map(|entry| (entry.path(), depth + 1)));
    }
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new(files: &[&str]) -> Self {
            let folder = tempfile::tempdir().expect("a temporary folder");
            for file in files {
                let path = folder.path().join(file);
                fs::create_dir_all(path.parent().expect("it is inside")).expect("a folder");
                fs::write(path, "").expect("it is written");
            }
            Self(folder)
        }

        fn found(&self, here: &str) -> String {
            let here = self.0.path().join(here);
            fs::create_dir_all(&here).expect("a folder");
            let found = upwards(&here).expect("nothing is wrong");
            found.map_or_else(
                || "none".to_owned(),
                |found| found.to_string_lossy().into_owned(),
            )
        }
    }

    #[test]
    fn a_directory_is_found_from_any_folder_below_it() {
        let folder = Folder::new(&[
            "app/migrations/migrate.toml",
            "app/migrations/versions/a.sql",
        ]);
        for (here, expected) in [
            ("app", "migrations"),
            ("app/src", "../migrations"),
            ("app/src/bin", "../../migrations"),
            ("app/migrations", "."),
            ("app/migrations/versions", ".."),
            ("other", "none"),
        ] {
            assert_eq!(folder.found(here), expected, "{here}");
        }
    }

    #[test]
    fn a_folder_above_counts_only_if_it_is_one_of_ours() {
        let folder = Folder::new(&[
            "migrations/versions/a.sql",
            "app/migrations/1_a.sql",
            "app/py/migrations/env.py",
            "app/py/migrations/versions/a.py",
        ]);
        assert_eq!(folder.found("app/src"), "../../migrations");
        assert_eq!(folder.found("app/py/src"), "../../../migrations");
        assert_eq!(folder.found("app"), "migrations", "it is where the user is");
    }

    #[test]
    fn a_manifest_may_name_another() {
        let folder = Folder::new(&["migrations/migrate.toml"]);
        let manifest = |text: &str| {
            fs::create_dir_all(folder.0.path().join("app")).expect("a folder");
            fs::write(folder.0.path().join("app/Cargo.toml"), text).expect("it is written");
        };
        manifest(
            "[package]\nname = 'app'\n[package.metadata.embed-migrations]\ndirectory = 'db/migrations'\n",
        );
        assert_eq!(folder.found("app"), "db/migrations");
        assert_eq!(folder.found("app/src"), "../db/migrations");
        manifest("[package]\nname = 'app'\n");
        assert_eq!(folder.found("app/src"), "../../migrations");
        for wrong in ["dir = 'x'", "directory = 1", "directory = ''"] {
            manifest(&format!("[package.metadata.embed-migrations]\n{wrong}\n"));
            upwards(&folder.0.path().join("app/src")).expect_err(wrong);
        }
    }

    #[test]
    fn the_chains_of_a_package_are_its_own() {
        let folder = Folder::new(&[
            "app/Cargo.toml",
            "app/db/chain/migrate.toml",
            "app/migrations/1_sqlx.sql",
            "app/member/Cargo.toml",
            "app/member/migrations/migrate.toml",
            "app/target/x/migrate.toml",
        ]);
        let root = folder.0.path().join("app");
        assert_eq!(in_package(&root), [root.join("db/chain")]);
    }
}
