//! The statements that create in an empty database what a template holds.

use std::fmt::Write as _;

use sqlx::MySqlConnection;

use super::catalog::{Catalog, quoted, string};
use super::query::{fetch, text};
use crate::error::Error;

/// The objects of a database besides its tables, in an order in which they can be created.
const OTHERS: &str = "SELECT 0 AS place, routine_type, routine_name FROM information_schema.routines WHERE routine_schema = DATABASE() \
     UNION ALL SELECT 1, 'VIEW', table_name FROM information_schema.views WHERE table_schema = DATABASE() \
     UNION ALL SELECT 1 + action_order, 'TRIGGER', trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE() \
     UNION ALL SELECT 1000, 'EVENT', event_name FROM information_schema.events WHERE event_schema = DATABASE() ORDER BY 1, 3";

/// The message for an empty database, if the template has nothing but tables and what can be created after their rows.
pub async fn read(
    connection: &mut MySqlConnection,
    catalog: &Catalog,
    template: &str,
) -> Result<Option<String>, Error> {
    if !catalog.has_only_tables {
        return Ok(None);
    }
    let tables = catalog
        .tables
        .iter()
        .map(|table| ("TABLE".to_owned(), table.clone()));
    let mut before = defaults(connection).await?;
    before.push_str(&created(connection, tables.collect()).await?);
    before.push_str("START TRANSACTION;\n");
    let others = fetch(connection, OTHERS).await?;
    let others = others
        .iter()
        .filter_map(|row| Some((text(row, 1)?, text(row, 2)?)));
    let after = created(connection, others.collect()).await?;
    Ok(Some(catalog.with_rows(&before, &after, template)))
}

/// The character set that tables get unless they name one.
async fn defaults(connection: &mut MySqlConnection) -> Result<String, Error> {
    let sql = "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata \
               WHERE schema_name = DATABASE()";
    let rows = fetch(connection, sql).await?;
    let named = rows
        .first()
        .and_then(|row| Some((text(row, 0)?, text(row, 1)?)));
    Ok(named.map_or_else(String::new, |(set, collation)| {
        format!("ALTER DATABASE CHARACTER SET {set} COLLATE {collation};\n")
    }))
}

/// The statements that create these objects, each of a kind and with a name.
async fn created(
    connection: &mut MySqlConnection,
    objects: Vec<(String, String)>,
) -> Result<String, Error> {
    let mut asked = String::new();
    for (kind, name) in &objects {
        let _ = writeln!(asked, "SHOW CREATE {kind} {};", quoted(name));
    }
    if asked.is_empty() {
        return Ok(asked);
    }
    let rows = fetch(connection, &asked).await?;
    let mut statements = String::new();
    for (row, (kind, _)) in rows.iter().zip(&objects) {
        let (column, has_mode) = match &**kind {
            "TABLE" | "VIEW" => (1, false),
            "EVENT" => (3, true),
            _ => (2, true),
        };
        if has_mode {
            let mode = string(&text(row, 1).unwrap_or_default());
            let _ = writeln!(statements, "SET SESSION sql_mode = {mode};");
        }
        let text = text(row, column).unwrap_or_default();
        let _ = writeln!(statements, "{text};");
    }
    Ok(statements)
}
