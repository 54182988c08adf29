//! The queries of `information_schema`: as many whatever the number of tables.

use migrate_chain::Dialect;
use migrate_chain::sql::quote_text;

use crate::connection::Connection;
use crate::error::Error;
use crate::rows::Rows;
use crate::touched::Touched;

/// The answers to the queries.
pub struct Catalog {
    pub tables: Rows,
    pub columns: Rows,
    pub indexes: Rows,
    pub references: Rows,
    pub references_to: Rows,
    pub constraints: Rows,
    pub checks: Rows,
    pub partitions: Rows,
    pub views: Rows,
    pub routines: Rows,
    pub parameters: Rows,
    pub triggers: Rows,
    pub events: Rows,
}

impl Catalog {
    pub async fn read(connection: &mut Connection, touched: &Touched) -> Result<Self, Error> {
        let all = |table: &str, schema: &str, order: &str| {
            format!(
                "SELECT * FROM information_schema.{table} WHERE {schema} = DATABASE() ORDER BY {order}"
            )
        };
        let tables = among(
            &all("TABLES", "TABLE_SCHEMA", "TABLE_NAME"),
            "TABLE_NAME",
            touched,
        );
        let tables = connection.named_rows(&tables).await?;
        let names: Vec<String> = tables
            .iter()
            .map(|row| row.text("table_name").to_owned())
            .collect();
        let of_tables = |sql: &str, column: &str| of_tables(sql, column, &names, touched);
        let of_table = |table: &str, schema: &str, order: &str| {
            of_tables(&all(table, schema, order), "TABLE_NAME")
        };
        let columns = of_table("COLUMNS", "TABLE_SCHEMA", "TABLE_NAME, ORDINAL_POSITION");
        let indexes = of_table(
            "STATISTICS",
            "TABLE_SCHEMA",
            "TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX",
        );
        let references = of_table(
            "KEY_COLUMN_USAGE",
            "TABLE_SCHEMA",
            "TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION",
        );
        let references_to = of_table(
            "REFERENTIAL_CONSTRAINTS",
            "CONSTRAINT_SCHEMA",
            "TABLE_NAME, CONSTRAINT_NAME",
        );
        let constraints = of_table(
            "TABLE_CONSTRAINTS",
            "TABLE_SCHEMA",
            "TABLE_NAME, CONSTRAINT_NAME",
        );
        let partitions = of_table(
            "PARTITIONS",
            "TABLE_SCHEMA",
            "TABLE_NAME, PARTITION_ORDINAL_POSITION, SUBPARTITION_ORDINAL_POSITION",
        );
        let triggers = "SELECT * FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = DATABASE() AND EVENT_OBJECT_SCHEMA = DATABASE() \
            ORDER BY EVENT_OBJECT_TABLE, ACTION_TIMING, EVENT_MANIPULATION, ACTION_ORDER";
        Ok(Self {
            columns: connection.named_rows(&columns).await?,
            indexes: connection.named_rows(&indexes).await?,
            references: connection.named_rows(&references).await?,
            references_to: connection.named_rows(&references_to).await?,
            constraints: connection.named_rows(&constraints).await?,
            // The server of another product has no table's name there.
            checks: connection
                .named_rows(&all(
                    "CHECK_CONSTRAINTS",
                    "CONSTRAINT_SCHEMA",
                    "CONSTRAINT_NAME",
                ))
                .await?,
            partitions: connection.named_rows(&partitions).await?,
            views: connection
                .named_rows(&among(
                    &all("VIEWS", "TABLE_SCHEMA", "TABLE_NAME"),
                    "TABLE_NAME",
                    touched,
                ))
                .await?,
            routines: connection
                .named_rows(&among(
                    &all("ROUTINES", "ROUTINE_SCHEMA", "ROUTINE_NAME"),
                    "ROUTINE_NAME",
                    touched,
                ))
                .await?,
            parameters: connection
                .named_rows(&among(
                    &all(
                        "PARAMETERS",
                        "SPECIFIC_SCHEMA",
                        "SPECIFIC_NAME, ORDINAL_POSITION",
                    ),
                    "SPECIFIC_NAME",
                    touched,
                ))
                .await?,
            triggers: connection
                .named_rows(&of_tables(triggers, "EVENT_OBJECT_TABLE"))
                .await?,
            events: connection
                .named_rows(&among(
                    &all("EVENTS", "EVENT_SCHEMA", "EVENT_NAME"),
                    "EVENT_NAME",
                    touched,
                ))
                .await?,
            tables,
        })
    }
}

/// A query for what is touched alone, in one pass over the names of all.
fn among(sql: &str, column: &str, touched: &Touched) -> String {
    let Some(names) = touched.list(Dialect::MySql) else {
        return sql.to_owned();
    };
    sql.replacen(" WHERE ", &format!(" WHERE {column} IN {names} AND "), 1)
}

/// A query for the parts of some tables. The server opens one table for each name, and for other conditions all of them.
fn of_tables(sql: &str, column: &str, tables: &[String], touched: &Touched) -> String {
    if touched.is_all() {
        return sql.to_owned();
    }
    let (sql, _) = sql.split_once(" ORDER BY ").unwrap_or((sql, ""));
    let one = |name: &str| {
        format!(
            "({sql} AND {column} = {})",
            quote_text(Dialect::MySql, name)
        )
    };
    match tables {
        [] => one(""),
        tables => {
            let queries: Vec<String> = tables.iter().map(|name| one(name)).collect();
            queries.join(" UNION ALL ")
        }
    }
}
