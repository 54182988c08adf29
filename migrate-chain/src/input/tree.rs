//! The seam between the loader and wherever a migration directory is kept.

use std::fs::{self, File, FileType};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// A migration directory to read from: on disk, or embedded in a binary.
///
/// Paths are relative to the directory, with `/` between their parts; the empty path is the directory itself. Files are
/// read on several threads.
pub trait Tree: Sync {
    /// How the directory is shown to people; its files are shown below it.
    fn name(&self) -> &str;

    /// The bytes of a file; `None` if there is no such file.
    ///
    /// # Errors
    /// The error of the operating system if the file cannot be read.
    fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>>;

    /// The entries of a directory, in any order; `None` if there is no such directory.
    ///
    /// # Errors
    /// The error of the operating system if the directory cannot be read.
    fn list(&self, path: &str) -> io::Result<Option<Vec<DirectoryEntry>>>;

    /// The path of a folder after every link on the way to it has been followed; `None` for a tree without links.
    fn real_path(&self, path: &str) -> Option<PathBuf> {
        let _ = path;
        None
    }
}

/// A file or a folder in a [`Tree`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryEntry {
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
        found(read_file(&self.root.join(path)))
    }

    fn list(&self, path: &str) -> io::Result<Option<Vec<DirectoryEntry>>> {
        let Some(entries) = found(fs::read_dir(self.root.join(path)))? else {
            return Ok(None);
        };
        let entry = |entry: io::Result<fs::DirEntry>| -> io::Result<DirectoryEntry> {
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
            Ok(DirectoryEntry { name, is_directory })
        };
        entries.map(entry).collect::<io::Result<_>>().map(Some)
    }

    fn real_path(&self, path: &str) -> Option<PathBuf> {
        fs::canonicalize(self.root.join(path)).ok()
    }
}

/// The largest file that is read: 256 MiB.
pub const MAX_FILE_SIZE: u64 = 1 << 28;

/// The bytes of a regular file of up to [`MAX_FILE_SIZE`], or of one that a link leads to.
///
/// Anything else is not opened: a named pipe would block, and a device may never end.
///
/// # Errors
/// The error of the operating system, or the reason why the file is not read.
pub fn read_file(path: &Path) -> io::Result<Vec<u8>> {
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        let kind = kind(metadata.file_type());
        return Err(io::Error::other(format!("it is {kind}, not a file")));
    }
    let mut bytes =
        Vec::with_capacity(usize::try_from(metadata.len().min(MAX_FILE_SIZE)).unwrap_or(0));
    // Files of the kernel say that they are empty, and a file may grow meanwhile.
    File::open(path)?
        .take(MAX_FILE_SIZE + 1)
        .read_to_end(&mut bytes)?;
    check_size(&bytes)?;
    Ok(bytes)
}

/// Refuses the bytes of a file that is too large.
pub(crate) fn check_size(bytes: &[u8]) -> io::Result<()> {
    if bytes.len() as u64 > MAX_FILE_SIZE {
        return Err(io::Error::other("it is larger than 256 MiB"));
    }
    Ok(())
}

#[cfg(unix)]
fn kind(file_type: FileType) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    match file_type {
        _ if file_type.is_dir() => "a folder",
        _ if file_type.is_fifo() => "a named pipe",
        _ if file_type.is_socket() => "a socket",
        _ => "a device",
    }
}

#[cfg(not(unix))]
fn kind(file_type: FileType) -> &'static str {
    if file_type.is_dir() {
        "a folder"
    } else {
        "something else"
    }
}

fn found<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
