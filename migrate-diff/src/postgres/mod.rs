//! PostgreSQL.
pub(crate) mod scratch;
/// x
pub(crate) fn qualified(name: &str) -> String {
    name.to_owned()
}
pub(crate) async fn introspect(_: &mut crate::Connection) -> Result<crate::Schema, crate::Error> {
    Err(crate::Error::new(
        crate::ErrorKind::Unreadable,
        "PostgreSQL cannot be compared by this build",
    ))
}
pub(crate) fn plan(_: &crate::Schema, _: &crate::Schema, _: crate::Options) -> crate::step::Plan {
    crate::step::Plan::default()
}
