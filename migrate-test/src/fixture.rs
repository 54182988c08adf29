/// A file of SQL, with rows that a test begins with.
pub struct Fixture {
    /// Its name in messages.
    pub path: &'static str,
    /// Its text.
    pub sql: &'static str,
}
