//! The history that another migration tool keeps in the database: its rows, its lock, and the revisions it has applied.

pub mod applied;
pub mod find;
pub mod lock;
pub mod rows;
mod words;

/// The rows of an answer, as text.
pub type TextRows = Vec<Vec<Option<String>>>;
