use std::fmt;

/// The reason why the build has no database, and how to fix it.
pub struct Error {
    text: String,
}

impl Error {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }

    pub(crate) fn help(mut self, help: &str) -> Self {
        self.text.push_str("\n  help: ");
        self.text.push_str(help);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Error {
    /// The same text: `main` prints an error by its `Debug` form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Error {}

impl From<migrate_runtime::LoadError> for Error {
    fn from(error: migrate_runtime::LoadError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<migrate_runtime::Error> for Error {
    fn from(error: migrate_runtime::Error) -> Self {
        Self::new(error.to_string())
    }
}
