//! The setup that a scratch database shares with the database whose place it takes.

/// How a database is set up, as far as that decides what statements do in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Like {
    /// Its name.
    pub name: Option<String>,
    /// The end of the CREATE DATABASE that makes one like it.
    pub options: String,
    /// The arguments of a server like its own.
    pub arguments: Vec<String>,
    pub lower_case_table_names: Option<u8>,
}
