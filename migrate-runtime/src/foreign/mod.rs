//! The history that another migration tool keeps in the database: its rows, its lock, and the revisions it has applied.

pub(crate) mod applied;
pub(crate) mod find;
pub(crate) mod lock;
pub(crate) mod rows;
mod words;

/// The rows of an answer, as text.
pub(crate) type Answer = Vec<Vec<Option<String>>>;
