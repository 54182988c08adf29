//! A migration directory as it would be after a change that has not been made.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use migrate_chain::{DirectoryEntry, Tree};

/// A [`Tree`] with some files written or taken away, so that a change is checked before the disk sees it.
pub struct Overlay<'t> {
    tree: &'t dyn Tree,
    /// The bytes of a file; none for one that is taken away.
    files: BTreeMap<String, Option<Vec<u8>>>,
}

impl<'t> Overlay<'t> {
    /// The directory as it is.
    pub fn new(tree: &'t dyn Tree) -> Self {
        Self {
            tree,
            files: BTreeMap::new(),
        }
    }

    /// The same with `file` written.
    pub fn with(mut self, file: impl Into<String>, text: &str) -> Self {
        self.files
            .insert(file.into(), Some(text.as_bytes().to_vec()));
        self
    }

    /// The same without `file`.
    pub fn without(mut self, file: impl Into<String>) -> Self {
        self.files.insert(file.into(), None);
        self
    }

    /// The entries that the written files add to a folder, which may not exist itself.
    fn added(&self, folder: &str) -> BTreeMap<String, bool> {
        let written = self.files.iter().filter(|(_, bytes)| bytes.is_some());
        let inside = written.filter_map(|(file, _)| within(folder, file));
        inside
            .map(|rest| match rest.split_once('/') {
                Some((folder, _)) => (folder.to_owned(), true),
                None => (rest.to_owned(), false),
            })
            .collect()
    }
}

impl Tree for Overlay<'_> {
    fn name(&self) -> &str {
        self.tree.name()
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        match self.files.get(path) {
            Some(bytes) => Ok(bytes.clone()),
            None => self.tree.read(path),
        }
    }

    fn list(&self, path: &str) -> io::Result<Option<Vec<DirectoryEntry>>> {
        let added = self.added(path);
        let Some(mut entries) = self.tree.list(path)? else {
            return Ok((!added.is_empty()).then(|| added.into_iter().map(entry).collect()));
        };
        entries.retain(|entry| {
            let is_gone = |(file, bytes): (&String, &Option<Vec<u8>>)| {
                bytes.is_none() && within(path, file) == Some(&entry.name)
            };
            !added.contains_key(&entry.name) && !self.files.iter().any(is_gone)
        });
        entries.extend(added.into_iter().map(entry));
        Ok(Some(entries))
    }

    fn real_path(&self, path: &str) -> Option<PathBuf> {
        self.tree.real_path(path)
    }
}

fn entry((name, is_directory): (String, bool)) -> DirectoryEntry {
    DirectoryEntry { name, is_directory }
}

/// The path of a file inside a folder; the empty path is the directory itself.
fn within<'p>(folder: &str, file: &'p str) -> Option<&'p str> {
    if folder.is_empty() {
        return Some(file);
    }
    file.strip_prefix(folder)?.strip_prefix('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;

    impl Tree for Fixed {
        fn name(&self) -> &'static str {
            "migrations"
        }

        fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
            Ok(matches!(path, "versions/a.sql" | "versions/b.sql").then(|| path.into()))
        }

        fn list(&self, path: &str) -> io::Result<Option<Vec<DirectoryEntry>>> {
            let names = |names: &[(&str, bool)]| {
                let entry =
                    |&(name, is_directory): &(&str, bool)| entry((name.to_owned(), is_directory));
                names.iter().map(entry).collect()
            };
            Ok(match path {
                "" => Some(names(&[("versions", true)])),
                "versions" => Some(names(&[("a.sql", false), ("b.sql", false)])),
                _ => None,
            })
        }
    }

    fn names(tree: &dyn Tree, folder: &str) -> Vec<(String, bool)> {
        let mut names: Vec<(String, bool)> = tree
            .list(folder)
            .expect("it lists")
            .expect("there is such a folder")
            .into_iter()
            .map(|entry| (entry.name, entry.is_directory))
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_added_replaced_and_taken_away() {
        let overlay = Overlay::new(&Fixed)
            .with("versions/c.sql", "c")
            .with("versions/a.sql", "new")
            .without("versions/b.sql");
        let expected = [("a.sql".to_owned(), false), ("c.sql".to_owned(), false)];
        assert_eq!(names(&overlay, "versions"), expected);
        let read = |path: &str| overlay.read(path).expect("it reads");
        assert_eq!(read("versions/a.sql").as_deref(), Some(&b"new"[..]));
        assert_eq!(read("versions/b.sql"), None);
        assert_eq!(read("versions/c.sql").as_deref(), Some(&b"c"[..]));
    }

    #[test]
    fn a_file_brings_its_folders_along() {
        let overlay = Overlay::new(&Fixed).with("versions/2026/11/c.sql", "c");
        let folder = |name: &str| (name.to_owned(), true);
        assert!(names(&overlay, "versions").contains(&folder("2026")));
        assert_eq!(names(&overlay, "versions/2026"), [folder("11")]);
        assert_eq!(
            names(&overlay, "versions/2026/11"),
            [("c.sql".to_owned(), false)]
        );
        assert_eq!(overlay.list("versions/2025").expect("it lists"), None);
    }
}
