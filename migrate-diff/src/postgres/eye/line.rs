/// A row: the object that it is about, and its values.
pub struct Line<'r> {
    pub kind: &'r str,
    pub schema: &'r str,
    pub identity: &'r str,
    pub catalog: &'r str,
    pub oid: &'r str,
    pub own_catalog: &'r str,
    pub values: &'r [Option<String>],
}

impl Line<'_> {
    /// Its subject, as a message says it.
    pub fn subject(&self) -> (String, String) {
        (
            format!("{} {}", self.kind, self.identity),
            self.own_catalog.to_owned(),
        )
    }
}
