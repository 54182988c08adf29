use std::fmt::Write as _;

use crate::Dialect;

/// A name as a statement of the dialect writes it, always quoted.
///
/// ```
/// use migrate_chain::{Dialect, sql::quote_name};
///
/// assert_eq!(quote_name(Dialect::Postgres, "a\"b"), r#""a""b""#);
/// assert_eq!(quote_name(Dialect::MySql, "a`b"), "`a``b`");
/// ```
pub fn quote_name(dialect: Dialect, name: &str) -> String {
    match dialect {
        Dialect::Sqlite | Dialect::Postgres => format!("\"{}\"", name.replace('"', "\"\"")),
        Dialect::MySql => format!("`{}`", name.replace('`', "``")),
    }
}

/// A string literal that means the same under every setting of the server.
///
/// ```
/// use migrate_chain::{Dialect, sql::quote_text};
///
/// assert_eq!(quote_text(Dialect::Sqlite, "it's"), "'it''s'");
/// assert_eq!(quote_text(Dialect::Postgres, r"a\b"), r"E'a\\b'");
/// assert_eq!(quote_text(Dialect::MySql, r"a\b"), "CONVERT(X'615c62' USING utf8mb4)");
/// ```
pub fn quote_text(dialect: Dialect, text: &str) -> String {
    let quoted = text.replace('\'', "''");
    match dialect {
        // The E form does not depend on standard_conforming_strings.
        Dialect::Postgres if text.contains('\\') => format!("E'{}'", quoted.replace('\\', "\\\\")),
        // Hexadecimal does not depend on NO_BACKSLASH_ESCAPES in sql_mode.
        Dialect::MySql if text.contains('\\') => quote_bytes(text),
        _ => format!("'{quoted}'"),
    }
}

/// A string literal, or `NULL`, that does not depend on the character set of the session either, which a revision may have
/// changed on MySQL.
///
/// ```
/// use migrate_chain::{Dialect, sql::quote_value};
///
/// assert_eq!(quote_value(Dialect::Postgres, Some("ä")), "'ä'");
/// assert_eq!(quote_value(Dialect::MySql, Some("ä")), "CONVERT(X'c3a4' USING utf8mb4)");
/// assert_eq!(quote_value(Dialect::Sqlite, None), "NULL");
/// ```
pub fn quote_value(dialect: Dialect, text: Option<&str>) -> String {
    match text {
        None => "NULL".to_owned(),
        Some(text) if dialect == Dialect::MySql && !text.is_ascii() => quote_bytes(text),
        Some(text) => quote_text(dialect, text),
    }
}

/// A string literal of MySQL in hexadecimal, which does not depend on the character set of the session either. Unlike a plain
/// literal, a comparison with it finds no table by its name in `information_schema`.
///
/// ```
/// assert_eq!(migrate_chain::sql::quote_bytes("ä"), "CONVERT(X'c3a4' USING utf8mb4)");
/// ```
pub fn quote_bytes(text: &str) -> String {
    let hex = text.bytes().fold(String::new(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    });
    format!("CONVERT(X'{hex}' USING utf8mb4)")
}
