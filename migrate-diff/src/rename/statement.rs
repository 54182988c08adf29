//! The statement that gives something another name.

use migrate_chain::Dialect;
use migrate_chain::sql::{quote_name, quote_text};

use crate::model::{Kind, unquoted};

/// The statement that renames an object, or a part of `owner`; none if the database has none. Names are as SQL writes them,
/// labels as they are.
pub fn rename(
    dialect: Dialect,
    kind: Kind,
    owner: Option<&str>,
    from: &str,
    to: &str,
) -> Option<String> {
    let of = owner.unwrap_or_default();
    Some(match (dialect, kind) {
        (_, Kind::Table) => format!("ALTER TABLE {from} RENAME TO {}", bare(dialect, to)),
        (_, Kind::Column) => format!("ALTER TABLE {of} RENAME COLUMN {from} TO {to}"),
        (Dialect::MySql, Kind::Index) => format!("ALTER TABLE {of} RENAME INDEX {from} TO {to}"),
        (Dialect::MySql, Kind::View | Kind::Sequence) => format!("RENAME TABLE {from} TO {to}"),
        (Dialect::MySql, Kind::Event) => format!("ALTER EVENT {from} RENAME TO {to}"),
        (Dialect::Postgres, kind) => postgres(kind, owner, from, to)?,
        _ => return None,
    })
}

fn postgres(kind: Kind, owner: Option<&str>, from: &str, to: &str) -> Option<String> {
    let word = kind.name().to_uppercase();
    Some(match (kind, owner) {
        (Kind::Constraint, Some(of)) => {
            format!("ALTER TABLE {of} RENAME CONSTRAINT {from} TO {to}")
        }
        (Kind::Trigger | Kind::Policy, Some(of)) => {
            format!("ALTER {word} {from} ON {of} RENAME TO {to}")
        }
        // It is in the schema of its table.
        (Kind::Index, Some(of)) => {
            let schema = of.rsplit_once('.').map(|(schema, _)| format!("{schema}."));
            let schema = schema.unwrap_or_default();
            format!("ALTER INDEX {schema}{from} RENAME TO {to}")
        }
        (Kind::Type, Some(of)) => {
            let [from, to] = [from, to].map(|label| quote_text(Dialect::Postgres, label));
            format!("ALTER TYPE {of} RENAME VALUE {from} TO {to}")
        }
        (_, None) => {
            let to = to.split_once('(').map_or(to, |(to, _)| to);
            format!(
                "ALTER {word} {from} RENAME TO {}",
                bare(Dialect::Postgres, to)
            )
        }
        _ => return None,
    })
}

/// A renamed object stays in its schema, and PostgreSQL wants no schema in its new name.
fn bare(dialect: Dialect, name: &str) -> String {
    if dialect != Dialect::Postgres {
        return name.to_owned();
    }
    match unquoted(name) {
        dotted if dotted.contains('.') => quote_name(dialect, &dotted),
        plain => crate::postgres::qualified(&plain),
    }
}
