use std::borrow::Cow;

use crate::values::error::{BoxError, Error, ErrorKind, RevisionError, database_message};

/// A change of plan or a failure while revisions run, with all that is known about it, so that the session need not be
/// asked afterwards.
#[derive(Debug)]
pub struct Failure {
    pub cause: Box<Cause>,
    /// Whether it may have done something that stays, although it failed.
    pub left_trace: bool,
    /// Whether the database only gave up on a lock, and undid all that was tried: it can be tried again.
    pub may_retry: bool,
    /// Whether a statement that sets up the connection failed only because that is set up already.
    pub is_set_up: bool,
    pub kind: ErrorKind,
    /// The way out of it.
    pub help: Option<Cow<'static, str>>,
    /// More that the database says about it, each a line of its own.
    pub notes: Vec<String>,
}

/// Why a database refused something, beyond its own words.
#[derive(Clone, Copy, Debug)]
pub struct Explained {
    pub kind: ErrorKind,
    pub help: Option<&'static str>,
}

/// The cause of a failure. `index` says which of the revisions it is about.
#[derive(Debug)]
pub enum Cause {
    /// Another process holds the database; so far nothing was done.
    Busy { holder: String },
    /// The state is no longer what the plan was made for; nothing was done.
    Fenced,
    /// A statement of a revision failed.
    Statement {
        index: usize,
        statement: usize,
        /// The byte of the statement that the database points at, if it does.
        at: Option<usize>,
        error: sqlx::Error,
    },
    /// The function of a Rust revision failed.
    Rust { index: usize, error: BoxError },
    /// A revision would leave rows that point nowhere.
    #[cfg_attr(
        not(feature = "sqlite"),
        allow(dead_code, reason = "the others enforce foreign keys all the time")
    )]
    ForeignKeys {
        index: usize,
        violations: Vec<String>,
    },
    /// A revision drops a table, and with it rows of other tables.
    #[cfg_attr(
        not(feature = "sqlite"),
        allow(
            dead_code,
            reason = "the others refuse to drop a table that others refer to"
        )
    )]
    Cascade {
        index: usize,
        /// The statement that was refused; none if it was done, and the revision as a whole is refused.
        statement: Option<usize>,
        /// The table that is dropped.
        dropped: String,
        /// Each table that loses rows, in words.
        losses: Vec<String>,
    },
    /// A statement was refused before it was sent, and nothing of it was done.
    #[allow(dead_code, reason = "not every database refuses one")]
    Refused {
        index: usize,
        statement: usize,
        what: String,
        help: &'static str,
    },
    /// A revision did what only the runtime may do.
    Meddled {
        index: usize,
        what: Cow<'static, str>,
    },
    /// A cause, and the way out of it that a look at the database has shown.
    #[cfg_attr(
        not(feature = "postgres"),
        allow(dead_code, reason = "the others are not looked at then")
    )]
    Advised { cause: Box<Self>, help: String },
    /// No transaction can hold the revision, all of it or nothing. Nothing was tried.
    #[cfg_attr(
        not(feature = "mysql"),
        allow(dead_code, reason = "the others roll back schema changes too")
    )]
    NotHeld,
    /// The request cannot work here, and nothing was tried.
    #[allow(dead_code, reason = "SQLite alone can do all that is asked for")]
    Unsupported(Error),
    /// Anything else that the database refused, and what was tried.
    Database {
        doing: &'static str,
        error: sqlx::Error,
    },
}

impl Failure {
    /// A failure of which no more is known yet.
    pub fn of(cause: Cause) -> Self {
        let (cause, help) = match cause {
            Cause::Advised { cause, help } => (*cause, Some(help.into())),
            cause => (cause, None),
        };
        Self {
            cause: Box::new(cause),
            left_trace: true,
            may_retry: false,
            is_set_up: false,
            kind: ErrorKind::Database,
            help,
            notes: Vec::new(),
        }
    }

    /// Adds why the database refused something. Existing help is closer to the cause.
    pub fn explain(&mut self, explained: Explained) {
        self.kind = explained.kind;
        if self.help.is_none() {
            self.help = explained.help.map(Cow::Borrowed);
        }
    }

    /// The revision it is about; the first if it is about none.
    pub fn index(&self) -> usize {
        self.cause.index()
    }

    /// Says which statement of its revision it is about, for one that ran alone.
    pub fn of_statement(mut self, number: usize) -> Self {
        match &mut *self.cause {
            Cause::Statement { statement, .. }
            | Cause::Refused { statement, .. }
            | Cause::Cascade {
                statement: Some(statement),
                ..
            } => *statement = number,
            _ => {}
        }
        self
    }

    /// In the words of the database; none if it is a change of plan.
    pub fn message(&self) -> Option<String> {
        Some(match &*self.cause {
            Cause::Statement { error, .. } | Cause::Database { error, .. } => {
                database_message(error)
            }
            Cause::Rust { error, .. } => error.to_string(),
            Cause::Cascade { losses, .. } => losses.join("; "),
            Cause::Refused { what, .. } => what.clone(),
            _ => return None,
        })
    }
}

impl Cause {
    /// The revision it is about; the first if it is about none.
    pub fn index(&self) -> usize {
        match self {
            Self::Statement { index, .. }
            | Self::Rust { index, .. }
            | Self::ForeignKeys { index, .. }
            | Self::Cascade { index, .. }
            | Self::Refused { index, .. }
            | Self::Meddled { index, .. } => *index,
            Self::Advised { cause, .. } => cause.index(),
            Self::Busy { .. }
            | Self::Fenced
            | Self::NotHeld
            | Self::Unsupported(_)
            | Self::Database { .. } => 0,
        }
    }

    /// The error of the database, if it is one.
    pub fn error(&self) -> Option<&sqlx::Error> {
        match self {
            Self::Statement { error, .. } | Self::Database { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// Turns the error that a Rust revision returned into a cause.
pub fn rust_cause(index: usize, error: RevisionError) -> Cause {
    Cause::Rust {
        index,
        error: error.into_inner(),
    }
}
