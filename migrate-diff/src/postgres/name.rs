use migrate_chain::Dialect;
use migrate_chain::sql::quote_name;

/// A name as a statement writes it, with or without its schema.
pub fn qualified(name: &str) -> String {
    if name.starts_with('"') {
        return name.to_owned();
    }
    name.split('.').map(quote).collect::<Vec<_>>().join(".")
}

/// As `quote_ident` writes it, except for reserved words, which are no target of a rename.
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

/// The name that the server gives to an index: of a table, its columns and a word, cut where it is too long.
pub fn chosen(table: &str, columns: &str, label: &str) -> String {
    const LONGEST: usize = 63;
    let columns = if label == "pkey" { "" } else { columns };
    let (mut first, mut second) = (table.len(), columns.len());
    let room = LONGEST - label.len() - 1 - usize::from(!columns.is_empty());
    while first + second > room {
        if first > second {
            first -= 1;
        } else {
            second -= 1;
        }
    }
    let cut = |name: &str, mut length: usize| {
        while !name.is_char_boundary(length) {
            length -= 1;
        }
        name[..length].to_owned()
    };
    let parts = [cut(table, first), cut(columns, second), label.to_owned()];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("_")
}

/// Whether a name is the one that the server chooses, or that with a number, which it adds to a name that is taken.
pub fn is_chosen(name: &str, chosen: &str) -> bool {
    let rest = name.strip_prefix(chosen);
    rest.is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
}
