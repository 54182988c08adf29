//! The seam between the loader and wherever a migration directory is kept.

use std::fs;
use std::io;
use std::path::PathBuf;

/// A migration directory to read from: on disk, or embedded in a binary.
///
/// Paths are relative to the directory, with `/` between their parts; the empty path is the directory itself. Files are
/// read on several threads.
pub trait Tree: Sync {
    /// How the directory is shown to people; its files are shown below it.
    fn name(&self) -> &str;

    /// The bytes of a file; `None` where there is no such file.
    ///
    /// # Errors
    /// What the operating system says when the file cannot be read.
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>>;

    /// What a directory holds, in any order; `None` where there is no such directory.
    ///
    /// # Errors
    /// What the operating system says when the directory cannot be read.
    fn list(&self, path: &str) -> io::Result<Option<Vec<Entry>>>;
}

/// A file or a folder in a [`Tree`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without the path.
    pub name: String,
    /// Whether it is a folder.
    pub is_directory: bool,
}

/// A migration directory on disk.
#[derive(Clone, Debug)]
pub struct Disk {
    root: PathBuf,
    name: String,
}

impl Disk {
    /// The directory `root`, shown to people as `name`.
    pub fn new(root: impl Into<PathBuf>, name: impl Into<String>) -> Self {
        Self {
            root: root.into(),
            name: name.into(),
        }
    }
}

impl Tree for Disk {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        found(fs::read(self.root.join(path)))
    }

    fn list(&self, path: &str) -> io::Result<Option<Vec<Entry>>> {
        let Some(entries) = found(fs::read_dir(self.root.join(path)))? else {
            return Ok(None);
        };
        let entry = |entry: io::Result<fs::DirEntry>| -> io::Result<Entry> {
            let entry = entry?;
            let file_type = entry.file_type()?;
            // The type of a link is that of what it leads to.
            let is_directory = if file_type.is_symlink() {
                entry.path().is_dir()
            } else {
                file_type.is_dir()
            };
            let name = entry.file_name().into_string().map_err(|name| {
                io::Error::other(format!("the file name {} is not UTF-8", name.display()))
            })?;
            Ok(Entry { name, is_directory })
        };
        entries.map(entry).collect::<io::Result<_>>().map(Some)
    }
}

fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
