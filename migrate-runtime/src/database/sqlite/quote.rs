//! Names and strings in SQL.

use migrate_chain::Dialect;
use migrate_chain::sql::{quote_name, quote_value};

pub(super) fn name(name: &str) -> String {
    quote_name(Dialect::Sqlite, name)
}

pub(super) fn text(text: &str) -> String {
    quote_value(Dialect::Sqlite, Some(text))
}
