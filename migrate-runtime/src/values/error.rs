use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use annotate_snippets::Level;
use migrate_chain::Place;
use migrate_chain::target::TargetError;
use migrate_render::{self as render, Style, visible};

use crate::Direction;

/// Why a call failed: which revision, where in its file, what the database said, and what to do next.
///
/// [`Display`](fmt::Display) gives all of that over several lines; [`summary`](Self::summary) is one line.
/// [`source`](StdError::source) continues after what `Display` says, so that a report of the whole chain of errors says
/// nothing twice; [`cause`](Self::cause) is the cause in any case.
///
/// Branch on [`kind`](Self::kind), or on the predicate for it.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    summary: String,
    database: Option<String>,
    revision: Option<String>,
    direction: Option<Direction>,
    place: Option<Place>,
    code: Option<String>,
    notes: Vec<String>,
    help: Option<String>,
    source: Option<BoxError>,
}

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// The kind of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The chain on disk is faulty.
    Chain,
    /// The target names no place in the chain, or one that cannot be gone to.
    Target,
    /// The database cannot be reached or opened.
    Connect,
    /// Another process held the lock, or the database, until the deadline.
    Locked,
    /// The database, or this role, cannot write.
    ReadOnly,
    /// A statement of a revision failed.
    Statement,
    /// A Rust revision returned an error.
    Revision,
    /// A revision that is applied was edited since.
    Edited,
    /// The version table holds revisions that this binary does not know.
    Ahead,
    /// The version table holds a revision that a squash replaced.
    Replaced,
    /// The plan would undo what cannot be undone.
    Irreversible,
    /// The revision has no SQL for this database.
    MissingSql,
    /// A revision outside a transaction was interrupted, and whether its last statement took effect is unknown.
    InDoubt,
    /// The database is not at the head.
    NotCurrent,
    /// The binary was built before the migration directory changed.
    Stale,
    /// An option or a call does not fit the chain or the database.
    Unsupported,
    /// A revision is written in Rust, and this process does not have its code: only the app's own binary has.
    NotEmbedded,
    /// The version table or the journal is not as this library makes them.
    Tables,
    /// Another migration tool has a history in the database that cannot be taken over.
    Foreign,
    /// The database refused something else.
    Database,
}

impl ErrorKind {
    /// Its name, which does not change between releases: `in-doubt`, `not-current`.
    ///
    /// ```
    /// assert_eq!(migrate_runtime::ErrorKind::InDoubt.name(), "in-doubt");
    /// ```
    pub const fn name(self) -> &'static str {
        match self {
            Self::Chain => "chain",
            Self::Target => "target",
            Self::Connect => "connect",
            Self::Locked => "locked",
            Self::ReadOnly => "read-only",
            Self::Statement => "statement",
            Self::Revision => "revision",
            Self::Edited => "edited",
            Self::Ahead => "ahead",
            Self::Replaced => "replaced",
            Self::Irreversible => "irreversible",
            Self::MissingSql => "missing-sql",
            Self::InDoubt => "in-doubt",
            Self::NotCurrent => "not-current",
            Self::Stale => "stale",
            Self::Unsupported => "unsupported",
            Self::NotEmbedded => "not-embedded",
            Self::Tables => "tables",
            Self::Foreign => "foreign",
            Self::Database => "database",
        }
    }
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, summary: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            summary: summary.into(),
            database: None,
            revision: None,
            direction: None,
            place: None,
            code: None,
            notes: Vec::new(),
            help: None,
            source: None,
        }))
    }

    #[doc(hidden)]
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    #[doc(hidden)]
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.0.notes.push(note.into());
        self
    }

    pub(crate) fn at(mut self, place: Place) -> Self {
        self.0.place = Some(place);
        self
    }

    pub(crate) fn of_revision(mut self, id: &str, direction: Direction) -> Self {
        self.0.revision = Some(id.to_owned());
        self.0.direction = Some(direction);
        self
    }

    /// Says which database of a fleet it is about.
    pub(crate) fn of_database(mut self, name: &str) -> Self {
        self.0.summary = format!("{name}: {}", self.0.summary);
        self.0.database = Some(name.to_owned());
        self
    }

    pub(crate) fn code(mut self, code: Option<String>) -> Self {
        self.0.code = code;
        self
    }

    pub(crate) fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The failure in one line.
    pub fn summary(&self) -> &str {
        &self.0.summary
    }

    /// The revision concerned, if it is about one.
    pub fn revision(&self) -> Option<&str> {
        self.0.revision.as_deref()
    }

    /// The name of the database, in a [`Fleet`](crate::Fleet).
    pub fn database(&self) -> Option<&str> {
        self.0.database.as_deref()
    }

    /// The direction in which the revision ran, if one was running.
    pub fn direction(&self) -> Option<Direction> {
        self.0.direction
    }

    /// The place in a revision file as `file:line:column`, if it is about one.
    pub fn location(&self) -> Option<String> {
        self.0.place.as_ref().map(|place| {
            let position = place.position();
            format!(
                "{}:{}:{}",
                place.source.path(),
                position.line,
                position.column
            )
        })
    }

    /// The database's own code for the error, if it gave one.
    pub fn database_code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// More to know, a line each.
    pub fn notes(&self) -> &[String] {
        &self.0.notes
    }

    /// The whole error with its source line and caret, if it is about a place in a file.
    #[doc(hidden)]
    pub fn located(&self, style: Style) -> Option<String> {
        let inner = &*self.0;
        let place = inner.place.as_ref()?;
        let notes = inner.notes.iter().map(|note| (Level::NOTE, &**note));
        let help = inner.help.iter().map(|help| (Level::HELP, &**help));
        let lines: Vec<_> = notes.chain(help).collect();
        Some(render::located(&inner.summary, place, None, &lines, style))
    }

    /// The next step for the user, if one is known.
    pub fn advice(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// The cause, such as that of sqlx, of a Rust revision, or the [`LoadError`](crate::LoadError).
    pub fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.0.source.as_ref()?;
        Some(&**source)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(text) = self.located(Style::Plain) {
            return f.write_str(text.strip_prefix("error: ").unwrap_or(&text));
        }
        f.write_str(&visible(&inner.summary))?;
        if inner.kind == ErrorKind::Chain
            && let Some(faults) = &inner.source
        {
            write!(f, "\n\n{faults}")?;
        }
        for note in &inner.notes {
            write!(f, "\n  note: {}", visible(note))?;
        }
        inner
            .help
            .iter()
            .try_for_each(|help| write!(f, "\n  help: {}", visible(help)))
    }
}

impl fmt::Debug for Error {
    /// The same text: `main` and `unwrap` print an error by its `Debug` form.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Error> for sqlx::Error {
    /// For an app whose functions return the errors of sqlx: the text is whole, place and advice included.
    fn from(error: Error) -> Self {
        Self::Configuration(Box::new(error))
    }
}

impl From<TargetError> for Error {
    fn from(error: TargetError) -> Self {
        Self::new(ErrorKind::Target, error.to_string()).caused_by(error)
    }
}

impl StdError for Error {
    /// The first cause that `Display` does not show.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let mut told = self.to_string();
        let mut next = self.cause();
        while let Some(error) = next {
            let text = error.to_string();
            let message = error
                .downcast_ref::<sqlx::Error>()
                .map_or_else(|| text.clone(), database_message);
            if !told.contains(&message) {
                return Some(error);
            }
            // An error may show its cause in its own way.
            told.push_str(&text);
            next = error.source();
        }
        None
    }
}

/// The database's own words, without sqlx's around them.
pub(crate) fn database_message(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::ColumnDecode { source, .. } => source.to_string(),
        _ => error.to_string(),
    }
}

/// The database's own code.
pub(crate) fn database_code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(Cow::into_owned)
}

/// The error of a Rust revision: any error, so that `?` works on all of them.
///
/// ```
/// use migrate_runtime::RevisionError;
///
/// fn parse(text: &str) -> Result<i64, RevisionError> {
///     Ok(text.parse::<i64>()?)
/// }
/// assert_eq!(parse("x").unwrap_err().to_string(), "invalid digit found in string");
/// ```
pub struct RevisionError(BoxError);

impl RevisionError {
    /// An error that says `message`.
    pub fn msg(message: impl Into<String>) -> Self {
        Self(message.into().into())
    }

    pub(crate) fn into_inner(self) -> BoxError {
        self.0
    }
}

// Not a std error itself: the blanket conversion below would overlap with that of the type to itself.
impl<E: StdError + Send + Sync + 'static> From<E> for RevisionError {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for RevisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for RevisionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text that anyhow prints for `{:#}`.
    fn chain(error: &Error) -> String {
        let mut text = error.to_string();
        let mut next = error.source();
        while let Some(error) = next {
            text = format!("{text}: {error}");
            next = error.source();
        }
        text
    }

    #[derive(Debug)]
    struct Outer(fmt::Error);

    impl fmt::Display for Outer {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("outer")
        }
    }

    impl StdError for Outer {
        fn source(&self) -> Option<&(dyn StdError + 'static)> {
            Some(&self.0)
        }
    }

    #[test]
    fn nothing_is_told_twice() {
        let error =
            Error::new(ErrorKind::Revision, "it failed: outer").caused_by(Outer(fmt::Error));
        assert_eq!(chain(&error), format!("it failed: outer: {}", fmt::Error));
        assert!(error.cause().is_some_and(<dyn StdError>::is::<Outer>));
        let error = Error::new(ErrorKind::Database, "it failed").caused_by(Outer(fmt::Error));
        assert_eq!(chain(&error), format!("it failed: outer: {}", fmt::Error));
    }

    #[test]
    fn the_faults_of_a_directory_are_behind_a_summary() {
        let error = crate::Migrations::load("no/such/directory").expect_err("there is none");
        let faults = error.to_string();
        let error = Error::from(error);
        assert_eq!(error.summary(), "the migration directory has a fault");
        assert_eq!(chain(&error), format!("{}\n\n{faults}", error.summary()));
        assert!(
            error
                .cause()
                .is_some_and(<dyn StdError>::is::<crate::LoadError>)
        );
    }

    #[test]
    fn control_characters_are_made_visible() {
        let hostile = "a\u{1b}[2J\u{202e}";
        let error = Error::new(ErrorKind::Database, hostile)
            .note(hostile)
            .help(hostile);
        let text = error.to_string();
        assert_eq!(text.matches(r"a\u{1b}[2J\u{202e}").count(), 3, "{text:?}");
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'));
        assert_eq!(error.summary(), hostile, "for programs it is as it was");
    }

    #[cfg(feature = "sqlite")]
    #[test]
    fn a_database_is_quoted_once() {
        use sqlx::Connection as _;

        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let error = runtime.expect("a runtime").block_on(async {
            let connection = sqlx::SqliteConnection::connect("sqlite::memory:").await;
            let mut connection = connection.expect("a database");
            sqlx::raw_sql("SELECT absent")
                .execute(&mut connection)
                .await
        });
        let error = error.expect_err("there is no such column");
        let message = database_message(&error);
        let error =
            Error::new(ErrorKind::Statement, format!("it failed: {message}")).caused_by(error);
        assert_eq!(chain(&error), "it failed: no such column: absent");
        assert!(error.cause().is_some_and(<dyn StdError>::is::<sqlx::Error>));
    }
}
