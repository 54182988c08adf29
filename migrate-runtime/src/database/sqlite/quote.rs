//! Names and strings in SQL.

use migrate_chain::Dialect;
use migrate_chain::sql::{quote_name, quote_value};

pub fn name(name: &str) -> String {
    quote_name(Dialect::Sqlite, name)
}

pub fn text(text: &str) -> String {
    quote_value(Dialect::Sqlite, Some(text))
}
