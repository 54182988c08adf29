//! Files that are there as a whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// Writes a file that must not exist yet, and makes the folders above it.
///
/// # Errors
/// The error of the operating system; of kind `AlreadyExists` if the file exists. Nothing was written then.
pub fn create(path: &Path, text: &str) -> io::Result<()> {
    let folder = folder_of(path);
    let made = make_folders(folder)?;
    let written = temporary(folder, text).and_then(|file| Ok(file.persist_noclobber(path)?));
    if let Err(error) = written {
        remove_folders(&made);
        return Err(error);
    }
    sync_folder(folder);
    Ok(())
}

/// Overwrites a file and keeps its permissions. A link stays a link.
///
/// # Errors
/// The error of the operating system. The file is unchanged then.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let folder = folder_of(&path);
    let file = temporary(folder, text)?;
    fs::set_permissions(file.path(), fs::metadata(&path)?.permissions())?;
    file.persist(&path)?;
    sync_folder(folder);
    Ok(())
}

/// Removes a file, for good.
///
/// # Errors
/// The error of the operating system.
pub fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_folder(folder_of(path));
    Ok(())
}

/// A file with the text, whole and on the disk, under a name that the loader passes over.
fn temporary(folder: &Path, text: &str) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".migrate-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Makes a folder and those above it, and says which were not there, the outermost first.
fn make_folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let missing = folder
        .ancestors()
        .take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let mut missing: Vec<PathBuf> = missing.map(Path::to_owned).collect();
    missing.reverse();
    fs::create_dir_all(folder).inspect_err(|_| remove_folders(&missing))?;
    Ok(missing)
}

/// Takes back the folders that were made for a file; one that holds something by now stays.
fn remove_folders(made: &[PathBuf]) {
    for folder in made.iter().rev() {
        let _ = fs::remove_dir(folder);
    }
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes the name of a file as durable as its text, where the system can; the file is there either way.
fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|folder| folder.sync_all());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        tempfile::tempdir().expect("a temporary folder")
    }

    fn files(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("it lists");
        let name = |entry: io::Result<fs::DirEntry>| {
            let name = entry.expect("an entry").file_name();
            name.into_string().expect("a UTF-8 name")
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_file_comes_with_its_folders_and_nothing_else() {
        let folder = folder();
        let path = folder.path().join("2026/11/a.sql");
        create(&path, "text").expect("it is written");
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "text");
        assert_eq!(files(&folder.path().join("2026/11")), ["a.sql"]);
    }

    #[test]
    fn a_file_that_exists_is_not_touched() {
        let folder = folder();
        let path = folder.path().join("a.sql");
        fs::write(&path, "old").expect("it is written");
        let error = create(&path, "new").expect_err("it exists");
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).expect("it is there"), "old");
        assert_eq!(files(folder.path()), ["a.sql"]);
    }

    #[test]
    fn folders_made_in_vain_are_taken_back() {
        let folder = folder();
        fs::write(folder.path().join("x"), "a file where a folder is wanted")
            .expect("it is written");
        create(&folder.path().join("x/y/a.sql"), "text").expect_err("x is a file");
        let long = "n".repeat(300);
        create(&folder.path().join("p/q").join(long), "text").expect_err("the name is too long");
        assert_eq!(files(folder.path()), ["x"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_replaced_file_keeps_its_permissions_and_a_link_stays_a_link() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = folder();
        let (file, link) = (folder.path().join("a.sql"), folder.path().join("b.sql"));
        fs::write(&file, "old").expect("it is written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("it takes a mode");
        std::os::unix::fs::symlink(&file, &link).expect("a link");
        replace(&link, "new").expect("it is written");
        assert_eq!(fs::read_to_string(&file).expect("it is there"), "new");
        assert!(link.symlink_metadata().expect("it is there").is_symlink());
        let mode = fs::metadata(&file)
            .expect("it is there")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o640);
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_is_readable_as_any_other() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = folder();
        create(&folder.path().join("ours"), "").expect("it is written");
        fs::write(folder.path().join("plain"), "").expect("it is written");
        let mode = |name: &str| {
            fs::metadata(folder.path().join(name))
                .expect("it is there")
                .permissions()
                .mode()
        };
        assert_eq!(mode("ours"), mode("plain"));
    }
}
