use std::borrow::Cow;

use crate::values::error::{BoxError, Error, RevisionError};

/// A change of plan or a failure while revisions run. `index` says which of them.
#[derive(Debug)]
pub(crate) enum Failure {
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
    /// A failure, and the way out of it that a look at the database has shown.
    #[cfg_attr(
        not(feature = "postgres"),
        allow(dead_code, reason = "the others are not looked at then")
    )]
    Advised { failure: Box<Self>, help: String },
    /// What is asked for cannot work here, and nothing was tried.
    #[allow(dead_code, reason = "SQLite alone can do all that is asked for")]
    Unsupported(Error),
    /// Anything else that the database refused, and what was tried.
    Database {
        doing: &'static str,
        error: sqlx::Error,
    },
}

impl Failure {
    /// Which of the revisions it is about; the first where it is about none.
    pub(crate) fn index(&self) -> usize {
        match self {
            Self::Statement { index, .. }
            | Self::Rust { index, .. }
            | Self::ForeignKeys { index, .. }
            | Self::Cascade { index, .. }
            | Self::Refused { index, .. }
            | Self::Meddled { index, .. } => *index,
            Self::Advised { failure, .. } => failure.index(),
            Self::Busy { .. } | Self::Fenced | Self::Unsupported(_) | Self::Database { .. } => 0,
        }
    }
}

/// Turns what a Rust revision returned into a failure.
pub(crate) fn rust_failure(index: usize, error: RevisionError) -> Failure {
    Failure::Rust {
        index,
        error: error.into_inner(),
    }
}
