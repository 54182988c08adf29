use migrate_chain::Dialect;
use migrate_chain::sql::quote_name;

/// A name as a statement writes it, with or without its schema.
pub(crate) fn qualified(name: &str) -> String {
    if name.starts_with('"') {
        return name.to_owned();
    }
    name.split('.').map(quote).collect::<Vec<_>>().join(".")
}

/// As `quote_ident` writes it, except for reserved words, to which nobody renames.
fn quote(name: &str) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if is_plain {
        name.to_owned()
    } else {
        quote_name(Dialect::Postgres, name)
    }
}
