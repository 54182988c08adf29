/// What one file is for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) upgrade: String,
    pub(crate) downgrade: String,
    pub(crate) keys: Vec<(&'static str, &'static str)>,
    pub(crate) notes: Vec<String>,
}
