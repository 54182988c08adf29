//! Migration directories for tests.

use std::fs;
use std::path::PathBuf;

use super::directory::Directory;

/// A migration directory that is deleted after the test.
pub struct Scene {
    folder: tempfile::TempDir,
}

impl Scene {
    /// A directory with these settings and revisions: the name of each file, without `.sql`, and its text.
    pub fn new(settings: &str, revisions: &[(&str, String)]) -> Self {
        let scene = Self {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        scene.write("migrate.toml", settings);
        for (file, text) in revisions {
            scene.write(&format!("versions/{file}.sql"), text);
        }
        scene
    }

    /// Writes a file.
    pub fn write(&self, file: &str, text: &str) {
        let path = self.root().join(file);
        fs::create_dir_all(path.parent().expect("it is inside")).expect("its folder");
        fs::write(path, text).expect("it is written");
    }

    /// A file's text.
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.root().join(file)).expect("it is there")
    }

    /// The directory.
    pub fn root(&self) -> PathBuf {
        self.folder.path().join("")
    }

    /// The directory as a command opens it.
    pub fn open(&self) -> Directory {
        Directory::open(&self.root()).expect("a sound chain")
    }
}

/// A revision that creates and drops a table of its own name. `more` are further lines of the header.
pub fn table(id: &str, parents: &str, more: &str) -> (&'static str, String) {
    let text = format!(
        "-- Create {id}\n--\n-- revision: {id}\n-- down_revision: {parents}\n{more}\n-- migrate: upgrade\n\
         CREATE TABLE {id} (n INTEGER);\n\n-- migrate: downgrade\nDROP TABLE {id};\n"
    );
    (String::leak(id.to_owned()), text)
}
