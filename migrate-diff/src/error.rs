use std::error::Error as StdError;
use std::fmt;

/// Why a comparison could not be made, or a revision not be written: what happened, the details, and what to do next.
///
/// [`Display`](fmt::Display) gives all of it over several lines, [`summary`](Self::summary) is one line.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    summary: String,
    details: Vec<String>,
    help: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    /// Whether rows were in the way.
    is_of_rows: bool,
}

/// The kind of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A database cannot be reached, or no scratch database can be made on its server.
    Connect,
    /// The desired schema cannot be read, or a database refuses it.
    Desired,
    /// The chain could not be replayed on a scratch database.
    Replay,
    /// A statement would reach beyond the scratch database.
    Beyond,
    /// A rename names what is not there.
    Rename,
    /// Something would lose data, and that was denied.
    Destructive,
    /// The generated SQL did not prove itself: it failed, or left a difference.
    Proof,
    /// The database holds something that this library cannot read.
    Unreadable,
    /// A signal ended the work.
    Interrupted,
    /// The database refused something else.
    Database,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, summary: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            summary: summary.into(),
            details: Vec::new(),
            help: None,
            source: None,
            is_of_rows: false,
        }))
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.details.push(detail.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    /// Says that rows were in the way, or not.
    pub(crate) fn of_rows(mut self, is_of_rows: bool) -> Self {
        self.0.is_of_rows = is_of_rows;
        self
    }

    /// Whether the same would work on empty tables.
    pub(crate) fn is_of_rows(&self) -> bool {
        self.0.is_of_rows
    }

    pub(crate) fn caused_by(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Box::new(source));
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether a revision in Rust is in the way, which another program could run.
    pub(crate) fn needs_app(&self) -> bool {
        let source = self.0.source.as_deref();
        let error = source.and_then(|source| source.downcast_ref::<migrate_runtime::Error>());
        error.is_some_and(|error| error.kind() == migrate_runtime::ErrorKind::NotEmbedded)
    }

    /// The failure, in one line.
    pub fn summary(&self) -> &str {
        &self.0.summary
    }

    /// More about it, a line or several each: the statement, what remained different.
    pub fn details(&self) -> &[String] {
        &self.0.details
    }

    /// The next step for the user.
    pub fn advice(&self) -> Option<&str> {
        self.0.help.as_deref()
    }
}

/// A statement that a database refused.
pub(crate) fn refused(kind: ErrorKind, doing: &str, sql: &str, error: &sqlx::Error) -> Error {
    Error::new(kind, format!("{doing}: {}", database_message(error))).detail(sql.trim().to_owned())
}

/// The database's own words, without sqlx's around them.
pub(crate) fn database_message(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        _ => error.to_string(),
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.summary)?;
        for detail in &self.0.details {
            for line in detail.lines() {
                write!(f, "\n  {line}")?;
            }
        }
        if let Some(help) = &self.0.help {
            write!(f, "\n  help: {help}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    /// The same text: `main` and `unwrap` print an error by its `Debug` form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
