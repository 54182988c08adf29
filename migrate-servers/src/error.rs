use std::fmt;

/// Why a server could not be started, and what to do about it.
///
/// ```
/// use migrate_servers::Image;
///
/// let error = Image::parse("docker://nginx").expect_err("nginx is not a database");
/// assert!(error.to_string().contains("nginx"));
/// assert!(error.advice().is_some());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    summary: String,
    detail: String,
    help: Option<String>,
}

impl Error {
    pub(crate) fn new(summary: impl Into<String>) -> Self {
        Self {
            summary: summary.into(),
            detail: String::new(),
            help: None,
        }
    }

    pub(crate) fn io(doing: &str, error: &std::io::Error) -> Self {
        Self::new(format!("{doing}: {error}"))
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The failure in one line.
    pub fn summary(&self) -> &str {
        &self.summary
    }

    /// The output of a program; empty if there is none.
    pub fn output(&self) -> &str {
        self.detail.trim()
    }

    /// The next step for the user.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)?;
        for line in self.output().lines() {
            write!(f, "\n  {line}")?;
        }
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
