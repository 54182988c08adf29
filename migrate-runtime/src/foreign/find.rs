//! The tables in which other tools keep a history.

use migrate_chain::Dialect;
use migrate_chain::adopt::Tool;
use migrate_chain::sql::{quote_name, quote_text};

use super::TextRows;

/// A table that looks like the history of another tool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryTable {
    /// The tool by the columns of its table; none for one whose history cannot be taken over.
    pub tool: Option<Tool>,
    /// The name of the tool, for people.
    pub name: &'static str,
    /// The schema and the table, unquoted.
    pub schema: String,
    pub table: String,
}

impl HistoryTable {
    /// The table, as SQL writes it.
    pub fn sql(&self, dialect: Dialect) -> String {
        let quoted = |name: &str| quote_name(dialect, name);
        format!("{}.{}", quoted(&self.schema), quoted(&self.table))
    }
}

/// The query for those of `tables` that exist in `schema`, or where the connection looks: schema, table and one column
/// in each row.
pub fn query(dialect: Dialect, schema: Option<&str>, tables: &[&str]) -> String {
    let text = |text: &str| quote_text(dialect, text);
    let list = tables
        .iter()
        .map(|table| text(table))
        .collect::<Vec<_>>()
        .join(", ");
    match dialect {
        Dialect::Sqlite => {
            let name = schema.unwrap_or("main");
            format!(
                "SELECT {}, m.name, c.name FROM {}.sqlite_schema m, pragma_table_info(m.name, {}) c \
                 WHERE m.type = 'table' AND m.name IN ({list}) ORDER BY 2, 3",
                text(name),
                quote_name(dialect, name),
                text(name)
            )
        }
        Dialect::Postgres => {
            let schemas = schema.map_or_else(
                || "current_schemas(false)".to_owned(),
                |schema| format!("ARRAY[{}]::name[]", text(schema)),
            );
            format!(
                "SELECT n.nspname::text, c.relname::text, a.attname::text FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n \
                 ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT \
                 a.attisdropped WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY ({schemas}) AND c.relname IN ({list}) \
                 ORDER BY array_position({schemas}, n.nspname), 2, 3"
            )
        }
        Dialect::MySql => {
            let schema = schema.map_or_else(|| "DATABASE()".to_owned(), text);
            format!(
                "SELECT CAST(table_schema AS CHAR), CAST(table_name AS CHAR), CAST(column_name AS CHAR) FROM \
                 information_schema.columns WHERE table_schema = {schema} AND table_name IN ({list}) ORDER BY 2, 3"
            )
        }
    }
}

/// The tables in the answer to [`query`]. `adopted` is the tool that the chain was imported from: its table may have any
/// name.
pub fn read(answer: TextRows, adopted: Option<Tool>) -> Vec<HistoryTable> {
    let mut tables: Vec<(String, String, Vec<String>)> = Vec::new();
    for row in answer {
        let Ok([Some(schema), Some(table), Some(column)]) = <[_; 3]>::try_from(row) else {
            continue;
        };
        match tables
            .iter_mut()
            .find(|(s, t, _)| *s == schema && *t == table)
        {
            Some((.., columns)) => columns.push(column),
            None => tables.push((schema, table, vec![column])),
        }
    }
    let found = |(schema, table, columns): (String, String, Vec<String>)| {
        let (tool, name) = match adopted {
            Some(tool) => (Some(tool), tool.name()),
            None => of_columns(&table, &columns)?,
        };
        Some(HistoryTable {
            tool,
            name,
            schema,
            table,
        })
    };
    tables.into_iter().filter_map(found).collect()
}

/// The tables that [`query`] looks for when the chain was imported from no tool.
pub fn known_tables() -> Vec<&'static str> {
    let mut tables: Vec<&str> = Tool::ALL.iter().map(|tool| tool.table()).collect();
    tables.dedup();
    tables
}

/// The tool that makes such a table: several call theirs `schema_migrations`.
fn of_columns(table: &str, columns: &[String]) -> Option<(Option<Tool>, &'static str)> {
    let has = |column: &str| columns.iter().any(|name| name == column);
    if table != Tool::Dbmate.table() {
        let tool = Tool::ALL.into_iter().find(|tool| tool.table() == table)?;
        return Some((Some(tool), tool.name()));
    }
    match columns {
        _ if !has("version") => None,
        _ if has("dirty") => Some((Some(Tool::GolangMigrate), Tool::GolangMigrate.name())),
        _ if has("inserted_at") => Some((None, "Ecto")),
        [_] => Some((Some(Tool::Dbmate), "dbmate or Rails")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(rows: &[(&str, &str)]) -> Vec<(Option<Tool>, &'static str)> {
        let row = |(table, column): &(&str, &str)| {
            ["public", table, column]
                .map(|text| Some(text.to_owned()))
                .to_vec()
        };
        read(rows.iter().map(row).collect(), None)
            .into_iter()
            .map(|found| (found.tool, found.name))
            .collect()
    }

    #[test]
    fn tables_of_one_name_are_told_apart_by_their_columns() {
        let of = |columns: &[&str]| {
            let rows: Vec<_> = columns
                .iter()
                .map(|column| ("schema_migrations", *column))
                .collect();
            found(&rows)
        };
        assert_eq!(
            of(&["dirty", "version"]),
            [(Some(Tool::GolangMigrate), "golang-migrate")]
        );
        assert_eq!(of(&["version"]), [(Some(Tool::Dbmate), "dbmate or Rails")]);
        assert_eq!(of(&["inserted_at", "version"]), [(None, "Ecto")]);
        assert_eq!(of(&["id", "name"]), []);
    }

    #[test]
    fn other_tables_tell_by_their_name() {
        assert_eq!(
            found(&[
                ("_sqlx_migrations", "version"),
                ("_sqlx_migrations", "checksum")
            ]),
            [(Some(Tool::Sqlx), "sqlx")]
        );
    }
}
