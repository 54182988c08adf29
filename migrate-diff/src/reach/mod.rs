//! The statements that reach beyond the database that they run in, and the roles that statements name: as far as their text
//! shows, bodies included.

mod mysql;
mod postgres;
#[cfg(test)]
mod tests;
mod words;

use migrate_chain::Dialect;
use migrate_chain::sql::{TokenKind, tokens};

use words::groups;
pub use words::{Reach, Roles, What};

/// All that reaches beyond the database called `own`, in order of place.
pub fn beyond(dialect: Dialect, own: &str, text: &str) -> Vec<Reach> {
    let mut found = commands(dialect, text);
    for group in groups(dialect, text) {
        found.extend(match dialect {
            Dialect::Sqlite => Vec::new(),
            Dialect::Postgres => postgres::reaches(&group),
            Dialect::MySql => mysql::reaches(&group, own),
        });
    }
    found.sort_by_key(|reach| (reach.range.start, reach.range.end));
    found.dedup_by_key(|reach| reach.range.start);
    found
}

/// The roles that a script names and creates.
pub fn roles(dialect: Dialect, text: &str) -> Roles {
    let mut roles = Roles::default();
    for group in groups(dialect, text) {
        match dialect {
            Dialect::Sqlite => {}
            Dialect::Postgres => postgres::roles(&group, &mut roles),
            Dialect::MySql => mysql::accounts(&group, &mut roles),
        }
    }
    roles
}

/// Client commands that reconnect. They are not statements.
fn commands(dialect: Dialect, text: &str) -> Vec<Reach> {
    let meta = tokens(dialect, text).filter(|token| token.kind == TokenKind::MetaCommand);
    let connects = meta.filter(|token| {
        let command = text[token.range()].split_ascii_whitespace().next();
        matches!(command, Some("\\c" | "\\connect"))
    });
    connects
        .map(|token| Reach {
            range: token.range(),
            what: What::Leaves,
        })
        .collect()
}
