//! What a scratch database has in common with the database that it stands in for.

/// How a database is set up, as far as that decides what statements do in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Like {
    /// Its name.
    pub(crate) name: Option<String>,
    /// The end of the CREATE DATABASE that makes one like it.
    pub(crate) options: String,
    /// The arguments of a server like its own.
    pub(crate) arguments: Vec<String>,
    pub(crate) lower_case_table_names: Option<u8>,
}
