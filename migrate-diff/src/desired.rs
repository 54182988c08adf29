//! The desired schema: a file, or every .sql file of a directory in name order.

use std::fs;
use std::io::ErrorKind as ErrorKindOfIo;
use std::path::{Path, PathBuf};

use migrate_chain::load;
use migrate_chain::tree::read_file;

use crate::connection::Connection;
use crate::error::{Error, ErrorKind};
use crate::rename::{self, Rename};
use crate::scratch_sql::ScratchSql;

/// The desired schema: SQL from files and other sources, in the order in which it is loaded.
///
/// ```
/// use migrate_diff::Desired;
///
/// let desired = Desired::default().with("src/models.rs", "CREATE TABLE users (id INTEGER PRIMARY KEY);");
/// assert!(!desired.is_empty());
/// ```
#[derive(Clone, Debug, Default)]
pub struct Desired(Vec<DesiredFile>);

impl Desired {
    /// The schema in a file, or in every .sql file of a directory in name order.
    ///
    /// # Errors
    /// [`ErrorKind::Desired`] when it is not there, holds no SQL file, or cannot be read.
    pub fn read(path: &Path) -> Result<Self, Error> {
        read(path).map(Self)
    }

    /// The same with more after it; `name` is what messages call it.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, sql: impl Into<String>) -> Self {
        let (name, text) = (name.into(), sql.into());
        self.0.push(DesiredFile { name, text });
        self
    }

    /// The same with the SQL of another after it.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether it has no source at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn files(&self) -> &[DesiredFile] {
        &self.0
    }
}

/// A file of the desired schema.
#[derive(Clone, Debug)]
pub(crate) struct DesiredFile {
    name: String,
    text: String,
}

/// Reads `path`.
///
/// # Errors
/// [`ErrorKind::Desired`] when it is not there, holds no SQL file, or cannot be read.
fn read(path: &Path) -> Result<Vec<DesiredFile>, Error> {
    let unreadable = |path: &Path, error: &std::io::Error| {
        let path = path.display();
        let summary = match error.kind() {
            ErrorKindOfIo::NotFound => format!("there is no desired schema: {path} does not exist"),
            _ => format!("the desired schema {path} cannot be read: {error}"),
        };
        Error::new(ErrorKind::Desired, summary)
            .help("write the schema that you want there, in the SQL of your database")
    };
    let files = if path.is_dir() {
        sql_files(path).map_err(|error| unreadable(path, &error))?
    } else {
        vec![path.to_owned()]
    };
    if files.is_empty() {
        let summary = format!("the directory {} holds no .sql file", path.display());
        return Err(Error::new(ErrorKind::Desired, summary));
    }
    let file = |path: &PathBuf| {
        let name = path.display().to_string();
        let bytes = read_file(path).map_err(|error| unreadable(path, &error))?;
        let source = load::text(&name, bytes).map_err(|fault| {
            let at = fault.place.position();
            let summary = format!("{name}:{}:{}: {}", at.line, at.column, fault.message());
            Error::new(ErrorKind::Desired, summary).help(fault.help())
        })?;
        let text = source.text().trim_start_matches('\u{feff}').to_owned();
        Ok(DesiredFile { name, text })
    };
    files.iter().map(file).collect()
}

fn sql_files(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_file() && path.extension().is_some_and(|extension| extension == "sql") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

impl DesiredFile {
    /// Its SQL.
    pub fn script(&self) -> ScratchSql<'_> {
        ScratchSql::file(&self.name, &self.text)
    }

    /// The renames that its comments say.
    pub fn renames(&self, connection: &Connection) -> Result<Vec<Rename>, Error> {
        rename::comment::renames(connection.dialect(), &self.name, &self.text)
    }
}
