use std::error::Error as StdError;
use std::fmt;

use annotate_snippets::Level;
use migrate_chain::Place;
use migrate_chain::render::{self, Style};

use crate::Direction;

/// Why a call failed: which revision, where in its file, what the database said, and what to do next.
///
/// [`Display`](fmt::Display) gives all of that over several lines; [`summary`](Self::summary) is one line.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    summary: String,
    revision: Option<String>,
    direction: Option<Direction>,
    place: Option<Place>,
    code: Option<String>,
    notes: Vec<String>,
    help: Option<String>,
    source: Option<BoxError>,
}

pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// What kind of failure an [`Error`] is.
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
    /// A revision outside a transaction stopped half-way, and what its last statement did is unknown.
    InDoubt,
    /// The database is not at the head.
    NotCurrent,
    /// The binary was built before the migration directory changed.
    Stale,
    /// An option or a call does not fit the chain or the database.
    Unsupported,
    /// The version table or the journal is not as this library makes them.
    Tables,
    /// The database refused something else.
    Database,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, summary: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            summary: summary.into(),
            revision: None,
            direction: None,
            place: None,
            code: None,
            notes: Vec::new(),
            help: None,
            source: None,
        }))
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.0.help = Some(help.into());
        self
    }

    pub(crate) fn note(mut self, note: impl Into<String>) -> Self {
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

    pub(crate) fn code(mut self, code: Option<String>) -> Self {
        self.0.code = code;
        self
    }

    pub(crate) fn caused_by(mut self, source: impl Into<BoxError>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What happened, in one line.
    pub fn summary(&self) -> &str {
        &self.0.summary
    }

    /// The revision concerned, if it is about one.
    pub fn revision(&self) -> Option<&str> {
        self.0.revision.as_deref()
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

    /// What to do next, if there is something to say.
    pub fn advice(&self) -> Option<&str> {
        self.0.help.as_deref()
    }

    /// Whether another process held the lock, or the database, until the deadline.
    pub fn is_locked(&self) -> bool {
        self.0.kind == ErrorKind::Locked
    }

    /// Whether a revision that is applied was edited since.
    pub fn is_edited(&self) -> bool {
        self.0.kind == ErrorKind::Edited
    }

    /// Whether the database holds revisions that this binary does not know.
    pub fn is_ahead(&self) -> bool {
        self.0.kind == ErrorKind::Ahead
    }

    /// Whether a revision stopped half-way and has to be settled.
    pub fn is_in_doubt(&self) -> bool {
        self.0.kind == ErrorKind::InDoubt
    }

    /// Whether the database is not at the head.
    pub fn is_not_current(&self) -> bool {
        self.0.kind == ErrorKind::NotCurrent
    }

    /// Whether the binary was built before the migration directory changed.
    pub fn is_stale(&self) -> bool {
        self.0.kind == ErrorKind::Stale
    }

    /// Whether the target is at fault.
    pub fn is_target(&self) -> bool {
        self.0.kind == ErrorKind::Target
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(place) = &inner.place {
            let mut notes: Vec<_> = inner
                .notes
                .iter()
                .map(|note| (Level::NOTE, &**note))
                .collect();
            notes.extend(inner.help.iter().map(|help| (Level::HELP, &**help)));
            let text = render::located(&inner.summary, place, None, &notes, Style::Plain);
            return f.write_str(text.strip_prefix("error: ").unwrap_or(&text));
        }
        f.write_str(&inner.summary)?;
        for note in &inner.notes {
            write!(f, "\n  note: {note}")?;
        }
        inner
            .help
            .iter()
            .try_for_each(|help| write!(f, "\n  help: {help}"))
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
        self.0
            .source
            .as_ref()
            .map(|source| &**source as &(dyn StdError + 'static))
    }
}

/// What a Rust revision returns when it fails: any error, so that `?` works on all of them.
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
