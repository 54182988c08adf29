//! The `[package.metadata]` of a Cargo.toml that names the migration directory.

use std::fmt;

use toml::de::{DeTable, DeValue};

/// The only key of `[package.metadata.embed-migrations]`.
const KEY: &str = "directory";

/// A key of `[package.metadata.embed-migrations]` that makes no sense, or its value does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The key.
    pub key: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_key = self.key == KEY;
        let what = if is_key { "not a path" } else { "not a key" };
        write!(
            f,
            "`{}` is {what} in [package.metadata.embed-migrations]",
            self.key
        )
    }
}

impl std::error::Error for Wrong {}

impl Wrong {
    /// The next step for the reader of the message.
    pub const HELP: &str =
        "it has one key: `directory = \"db/migrations\"`, relative to that Cargo.toml";
}

/// The migration directory that the text of a Cargo.toml names, relative to its folder.
///
/// # Errors
/// It has another key there, or a value that is not a path. Cargo reports its other faults.
///
/// ```
/// use migrate_chain::package::directory;
///
/// let manifest = "[package.metadata.embed-migrations]\ndirectory = \"db/migrations\"\n";
/// assert_eq!(directory(manifest), Ok(Some("db/migrations".to_owned())));
/// assert_eq!(directory("[package]\nname = \"app\"\n"), Ok(None));
/// assert_eq!(directory("[package.metadata.embed-migrations]\ndir = \"x\"\n").unwrap_err().key, "dir");
/// ```
pub fn directory(manifest: &str) -> Result<Option<String>, Wrong> {
    let Ok(manifest) = DeTable::parse(manifest) else {
        return Ok(None);
    };
    let mut value = Some(manifest.get_ref());
    for key in ["package", "metadata", "embed-migrations"] {
        value = value.and_then(|table| table.get(key)?.get_ref().as_table());
    }
    let mut found = None;
    for (key, value) in value.into_iter().flatten() {
        match (key.get_ref().as_ref(), value.get_ref()) {
            (KEY, DeValue::String(directory)) if !directory.is_empty() => {
                found = Some(directory.as_ref().to_owned());
            }
            (key, _) => {
                return Err(Wrong {
                    key: key.to_owned(),
                });
            }
        }
    }
    Ok(found)
}
