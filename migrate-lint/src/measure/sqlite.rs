//! SQLite locks the whole file for every change: to be seen is a table that is dropped with rows elsewhere that refer to it,
//! and one that is rebuilt.

use std::collections::HashSet;

use migrate_chain::Dialect;
use migrate_chain::sql::quote_text;
use migrate_chain::sql::sqlite::{TableChange, table_change};
use migrate_diff::{Connection, Error};

use super::seen::{Seen, Statement};

/// The version of the library.
pub async fn server(connection: &mut Connection) -> Result<String, Error> {
    let version = connection.text("SELECT sqlite_version()").await?;
    Ok(format!("SQLite {version}"))
}

#[derive(Default)]
pub struct Probe {
    tables: HashSet<String>,
    /// The tables that the revision has dropped, each in the order of its statements.
    dropped: Vec<String>,
}

impl Probe {
    pub async fn deployment(&mut self, connection: &mut Connection) -> Result<(), Error> {
        let tables = "SELECT lower(name) FROM sqlite_schema WHERE type = 'table'";
        let rows = connection.rows(tables).await?.into_iter().flatten();
        self.tables = rows.flatten().collect();
        Ok(())
    }

    pub async fn run(
        &mut self,
        connection: &mut Connection,
        statement: &str,
    ) -> Result<Option<Seen>, Error> {
        let dropped = match table_change(statement) {
            Some(TableChange::Drop { table, .. }) => Some(table.name.to_lowercase()),
            _ => None,
        };
        let Some(table) = dropped.filter(|table| self.tables.contains(table)) else {
            connection.execute(statement).await?;
            return Ok(None);
        };
        let children = children(connection, &table).await?;
        connection.execute(statement).await?;
        self.dropped.push(table.clone());
        let rules = children.first().map(|child| {
            (
                "drop-referenced",
                format!("`{child}` refers to `{table}`: the revision is refused if a row does"),
                format!(
                    "drops `{table}` with foreign keys on, which is referred to by `{}`",
                    children.join("`, `")
                ),
            )
        });
        Ok(Some(Seen::Rules(rules.into_iter().collect())))
    }

    /// A table that was dropped and is there again was rebuilt, not dropped.
    pub async fn end<'s>(
        &mut self,
        connection: &mut Connection,
        statements: impl Iterator<Item = &'s mut Statement>,
    ) -> Result<(), Error> {
        let dropped = std::mem::take(&mut self.dropped);
        for (statement, table) in statements.zip(dropped) {
            let name = quote_text(Dialect::Sqlite, &table);
            let there = format!(
                "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND lower(name) = {name}"
            );
            if connection.text(&there).await? == "0" {
                continue;
            }
            let message =
                format!("`{table}` is rebuilt: writes to the whole file wait until it is copied");
            let fact = format!("drops `{table}`, which is there again at the end of the revision");
            statement.seen = Seen::Rules(vec![("rebuild-copies", message, fact)]);
        }
        Ok(())
    }
}

/// The other tables that refer to a table, if foreign keys are enforced.
async fn children(connection: &mut Connection, table: &str) -> Result<Vec<String>, Error> {
    if connection.text("PRAGMA foreign_keys").await? == "0" {
        return Ok(Vec::new());
    }
    let name = quote_text(Dialect::Sqlite, table);
    let query = format!(
        "SELECT DISTINCT m.name FROM sqlite_schema m, pragma_foreign_key_list(m.name) f \
         WHERE m.type = 'table' AND lower(f.\"table\") = {name} AND lower(m.name) <> {name} ORDER BY 1"
    );
    let rows = connection.rows(&query).await?;
    Ok(rows.into_iter().flatten().flatten().collect())
}
