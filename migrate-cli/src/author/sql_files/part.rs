/// What one file is for.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) upgrade: String,
    pub(super) downgrade: String,
    pub(super) keys: Vec<(&'static str, &'static str)>,
    pub(super) notes: Vec<String>,
}
