use std::fmt;

/// Why there is no database for a test, and what to do about it.
#[derive(Debug)]
pub struct Error {
    summary: String,
    help: Option<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(summary: impl Into<String>) -> Self {
        Self {
            summary: summary.into(),
            help: None,
            source: None,
        }
    }

    /// A statement or a connection that failed: `doing` is a clause such as "cannot connect".
    pub(crate) fn database(doing: &str, error: sqlx::Error) -> Self {
        let cause = match &error {
            sqlx::Error::Database(error) => error.message().to_owned(),
            other => other.to_string(),
        };
        Self::new(format!("{doing}: {cause}")).caused_by(error)
    }

    #[cfg(feature = "sqlite")]
    pub(crate) fn io(doing: &str, error: &std::io::Error) -> Self {
        Self::new(format!("{doing}: {error}"))
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn caused_by(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The failure, in one line.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// The next step for the user.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        let source = self.source.as_deref()?;
        Some(source)
    }
}

impl From<migrate_runtime::Error> for Error {
    /// The text of it, which has the place in the file.
    fn from(error: migrate_runtime::Error) -> Self {
        Self::new(format!("the chain cannot be applied: {error}")).caused_by(error)
    }
}

impl From<migrate_servers::Error> for Error {
    fn from(error: migrate_servers::Error) -> Self {
        let mut summary = error.summary().to_owned();
        for line in error.output().lines() {
            summary.push_str("\n  ");
            summary.push_str(line);
        }
        let result = Self::new(summary);
        match error.advice() {
            Some(advice) => result.help(advice.to_owned()),
            None => result,
        }
    }
}
