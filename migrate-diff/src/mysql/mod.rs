//! MySQL and MariaDB.
pub(crate) mod scratch;

/// A name as a statement writes it.
pub(crate) fn quote(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
pub(crate) async fn introspect(_: &mut crate::Connection) -> Result<crate::Schema, crate::Error> {
    Err(crate::Error::new(
        crate::ErrorKind::Unreadable,
        "MySQL cannot be compared by this build",
    ))
}
pub(crate) fn plan(_: &crate::Schema, _: &crate::Schema) -> crate::step::Plan {
    crate::step::Plan::default()
}
