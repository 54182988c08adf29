//! Migration directories, written from a compact description.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use embed_migrations::Migrations;
use tempfile::TempDir;

/// A migration directory under construction; it is gone when the value is dropped.
pub struct Chain {
    folder: TempDir,
    revisions: Vec<Revision>,
}

#[derive(Default)]
struct Revision {
    id: String,
    header: String,
    body: String,
}

impl Chain {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("versions")).expect("a folder in it");
        Self {
            folder,
            revisions: Vec::new(),
        }
    }

    /// `count` revisions `r1` … in a line, each of which makes a table `t1` ….
    pub fn line(count: usize) -> Self {
        Self::new().then("r", "none", count, |chain, n| {
            chain
                .up(&format!("CREATE TABLE t{n} (id INTEGER)"))
                .down(&format!("DROP TABLE t{n}"))
        })
    }

    /// Adds `count` revisions in a line behind `down`, called `name` and their number from 1 on; `describe` describes each.
    pub fn then(
        self,
        name: &str,
        down: &str,
        count: usize,
        describe: impl Fn(Self, usize) -> Self,
    ) -> Self {
        let mut down = down.to_owned();
        (1..=count).fold(self, |chain, n| {
            let id = format!("{name}{n}");
            let chain = describe(chain.revision(&id, &down), n);
            down = id;
            chain
        })
    }

    pub fn config(self, text: &str) -> Self {
        fs::write(self.folder.path().join("migrate.toml"), text).expect("migrate.toml is written");
        self
    }

    /// Adds a revision; what follows describes it.
    pub fn revision(mut self, id: &str, down: &str) -> Self {
        self.revisions.push(Revision {
            id: id.to_owned(),
            header: format!("-- Make {id}\n--\n-- revision: {id}\n-- down_revision: {down}\n"),
            body: String::new(),
        });
        self
    }

    pub fn header(mut self, line: &str) -> Self {
        let _ = writeln!(self.last().header, "-- {line}");
        self
    }

    pub fn up(self, sql: &str) -> Self {
        self.section("upgrade", sql)
    }

    pub fn down(self, sql: &str) -> Self {
        self.section("downgrade", sql)
    }

    pub fn section(mut self, marker: &str, sql: &str) -> Self {
        let _ = write!(
            self.last().body,
            "\n-- migrate: {marker}\n{};\n",
            sql.trim_end_matches(';')
        );
        self
    }

    /// Writes the files and loads them.
    pub fn load(&self) -> Migrations {
        self.write();
        self.reload()
    }

    /// Loads the files as they are.
    pub fn reload(&self) -> Migrations {
        Migrations::load(self.folder.path()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// Writes the files.
    pub fn write(&self) {
        for revision in &self.revisions {
            let text = format!("{}{}", revision.header, revision.body);
            fs::write(self.file(&revision.id), text).expect("a revision file is written");
        }
    }

    /// Changes a file on disk.
    pub fn edit(&self, id: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.file(id)).expect("the file was written");
        assert!(text.contains(from), "no {from:?} in {text}");
        fs::write(self.file(id), text.replace(from, to)).expect("a revision file is written");
    }

    pub fn file(&self, id: &str) -> PathBuf {
        self.path().join(format!("versions/{id}.sql"))
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn last(&mut self) -> &mut Revision {
        self.revisions.last_mut().expect("a revision comes first")
    }
}
