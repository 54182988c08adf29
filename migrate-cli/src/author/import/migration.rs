//! The migrations of another tool, as they are read from its files.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::failure::{self, CommandError, Result};
use super::super::sql_files::Part;

/// A migration of another tool.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Migration {
    /// The versions under which the tool keeps it in its history, each with its checksum if it keeps one.
    pub adopts: Vec<String>,
    /// The text from which the id of the revision is made.
    pub id: String,
    pub message: String,
    pub created: Option<String>,
    /// Its parents, where the tool has a graph; otherwise the migration before it.
    pub parents: Option<Vec<String>>,
    /// Further keys of the header.
    pub keys: Vec<(&'static str, String)>,
    /// None where the tool has it in a form that cannot be carried over.
    pub upgrade: Option<String>,
    pub downgrade: Option<String>,
    pub files: Vec<PathBuf>,
}

impl Migration {
    /// Says that it runs outside a transaction.
    pub fn outside(&mut self) {
        self.key("transaction", "off");
    }

    /// Takes the two directions of a file that was divided; what cannot be is listed.
    pub fn take(&mut self, divided: Result<Option<Part>>, path: &Path, left: &mut Vec<String>) {
        match divided {
            Ok(Some(part)) => {
                self.upgrade = Some(part.upgrade);
                self.downgrade = Some(part.downgrade).filter(|sql| !sql.is_empty());
                for (key, value) in part.keys {
                    self.key(key, value);
                }
            }
            Ok(None) => left.push(at(path, 1, "it has no marker of an upgrade")),
            Err(failure) => left.push(failure.summary().into_owned()),
        }
    }

    pub fn key(&mut self, key: &'static str, value: &str) {
        if !self.keys.iter().any(|(known, _)| *known == key) {
            self.keys.push((key, value.to_owned()));
        }
    }
}

/// All that was read.
#[derive(Debug, Default)]
pub struct Imported {
    /// In the order in which the tool runs them.
    pub migrations: Vec<Migration>,
    /// The table of the history, where the app has named one.
    pub table: Option<String>,
    /// The current definitions of views, functions and the like: a file each, in the migration directory, and its text.
    pub objects: Vec<(String, String)>,
    /// Parts that could not be carried over, each with its file and line.
    pub left: Vec<String>,
    /// Parts that were read in a special way.
    pub notes: Vec<String>,
}

/// Says that a line of a file could not be carried over.
pub fn at(path: &Path, line: usize, what: impl AsRef<str>) -> String {
    format!("{}:{line}: {}", path.display(), what.as_ref())
}

/// The files of a folder, by name. Folders, and what is hidden, are left out.
pub fn files(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    entries(folder, Path::is_file)
}

/// The folders of a folder, by name.
pub fn folders(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    entries(folder, Path::is_dir)
}

fn entries(folder: &Path, is_meant: impl Fn(&Path) -> bool) -> Result<Vec<(String, PathBuf)>> {
    let read = fs::read_dir(folder).map_err(|error| failure::file("read", folder, &error))?;
    let mut entries = Vec::new();
    for entry in read {
        let entry = entry.map_err(|error| failure::file("read", folder, &error))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && is_meant(&entry.path()) {
            entries.push((name, entry.path()));
        }
    }
    entries.sort();
    Ok(entries)
}

/// The files of a folder and of those in it, by path.
pub fn all_files(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut all = files(folder)?;
    for (_, inner) in folders(folder)? {
        all.extend(all_files(&inner)?);
    }
    Ok(all)
}

/// The text of a file, as it is.
pub fn text(path: &Path) -> Result<String> {
    let bytes = fs::read(path).map_err(|error| failure::file("read", path, &error))?;
    String::from_utf8(bytes).map_err(|_| {
        CommandError::new(format!("{} is not UTF-8", path.display()))
            .help("save it as UTF-8; nothing was written")
    })
}

/// The text as a section holds it: without a byte order mark, and with LF line ends.
pub fn sql(text: &str) -> String {
    text.trim_start_matches('\u{feff}').replace("\r\n", "\n")
}

/// The words of a name with `_` between them.
pub fn words(name: &str) -> String {
    name.replace('_', " ").trim().to_owned()
}

/// The digits at the beginning of a name, and the rest of it after a `_`.
pub fn numbered(name: &str) -> Option<(&str, &str)> {
    let end = name.bytes().take_while(u8::is_ascii_digit).count();
    let rest = name[end..].strip_prefix('_')?;
    (end > 0).then_some((&name[..end], rest))
}

/// A number without the zeros in front, as a database shows it.
pub fn number(digits: &str) -> String {
    match digits.trim_start_matches('0') {
        "" => "0".to_owned(),
        number => number.to_owned(),
    }
}

/// The time in a version such as `20240131120000`, or in one of seconds since 1970; none in any other.
pub fn created(version: &str) -> Option<String> {
    let digits: String = version.chars().filter(char::is_ascii_digit).collect();
    if digits.len() == 10
        && let Ok(seconds) = digits.parse::<i64>()
    {
        let time = jiff::Timestamp::from_second(seconds).ok()?;
        return Some(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string());
    }
    let time = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", digits.get(..14)?).ok()?;
    Some(time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Bytes in small hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_tells_its_time_if_it_has_one() {
        assert_eq!(
            created("20240131120405").as_deref(),
            Some("2024-01-31T12:04:05Z")
        );
        assert_eq!(
            created("202401311204050000").as_deref(),
            Some("2024-01-31T12:04:05Z")
        );
        assert_eq!(
            created("1706702645").as_deref(),
            Some("2024-01-31T12:04:05Z")
        );
        for none in ["1", "0001", "20241331120405", "00000000000000"] {
            assert_eq!(created(none), None, "{none}");
        }
    }

    #[test]
    fn a_number_is_shown_as_a_database_does() {
        assert_eq!(number("0012"), "12");
        assert_eq!(number("000"), "0");
        assert_eq!(
            numbered("001_create_users.sql"),
            Some(("001", "create_users.sql"))
        );
        assert_eq!(numbered("create_users.sql"), None);
    }
}
