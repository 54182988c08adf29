use std::io;

use include_dir::Dir;
use migrate_chain::{DirectoryEntry, Tree};

/// A migration directory that the crate `include_dir` embedded.
pub struct EmbeddedDir<'d> {
    dir: &'d Dir<'d>,
}

impl<'d> EmbeddedDir<'d> {
    pub fn new(dir: &'d Dir<'d>) -> Self {
        Self { dir }
    }

    /// Paths inside a `Dir` count from the directory that the macro was given.
    fn full(&self, path: &str) -> String {
        self.dir
            .path()
            .join(path)
            .to_string_lossy()
            .replace('\\', "/")
    }
}

impl Tree for EmbeddedDir<'_> {
    fn name(&self) -> &'static str {
        "migrations"
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self
            .dir
            .get_file(self.full(path))
            .map(|file| file.contents().to_vec()))
    }

    fn list(&self, path: &str) -> io::Result<Option<Vec<DirectoryEntry>>> {
        let folder = if path.is_empty() {
            Some(self.dir)
        } else {
            self.dir.get_dir(self.full(path))
        };
        let entry = |entry: &include_dir::DirEntry<'_>| {
            let name = entry.path().file_name()?.to_str()?.to_owned();
            Some(DirectoryEntry {
                name,
                is_directory: entry.as_dir().is_some(),
            })
        };
        Ok(folder.map(|folder| folder.entries().iter().filter_map(entry).collect()))
    }
}
