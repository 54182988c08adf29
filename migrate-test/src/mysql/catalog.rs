//! The parts of a template that are restored into a database that is used again.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use sqlx::MySqlConnection;

use super::fingerprint;
use super::query::{fetch, text};
use crate::error::Error;

/// The contents of the template.
#[derive(Debug, Default)]
pub struct Catalog {
    /// The base tables.
    pub tables: Vec<String>,
    /// Those with rows, and their columns that can be written.
    pub filled: Vec<(String, Vec<String>)>,
    /// Those with a counter.
    pub counted: Vec<String>,
    /// Those whose triggers fire when a row is deleted.
    pub truncated: BTreeSet<String>,
    /// Whether it has tables and nothing else with rows or numbers of its own.
    pub has_only_tables: bool,
    /// Whether emptying and filling the tables gives the same database again.
    pub is_recyclable: bool,
    pub has_checks: bool,
}

impl Catalog {
    /// Reads it from the database that the connection is in.
    pub async fn read(connection: &mut MySqlConnection) -> Result<Self, Error> {
        let mut catalog = Self {
            has_only_tables: true,
            is_recyclable: true,
            ..Self::default()
        };
        catalog.read_tables(connection).await?;
        catalog.read_columns(connection).await?;
        catalog.read_triggers(connection).await?;
        let checks = "SELECT table_name FROM information_schema.tables WHERE UPPER(table_schema) = 'INFORMATION_SCHEMA' \
                      AND UPPER(table_name) = 'CHECK_CONSTRAINTS'";
        catalog.has_checks = !fetch(connection, checks).await?.is_empty();
        Ok(catalog)
    }

    async fn read_tables(&mut self, connection: &mut MySqlConnection) -> Result<(), Error> {
        let sql = "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = DATABASE()";
        for row in fetch(connection, sql).await? {
            let name = text(&row, 0).unwrap_or_default();
            match text(&row, 1).as_deref() {
                Some("BASE TABLE") => self.tables.push(name),
                Some("VIEW") => {}
                // A sequence or a history of rows does not start again.
                _ => {
                    self.has_only_tables = false;
                    self.is_recyclable = false;
                }
            }
        }
        let asked: Vec<String> = self
            .tables
            .iter()
            .map(|table| {
                format!(
                    "SELECT {}, EXISTS(SELECT 1 FROM {})",
                    string(table),
                    quoted(table)
                )
            })
            .collect();
        if asked.is_empty() {
            return Ok(());
        }
        for row in fetch(connection, &asked.join(" UNION ALL ")).await? {
            if text(&row, 1).as_deref() == Some("1") {
                let table = text(&row, 0).unwrap_or_default();
                self.filled.push((table, Vec::new()));
            }
        }
        Ok(())
    }

    async fn read_columns(&mut self, connection: &mut MySqlConnection) -> Result<(), Error> {
        let sql = "SELECT table_name, column_name, extra FROM information_schema.columns WHERE table_schema = DATABASE() \
                   ORDER BY table_name, ordinal_position";
        for row in fetch(connection, sql).await? {
            let [table, column, extra] = [0, 1, 2].map(|n| text(&row, n).unwrap_or_default());
            let extra = extra.to_lowercase();
            if extra.contains("auto_increment") && self.tables.contains(&table) {
                self.counted.push(table.clone());
            }
            let is_written = !extra.contains("generated") || extra.contains("default_generated");
            let mut filled = self.filled.iter_mut();
            if let Some((_, columns)) = filled.find(|(filled, _)| *filled == table)
                && is_written
            {
                columns.push(column);
            }
        }
        Ok(())
    }

    async fn read_triggers(&mut self, connection: &mut MySqlConnection) -> Result<(), Error> {
        let sql = "SELECT event_object_table, event_manipulation FROM information_schema.triggers WHERE trigger_schema = DATABASE()";
        for row in fetch(connection, sql).await? {
            let table = text(&row, 0).unwrap_or_default();
            match text(&row, 1).as_deref() {
                Some("DELETE") => {
                    self.truncated.insert(table);
                }
                // To put its rows back would do more than that.
                Some("INSERT") if self.filled.iter().any(|(filled, _)| *filled == table) => {
                    self.is_recyclable = false;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The one message that makes a database as `template` is, and asks what differs then: the fingerprint, and the counters.
    pub fn reset(&self, template: &str) -> String {
        let mut before = String::new();
        for table in &self.truncated {
            let _ = writeln!(before, "TRUNCATE {};", quoted(table));
        }
        before += "START TRANSACTION;\n";
        for table in self
            .tables
            .iter()
            .filter(|table| !self.truncated.contains(*table))
        {
            let _ = writeln!(before, "DELETE FROM {};", quoted(table));
        }
        self.with_rows(&before, "", template)
    }

    /// A message that does `before`, which begins a transaction, puts the rows of `template` into the tables, does `after`, and
    /// asks what differs then.
    pub fn with_rows(&self, before: &str, after: &str, template: &str) -> String {
        let mut out = format!(
            "SET SESSION foreign_key_checks = 0, unique_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO', lock_wait_timeout = 5, \
             innodb_lock_wait_timeout = 5;\n{before}"
        );
        for (table, columns) in &self.filled {
            let columns: Vec<String> = columns.iter().map(|column| quoted(column)).collect();
            let (columns, table) = (columns.join(", "), quoted(table));
            let _ = writeln!(
                out,
                "INSERT INTO {table} ({columns}) SELECT {columns} FROM {}.{table};",
                quoted(template)
            );
        }
        out + "COMMIT;\n" + after + &self.questions()
    }

    /// The fingerprint as the first row, then a row for each counter.
    pub fn questions(&self) -> String {
        let fingerprint = fingerprint::query(self.has_checks);
        let mut out = format!(
            "/*!80000 SET SESSION information_schema_stats_expiry = 0; */ SELECT '', {fingerprint};\n"
        );
        if !self.counted.is_empty() {
            let names: Vec<String> = self.counted.iter().map(|table| string(table)).collect();
            let _ = writeln!(
                out,
                "SELECT table_name, CAST(COALESCE(auto_increment, 1) AS CHAR) FROM information_schema.tables \
                 WHERE table_schema = DATABASE() AND table_name IN ({});",
                names.join(", ")
            );
        }
        out
    }
}

pub fn quoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

pub fn string(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
