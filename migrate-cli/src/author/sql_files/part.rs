/// The purpose of one file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Part {
    pub upgrade: String,
    pub downgrade: String,
    pub keys: Vec<(&'static str, &'static str)>,
    pub notes: Vec<String>,
}
